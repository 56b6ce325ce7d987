"""Queues that change, and who staffs them: what comes in and goes out."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from api.calendar_schemas import Day
from api.queries import In, Name
from api.schemas import Out

Site = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class MapQuery(In):
    removed: bool = Field(False, description="Those taken back instead.")


class MoveIn(In):
    """From a local day on, a share of a queue's contacts comes to another: 1 to rename or merge, less to split."""

    queue: Name = Field(examples=["Old"])
    into: Name = Field(examples=["New"])
    date: Day
    share: Share = 1.0


class MovesIn(In):
    """Moves that belong together, and are undone together."""

    rows: list[MoveIn] = Field(min_length=1, max_length=200)


class MoveOut(Out):
    id: int
    queue: str
    into: str
    date: dt.date
    share: float
    created_at: AwareDatetime
    removed_at: AwareDatetime | None


class MovesOut(Out):
    rows: list[MoveOut]


class GroupIn(In):
    """From a local day on, a share of a queue's contacts is staffed by a group of a site or partner."""

    queue: Name
    group: Name
    site: Site = ""
    since: Day | None = Field(None, description="Null: from the beginning.")
    share: Share = 1.0


class GroupsIn(In):
    """All there are; what is not here is gone. What shares leave of a queue stays with a group of its own name."""

    rows: list[GroupIn] = Field(max_length=10_000)


class GroupOut(Out):
    queue: str
    group: str
    site: str
    since: dt.date | None
    share: float


class GroupsQuery(In):
    on: Day | None = Field(None, description="Only what holds on this local day; all without it.")


class GroupsOut(Out):
    rows: list[GroupOut]
