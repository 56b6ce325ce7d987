"""JSON as Assembled's API answers for a forecast: a list of intervals with volume, seconds and agents.

    {"forecasts": [{"queue_id", "channel", "start_time", "end_time", "interval_minutes", "volume", "aht_seconds",
                    "required_agents"}]}

From a third party's description of GET /v0/forecasts (api-evangelist/assembled, openapi/
assembled-forecasts-api-openapi.yml); Assembled's own page (docs.assembled.com) was not found to have this part, nor a way to
upload a forecast. It is for programs that read that shape. Its field `id` is left out: nothing of ours is that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import BinaryIO

from forecast.arrays import Floats
from forecast.buckets import SECOND
from forecast.exports import cells
from forecast.exports.base import SHORT, About, Block, Facts, Notes

AGENTS = "required_agents are agents at work (net): nothing is added for shrinkage."


class Assembled:
    """Intervals in UTC, by queue."""

    about = About(
        name="assembled",
        suite="Assembled",
        title="JSON as Assembled's API answers for a forecast",
        media_type="application/json",
        extension="json",
        intervals=SHORT,
        source="https://github.com/api-evangelist/assembled/blob/main/openapi/assembled-forecasts-api-openapi.yml",
        agents=True,
        needs=("The id of each queue there (id=NAME=ID); without one queue_id is its name.",),
        limits=("A handling time or a number of agents that is not known is null.",),
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """One list, a queue after another."""
        notes.add(AGENTS)
        rows = 0
        out.write(b'{"forecasts": [')
        for block in blocks:
            for start in range(0, len(block), 1000):
                lines = _lines(block, slice(start, start + 1000))
                out.write((",\n" if rows else "\n").encode() + ",\n".join(lines).encode())
                rows += len(lines)
        out.write(b"\n]}\n")
        return rows


def _lines(block: Block, part: slice) -> list[str]:
    """Intervals as JSON objects; what is the same in all of them is written out once."""
    ds = block.ds[part]
    head = f'{{"queue_id": {json.dumps(block.id or block.name)}, "channel": {json.dumps(block.channel)}'
    minutes = block.interval.seconds // 60
    rows = zip(
        cells.utc(ds),
        cells.utc(ds + block.interval.seconds * SECOND),
        _numbers(block.offered[part]),
        _numbers(block.aht[part]),
        ["null"] * len(ds) if block.agents is None else _numbers(block.agents[part]),
        strict=True,
    )
    return [
        f'{head}, "start_time": "{start}", "end_time": "{end}", "interval_minutes": {minutes}, '
        f'"volume": {volume}, "aht_seconds": {aht}, "required_agents": {agents}}}'
        for start, end, volume, aht, agents in rows
    ]


def _numbers(values: Floats) -> list[str]:
    return [text or "null" for text in cells.numbers(values)]
