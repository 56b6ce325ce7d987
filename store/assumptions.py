"""Planners' rules of thumb. One that is ended stays, so that decisions made while it held can be explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.assumption import Assumption
from forecast.errors import InputError, NotFound
from forecast.social.signals import for_models
from store.database import lock
from store.queues import require_queues
from store.signals import load_signal_catalogue
from store.statements import table_of
from store.tables import ThumbRow

_TABLE = table_of(ThumbRow)
_FIGURES = ("contacts_per_unit", "head_start_minutes", "lasts_minutes")
NAMED = 8  # signals named where one cannot be used


@dataclass(frozen=True)
class Held:
    """A rule as it is kept: whose it is, why, and from when to when it holds."""

    rule: Assumption
    reason: str
    author: str
    created_at: dt.datetime
    ended_at: dt.datetime | None


def save_assumption(
    session: Session, rule: Assumption, *, reason: str, author: str, now: dt.datetime
) -> Held:
    """Keep a rule -> it with its number. One that says the same and still holds is given back instead.

    NotFound for a queue or signal nobody knows; InputError for a signal that no forecast hears, and without a reason or
    an author.
    """
    for name, text in (("reason", reason), ("author", author)):
        if not text.strip():
            raise InputError(
                f"A rule of thumb needs its {name}.", remedy="Say it in a few words.", field=name
            )
    require_queues(session, [rule.series])
    _require_signal(session, rule.signal)
    lock(session, "rules of thumb")
    for held in load_assumptions(session):
        if held.rule.says == rule.says:
            return held
    facts = {
        "series": rule.series,
        "signal": rule.signal,
        **{name: getattr(rule, name) for name in _FIGURES},
        "reason": reason.strip(),
        "author": author.strip(),
        "created_at": now,
        "ended_at": None,
    }
    made = session.scalar(insert(_TABLE).values(**facts).returning(_TABLE.c.id))
    return _one(session, int(made))


def load_assumptions(session: Session, *, series: Sequence[str] = (), ended: bool = False) -> list[Held]:
    """The rules that hold, by number; of some queues where asked; with `ended` also those that held once."""
    query = select(_TABLE).order_by(_TABLE.c.id)
    if series:
        query = query.where(_TABLE.c.series.in_(series))
    if not ended:
        query = query.where(_TABLE.c.ended_at.is_(None))
    return [_held(row) for row in session.execute(query)]


def end_assumption(session: Session, number: int, *, now: dt.datetime) -> Held:
    """From now on the rule holds no more; ending it twice changes nothing. NotFound for a number nobody knows."""
    _one(session, number)
    session.execute(
        update(_TABLE).where(_TABLE.c.id == number, _TABLE.c.ended_at.is_(None)).values(ended_at=now)
    )
    return _one(session, number)


def _one(session: Session, number: int) -> Held:
    row = session.execute(select(_TABLE).where(_TABLE.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no rule of thumb {number}.",
            remedy="`forecall assume list` has the numbers.",
            field="id",
        )
    return _held(row)


def _require_signal(session: Session, name: str) -> None:
    held = load_signal_catalogue(session)
    kinds, heard = {}, []
    for signal, topic, kind in zip(held["signal"], held["topic"], held["kind"], strict=True):
        known = signal if topic == "all" else f"{signal}:{topic}"
        kinds[known] = kind
        if kind == "count" and for_models(signal):
            heard.append(known)
    some = ", ".join(sorted(heard)[:NAMED]) or "none yet"
    if name not in kinds:
        raise NotFound(
            f"There is no signal {name!r}.",
            remedy=f"`GET /v1/signals` has the names: {some}.",
            field="signal",
        )
    if kinds[name] != "count":
        raise InputError(
            f"The signal {name!r} is a level: nobody can say what one more of it brings.",
            remedy="Make the rule on a count, such as posts.",
            field="signal",
        )
    if name not in heard:
        raise InputError(
            f"The signal {name!r} is shown, but no forecast hears it, so a rule on it could never be scored.",
            remedy=f"Make the rule on one that is heard: {some}.",
            field="signal",
        )


def _held(row: object) -> Held:
    figures = {name: float(getattr(row, name)) for name in _FIGURES}
    rule = Assumption(row.series, row.signal, **figures, number=row.id)  # type: ignore[attr-defined]
    return Held(rule, row.reason, row.author, row.created_at, row.ended_at)  # type: ignore[attr-defined]
