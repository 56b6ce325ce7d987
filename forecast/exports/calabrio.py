"""Calabrio (Teleopti) WFM: the forecast import file, without a header, by skill.

    skill,yyyyMMdd HH:mm,yyyyMMdd HH:mm,volume,average task time,after task work

help.calabrio.com/doc/Content/user-guides/forecasts/about-forecast-file-formats.htm: UTF-8, no header, sorted by skill,
a skill's name of 50 characters at most, start and end of the interval, volume and both times as decimals, in seconds; a
seventh column with agents is for files with staffing and is not for e-mail. The page does not say in which zone the times
are; they are those of the queue. Our handling time holds the work after the contact, so that column is 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from forecast.arrays import Ns
from forecast.buckets import SECOND
from forecast.exports import cells
from forecast.exports.base import SHORT, About, Block, Facts, Notes
from forecast.exports.lengths import filled_aht, repeated_summed

MOST = 50
AFTER = "Average task time holds the whole handling time; after task work is 0."


class Calabrio:
    """Local times, by skill."""

    about = About(
        name="calabrio",
        suite="Calabrio WFM",
        title="Forecast import file by skill, without a header",
        media_type="text/csv",
        extension="txt",
        intervals=SHORT,
        source="https://help.calabrio.com/doc/Content/user-guides/forecasts/about-forecast-file-formats.htm",
        needs_aht=True,
        needs=("Skills of the same names there.", "A handling time for each queue."),
        limits=(
            "A skill's name has 50 characters at most.",
            "Local times without an offset: the hour that comes twice in autumn is one row with the contacts of both.",
        ),
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """Skill after skill, as they come: by name."""
        notes.add(AFTER)
        names = cells.Names(MOST, notes, f"a skill's name has {MOST} characters at most")
        rows = 0
        with cells.csv_rows(out) as write:
            for block in blocks:
                name = names.of(cells.safe(block.name, notes))
                walls, offered, aht = repeated_summed(_timed(block, notes), notes)
                until = walls + block.interval.seconds * SECOND
                values = zip(
                    _walls(walls), _walls(until), cells.numbers(offered), cells.numbers(aht), strict=True
                )
                write((name, *row, "0") for row in values)
                rows += len(walls)
        return rows


def _timed(block: Block, notes: Notes) -> Block:
    return Block(
        block.name,
        block.channel,
        block.tz,
        block.interval,
        block.ds,
        block.offered,
        filled_aht(block, notes),
    )


def _walls(walls: Ns) -> list[str]:
    """Wall-clock times [n] as `yyyyMMdd HH:mm`."""
    texts = np.datetime_as_string(walls.view("datetime64[ns]"), unit="m").tolist()
    return [text.replace("-", "").replace("T", " ") for text in texts]
