"""The week report as what is printed: facts, figures, tables and bars, each cell a value and how it is written."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from forecast.buckets import zone
from forecast.reports.sentences import causes, days, event_name, headline, notes
from forecast.reports.tongue import Tongue
from forecast.week_report import Report
from forecast.week_report_line import LOCKED, Line, Side, summed
from forecast.week_report_split import Parts

TEXT, COUNT, GAP, SECONDS, HOURS, HOURS_GAP, FTE_GAP, EUROS_GAP, SHARE_GAP = (
    "text", "count", "gap", "seconds", "hours", "hours_gap", "fte_gap", "euros_gap", "share_gap",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """value: a text, a number or None (not known); kind: how it is written."""

    value: str | float | None
    kind: str = TEXT

    def text(self, tongue: Tongue) -> str:
        """As it stands in a table."""
        if isinstance(self.value, str):
            return self.value
        if self.kind == SHARE_GAP:
            return tongue.percent(self.value, 1, sign=True)
        if self.kind == EUROS_GAP:
            return tongue.euros(self.value, sign=True)
        digits = {HOURS: 1, HOURS_GAP: 1, FTE_GAP: 2}.get(self.kind, 0)
        return tongue.number(self.value, digits, sign=self.kind in (GAP, HOURS_GAP, FTE_GAP))


@dataclass(frozen=True)
class Row:
    """tone: '', total or sub (a part of the row below)."""

    cells: tuple[Cell, ...]
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """The first `texts` columns are texts, the others numbers. empty: what stands there without rows."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    texts: int = 1
    note: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Tile:
    """One strong number."""

    label: str
    value: str
    note: str


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
        parts=_parts(shown.whole, tongue),
        bars=_bars(shown.whole, tongue),
        queues=_queues(lines, shown.whole, tongue),
        hours=_hours(lines, shown.whole, tongue),
        events=_events(shown, tongue),
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
    name = tongue("others", n=len(lines) - len(kept))
    return [*(one for at, one in enumerate(lines) if at in kept), _named(rest, name)]


def _named(line: Line, name: str) -> Line:
    return Line(**{**vars(line), "queue": name})


def _tiles(whole: Line, tongue: Tongue) -> tuple[Tile, ...]:
    plan, came = whole.plan, whole.actual

    def beside(planned: str, gap: str) -> str:
        return tongue("tile_plan", plan=planned, gap=gap)

    contacts = beside(tongue.number(plan.contacts), tongue.number(whole.contacts.gap, sign=True))
    hours = beside(tongue.number(plan.hours), tongue.number(whole.hours.gap, 1, sign=True))
    longer = None if plan.aht is None or came.aht is None else round(came.aht) - round(plan.aht)
    aht = beside(tongue.number(plan.aht), tongue.number(longer, sign=True))
    euros = whole.euros.gap
    money = (
        tongue("tile_more_fte")
        if euros is None
        else tongue("tile_euros", euros=tongue.euros(euros, sign=True))
    )
    return (
        Tile(tongue("tile_contacts"), tongue.number(came.contacts), contacts),
        Tile(tongue("tile_aht"), _unit(tongue, "seconds", came.aht), aht),
        Tile(tongue("tile_hours"), _unit(tongue, "hours_unit", came.hours), hours),
        Tile(tongue("tile_fte"), tongue.number(whole.fte.gap, 1, sign=True), money),
    )


def _unit(tongue: Tongue, key: str, value: float | None) -> str:
    return tongue.number(None) if value is None else tongue(key, n=tongue.number(value))


