"""What the store says about a plan, in the language of the page: each note of ours has a text, any other stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from dash import html

from api.dashboard.words import Words
from store import staffing_check, staffing_team, staffing_work

NOTES = {
    "staffing_note_no_times": staffing_work.NO_TIMES,
    "staffing_note_by_day": staffing_work.BY_DAY,
    "staffing_note_spread": staffing_work.SPREAD,
    "staffing_note_no_hours": staffing_work.NO_HOURS,
    "staffing_note_none_told": staffing_work.NONE_TOLD,
    "staffing_note_too_far": staffing_work.TOO_FAR,
    "staffing_note_carry": staffing_work.CARRY,
    "staffing_note_from_then": staffing_work.FROM_THEN,
    "staffing_note_not_said": staffing_team.NOT_SAID,
    "staffing_note_no_forecast": staffing_team.NO_FORECAST,
    "staffing_note_no_queue": staffing_team.NO_QUEUE,
    "staffing_note_further": staffing_team.FURTHER,
    "staffing_note_together": staffing_team.TOGETHER,
    "staffing_note_alike": staffing_check.ALIKE,
    "staffing_note_no_days": staffing_check.NO_DAYS,
    "staffing_note_promise": staffing_check.PROMISE,
    "staffing_note_counts": staffing_check.COUNTS,
    "staffing_note_shared": staffing_check.SHARED,
}
PLACE = re.compile(r"\{(\w+)(?::[^}]*)?\}")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = []
    for key, template in NOTES.items():
        seen: set[str] = set()
        pattern, at = "", 0
        for hit in PLACE.finditer(template):
            name = hit.group(1)
            pattern += re.escape(template[at : hit.start()])
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
            seen.add(name)
            at = hit.end()
        found.append((key, re.compile(pattern + re.escape(template[at:]), re.DOTALL)))
    return tuple(found)


def said(note: str, words: Words) -> str:
    """One note in the language of the page."""
    for key, pattern in _patterns():
        if (hit := pattern.fullmatch(note)) is not None:
            return words(key, **hit.groupdict())
    return note


def listed(notes: Iterable[str], words: Words) -> Any:
    """The notes, one line each; nothing without any."""
    lines = list(dict.fromkeys(said(one, words) for one in notes))
    if not lines:
        return None
    return html.Ul([html.Li(one) for one in lines], className="told staffing-notes")
