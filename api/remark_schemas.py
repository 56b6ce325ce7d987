"""Remarks on days, as they are asked for and given."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name, Paged
from api.schemas import Out
from store.day_remarks import LONGEST, REASONS

Reason = Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]*$")]


class DayRemarkQuery(Paged):
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all without it.")
    start: dt.date | None = Field(None, description="From this local day on.", examples=["2026-03-02"])
    end: dt.date | None = Field(None, description="Up to this local day, included.")


class DayRemarkIn(In):
    """Why a day came as it did. Saying the same again changes nothing; the newest remark of a day counts."""

    queue: Name
    day: dt.date = Field(description="The local day.", examples=["2026-03-02"])
    reason: Reason = Field(
        description=f"One of ours ({', '.join(REASONS)}), or free text; '' takes the remark away.",
        examples=["outage"],
    )


class DayRemarkOut(Out):
    queue: str
    day: dt.date
    reason: str = Field(description="'' where it was taken away just now.")
    who: str
    at: AwareDatetime
