"""An independent, dumb reading of spoiled text and Parquet: line by line, by position, in the format the file was written in."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.fuzz.files import WIDE
from tests.fuzz.sheets import TZ, Key, Sheet, at, repeated

_PARTS = re.compile(r"[0-9]+|[APap](?=\.?[Mm])")


def lines(data: bytes, sheet: Sheet) -> Iterator[list[str]]:
    """The cells of every line, each line in the encoding that it allows."""
    if sheet.encoding == "utf-16":
        texts = [data.decode("utf-16", "replace").split("\n")]
    else:
        pieces = re.split(rb"\r\n|\n|\r", data)
        texts = [[decoded(piece) for piece in pieces]]
    for text in texts:
        for line in text:
            yield from cells_of(line, sheet.delimiter)


def decoded(line: bytes) -> str:
    """A line as UTF-8, or as the Windows code page where it is none."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def cells_of(line: str, delimiter: str) -> Iterator[list[str]]:
    for quote in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        try:
            row = next(csv.reader([line], delimiter=delimiter, quoting=quote), [])
        except csv.Error:
            continue
        yield [clean(cell) for cell in row]


def clean(cell: str) -> str:
    """Without blanks and characters nobody sees at its ends."""
    return cell.strip().strip("\u200b\u200e\u200f\ufeff\u2060\u202a\u00ad").strip()


def moment(text: str, form: str) -> dt.datetime | None:
    """Digits in the order of the format -> wall clock time; None where they make none."""
    order, found = re.findall(r"%([A-Za-z])", form), _PARTS.findall(text)
    clock = [one for part in found[3:] for one in (re.findall("..", part) if len(part) in (4, 6) else [part])]
    found = [*found[:3], *clock]  # 1330 is half past one
    if len(found) < 3:
        return None
    given = dict(zip(order, found, strict=False))
    try:
        hour = int(given.get("H") or given.get("I") or 0)
        if "I" in given and "p" in given:
            hour = hour % 12 + (12 if given["p"] in "pP" else 0)
        year = int(given["Y"])
        return dt.datetime(
            year, int(given["m"]), int(given["d"]), hour, int(given.get("M", 0)), int(given.get("S", 0))
        )
    except (ValueError, KeyError):
        return None


def numbers(text: str) -> set[float]:
    """Every value that the cell can be read as."""
    found = set()
    for spelled in (
        text,
        text.replace(",", "."),
        text.replace(",", ""),
        text.replace(".", "").replace(",", "."),
    ):
        try:
            found.add(float(re.sub(r"[\s\u00a0\u202f'\u2019]", "", spelled)))
        except ValueError:
            continue
    return found


def read(data: bytes, sheet: Sheet) -> dict[Key, frozenset[float]]:
    """Spoiled bytes of a sheet -> every value that any line of them says."""
    found: dict[Key, set[float]] = {}
    rows = list(lines(data, sheet))
    heads = [sheet.header] + [tuple(rows[0])] * bool(rows)
    readings = [replace(sheet, header=head) for head in heads]
    for cells in rows:
        for queue, wall, text in (one for reading in readings for one in said(cells, reading)):
            for value in numbers(text):
                for fold in (0, 1):
                    held = found.setdefault((queue, at(wall.replace(fold=fold))), set())
                    held |= {value, value / 2} if repeated(wall) else {value}
    return {key: frozenset(values) for key, values in found.items()}


def said(cells: list[str], sheet: Sheet) -> Iterator[tuple[str, dt.datetime, str]]:
    """What one line says: (queue, time, cell of the count)."""
    if sheet.kind in WIDE:
        wall = moment(cells[0], sheet.form) if cells else None
        values = 2 if sheet.kind == "wide_times" else 1
        for head, text in zip(sheet.header[values:], cells[values:], strict=False):
            if wall is None:
                continue
            if sheet.kind == "wide_queues":
                yield str(head), wall, text
            elif (hour := re.fullmatch(r"([0-9]{2}):([0-9]{2}).*", str(head))) and len(cells) > 1:
                yield cells[1], wall.replace(hour=int(hour[1]) % 24, minute=int(hour[2]) % 60), text
        return
    places = sheet.places
    if len(cells) <= max(places.values()):
        return
    text = cells[places["date"]] if "date" in places else cells[places["interval_start"]]
    form = sheet.form
    if "time" in places:
        text, form = f"{text} {cells[places['time']]}", f"{form} %H %M"
    wall = moment(text, form)
    if wall is not None:
        yield (
            cells[places["queue"]],
            wall.replace(tzinfo=dt.UTC) if sheet.utc else wall,
            cells[places["offered"]],
        )


def parquet(data: bytes) -> dict[Key, frozenset[float]] | None:
    """What pyarrow reads, page checksums looked at -> the same; None where it refuses."""
    import pyarrow.parquet as pq

    try:
        table: Any = pq.read_table(io.BytesIO(data), page_checksum_verification=True).to_pylist()
    except Exception:  # pyarrow raises many kinds
        return None
    found: dict[Key, set[float]] = {}
    for row in table:
        wall = row.get("interval_start")
        if isinstance(wall, dt.datetime) and row.get("offered") is not None:
            for fold in (0, 1):
                folded = wall if wall.tzinfo else wall.replace(fold=fold)
                value = float(row["offered"])
                halves = {value, value / 2} if repeated(wall) else {value}
                found.setdefault((str(row.get("queue")), at(folded)), set()).update(halves)
    return {key: frozenset(values) for key, values in found.items()}


__all__ = ["TZ", "parquet", "read"]
