"""Peak warnings, what people did about them, and which message of them went to whom.

One warning lives at a time per queue, reason and signal: a unique index says so. Acts are only added. A message is
claimed before it is sent, in one statement, so that of two processes one gets it; the claim ends by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from forecast.alerts import Act, Alert, Came, Surge, promised
from forecast.buckets import from_ns, to_ns
from forecast.errors import NotFound
from store.plain import plain
from store.statements import insert_ignore, table_of, upsert
from store.tables import AlertActRow, AlertRow, DeliveryRow

State: TypeAlias = Literal["live", "ended", "all"]
MOST = 5_000
_ALERTS, _ACTS, _SENT = table_of(AlertRow), table_of(AlertActRow), table_of(DeliveryRow)


def raise_alert(session: Session, surge: Surge, *, now: dt.datetime) -> int | None:
    """Keep a new warning; its id, or None where one of this queue, reason and signal lives already."""
    facts = {"series": surge.series, "topic": surge.topic, "signal": surge.signal}
    moments = {"onset": _moment(surge.onset), "raised_at": now, "updated_at": now, "ended_at": None}
    at = to_ns(now)
    row = _row(Alert(0, surge, surge, promised(surge, at), at, at))
    made = insert_ignore(session, _ALERTS).values(**facts, **moments, row=row)
    found: int | None = session.scalar(made.returning(_ALERTS.c.id))
    return found


def save_alert(session: Session, alert: Alert) -> None:
    """Write a warning that changed; its queue, reason and signal stay what they were. NotFound for an unknown id."""
    ended = None if alert.ended_at is None else _moment(alert.ended_at)
    values = {"updated_at": _moment(alert.updated_at), "ended_at": ended, "row": _row(alert)}
    changed = update(_ALERTS).where(_ALERTS.c.id == alert.id).values(**values)
    if session.scalar(changed.returning(_ALERTS.c.id)) is None:
        raise _unknown(alert.id)


def load_alert(session: Session, alert_id: int) -> Alert:
    """One warning with its acts; NotFound."""
    found = _load(session, [_ALERTS.c.id == alert_id])
    if not found:
        raise _unknown(alert_id)
    return found[0]


def load_alerts(
    session: Session,
    *,
    state: State = "all",
    queues: Sequence[str] = (),
    since: dt.datetime | None = None,
    limit: int = MOST,
) -> list[Alert]:
    """Warnings with their acts, the latest raised first. since: those that live, or changed at or after it."""
    chosen: list[ColumnElement[bool]] = []
    if state != "all":
        chosen.append(_ALERTS.c.ended_at.is_(None) if state == "live" else _ALERTS.c.ended_at.is_not(None))
    if queues:
        chosen.append(_ALERTS.c.series.in_(list(queues)))
    if since is not None:
        chosen.append(or_(_ALERTS.c.ended_at.is_(None), _ALERTS.c.updated_at >= since))
    return _load(session, chosen, limit)


def record_act(session: Session, alert_id: int, *, who: str, act: str, note: str, now: dt.datetime) -> bool:
    """Add what somebody did; False where the same was told before. NotFound for an unknown warning."""
    held = load_alert(session, alert_id)
    if any((one.who, one.act, one.note) == (who, act, note) for one in held.acts):
        return False
    told = {"alert_id": alert_id, "at": now, "who": who, "act": act, "note": note}
    session.execute(_ACTS.insert().values(**told))
    return True


def claim(
    session: Session, alert_id: int, target: str, occasion: str, *, now: dt.datetime, until: dt.datetime
) -> bool:
    """Take the right to send one message; False where it was sent, or another holds it. Commit before sending.

    A claim that ran out (its process died) is given anew: such a message may come twice, and is never lost.
    """
    key = {"alert_id": alert_id, "target": target, "occasion": occasion}
    made = upsert(session, _SENT).values(**key, delivered_at=None, claimed_until=until, tries=1, problem="")
    free = _SENT.c.delivered_at.is_(None) & (_SENT.c.claimed_until <= now)
    again = {"claimed_until": until, "tries": _SENT.c.tries + 1}
    taken = made.on_conflict_do_update(index_elements=list(key), set_=again, where=free)
    return session.scalar(taken.returning(_SENT.c.tries)) is not None


def note_delivered(
    session: Session, alert_id: int, target: str, occasion: str, *, now: dt.datetime, problem: str = ""
) -> None:
    """A message went out. problem: what of it did not, such as one address of several."""
    _note(session, alert_id, target, occasion, {"delivered_at": now, "problem": problem})


def note_failed(
    session: Session, alert_id: int, target: str, occasion: str, *, again: dt.datetime, problem: str
) -> None:
    """A message was refused or reached nobody; it may be claimed anew from `again` on."""
    _note(session, alert_id, target, occasion, {"claimed_until": again, "problem": problem})


def delivered(session: Session, alert_ids: Sequence[int]) -> dict[tuple[int, str], list[str]]:
    """(warning, target) -> the occasions that were told there."""
    mine = _SENT.c.alert_id.in_(list(alert_ids)), _SENT.c.delivered_at.is_not(None)
    columns = _SENT.c.alert_id, _SENT.c.target, _SENT.c.occasion
    found: dict[tuple[int, str], list[str]] = {}
    for alert_id, target, occasion in session.execute(select(*columns).where(*mine).order_by(*columns)):
        found.setdefault((alert_id, target), []).append(occasion)
    return found


def _note(session: Session, alert_id: int, target: str, occasion: str, values: Mapping[str, Any]) -> None:
    mine = _SENT.c.alert_id == alert_id, _SENT.c.target == target, _SENT.c.occasion == occasion
    session.execute(update(_SENT).where(*mine).values(**values))


def _load(session: Session, chosen: Sequence[ColumnElement[bool]], limit: int = MOST) -> list[Alert]:
    newest = _ALERTS.c.raised_at.desc(), _ALERTS.c.id.desc()
    rows = session.execute(select(_ALERTS).where(*chosen).order_by(*newest).limit(limit)).all()
    acts: dict[int, list[Act]] = {}
    some = _ACTS.c.alert_id.in_([row.id for row in rows])
    for act in session.execute(select(_ACTS).where(some).order_by(_ACTS.c.at, _ACTS.c.id)):
        acts.setdefault(act.alert_id, []).append(Act(to_ns(act.at), act.who, act.act, act.note))
    return [_alert(row, tuple(acts.get(row.id, ()))) for row in rows]


def _alert(row: Any, acts: tuple[Act, ...]) -> Alert:
    held = row.row
    came = held["came"]
    return Alert(
        id=row.id,
        surge=_surge(held["surge"]),
        told=_surge(held["told"]),
        promise=_surge(held["promise"]),
        raised_at=to_ns(row.raised_at),
        updated_at=to_ns(row.updated_at),
        ended_at=None if row.ended_at is None else to_ns(row.ended_at),
        updates=held["updates"],
        missing=held["missing"],
        why=held["why"],
        came=None if came is None else Came(**came),
        acts=acts,
    )


def _row(alert: Alert) -> dict[str, Any]:
    """What has no column of its own. Phrases of posts are not in it: they go when their texts go."""
    names = ("surge", "told", "promise", "updates", "missing", "why", "came")
    return {name: value for name, value in plain(asdict(alert)).items() if name in names}


def _surge(held: Mapping[str, Any]) -> Surge:
    """JSON has no infinity: a burst where nothing is usual was kept without its ratio."""
    times = held["times_usual"]
    return Surge(**{**held, "times_usual": float("inf") if times is None else times})


def _moment(ns: int) -> dt.datetime:
    return from_ns(ns).floor("us").to_pydatetime()


def _unknown(alert_id: int) -> NotFound:
    return NotFound(
        f"There is no peak warning {alert_id}.", remedy="See GET /v1/alerts for those there are.", field="id"
    )
