"""Repeat contacts, as they are asked for and given."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from api.queries import In, Name, When
from api.schemas import Out


class RepeatQuery(In):
    queue: Name | None = Field(None, description="One queue; all without it.")
    start: When | None = Field(None, description="Twelve weeks ago without it.")
    end: When | None = Field(None, description="Until before this moment; now without it.")
    as_of: When | None = Field(None, description="What was known then; now without it.")


class RepeatShareOut(Out):
    count: int
    of: int
    share: float | None = Field(description="Null where nothing was counted.")
    lower: float | None = Field(description="Of the 95 % interval (Wilson).")
    upper: float | None


class PairOut(Out):
    first: str = Field(description="Channel of the first contact.", examples=["email"])
    then: str = Field(description="Channel of the first repeat.", examples=["phone"])
    count: int
    hours: float = Field(description="Median until the repeat.")


class RepeatRow(Out):
    """One contact reason, or all. What fewer customers than `social.privacy.least_shown` made is not shown."""

    topic: str
    contacts: int
    customers: int
    repeats: RepeatShareOut = Field(description="Contacts that repeat one before them.")
    resolved: RepeatShareOut = Field(
        description="First contacts without a repeat, of those whose days for it are over."
    )
    open: int = Field(
        description="First contacts whose days for a repeat are not over; left out of `resolved`."
    )
    hours: float | None = Field(description="Median hours from a first contact to its repeat.")
    channels: dict[str, RepeatShareOut] = Field(
        description="By channel of the first contact: followed by a repeat."
    )
    pairs: list[PairOut]


class RepeatsOut(Out):
    as_of: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime
    window_days: float
    coverage: RepeatShareOut = Field(
        description="Contacts whose customer is known; the figures are of these."
    )
    total: RepeatRow | None = Field(description="Null where too few customers are known.")
    reasons: list[RepeatRow]
    hidden: int = Field(description="Reasons not shown for too few customers.")
    notes: list[str]
