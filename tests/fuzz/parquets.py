"""Mutations of Parquet files: other types, cut, flipped."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz import dumb
from tests.fuzz.cases import Case
from tests.fuzz.sheets import Sheet, at, meaning_of


def columns(sheet: Sheet) -> dict[str, list[Any]]:
    """queue, interval_start, offered of a sheet."""
    said = [one for row in sheet.rows for one in row.stands_for]
    return {
        "queue": [queue for queue, _, _ in said],
        "interval_start": [wall for _, wall, _ in said],
        "offered": [value for _, _, value in said],
    }


def table_of(sheet: Sheet, chance: random.Random) -> Any:
    """An Arrow table with types as files have them."""
    held = columns(sheet)
    starts = held["interval_start"]
    if not sheet.utc and chance.random() < 0.4:
        starts = [dt.datetime.fromtimestamp(at(one), dt.UTC) for one in starts]
    unit = chance.choice(("s", "ms", "us", "ns"))
    zone = "UTC" if starts and starts[0].tzinfo else None
    queues: Any = pa.array(held["queue"])
    if chance.random() < 0.4:
        queues = queues.dictionary_encode()
    kind = chance.choice(("int64", "float64", "int32", "decimal", "text"))
    values = [int(value) for value in held["offered"]]
    made: Any
    if kind == "decimal":
        made = pa.array([decimal.Decimal(value) for value in values], pa.decimal128(12, 2))
    elif kind == "text":
        made = pa.array([str(value) for value in values])
    else:
        made = pa.array(values, getattr(pa, kind)())
    return pa.table(
        {"queue": queues, "interval_start": pa.array(starts, pa.timestamp(unit, zone)), "offered": made}
    )


def to_bytes(table: Any, chance: random.Random) -> bytes:
    out = io.BytesIO()
    compression = chance.choice(("snappy", "none", "zstd", "gzip"))
    pq.write_table(
        table, out, compression=compression, write_page_checksum=True, use_dictionary=chance.random() < 0.7
    )
    return out.getvalue()


def plain(sheet: Sheet, chance: random.Random) -> Case:
    meaning = meaning_of(sheet)
    if not sheet.utc:  # with an offset a row of the repeated hour is no half
        folded = [(queue, at(wall), value) for row in sheet.rows for queue, wall, value in row.stands_for]
        for queue, start, value in folded:
            meaning[queue, start] = meaning[queue, start] | {value}
    return Case("Parquet", to_bytes(table_of(sheet, chance), chance), meaning, must="load", loss_is_free=True)


def spoiled(sheet: Sheet, chance: random.Random) -> Case:
    """Cut off or with bytes flipped, pages with a checksum."""
    data = bytearray(to_bytes(table_of(sheet, chance), chance))
    if chance.random() < 0.3:
        data = data[: chance.randrange(len(data))]
    else:
        for _ in range(chance.choice((1, 1, 2, 10))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    read = dumb.parquet(bytes(data))
    if read is None:
        return Case("damaged Parquet", bytes(data), {}, must="refuse")
    return Case("damaged Parquet", bytes(data), read, loss_is_free=True)


def odd_types(sheet: Sheet, chance: random.Random) -> Case:
    """Columns that are no text, time or count."""
    held, n = columns(sheet), sum(len(row.stands_for) for row in sheet.rows)
    offered: list[Any] = chance.choice(
        (
            [[1, 2]] * n,
            [{"a": 1}] * n,
            [None] * n,
            [float("nan")] * n,
            [b"\xff\x00"] * n,
            [True] * n,
            [dt.timedelta(1)] * n,
        )
    )
    table = pa.table({"queue": held["queue"], "interval_start": held["interval_start"], "offered": offered})
    return Case("Parquet of odd types", to_bytes(table, chance), {}, must="refuse")


PARQUETS: tuple[Callable[[Sheet, random.Random], Case], ...] = (
    plain,
    plain,
    spoiled,
    spoiled,
    spoiled,
    odd_types,
)
