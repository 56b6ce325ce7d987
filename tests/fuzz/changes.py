"""Mutations of a sheet before it is written: each says what the spoiled sheet means."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.files import WIDE, spell, tidy
from tests.fuzz.sheets import Row, Sheet

Change = Callable[[Sheet, random.Random], Sheet]
NOT_COUNTS = (
    "1e308", "-1e308", "1e400", "NaN", "nan", "inf", "-inf", "-5", "45%", "n.v.t.", "#N/B", "#REF!", "#VALUE!", "=A1+1",
    "=1+1", '=HYPERLINK("http://x.example","12")', "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "@SUM(A1)", "1/2",
    "12 34", "0x1F", "1_000", "--5", "5-", "(5)", "12:00", "true", "\x00", "9" * 40, "1e13", "½", "-",
)  # fmt: skip
NOT_TIMES = (
    "30-02-2026 09:00", "29-02-2025 09:00", "2025-02-29 09:00", "0000-00-00", "2026-13-45 09:00", "25:00", "2026-01-01 25:00",
    "9999-99-99", "01-01-1900 09:00", "1899-12-31 09:00", "31-12-2999 09:00", "2999-12-31 09:00", "gisteren", "#N/B",
    "-1", "1e99", "2026-01-01 09:00+99:00", "2026-01-01T09:61", "=NOW()", "12",
)  # fmt: skip
ZERO_WIDTH = ("\u200b", "\u200e", "\u200f", "\ufeff", "\u2060", "\u202a", "\u00a0", "\u00ad")


def swap(row: Row, place: int, cell: object, *, lost: bool = False) -> Row:
    """A row with another cell; `lost`: it stands for nothing any more."""
    cells = list(row.cells)
    cells[place] = cell
    return Row(tuple(cells), () if lost else row.stands_for)


def pick(sheet: Sheet, chance: random.Random, most: int = 3) -> list[int]:
    """Positions of a few rows that stand for something."""
    good = [at for at, row in enumerate(sheet.rows) if row.stands_for]
    return sorted(chance.sample(good, min(len(good), chance.randint(1, most))))


def spoil(sheet: Sheet, chance: random.Random, column: str, cells: tuple[object, ...]) -> Sheet:
    """A few cells of one column are something else, and their rows stand for nothing."""
    if column not in sheet.places:
        return sheet
    rows = list(sheet.rows)
    for at in pick(sheet, chance):
        rows[at] = swap(rows[at], sheet.places[column], chance.choice(cells), lost=True)
    return sheet.with_rows(rows)


def not_counts(sheet: Sheet, chance: random.Random) -> Sheet:
    return spoil(sheet, chance, "offered", NOT_COUNTS)


def not_times(sheet: Sheet, chance: random.Random) -> Sheet:
    return spoil(sheet, chance, "date" if "date" in sheet.places else "interval_start", NOT_TIMES)


def formula_names(sheet: Sheet, chance: random.Random) -> Sheet:
    """A queue called like a formula: a name like any other, neutralised on the way out."""
    name, place = (
        chance.choice(("=cmd|' /C calc'!A0", "@SUM(A1)", "+31 20 123", "-Sales")),
        sheet.places.get("queue"),
    )
    if place is None:
        return sheet
    rows = [
        Row((*row.cells[:place], name, *row.cells[place + 1 :]), tuple((name, wall, value) for _, wall, value in row.stands_for))
        if row.stands_for and row.stands_for[0][0] == sheet.rows[0].cells[place] else row
        for row in sheet.rows
    ]  # fmt: skip
    return sheet.with_rows(rows)


def shuffle(sheet: Sheet, chance: random.Random) -> Sheet:
    """A file in another order means the same."""
    rows = [row for row in sheet.rows if row.stands_for]
    return sheet.with_rows(chance.sample(rows, len(rows)), footer=())


def swap_with_header(sheet: Sheet, chance: random.Random) -> Sheet:
    """Columns in another order, their names with them."""
    order = chance.sample(range(len(sheet.header)), len(sheet.header))
    if sheet.kind in WIDE:
        order = list(range(len(sheet.header)))
    moved = [
        Row(tuple((*row.cells, *[""] * len(order))[at] for at in order), row.stands_for) for row in sheet.rows
    ]
    places = {name: order.index(place) for name, place in sheet.places.items()}
    footer = tuple(
        tuple(line[at] for at in order) if len(line) == len(order) else line for line in sheet.footer
    )
    return sheet.with_rows(
        moved, header=tuple(sheet.header[at] for at in order), places=places, footer=footer
    )


def swap_without_header(sheet: Sheet, chance: random.Random) -> Sheet:
    """Two needed columns change places and their names stay: nothing fits any more, but for rows that were skipped."""
    one, two = chance.sample(
        ("queue", "interval_start" if "interval_start" in sheet.places else "date", "offered"), 2
    )
    if one not in sheet.places or two not in sheet.places:
        return sheet
    a, b = sheet.places[one], sheet.places[two]
    rows = [
        Row(tuple(row.cells[{a: b, b: a}.get(at, at)] for at in range(len(row.cells)))) for row in sheet.rows
    ]
    return sheet.with_rows(rows, must="refuse")


def repeat_rows(sheet: Sheet, chance: random.Random) -> Sheet:
    """Some rows stand there twice, next to each other or at the end."""
    rows = list(sheet.rows)
    for at in reversed(pick(sheet, chance, 5)):
        wall = rows[at].stands_for[0][1]
        if not (
            wall.tzinfo is None and wall.hour in (1, 2, 3)
        ):  # in the repeated hour two rows are two hours
            rows.insert(at + 1 if chance.random() < 0.5 else len(rows), rows[at])
    return sheet.with_rows(rows)


def header_again(sheet: Sheet, chance: random.Random) -> Sheet:
    """Two exports pasted together: the header stands in the middle again, sometimes with its titles."""
    if len(sheet.rows) < 2:
        return sheet
    at = chance.randint(1, len(sheet.rows) - 1)
    again = [Row(sheet.header)]
    if sheet.titles and chance.random() < 0.5:
        again = [*(Row(line) for line in sheet.titles), *again]
    return sheet.with_rows([*sheet.rows[:at], *again, *sheet.rows[at:]])


def decimal_comma(sheet: Sheet, chance: random.Random) -> Sheet:
    """One count with a decimal comma (a half contact), among counts without."""
    if "offered" not in sheet.places:
        return sheet
    rows = list(sheet.rows)
    for at in pick(sheet, chance, 1):
        queue, wall, _ = rows[at].stands_for[0]
        row = swap(rows[at], sheet.places["offered"], "12,5")
        rows[at] = Row(row.cells, ((queue, wall, 12.5),))
    return sheet.with_rows(rows)


def thousands(sheet: Sheet, chance: random.Random) -> Sheet:
    """Counts above a thousand with a mark, all of one kind. A mark that also reads as decimals must be told."""
    if "offered" not in sheet.places:
        return sheet
    marks = (",", "\u00a0", "'") if sheet.kind == "connect" else (".", ",", "\u00a0", "'", " ")
    mark, rows = chance.choice(marks), list(sheet.rows)  # beside 301.5 a point is a decimal point
    for at in pick(sheet, chance, 6):
        queue, wall, _ = rows[at].stands_for[0]
        value = chance.randint(1000, 9999)
        row = swap(rows[at], sheet.places["offered"], f"{value:,}".replace(",", mark))
        rows[at] = Row(row.cells, ((queue, wall, float(value)),))
    return sheet.with_rows(rows, told="was read (with a decimal|as thousands)")


def other_date_order(sheet: Sheet, chance: random.Random) -> Sheet:
    """From some row on the month stands first where the day did, or the other way round."""
    forms = {"%d-%m-%Y": "%m-%d-%Y", "%d.%m.%Y": "%m.%d.%Y", "%m/%d/%Y": "%d/%m/%Y"}
    start = next((form for form in forms if sheet.form.startswith(form)), None)
    column = "date" if "date" in sheet.places else "interval_start"
    if start is None or column not in sheet.places or len(sheet.rows) < 2:
        return sheet
    turned, at = sheet.form.replace(start, forms[start]), chance.randint(1, len(sheet.rows) - 1)
    halves = (sheet.rows[:at], sheet.rows[at:])
    if not all(any(row.stands_for and row.stands_for[0][1].day > 12 for row in half) for half in halves):
        return sheet  # a half in which every date reads both ways reads like the other: nobody can tell
    rows = [
        swap(row, sheet.places[column], row.stands_for[0][1].strftime(turned))
        if place >= at and row.stands_for
        else row
        for place, row in enumerate(sheet.rows)
    ]
    return sheet.with_rows(rows, must="either", told="day and month exchanged")


def serials(sheet: Sheet, chance: random.Random) -> Sheet:
    """Some times as the number that Excel keeps them as."""
    if "interval_start" not in sheet.places or sheet.utc:
        return sheet
    rows, epoch = list(sheet.rows), dt.datetime(1899, 12, 30)
    for at in pick(sheet, chance, 20):
        days = (rows[at].stands_for[0][1] - epoch) / dt.timedelta(days=1)
        rows[at] = swap(rows[at], sheet.places["interval_start"], f"{days:.10f}".rstrip("0").rstrip("."))
    return sheet.with_rows(rows)


def hidden_marks(sheet: Sheet, chance: random.Random) -> Sheet:
    """Characters nobody sees, in the header or in some names of queues."""
    if "queue" not in sheet.places or chance.random() < 0.5:
        header = tuple(f"{cell}{chance.choice(ZERO_WIDTH)}" if cell else cell for cell in sheet.header)
        return replace(
            sheet, header=header, encoding="utf-8" if sheet.encoding == "cp1252" else sheet.encoding
        )
    rows = list(sheet.rows)
    for at in pick(sheet, chance, 8):
        place, mark = sheet.places["queue"], chance.choice(ZERO_WIDTH)
        spelled = chance.choice((f"{rows[at].cells[place]}{mark}", f"{mark}{rows[at].cells[place]}"))
        rows[at] = swap(rows[at], place, spelled)
    return sheet.with_rows(rows, encoding="utf-8" if sheet.encoding == "cp1252" else sheet.encoding)


def odd_blanks(sheet: Sheet, chance: random.Random) -> Sheet:
    """Names between blanks, tabs or no-break spaces."""
    if "queue" not in sheet.places:
        return sheet
    rows = list(sheet.rows)
    for at in pick(sheet, chance, 8):
        place = sheet.places["queue"]
        rows[at] = swap(
            rows[at], place, chance.choice((" {} ", "\t{}", "{}\u00a0", "{}  ")).format(rows[at].cells[place])
        )
    return sheet.with_rows(rows)


def column_twice(sheet: Sheet, chance: random.Random) -> Sheet:
    """A column of the same name with other numbers."""
    at = sheet.places.get("offered")
    if at is None:
        return sheet
    rows = [Row((*row.cells, str(chance.randint(0, 99))), row.stands_for) for row in sheet.rows]
    return sheet.with_rows(rows, header=(*sheet.header, sheet.header[at]), footer=(), must="either")


def trailing(sheet: Sheet, chance: random.Random) -> Sheet:
    """Empty cells behind every row, behind the header or not."""
    header = (*sheet.header, "") if chance.random() < 0.5 else sheet.header
    return sheet.with_rows([Row((*row.cells, ""), row.stands_for) for row in sheet.rows], header=header)


def blank_rows(sheet: Sheet, chance: random.Random) -> Sheet:
    """Empty rows everywhere."""
    rows = [one for row in sheet.rows for one in (row, *[Row(())] * chance.choice((0, 0, 1, 3)))]
    return sheet.with_rows(rows)


def restated(row: Row, sheet: Sheet) -> Row:
    """A row whose cells shifted: it says what now stands where the queue, the time and the count are looked for."""
    places = sheet.places
    time = places.get("interval_start", places.get("date", 0))
    name, wall = str(row.cells[places["queue"]]).strip(), row.stands_for[0][1]
    try:
        count = float(row.cells[places["offered"]])
    except ValueError:
        return Row(row.cells)
    good = name and row.cells[time] == spell(wall, sheet.form)
    return Row(row.cells, ((name, wall, count),) if good else ())


def short_rows(sheet: Sheet, chance: random.Random) -> Sheet:
    """Rows that miss a cell in the middle."""
    if sheet.kind in WIDE:
        return sheet
    rows = list(sheet.rows)
    for at in pick(sheet, chance):
        cut = chance.randrange(len(rows[at].cells))
        shifted = Row(rows[at].cells[:cut] + rows[at].cells[cut + 1 :] + ("",), rows[at].stands_for)
        rows[at] = restated(shifted, sheet)
    return sheet.with_rows(rows)


def nothing(sheet: Sheet, chance: random.Random) -> Sheet:
    """A header and no row."""
    return sheet.with_rows((), footer=(), must="refuse")


def the_same(sheet: Sheet, chance: random.Random) -> Sheet:
    return sheet


def another_tidy(sheet: Sheet, chance: random.Random) -> Sheet:
    """Two days of another file behind the first, with its own order of columns: not what the header says."""
    other = tidy(chance)
    return sheet.with_rows([*sheet.rows, *(Row(row.cells[::-1]) for row in other.rows[:10])], must="either")


HARMLESS: tuple[Change, ...] = (the_same, shuffle, swap_with_header, repeat_rows, trailing, blank_rows, odd_blanks, formula_names, header_again)  # fmt: skip
HARMFUL: tuple[Change, ...] = (
    not_counts, not_times, swap_without_header, decimal_comma, thousands, other_date_order, serials, hidden_marks,
    column_twice, short_rows, nothing, another_tidy,
)  # fmt: skip
