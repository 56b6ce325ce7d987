"""Sends events to the webhooks of `push.targets`: signed, in their order, each claimed before it is sent.

    event ─► queued per webhook ─► claimed (committed) ─► posted ─► delivered │ later │ given up

Without a fault every webhook gets every event once. Where a process dies between claim and answer, or no answer comes,
it is sent again with the same id: at least once. A webhook gets its events in the order in which they were told: while
one waits for its next try, later ones wait behind it, so none overtakes another; when the tries of one are used up it is
given up, said to be so, and the next goes on. It can be sent anew by `POST /v1/webhooks/{name}/replay`.
"""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.errors import ForecallError
from jobs.deliveries import NotSent, Wire, packed, post, signed, wire
from jobs.event_messages import compose, message_id
from jobs.ledger import Outcome, checkpoint, explain_failure, moment
from store.alert_settings import held_in
from store.events import Event, load_event
from store.hook_deliveries import (
    Waiting,
    anything_due,
    claim_event,
    first_waiting,
    note_sent,
    note_unsent,
    queue_events,
)
from store.push_settings import PushTarget
from store.settings import Settings

MINUTES = pd.Timedelta(minutes=1)
# minutes from one try to the next, then it is given up: over 15 hours where a receiver is down or silent,
# over half an hour where it refuses this very event, since others wait behind it
PAUSES = (1, 5, 15, 60, 120, 240, 480)
REFUSED = (1, 5, 30)
LEASE = 5 * MINUTES  # longer than one try takes
LONGEST = 4 * MINUTES  # of one run; the next goes on


def run(session: Session, settings: Settings, now: pd.Timestamp, *, over: Wire | None = None) -> Outcome:
    """Queue what is new, and send what is due. over: how messages reach the world."""
    targets = settings.push.targets
    queued = sum(queue_events(session, target, now=now.to_pydatetime()) for target in targets)
    checkpoint(session)
    done, problems = {"queued": queued, "sent": 0, "given_up": 0}, list[str]()
    line = over or wire()
    try:
        going = list(targets)
        while (
            going and moment(session, now) - now < LONGEST
        ):  # one event each in turn: a slow one holds up no other
            going = [one for one in going if _next(session, one, line, now, done, problems)]
            checkpoint(session)
    finally:
        if over is None:
            line.client.close()
    return Outcome(done, tuple(problems))


def due(session: Session, settings: Settings, now: pd.Timestamp) -> bool:
    """Is there anything to do? The clock asks before it begins a run, so that the ledger is not filled every minute."""
    return any(anything_due(session, one, now=now.to_pydatetime()) for one in settings.push.targets)


def _next(
    session: Session,
    target: PushTarget,
    line: Wire,
    now: pd.Timestamp,
    done: dict[str, int],
    problems: list[str],
) -> bool:
    """Send a webhook its next event, if it is due; whether the one after it may go."""
    at = moment(session, now)
    waiting = first_waiting(session, target.name, now=at.to_pydatetime())
    if waiting is None or waiting.held or waiting.next_try > at:
        return False
    unset = _unset(target)
    if unset:
        note_unsent(session, waiting.event_id, target.name, again=waiting.next_try, problem=unset)
        problems.append(unset)
        return False
    until = (at + LEASE).to_pydatetime()
    tries = claim_event(session, waiting.event_id, target.name, now=at.to_pydatetime(), until=until)
    if tries is None:
        return False
    event = load_event(session, waiting.event_id)
    checkpoint(session)  # the claim is seen by all before the message is
    try:
        _send(target, event, line)
    except Exception as error:  # whatever the way there raises: it is tried again later
        return _failed(session, target, waiting, tries, error, now, done, problems)
    note_sent(session, event.id, target.name, now=moment(session, now).to_pydatetime())
    checkpoint(session)
    done["sent"] += 1
    return True


def _unset(target: PushTarget) -> str:
    """What of a webhook's address and secret is missing in the environment, as a sentence; '' where nothing is."""
    try:
        for variable in (target.url_env, target.secret_env):
            held_in(variable, target.name)
    except ForecallError as error:
        return str(error)
    return ""


def _send(target: PushTarget, event: Event, line: Wire) -> None:
    body = packed(compose(event))
    post(target, body, line, signed(target.secret_env, target.name, message_id(event), body, line))


def _failed(
    session: Session,
    target: PushTarget,
    waiting: Waiting,
    tries: int,
    error: Exception,
    now: pd.Timestamp,
    done: dict[str, int],
    problems: list[str],
) -> bool:
    """Note when it is tried again, or that it is given up: then the next may go."""
    said, pause = explain_failure(error, target.name), _pause(error, tries)
    if pause is None:
        said = f"{said} The event {waiting.event_id} is given up after {tries} tries; replay it once that is mended."
        done["given_up"] += 1
    problems.append(said)
    again = None if pause is None else (moment(session, now) + pause).to_pydatetime()
    note_unsent(session, waiting.event_id, target.name, again=again, problem=said)
    checkpoint(session)
    return pause is None


def _pause(error: Exception, tries: int) -> pd.Timedelta | None:
    """How long until the next try; None where there is none."""
    if isinstance(error, NotSent) and error.gone:
        return None
    busy = isinstance(error, NotSent) and error.busy
    pauses = PAUSES if busy else REFUSED
    if tries > len(pauses):
        return None
    asked = error.wait if isinstance(error, NotSent) and error.wait is not None else 0.0
    return max(pauses[tries - 1] * MINUTES, min(pd.Timedelta(seconds=min(asked, 1e6)), PAUSES[-1] * MINUTES))
