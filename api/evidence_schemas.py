"""What the gate decided, and planners' rules of thumb, as they are asked for and given."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name, Paged
from api.schemas import EvidenceOut, Out

Figure = Annotated[float, Field(allow_inf_nan=False)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class GrangerOut(Out):
    """p-values: does the past of one foretell the other, beyond the other's own past?"""

    signal_first: float | None
    contacts_first: float | None


class JudgedOut(EvidenceOut):
    """Evidence with what an analyst asks beside the gain, and since when the gate has been what it is."""

    leads_lower: int | None = Field(None, description="Lower end of the head start's 90 % interval, minutes.")
    leads_upper: int | None = Field(None, description="Upper end.")
    regime: str | None = Field(None, examples=["posts lead", "together", "posts lag", "no lag stands out"])
    incidents: int | None = Field(None, description="Times the signal stood out in what was compared.")
    weight: float | None = Field(None, description="How far the signal counts, 0 to 1.")
    halves: list[float] | None = Field(None, description="The gain in the first and in the second half.")
    quiet_lift: float | None = Field(None, description="The gain on days without an incident.")
    placebo: list[float] | None = Field(
        None, description="Gains with the signal's weeks shuffled, where the gate is open."
    )
    granger: GrangerOut | None = None
    since: AwareDatetime | None = Field(None, description="The decision since which the gate has been this.")


class DecisionQuery(Paged):
    queue: list[Name] = Field([], max_length=500)
    signal: Name | None = None
    changes: bool = Field(False, description="Only decisions that differ from the one before.")


class DecisionOut(Out):
    """One decision of the gate, with the figures it was made on."""

    id: int
    queue: str
    signal: str = Field(examples=["posts:outage"])
    lead_band: str = Field(examples=["1-4h"])
    decided_at: AwareDatetime
    gate: str = Field(examples=["open", "shut", "not enough history"])
    was: str | None = Field(description="The gate before, where this decision changed it; '' at the first.")
    lift: float | None
    lower: float | None
    upper: float | None
    n: int
    why: str


class AssumptionQuery(Paged):
    queue: list[Name] = Field([], max_length=500)
    ended: bool = Field(False, description="Also those that hold no more.")


class AssumptionIn(In):
    """A rule of thumb: so many contacts per post beyond the usual, so long after, spread over so long."""

    queue: Name
    signal: Name = Field(examples=["posts:outage"])
    contacts_per_unit: Figure = Field(gt=0, le=1000, examples=[2.0])
    head_start_minutes: Figure = Field(ge=0, le=10_080, examples=[40])
    lasts_minutes: Figure = Field(ge=1, le=10_080, examples=[180])
    reason: Reason = Field(description="Why you think so.")


class BandOut(Out):
    """What the latest figures say of a rule in one lead band."""

    lead_band: str
    gate: str
    lift: float | None
    lower: float | None
    upper: float | None
    n: int
    why: str


class AssumptionOut(Out):
    id: int
    queue: str
    signal: str
    contacts_per_unit: float
    head_start_minutes: float
    lasts_minutes: float
    reason: str
    author: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    scored: list[BandOut] = Field(
        description="Empty until the next comparison (`select_full`) has scored it."
    )
