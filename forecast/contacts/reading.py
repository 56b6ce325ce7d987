"""How a file is to be read, where it does not tell itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reading:
    """What a planner says about a file. What is left at its default is found out from the file, or asked for.

    timezone:   zone of times without an offset; the company's without it
    date_order: dmy or mdy
    interval:   15min, 30min, 1h, 1d; a longer one than the file's own sums its rows
    layout:     auto, tidy, genesys or connect
    columns:    our name -> column of the file as its header has it; these go before what the header suggests
    queue, channel: of all rows, where no column tells them
    sheet:      of a workbook; the first one with a table without it
    decimal:    '.' or ','
    """

    timezone: str | None = None
    date_order: str | None = None
    interval: str | None = None
    layout: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    queue: str | None = None
    channel: str | None = None
    sheet: str | None = None
    decimal: str | None = None


AUTO = Reading()
