"""Our own CSV: one row per queue and bucket, as `forecall import volumes` and `forecall import forecast` read it.

queue,channel,interval_start,offered,aht_seconds
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from forecast.exports import cells
from forecast.exports.base import ALL, About, Block, Facts, Notes

HEADER = ("queue", "channel", "interval_start", "offered", "aht_seconds")


class Tidy:
    """Every length of row; times with their offset, so that the repeated hour is two rows."""

    about = About(
        name="tidy",
        suite="Forecall, and whatever reads a table",
        title="One CSV with a row per queue and interval",
        media_type="text/csv",
        extension="csv",
        intervals=ALL,
        limits=("A handling time that is not known is an empty cell.",),
        tried=True,
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """A header, then the queues one after another."""
        rows = 0
        with cells.csv_rows(out) as write:
            write([HEADER])
            for block in blocks:
                name, channel = cells.safe(block.name, notes), cells.safe(block.channel)
                starts = cells.local(block.ds, block.tz)
                values = zip(starts, cells.numbers(block.offered), cells.numbers(block.aht), strict=True)
                write((name, channel, *row) for row in values)
                rows += len(block)
        return rows
