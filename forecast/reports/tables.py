"""The tables of the week report: each cell a value and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forecast.reports.sentences import causes, days, event_name
from forecast.reports.tongue import Tongue
from forecast.week_report import Report
from forecast.week_report_line import LOCKED, Line, Reach, Side
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


def total_name(held: int, reach: Reach, tongue: Tongue) -> str:
    """What the total is called: `Total`, or `Total (3 of 5)` where it is of some of the queues."""
    return tongue("total_some", n=held, of=reach.of) if 0 < held < reach.of else tongue("total")


def parts_table(whole: Line, tongue: Tongue) -> Table:
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


def queues_table(lines: Sequence[Line], whole: Line, tongue: Tongue) -> Table:
    planned = tongue("plan" if whole.basis in ("", LOCKED) else "plan_published")
    names = ("queue", "", "came", "gap", "gap_share", "last_year", "budget", "aht_plan", "aht")
    columns = tuple(tongue(name) if name else planned for name in names)
    rows = [Row(_queue_cells(one.queue, one)) for one in lines]
    if len(lines) > 1:
        rows.append(Row(_queue_cells(total_name(whole.reach.contacts, whole.reach, tongue), whole), "total"))
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


def hours_table(lines: Sequence[Line], whole: Line, tongue: Tongue) -> Table:
    priced = any(one.euros.gap is not None for one in lines)
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
        rows.append(
            Row(_hour_cells(total_name(whole.reach.hours, whole.reach, tongue), whole, priced), "total")
        )
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


def events_table(report: Report, tongue: Tongue) -> Table:
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
