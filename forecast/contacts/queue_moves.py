"""Queue map files: queue, into, date, share -> moves."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import DAY, zone
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of
from forecast.contacts.tables import Source, read_table
from forecast.contacts.zones import wall_of

LAYOUT: Final = Layout(
    "queue map",
    {"queue": ("queue", "from"), "into": ("into", "to"), "date": ("date", "fromdate", "since")},
    {"share": ("share",)},
)


def read_queue_map(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with moves[queue, into, date, share].

    date: the local day from which on contacts come to `into`, as midnight UTC of that date. share: 1 where the cell is
    empty; 0 takes a move back.
    """
    zone(tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    queue, into = intake.text("queue"), intake.text("into")
    walls = intake.walls("date", intake.order(("date",), date_order))
    days = wall_of(walls.ns, walls.aware, tz) // DAY
    share = np.ones(len(queue))
    if intake.has("share"):
        given = intake.numbers("share", required=False)
        share = np.where(np.isnan(given), 1.0, given)
        intake.reject("share", share > 1, "is more than 1; a share of 40 % is 0.4")
    intake.require_rows()
    date = times(days * DAY).set_axis(queue.index)
    frame = pd.DataFrame({"queue": queue, "into": into, "date": date, "share": share})[intake.keep]
    frame = last_of(frame, ["queue", "into", "date"], intake)
    problems, warnings = intake.done()
    return LoadedSide(
        "moves between queues", frames.check(frame, frames.MOVES), problems, warnings, table.rows
    )
