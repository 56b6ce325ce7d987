"""Repeat contacts from the contacts held one by one."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy.orm import Session

from forecast.repeats import Repeats, repeats
from store.contact_log import knows_customers, load_contacts
from store.queues import load_queues, require_queues
from store.reason_archive import mondays
from store.settings import Settings

NONE = "No contact with a customer is held: repeats need a file or source that tells contacts one by one, with a customer."
COVERED = "Of the contacts held of this span, {share:.0%} have a customer; the figures are of these."
EARLY = "{count:,} contacts came within {days:g} days of the log's beginning: what came before them is not known, so they are left out."
OPEN = (
    "{count:,} first contacts are left out of those resolved: their {days:g} days for a repeat are not over."
)
HIDDEN = "{count} reason(s) are not shown, because fewer than {least} customers could be told apart in them."


def load_repeats(
    session: Session,
    settings: Settings,
    *,
    start: dt.datetime,
    end: dt.datetime,
    queue: str | None = None,
    as_of: dt.datetime | None = None,
) -> tuple[Repeats, list[str]]:
    """The figures of start <= at < end, by what was known then (`as_of`), and what to know about them.

    queue: of its contacts alone; NotFound for an unknown one.
    """
    if queue is not None:
        require_queues(session, [queue])
    window = dt.timedelta(days=settings.repeats.window_days)
    contacts = load_contacts(session, start - 2 * window, end + window)
    if as_of is not None:
        contacts = contacts[(contacts["known_at"] <= as_of) & (contacts["at"] <= as_of)]
    least = max(1, settings.social.privacy.least_shown)
    found = repeats(
        contacts,
        start=pd.Timestamp(start),
        end=pd.Timestamp(end),
        window_days=settings.repeats.window_days,
        least_customers=least,
        queue=queue,
    )
    return found, _notes(found, settings.repeats.window_days, least)


def repeats_by_week(
    session: Session, settings: Settings, contacts: pd.DataFrame, *, start: dt.datetime, end: dt.datetime
) -> tuple[pd.DataFrame | None, float]:
    """contacts[topic, queue, week, ...] as volumes count them -> repeats[topic, queue, week, repeats] by the same reasons,
    and the share of the contacts held whose customer is known; None where no customer is.

    A repeat on a reason that the volumes of its queue do not count goes to the queue's contacts without a reason of their
    own, else it is left out.
    """
    if not knows_customers(session, start, end):
        return None, 0.0
    found, _ = load_repeats(session, settings, start=start, end=end)
    if found.total is None:
        return None, 0.0
    moments = found.moments.assign(week=mondays(found.moments["ds"], settings.company.timezone), repeats=1.0)
    counted = set(zip(contacts["queue"], contacts["topic"], strict=True))
    said = {queue.name: queue.topic for queue in load_queues(session)}
    reasons = [
        topic if (queue, topic) in counted else said.get(queue, "all")
        for queue, topic in zip(moments["queue"], moments["topic"], strict=True)
    ]
    moments = moments.assign(topic=pd.Series(reasons, index=moments.index, dtype=object))
    return moments.groupby(["topic", "queue", "week"])[
        ["repeats"]
    ].sum().reset_index(), found.covered.value or 0.0


def _notes(found: Repeats, days: float, least: int) -> list[str]:
    if found.covered.count == 0:
        return [NONE]
    notes = [COVERED.format(share=found.covered.value)]
    if found.early:
        notes.append(EARLY.format(count=found.early, days=days))
    if found.total is not None and found.total.open:
        notes.append(OPEN.format(count=found.total.open, days=days))
    if found.hidden:
        notes.append(HIDDEN.format(count=found.hidden, least=least))
    return notes
