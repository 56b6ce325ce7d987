"""Planning group files: queue, group, site, since, share -> groups."""

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
    "planning groups",
    {"queue": ("queue", "queuename", "skill"), "group": ("group", "planninggroup", "groep")},
    {
        "site": ("site", "partner", "location", "locatie"),
        "since": ("since", "validfrom", "from", "date"),
        "share": ("share", "aandeel"),
    },
)


def read_groups(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with groups[queue, group, site, since, share].

    since: the local day from which the set of the queue's rows with that date holds, as midnight UTC of that date, NaT for
    always. share: 1 where the cell is empty. site: '' where there is one.
    """
    zone(tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    queue, group = intake.text("queue"), intake.text("group")
    site = intake.cells("site") if intake.has("site") else pd.Series("", index=queue.index, dtype=object)
    share = np.ones(len(queue))
    if intake.has("share"):
        given = intake.numbers("share", required=False)
        share = np.where(np.isnan(given), 1.0, given)
        intake.reject("share", share > 1, "is more than 1; a share of 40 % is 0.4")
        intake.reject("share", share == 0, "is nothing; leave the row out")
    since = pd.Series(pd.NaT, index=queue.index, dtype="datetime64[ns, UTC]")
    if intake.has("since"):
        moments = intake.moments("since", intake.order(("since",), date_order), tz)
        blank = moments == np.int64(pd.NaT.value)
        days = wall_of(np.where(blank, 0, moments), np.ones(len(moments), dtype=bool), tz) // DAY
        since = times(days * DAY).where(~blank).set_axis(queue.index)
    intake.require_rows()
    frame = pd.DataFrame({"queue": queue, "group": group, "site": site, "since": since, "share": share})
    frame = last_of(frame[intake.keep], ["queue", "group", "site", "since"], intake)
    problems, warnings = intake.done()
    return LoadedSide("planning groups", frames.check(frame, frames.GROUPS), problems, warnings, table.rows)
