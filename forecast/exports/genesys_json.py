"""Genesys Cloud: the body that is uploaded to make a short-term forecast by API, as JSON in gzip.

    {"description", "weekCount", "canUseForScheduling",
     "planningGroups": [{"planningGroupId", "offeredPerInterval": [], "averageHandleTimeSecondsPerInterval": []}]}

Fields: `BuImportShortTermForecastSchema` and `ForecastPlanningGroupData` of the public SDKs (MyPureCloud/
platform-client-sdk-python, docs/): arrays of 15 minutes, gzip before the upload. Public code that uploads such bodies gives
an eighth day to a week, a copy of its first; no page was found that says so. The arrays run on in real time from the
reference start date, so that the eighth day is also what holds the longer week when the clocks go back. Here it is the
day as it is forecast, and the same day a week earlier where it is not. How an extra day stands after several weeks was
not found; it is added once, at the end.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import SECOND, Interval
from forecast.exports import cells
from forecast.exports.base import About, Block, Facts, Notes
from forecast.exports.lengths import filled_aht

STEP = Interval.QUARTER.seconds * SECOND
DAY, WEEK = 96, 7 * 96
EIGHTH = "The arrays have a day more than the weeks, as public code that uploads such bodies gives them."
NO_ID = "{name!r} has no id of Genesys Cloud: planningGroupId holds its name. Give id={name}=ID."


class GenesysJson:
    """Whole weeks from the first day of the business unit's week on."""

    about = About(
        name="genesys-json",
        suite="Genesys Cloud",
        title="JSON (gzip) for the short-term forecast import of the API",
        media_type="application/gzip",
        extension="json.gz",
        intervals=(Interval.QUARTER,),
        source="https://github.com/MyPureCloud/platform-client-sdk-python/blob/master/docs/ForecastPlanningGroupData.md",
        uniform=True,
        by_group=True,
        needs_aht=True,
        most_days={Interval.QUARTER: 42},
        whole_weeks=True,
        needs=(
            "The id of each planning group there (id=NAME=ID); without one its name stands in its place.",
            "The day on which the business unit's week begins (week_starts).",
        ),
        limits=(
            "One to six whole weeks, arrays of 15 minutes in real time from the week's first midnight on.",
        ),
    )

    def reach(self, facts: Facts) -> int:
        """The weeks and a day."""
        return facts.start + (facts.weeks * WEEK + DAY) * STEP

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """One object, a planning group at a time."""
        notes.add(EIGHTH)
        rows = 0
        with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as packed:
            head = {"description": _description(facts), "weekCount": facts.weeks, "canUseForScheduling": True}
            packed.write(json.dumps(head)[:-1].encode() + b', "planningGroups": [')
            for at, block in enumerate(blocks):
                packed.write(b", " if at else b"")
                packed.write(json.dumps(self._group(block, facts, notes)).encode())
                rows += len(block)
            packed.write(b"]}")
        return rows

    def _group(self, block: Block, facts: Facts, notes: Notes) -> dict[str, object]:
        if not block.id:
            notes.add(NO_ID.format(name=block.name))
        place = (block.ds - facts.start) // STEP
        offered, aht = (np.full(facts.weeks * WEEK + DAY, np.nan) for _ in range(2))
        mine = (place >= 0) & (place < len(offered))
        offered[place[mine]], aht[place[mine]] = block.offered[mine], filled_aht(block, notes)[mine]
        for values in (offered, aht):
            missing = np.flatnonzero(np.isnan(values))
            values[missing] = values[missing - WEEK]
        return {
            "planningGroupId": block.id or block.name,
            "offeredPerInterval": _rounded(offered),
            "averageHandleTimeSecondsPerInterval": _rounded(aht),
        }


def _description(facts: Facts) -> str:
    value = "" if facts.value == "mean" else f", quantile {facts.value}"
    return f"Forecall {facts.made_at:%Y-%m-%d %H:%M} UTC{value}"


def _rounded(values: Floats) -> list[float]:
    return [round(value, cells.DIGITS) for value in values.tolist()]
