"""The week report as what is printed: facts, figures, tables and bars."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from forecast.buckets import zone
from forecast.reports.sentences import headline, notes
from forecast.reports.tables import Table, events_table, hours_table, parts_table, queues_table
from forecast.reports.tongue import Tongue
from forecast.week_report import Report
from forecast.week_report_line import Line
from forecast.week_report_total import summed


@dataclass(frozen=True)
class Tile:
    """One strong number. of: which part of the queues it is of; '' for all."""

    label: str
    value: str
    note: str
    of: str = ""


@dataclass(frozen=True)
class Bars:
    """Signed values by day, NaN where a day is not compared. sentence: for who cannot see them."""

    title: str
    sentence: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The whole report in one language."""

    title: str
    company: str
    facts: tuple[str, ...]
    headline: str
    tiles: tuple[Tile, ...]
    parts: Table
    bars: Bars
    queues: Table
    hours: Table
    events: Table
    notes: tuple[str, ...]
    definitions: tuple[str, ...]
    tongue: Tongue = field(default_factory=Tongue)


def make_document(report: Report, tongue: Tongue, *, most: int | None = None) -> Document:
    """A report -> what is printed of it. most: queues in a row of their own, the rest is one row."""
    shown = report.shown()
    lines = _listed(shown.lines, most, tongue)
    said = notes(shown, tongue)
    if len(lines) < len(shown.lines):
        said.append(tongue("note_shown", n=len(lines) - 1))
    last = shown.monday + dt.timedelta(days=6)
    made = shown.made_at.astimezone(zone(shown.tz))
    as_of = shown.data_as_of
    facts = (
        tongue("days_from_to", first=tongue.date(shown.monday), last=tongue.date(last)),
        tongue("made_on", moment=tongue.moment(made)),
        tongue("no_data") if as_of is None else tongue("data_as_of", moment=tongue.moment(as_of.astimezone(zone(shown.tz)))),
    )  # fmt: skip
    return Document(
        title=tongue("title", week=shown.week),
        company=shown.company,
        facts=facts,
        headline=headline(shown, tongue),
        tiles=_tiles(shown.whole, tongue),
        parts=parts_table(shown.whole, tongue),
        bars=_bars(shown.whole, tongue),
        queues=queues_table(lines, shown.whole, tongue),
        hours=hours_table(lines, shown.whole, tongue),
        events=events_table(shown, tongue),
        notes=tuple(said),
        definitions=tuple(tongue(key) for key in ("def_volume", "def_aht", "def_known", "def_total")),
        tongue=tongue,
    )


def _listed(lines: Sequence[Line], most: int | None, tongue: Tongue) -> list[Line]:
    """The lines with the largest gap in their own order, and the sum of the others as the last."""
    if most is None or len(lines) <= most:
        return list(lines)

    def size(at: int) -> float:
        line = lines[at]
        return abs(line.hours.gap or 0.0) * 1000 + abs(line.contacts.gap or 0.0)

    kept = set(sorted(range(len(lines)), key=lambda at: -size(at))[: max(most - 1, 0)])
    rest = summed([one for at, one in enumerate(lines) if at not in kept]).without_dust()
    held, of = rest.reach.contacts, rest.reach.of
    name = tongue("others_some", n=held, of=of) if 0 < held < of else tongue("others", n=of)
    return [*(one for at, one in enumerate(lines) if at in kept), _named(rest, name)]


def _named(line: Line, name: str) -> Line:
    return replace(line, queue=name)


def _tiles(whole: Line, tongue: Tongue) -> tuple[Tile, ...]:
    plan, came = whole.plan, whole.actual

    def beside(planned: str, gap: str) -> str:
        return tongue("tile_plan", plan=planned, gap=gap)

    contacts = beside(tongue.number(plan.contacts), tongue.number(whole.contacts.gap, sign=True))
    hours = beside(tongue.number(plan.hours), tongue.number(whole.hours.gap, 1, sign=True))
    aht = beside(tongue.number(plan.aht), tongue.number(whole.longer, sign=True))
    euros = whole.euros.gap
    money = (
        tongue("tile_more_fte")
        if euros is None
        else tongue("tile_euros", euros=tongue.euros(euros, sign=True))
    )
    reach = whole.reach

    def of(held: int) -> str:
        return tongue("of_queues", n=held, of=reach.of) if 0 < held < reach.of else ""

    return (
        Tile(tongue("tile_contacts"), tongue.number(came.contacts), contacts, of(reach.contacts)),
        Tile(tongue("tile_aht"), _unit(tongue, "seconds", came.aht), aht, of(reach.aht)),
        Tile(tongue("tile_hours"), _unit(tongue, "hours_unit", came.hours), hours, of(reach.hours)),
        Tile(tongue("tile_fte"), tongue.number(whole.fte.gap, 1, sign=True), money, of(reach.hours)),
    )


def _unit(tongue: Tongue, key: str, value: float | None) -> str:
    return tongue.number(None) if value is None else tongue(key, n=tongue.number(value))


def _bars(whole: Line, tongue: Tongue) -> Bars:
    texts = tuple(tongue.number(None if math.isnan(one) else one, sign=True) for one in whole.by_day)
    told = [
        f"{tongue.weekday(at)} {text}"
        for at, (one, text) in enumerate(zip(whole.by_day, texts, strict=True))
        if not math.isnan(one)
    ]
    sentence = tongue("bars_sentence", days=", ".join(told)) if told else tongue("bars_none")
    labels = tuple(tongue.short(at) for at in range(len(whole.by_day)))
    return Bars(tongue("bars"), sentence, labels, whole.by_day, texts)