def _parts(whole: Line, tongue: Tongue) -> Table:
    """The gap taken apart, in contacts, hours, FTE and, where hours have a price, euros."""
    units: list[tuple[str, Parts, str]] = [
        (tongue("contacts"), whole.contacts, GAP),
        (tongue("hours"), whole.hours, HOURS_GAP),
        (tongue("fte"), whole.fte, FTE_GAP),
    ]
    if whole.euros.gap is not None:
        units.append((tongue("euros"), whole.euros, EUROS_GAP))
    rows = [
        Row((Cell(tongue(key)), *(Cell(_part(parts, name), kind) for _, parts, kind in units)), tone)
        for key, name, tone in (
            ("known", "known", "sub"),
            ("unexpected", "unexpected", "sub"),
            ("volume", "volume", ""),
            ("handling", "aht", ""),
            ("gap", "gap", "total"),
        )
    ]
    note = (
        ""
        if whole.chance is None or whole.contacts.gap is None
        else tongue("chance_note", n=tongue.number(whole.chance))
    )
    columns = (tongue("part"), *(unit for unit, _, _ in units))
    return Table("parts", tongue("table_parts"), columns, tuple(rows), note=note)


def _part(parts: Parts, name: str) -> float | None:
    found: float | None = getattr(parts, name)
    return found


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


def _queues(lines: Sequence[Line], whole: Line, tongue: Tongue) -> Table:
    planned = tongue("plan" if whole.basis in ("", LOCKED) else "plan_published")
    names = ("queue", "", "came", "gap", "gap_share", "last_year", "budget", "aht_plan", "aht")
    columns = tuple(tongue(name) if name else planned for name in names)
    rows = [Row(_queue_cells(one.queue, one)) for one in lines]
    if len(lines) > 1:
        rows.append(Row(_queue_cells(tongue("total"), whole), "total"))
    return Table("queues", tongue("table_queues"), columns, tuple(rows))


def _queue_cells(name: str, line: Line) -> tuple[Cell, ...]:
    gap, planned = line.contacts.gap, line.plan.contacts
    share = gap / planned if gap is not None and planned else None

    def count(side: Side) -> Cell:
        return Cell(side.contacts, COUNT)

    return (
        Cell(name), count(line.plan), count(line.actual), Cell(gap, GAP), Cell(share, SHARE_GAP), count(line.last_year),
        count(line.budget), Cell(line.plan.aht, SECONDS), Cell(line.actual.aht, SECONDS),
    )  # fmt: skip


def _hours(lines: Sequence[Line], whole: Line, tongue: Tongue) -> Table:
    priced = whole.euros.gap is not None
    planned = tongue("plan" if whole.basis in ("", LOCKED) else "plan_published")
    names = (
        "queue",
        "",
        "came",
        "known",
        "unexpected",
        "handling",
        "gap",
        "fte",
        *(("euros",) if priced else ()),
    )
    columns = tuple(tongue(name) if name else planned for name in names)
    rows = [Row(_hour_cells(one.queue, one, priced)) for one in lines]
    if len(lines) > 1:
        rows.append(Row(_hour_cells(tongue("total"), whole, priced), "total"))
    return Table("hours", tongue("table_hours"), columns, tuple(rows))


def _hour_cells(name: str, line: Line, priced: bool) -> tuple[Cell, ...]:
    parts = [
        Cell(one, HOURS_GAP)
        for one in (line.hours.known, line.hours.unexpected, line.hours.aht, line.hours.gap)
    ]
    cells = (
        Cell(name),
        Cell(line.plan.hours, HOURS),
        Cell(line.actual.hours, HOURS),
        *parts,
        Cell(line.fte.gap, FTE_GAP),
    )
    return (*cells, Cell(line.euros.gap, EUROS_GAP)) if priced else cells


def _events(report: Report, tongue: Tongue) -> Table:
    rows = []
    for one in causes(report.events):
        queues = tongue("all_queues") if len(one.queues) == len(report.lines) > 1 else ", ".join(one.queues)
        told = Cell(tongue("size_unknown")) if one.claimed == 0 else Cell(round(one.contacts), GAP)
        texts = (
            event_name(one.kind, one.name, tongue),
            tongue(f"kind_{one.kind}"),
            queues,
            days(one.first, one.last, tongue),
        )
        rows.append(Row((*(Cell(text) for text in texts), told)))
    columns = tuple(tongue(name) for name in ("event", "kind", "queue", "day", "explained"))
    return Table("events", tongue("table_events"), columns, tuple(rows), texts=4, empty=tongue("no_events"))
