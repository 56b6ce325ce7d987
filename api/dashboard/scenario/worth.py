"""What the history knows of a driver, in a sentence; and where it knows nothing, what would teach it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from dash import html
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.scenario.bench import OVER, Bench, Tell
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.kept_looks import facts_mark
from store.queues import load_queues
from store.settings import Settings

REST = 30.0  # seconds for which a look-up that failed is not tried again
CHANNELS = ("phone", "email", "chat", "social")


class Worths:
    """What drivers are worth to a queue: looked up beside the page, since reading a history takes a second or more."""

    def __init__(self, settings: Settings, sessions: sessionmaker[Session]) -> None:
        self._settings, self._sessions, self._bench = settings, sessions, Bench(rest=REST)

    def said(self, driver: str, queue: str, words: Words, now: dt.datetime) -> Any:
        """The sentence on one driver and one queue; None while it is being looked up."""
        with self._sessions() as session:
            mark = facts_mark(session, self._settings)
            channel = next((one.channel for one in load_queues(session) if one.name == queue), "")
        seen = self._bench.ask(f"{mark}|{now:%Y-%m-%d}|{queue}", self._work(queue, now))
        if seen.state not in OVER:
            return None
        if seen.state != "done":
            told = isinstance(seen.error, ForecallError)
            return html.Span(
                str(seen.error) if told else words("scenario_worth_failed", driver=driver or "…")
            )
        found = next((one for one in seen.result if one.driver == driver), None)
        contacts = words(f"scenario_contacts_{channel}" if channel in CHANNELS else "scenario_contacts_other")
        return html.Span(sentence(found, driver, queue, contacts, words))

    def _work(self, queue: str, now: dt.datetime) -> Callable[[Tell], Any]:
        def work(_: Tell) -> Any:
            from store.driver_worths import (
                driver_worths,  # it brings the models, which the start does without
            )

            with self._sessions() as session:
                return driver_worths(session, self._settings, queue, now=now)

        return work


def sentence(found: Any, driver: str, queue: str, contacts: str, words: Words) -> str:
    """`1,000 letters bring 25 calls (17 to 34), from 7 mailings.`"""
    if found is None or (found.kind == "pulse" and not found.seen):
        return words("scenario_worth_unknown", driver=driver or "…", queue=queue)
    if found.kind != "pulse":
        return words(
            "scenario_worth_percent",
            driver=driver,
            n=words.number(found.percent, 1, sign=True),
            contacts=contacts,
        )
    if found.likely is not None and found.likely < 0.5:
        return words("scenario_worth_chance", driver=driver, n=found.seen, contacts=contacts, queue=queue)
    numbers = {
        name: words.number(getattr(found, name), 1 if abs(found.contacts) < 10 else 0)
        for name in ("contacts", "low", "high")
    }
    return words(
        "scenario_worth_pulse" if found.seen > 1 else "scenario_worth_once", units=words.number(found.units), driver=driver, queue=queue, what=contacts, n=numbers["contacts"],
        low=numbers["low"], high=numbers["high"], seen=found.seen,
    )  # fmt: skip
