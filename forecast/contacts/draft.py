"""A table of volumes while it is arranged: what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from forecast.contacts.clocks import Clock
from forecast.contacts.tables import Origin, Table
from forecast.contacts.zones import Flags


@dataclass
class Draft:
    """A table on its way.

    frame:  its rows so far, text; names: our name -> column of it; clock: the columns that tell the time
    shape:  tidy, or how it is wide; origins: of made columns; read: rows of the file, once a row became several
    totals: rows left out as sums; unused: columns that say nothing to us
    whole:  rows were understood by others far from them (merged cells, sums that only adding up shows)
    """

    table: Table
    frame: pd.DataFrame
    names: dict[str, str]
    clock: Clock
    shape: str = "tidy"
    origins: dict[str, Origin] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    read: int | None = None
    whole: bool = False


def drop(draft: Draft, sums: Flags) -> None:
    """Leave rows[n] out as sums, and remember which they were."""
    if sums.any():
        draft.totals.extend(int(row) for row in dict.fromkeys(draft.frame.index[sums]))
        draft.frame = draft.frame[~sums]
        draft.origins = {
            name: Origin(one.columns[~sums], one.cells[~sums]) for name, one in draft.origins.items()
        }
