"""Genesys Cloud: the CSV of "Import Forecast", one of the ways to make a short-term forecast there.

    Interval Start UTC Date,Planning Group,Offered,Average Handle Time

Six weeks at most, times in UTC, one row per interval and planning group: help.mypurecloud.com, "How does the new
short-term forecasting creation method work?". That page names no columns; they are those of the suite's forecast import
template as public code writes it. Quarters of an hour and the form of the times (ISO 8601 with Z, seconds 00) are those
that help.mypurecloud.com, "Prepare the historical data import .csv file", asks of history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from forecast.buckets import Interval
from forecast.exports import cells
from forecast.exports.base import About, Block, Facts, Notes

HEADER = ("Interval Start UTC Date", "Planning Group", "Offered", "Average Handle Time")


class Genesys:
    """Quarters of an hour by planning group."""

    about = About(
        name="genesys",
        suite="Genesys Cloud",
        title="CSV for Import Forecast, by planning group",
        media_type="text/csv",
        extension="csv",
        intervals=(Interval.QUARTER,),
        source="https://help.mypurecloud.com/faqs/how-does-the-new-short-term-forecasting-creation-method-work/",
        uniform=True,
        by_group=True,
        most_days={Interval.QUARTER: 42},
        needs=(
            "Planning groups of the same names there; a queue in no planning group is one of its own name.",
        ),
        limits=(
            "Six weeks at most, rows of 15 minutes in UTC.",
            "All rows have to lie in the span that the new forecast is given in Genesys Cloud.",
        ),
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """Group after group; a handling time nobody knows is an empty cell."""
        rows = 0
        with cells.csv_rows(out) as write:
            write([HEADER])
            for block in blocks:
                name = cells.safe(block.name, notes)
                if not block.timed:
                    notes.add(f"{block.name!r} has no handling time: Average Handle Time is empty.")
                values = zip(
                    cells.utc(block.ds),
                    cells.numbers(block.offered),
                    cells.numbers(block.aht),
                    strict=True,
                )
                write((start, name, offered, aht) for start, offered, aht in values)
                rows += len(block)
        return rows
