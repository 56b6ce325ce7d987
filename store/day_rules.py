"""Special days by rule, days left out of history, and weeks with a name; append-only but for the moment they end."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.day_rules import OWN, PERIOD, DayRule, rules_of
from forecast.errors import NotFound
from forecast.frames import DAYS, check
from forecast.recurrence import read_rule
from store.database import lock
from store.statements import table_of
from store.tables import DayRuleRow

SAME = ("name", "queue", "kind", "rule", "moves", "since", "origin")


def add_rule(session: Session, rule: DayRule, *, now: dt.datetime) -> DayRule:
    """Keep a rule; the same one again gives back the first."""
    lock(session, "day rules")
    table, facts = table_of(DayRuleRow), _facts(rule)
    same = select(table).where(*(table.c[name] == facts[name] for name in SAME), table.c.removed_at.is_(None))
    held = session.execute(same.order_by(table.c.id)).first()
    if held is not None:
        return _rule(held)
    made = session.execute(insert(table).values(**facts, created_at=now).returning(table)).one()
    return _rule(made)


def load_day_rules(session: Session, *, queue: str | None = None) -> list[DayRule]:
    """The rules that hold, the oldest first; with `queue`, its own and those of every queue."""
    table = table_of(DayRuleRow)
    query = select(table).where(table.c.removed_at.is_(None)).order_by(table.c.id)
    if queue is not None:
        query = query.where(table.c.queue.in_(["", queue]))
    return [_rule(row) for row in session.execute(query)]


def remove_rule(session: Session, number: int, *, now: dt.datetime) -> DayRule:
    """Let a rule end, as if it had never been; its row stays. NotFound where there is none that holds."""
    table = table_of(DayRuleRow)
    held = (table.c.id == number, table.c.removed_at.is_(None))
    row = session.execute(update(table).where(*held).values(removed_at=now).returning(table)).first()
    if row is None:
        raise NotFound(
            f"There is no special day with the number {number}.",
            remedy="See `forecall days list`.",
            field="id",
        )
    return _rule(row)


def save_periods(session: Session, days: pd.DataFrame, *, now: dt.datetime, origin: str = OWN) -> int:
    """days[date, name, queue?, kind?, until?] -> periods that are new; one of the same name, queue and first day is replaced."""
    check(days, DAYS)
    held = {
        (one.name, one.queue, one.since, one.origin): one
        for one in load_day_rules(session)
        if one.kind == PERIOD
    }
    new = 0
    for rule in rules_of(days, origin=origin):
        before = held.get((rule.name, rule.queue, rule.since, origin))
        if before is not None and before.rule == rule.rule:
            continue
        if before is not None:
            remove_rule(session, before.id, now=now)
        held[rule.name, rule.queue, rule.since, origin] = add_rule(session, rule, now=now)
        new += 1
    return new


def _facts(rule: DayRule) -> dict[str, str]:
    text = ";".join(f"{name}={value}" for name, value in read_rule(rule.rule).items())
    facts = {name: getattr(rule, name) for name in SAME if name not in ("since", "rule")}
    return {**facts, "rule": text, "since": rule.date}


def _rule(row: object) -> DayRule:
    held = row._mapping  # type: ignore[attr-defined]
    since = int(np.datetime64(held["since"], "D").astype(np.int64))
    names = ("name", "rule", "kind", "moves", "queue", "origin", "id")
    return DayRule(since=since, **{name: held[name] for name in names})
