"""Takes up the jobs that somebody asked for over the API, within seconds, one after the other, in a thread of its own.

Beside the clock, so that a request waits for no pool of threads; through the ledger, so that a job never runs twice at a
time: while it runs by the clock, the request for it waits and is done after it, since it may want what came meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeAlias

import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import ForecallError, StoreError
from jobs.event_messages import tell_failure
from jobs.ledger import FAILED, Outcome, checkpoint, execute, find_job, moment, run_id
from store.run_requests import Request, load_waiting, take_request
from store.settings import Settings

SECONDS = 2.0  # from one look to the next
Work: TypeAlias = Callable[[Settings, sessionmaker[Session], threading.Event | None], int]
log = logging.getLogger("forecall.scheduler")


class Taker:
    """The thread. work: what it looks for, jobs that were asked for without it. start: begins to look; stop: ends the looking, and waits for the job that runs."""

    def __init__(
        self,
        settings: Settings,
        sessions: sessionmaker[Session],
        *,
        every: float = SECONDS,
        work: Work | None = None,
    ) -> None:
        self._work: Work = work or take_up
        self._settings, self._sessions, self._every = settings, sessions, every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="requests")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        told = False
        while not self._stopped.wait(self._every):
            try:
                self._work(self._settings, self._sessions, self._stopped)
                told = False
            except StoreError as error:  # the database is away: said once, and looked again
                (log.debug if told else log.warning)("requests: %s", error)
                told = True
            except Exception:  # whatever a job raises, the thread lives on; the ledger has its run as failed
                log.exception("a job that was asked for failed")


def take_up(
    settings: Settings, sessions: sessionmaker[Session], stopped: threading.Event | None = None
) -> int:
    """Do what waits now; how many jobs were begun."""
    with sessions() as session:
        waiting = load_waiting(session)
    begun = 0
    for request in waiting:
        if stopped is not None and stopped.is_set():
            break
        begun += _do(request, settings, sessions) is not None
    return begun


def _do(request: Request, settings: Settings, sessions: sessionmaker[Session]) -> Outcome | None:
    """One request; None where its job runs already: then it waits on."""
    work = find_job(request.job)

    def asked(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        at = moment(session, now).to_pydatetime()
        if not take_request(session, request.id, run_id=run_id(session), now=at):
            return Outcome({"request": f"{request.id} was done by another process"})
        checkpoint(session)
        return work(session, settings, now)

    now = pd.Timestamp.now("UTC").floor("us")
    try:
        outcome = execute(request.job, sessions, settings, now, job=asked)
    except Exception:  # told to the receivers, and raised on
        note_failure(sessions, request.job)
        raise
    if outcome is not None:
        log.info("%s, asked for by %s: %s", request.job, request.who, outcome.state)
        if outcome.state == FAILED:
            note_failure(sessions, request.job)
    return outcome


def note_failure(sessions: sessionmaker[Session], job: str) -> None:
    """Tell others that a job failed. That of the telling itself is told to nobody: it would fail again."""
    if job == "push":
        return
    try:
        with sessions() as session:
            tell_failure(session, job)
            session.commit()
    except ForecallError as error:
        log.warning("%s failed, and that could not be told: %s", job, error)
