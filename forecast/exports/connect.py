"""Amazon Connect: the CSV that overrides a forecast.

    QueueName,QueueId,ChannelType,TimeStamp,IntervalDuration,IncomingContactVolume,AverageHandleTime

docs.aws.amazon.com/connect/latest/adminguide/override-forecast.html: VOICE or CHAT; times in UTC (ISO 8601); 15mins or
30mins for the short-term forecast, whichever the instance is set to, and daily for the long-term one; contacts as a whole
number, seconds as a decimal; both filled in; one file per forecast group, which replaces the one before. A daily time is
midnight in the zone set for forecasts (.../import-data-for-forecasting.html). Spans: 18 weeks short-term, 64 weeks
long-term (.../create-forecasts.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO

from forecast.buckets import DAY, Interval, local_ns
from forecast.exports import cells
from forecast.exports.base import About, Block, Facts, Notes
from forecast.exports.lengths import filled_aht, whole_numbers

HEADER = (
    "QueueName",
    "QueueId",
    "ChannelType",
    "TimeStamp",
    "IntervalDuration",
    "IncomingContactVolume",
    "AverageHandleTime",
)
CHANNELS = {"phone": "VOICE", "chat": "CHAT"}
DURATIONS = {Interval.QUARTER: "15mins", Interval.HALF_HOUR: "30mins", Interval.DAY: "daily"}
ALLOWED = re.compile(r"[\w\-. ()]*")
NO_ID = "{name!r} has no QueueId: the column is empty for it. Give id={name}=ID."


class Connect:
    """Whole contacts per queue, voice and chat."""

    about = About(
        name="connect",
        suite="Amazon Connect",
        title="CSV that overrides the forecast of a forecast group",
        media_type="text/csv",
        extension="csv",
        intervals=tuple(DURATIONS),
        source="https://docs.aws.amazon.com/connect/latest/adminguide/override-forecast.html",
        uniform=True,
        channels=frozenset(CHANNELS),
        needs_aht=True,
        most_days={Interval.QUARTER: 126, Interval.HALF_HOUR: 126, Interval.DAY: 448},
        needs=(
            "The id of each queue there (id=NAME=ID); without one the column QueueId is empty.",
            "The interval the instance is set to (interval=15min or 30min), or interval=1d for the long-term forecast.",
            "A handling time for each queue.",
        ),
        limits=(
            "Phone and chat only: ChannelType is VOICE or CHAT, so that e-mail cannot be told.",
            "Whole contacts; 18 weeks, by day 64.",
            "One file per forecast group: a new one replaces the last, short-term and long-term together.",
        ),
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """Queue after queue."""
        rows = 0
        with cells.csv_rows(out) as write:
            write([HEADER])
            for block in blocks:
                self._remark(block, notes)
                volumes = whole_numbers(block.offered, local_ns(block.ds, block.tz) // DAY).tolist()
                about = (cells.safe(block.name, notes), cells.safe(block.id), CHANNELS[block.channel])
                duration = DURATIONS[block.interval]
                seconds = cells.numbers(filled_aht(block, notes))
                values = zip(cells.utc(block.ds), volumes, seconds, strict=True)
                write((*about, start, duration, volume, aht) for start, volume, aht in values)
                rows += len(block)
        return rows

    def _remark(self, block: Block, notes: Notes) -> None:
        if not block.id:
            notes.add(NO_ID.format(name=block.name))
        if not ALLOWED.fullmatch(block.name):
            notes.add(
                f"{block.name!r} has characters that Amazon Connect does not take in this file: it takes letters, digits, "
                "blanks and - _ . ( )."
            )
