"""Preventable contact from what the store holds: contacts, posts after failed contact, and the register of causes."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from forecast.preventable import Course, preventable
from store.causes import load_causes
from store.reason_archive import contacts_by_week, failed_contact_by_week
from store.repeats import repeats_by_week
from store.settings import Settings

REPEATS = (
    "Repeats on the same reason are not measured: no contact held of this span tells which customer it is of."
)
SOME_REPEATS = "Repeats are counted where contacts are held one by one with a customer, {share:.0%} of those held; others count as none."
ALL_OF_IT = (
    "Where the cause of a reason is known, all its contacts count; nobody tells which have that cause."
)
NO_CAUSE = "The register of causes is empty, so no contact counts as of a known cause."
NOT_IN = "The contacts of the weeks from {weeks} are not in: they are in no share."
TWICE = "Questions counted into the queue {queue!r} that tell of a failed contact are counted in both."


def not_measured(total: Course) -> list[str]:
    """What belongs to the figure and is not in it."""
    return ["repeats"] if total.whole.repeats is None else []


def load_preventable(
    session: Session, settings: Settings, *, start: dt.datetime, end: dt.datetime
) -> tuple[Course, dict[str, Course], list[str]]:
    """In total, per reason, and what to know about it. All weeks by the causes that live now, so that they compare."""
    tz = settings.company.timezone
    causes = load_causes(session)
    contacts = contacts_by_week(session, tz, start=start, end=end)
    posts = failed_contact_by_week(session, tz, start=start, end=end)
    again, covered = repeats_by_week(session, settings, contacts, start=start, end=end)
    total, each = preventable(contacts, posts, {(one.topic, one.queue) for one in causes}, again)
    told = REPEATS if again is None else SOME_REPEATS.format(share=covered)
    notes = [told, ALL_OF_IT if causes else NO_CAUSE]
    if total.missing:
        notes.append(NOT_IN.format(weeks=", ".join(total.missing)))
    if settings.social.care.queue:
        notes.append(TWICE.format(queue=settings.social.care.queue))
    return total, each, notes
