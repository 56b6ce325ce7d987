"""Backlogs, as they are asked for and given."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from api.queries import In, Name
from api.schemas import Out


class BacklogQuery(In):
    queue: Name | None = Field(None, description="One queue; e-mail, chat and social queues without it.")
    created: bool = Field(
        False, description="Also estimate the contacts that late answers bring to other queues."
    )


class CreatedOut(Out):
    """Contacts that a queue gets per contact that another one did not answer in time."""

    queue: str = Field(description="Where they come.", examples=["Billing phone"])
    per_late: float = Field(examples=[0.35])
    lower: float = Field(description="Of the 95 % interval.")
    upper: float
    by_lag: list[float] = Field(description="Per open day later, the day itself first.")
    days: int = Field(description="Open days compared.")
    shown: bool = Field(description="False: no more than chance brings, or too little history.")
    why: str


class BacklogRow(Out):
    """What waits in a queue at the end of its last row. Figures are null where it cannot be told; `notes` say why."""

    queue: str
    channel: str
    how: Literal["contacts", "first in, first out", "not told"]
    as_of: AwareDatetime
    target_hours: float
    waiting: float | None
    late: float | None = Field(description="Of these, waiting longer than the target.")
    oldest_hours: float | None = Field(description="By the clock; 0 where none waits.")
    oldest_open_hours: float | None = Field(description="In opening hours; null where not told.")
    answered: float | None = Field(description="Answers of the last 28 days.")
    share_in_time: float | None = Field(description="Of these, within the target.")
    broken: float | None = Field(description="Contacts of the last 28 days whose target passed.")
    notes: list[str]
    created: list[CreatedOut] = Field(description="Empty unless asked for.")


class BacklogOut(Out):
    rows: list[BacklogRow]
