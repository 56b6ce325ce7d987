"""The sentence a manager reads, and what is to be known beside the tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.reports.tongue import Tongue
from forecast.week_report import Report
from forecast.week_report_line import LOCKED, Line
from forecast.week_report_split import ADJUSTMENT, Explained

BY_CHANCE = 1.6  # mean deviations of a count: so far off lies one week in ten
NEARLY, MOST, SOME = 0.8, 0.5, 0.15  # shares of the gap
BEYOND = 1.05  # more than the gap by more than what rounding adds
NAMED = 3  # queues named in a note
YEAR = dt.timedelta(days=364)


@dataclass(frozen=True)
class Cause:
    """A known event over all its queues. first, last: places in the week; contacts of the gap it explains; claimed: see Explained."""

    kind: str
    name: str
    first: int
    last: int
    contacts: float
    claimed: float | None
    queues: tuple[str, ...]


def causes(events: Sequence[Explained]) -> list[Cause]:
    """Events of the same name and kind together, the largest first."""
    held: dict[tuple[str, str], list[Explained]] = {}
    for one in events:
        held.setdefault((one.kind, one.name), []).append(one)
    made = [
        Cause(
            kind,
            name,
            min(one.first for one in each),
            max(one.last for one in each),
            sum(one.contacts for one in each),
            None if any(one.claimed is None for one in each) else sum(one.claimed or 0.0 for one in each),
            tuple(dict.fromkeys(one.queue for one in each)),
        )
        for (kind, name), each in held.items()
    ]
    return sorted(made, key=lambda one: -abs(one.contacts))


def headline(report: Report, tongue: Tongue) -> str:
    """`4 % more calls than planned (412), nearly all from the outage on Tuesday; they took 11 s longer each: ...`"""
    whole = report.whole
    if whole.actual.contacts is None:
        return f"{tongue('head_nothing')}."
    words = tongue(f"channel_{whole.channel}" if f"channel_{whole.channel}" in _known(tongue) else "channel_")
    if whole.contacts.gap is None:
        return f"{_without_plan(report, words, tongue)}."
    return f"{_of_what(report, tongue)}{_volume(report, words, tongue)}{_handling(whole, tongue)}{_work(whole, tongue)}."


def event_name(kind: str, name: str, tongue: Tongue) -> str:
    """What an event is called; several adjustments have no name of their own."""
    return name or tongue("adjustments_many" if kind == ADJUSTMENT else f"kind_{kind}")


def days(first: int, last: int, tongue: Tongue) -> str:
    """`Tuesday`, or `Mon - Wed`."""
    return tongue.weekday(first) if first == last else f"{tongue.short(first)}–{tongue.short(last)}"


def notes(report: Report, tongue: Tongue) -> list[str]:
    """What to know about the figures, the weightiest first."""
    found = []
    lines, whole = report.lines, report.whole
    if report.over < 7:
        found.append(tongue("note_part", days=report.over))
    missing = [
        tongue("days_missing", queue=one.queue, n=one.over - one.days, over=one.over)
        for one in lines
        if one.days < one.over
    ]
    if missing:
        found.append(tongue("note_days", days=_listed(missing, tongue)))
    published = [one.queue for one in lines if one.basis not in ("", LOCKED)]
    if published:
        found.append(tongue("note_published", queues=_queues(published, lines, tongue)))
    without = "note_without" if whole.contacts.gap is None else "note_without_some"
    for key, names in ((without, report.without), ("note_untimed", report.untimed)):
        if names:
            found.append(tongue(key, queues=_queues(names, lines, tongue)))
    found += _without_total(report, tongue)
    if any(one.last_year.contacts is not None for one in lines):
        first = report.monday - YEAR
        last = first + dt.timedelta(days=6)
        found.append(tongue("note_last_year", first=tongue.date(first), last=tongue.date(last)))
    if whole.hours.gap is not None or whole.actual.hours is not None:
        pay = report.pay
        week = tongue.number(pay.week_hours, 0 if pay.week_hours == int(pay.week_hours) else 1)
        found.append(tongue("note_fte", week=week, productive=tongue.percent(pay.productive)))
    priced = any(one.euros.gap is not None for one in lines)
    found.append(tongue("note_euros" if priced else "note_no_euros"))
    if all(one.budget.contacts is None for one in lines):
        found.append(tongue("note_budget"))
    return found


def _without_total(report: Report, tongue: Tongue) -> list[str]:
    """Sides that some queues of the total have and others have not: which."""
    found = []
    planned = report.whole.contacts.gap is not None
    lines = [
        one for one in report.lines if (one.contacts.gap if planned else one.actual.contacts) is not None
    ]
    for side in ("last_year", "budget"):
        missing = [one.queue for one in lines if getattr(one, side).contacts is None]
        if 0 < len(missing) < len(lines):
            found.append(tongue("note_no_total", what=tongue(side), queues=_listed(missing, tongue)))
    worked = [one for one in report.lines if one.hours.gap is not None]
    unpriced = [one.queue for one in worked if one.euros.gap is None]
    if 0 < len(unpriced) < len(worked):
        found.append(tongue("note_unpriced", queues=_listed(unpriced, tongue)))
    return found


def _of_what(report: Report, tongue: Tongue) -> str:
    """Of which days and queues the sentence is; '' where it is of all."""
    held, of = report.whole.reach.contacts, report.whole.reach.of
    if report.over >= 7:
        return tongue("in_some", n=held, of=of) if held < of else ""
    day = tongue.weekday(report.over - 1)
    return tongue("so_far_some", day=day, n=held, of=of) if held < of else tongue("so_far", day=day)


def _known(tongue: Tongue) -> frozenset[str]:
    return frozenset(f"channel_{one}" for one in ("phone", "email", "chat", "social"))


def _without_plan(report: Report, words: str, tongue: Tongue) -> str:
    """What came, and how it compares with last year over the queues of which both are known."""
    came = tongue.number(report.whole.actual.contacts)
    there = [one for one in report.lines if one.actual.contacts is not None]
    held = [one for one in there if one.last_year.contacts is not None]
    before = sum(one.last_year.contacts or 0.0 for one in held)
    if not before:
        return tongue("head_no_plan", n=came, contacts=words)
    share = sum(one.actual.contacts or 0.0 for one in held) / before - 1
    return tongue(
        "head_no_plan_year" if len(held) == len(there) else "head_no_plan_some",
        n=came,
        contacts=words,
        share=tongue.percent(abs(share)),
        than=tongue("more_than" if share >= 0 else "fewer_than"),
        held=len(held),
        of=len(there),
    )


def _volume(report: Report, words: str, tongue: Tongue) -> str:
    """The first part: how many more or fewer, and what they came from."""
    whole = report.whole
    gap, planned = whole.contacts.gap or 0.0, whole.plan.contacts or 0.0
    top = next(iter(causes(report.events)), None)
    told = top is not None and top.contacts * gap > 0 and abs(top.contacts) >= SOME * abs(gap)
    if not told and abs(gap) <= BY_CHANCE * (whole.chance or 0.0):
        came = tongue.number(whole.actual.contacts)
        return tongue("head_plan", n=came, contacts=words, gap=tongue.number(gap, sign=True))
    share = tongue.percent(abs(gap) / planned, 0 if abs(gap) >= 0.02 * planned else 1) if planned else ""
    head = tongue(
        "head_more" if gap > 0 else "head_less", share=share, contacts=words, n=tongue.number(abs(gap))
    ).strip()
    return head + (_cause(top, gap, tongue) if top is not None and told else tongue("cause_none"))


def _cause(top: Cause, gap: float, tongue: Tongue) -> str:
    share = top.contacts / gap
    if share > BEYOND:
        key = "cause_beyond"
    else:
        key = "cause_nearly" if share >= NEARLY else "cause_most" if share >= MOST else "cause_some"
    name = event_name(top.kind, top.name, tongue)
    if top.first == top.last:
        event = tongue("event_on", name=name, day=tongue.weekday(top.first))
    else:
        event = tongue(
            "event_days", name=name, first=tongue.weekday(top.first), last=tongue.weekday(top.last)
        )
    return tongue(key, event=event, n=tongue.number(abs(top.contacts)))


def _handling(whole: Line, tongue: Tongue) -> str:
    """By how many seconds they took longer, over the contacts whose handling time is known on both sides; a shift between
    queues is none of it."""
    if not whole.longer or whole.hours.aht is None:
        return ""
    told = tongue("aht_longer" if whole.longer > 0 else "aht_shorter", n=tongue.number(abs(whole.longer)))
    return told + (tongue("where_known") if whole.reach.aht < whole.reach.contacts else "")


def _work(whole: Line, tongue: Tongue) -> str:
    hours = whole.hours.gap
    if hours is None:
        return ""
    told = [f"{tongue.number(abs(whole.fte.gap or 0.0), 1)} FTE"]
    if whole.euros.gap is not None:
        told.append(tongue.euros(abs(whole.euros.gap)))
    size = tongue.number(abs(hours), 0 if abs(hours) >= 10 else 1)
    return tongue("work_more" if hours >= 0 else "work_less", hours=size, rest=", ".join(told))


def _queues(names: Sequence[str], lines: Sequence[Line], tongue: Tongue) -> str:
    return tongue("all_queues").lower() if len(names) == len(lines) > 1 else _listed(names, tongue)


def _listed(names: Sequence[str], tongue: Tongue) -> str:
    text = ", ".join(names[:NAMED])
    return text if len(names) <= NAMED else tongue("and_more", list=text, n=len(names) - NAMED)
