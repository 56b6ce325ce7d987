"""Which series count the contacts of a contact reason: queues of one reason, and the reasons of divided queues."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from forecast.errors import NotFound
from forecast.vintage import Archive

ALL = "all"


def by_reason(archive: Archive) -> dict[str, tuple[str, ...]]:
    """Reason -> names of its series. A queue whose reasons are not counted is a reason of its own, `queue NAME`."""
    parts = {each.queue for each in archive.series.values() if each.span is not None}
    found: dict[str, list[str]] = {}
    for name, series in archive.series.items():
        if series.span is None and name in parts:
            continue
        reason = f"queue {name}" if series.topic == ALL else series.topic
        found.setdefault(reason, []).append(name)
    return {reason: tuple(names) for reason, names in found.items()}


def series_of(archive: Archive, topic: str, queue: str | None = None) -> tuple[str, ...]:
    """The series of a reason, in one queue or in all. NotFound where no contact is counted by it."""
    reasons = by_reason(archive)
    names = reasons.get(topic, ())
    if not names:
        raise NotFound(
            f"No contacts are counted by the reason {topic!r}.", remedy=_near(topic, reasons), field="topic"
        )
    mine = tuple(name for name in names if queue in (None, archive.series[name].queue, name))
    if not mine:
        held = sorted({archive.series[name].queue or name for name in names})
        raise NotFound(
            f"The queue {queue!r} has no contacts counted by the reason {topic!r}.",
            remedy=f"These have: {', '.join(held[:5])}.",
            field="queue",
        )
    return mine


def _near(topic: str, reasons: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(topic, list(reasons), n=3, cutoff=0.4) or sorted(reasons)[:5]
    if not near:
        return "Import volumes first: `forecall import volumes FILE`."
    return f"Did you mean {', '.join(near)}? A queue's reason is set under queues in config.yaml."
