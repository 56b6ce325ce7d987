"""Findings about the data, as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name
from api.schemas import Out
from forecast.quality.findings import Kind, Severity

Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?$")]


class QualityQuery(In):
    queue: Name | None = Field(None, description="Of this queue only; of all and the company without it.")
    kind: list[Kind] = Field([], max_length=20, description="These kinds of findings; all without it.")
    include: Literal["open", "all"] = Field(
        "open", description="open: without what is explained (info) or marked as seen; all: these too."
    )


class MarkIn(In):
    """Somebody looked at a finding. Telling the same twice changes nothing."""

    kind: Kind = Field(examples=["gap"])
    queue: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = Field(
        description="'' for a finding on the company."
    )
    first: Moment = Field(description="The finding's first local day or moment.", examples=["2026-03-12"])
    who: Text = Field("", description="Who looked.")
    note: Text = Field("", description="What they say.", examples=["Closed for the move to the new office"])


class MarkOut(Out):
    kind: Kind
    queue: str
    first: str
    who: str
    note: str
    at: AwareDatetime


class FindingOut(Out):
    """One thing found about the data: when, how much, a guess, and one thing to do. Nothing is repaired by itself."""

    queue: str = Field(description="'' for the company.")
    kind: Kind
    severity: Severity = Field(description="info: nothing is wrong, or it is explained.")
    sure: float = Field(description="0 to 1: how little chance explains it.")
    first: str = Field(description="Local day, or moment as 2026-03-12T08:00.", examples=["2026-03-12"])
    last: str = Field(description="The last one, included.")
    size: float | None = Field(description="How much, in the unit that `says` names.")
    says: str = Field(examples=["2 open days have no contact, where about 830 are usual."])
    guess: str = Field(description="What may be behind it; '' where nothing is guessed.")
    action: str = Field(description="One command; FILE and ZONE are yours. '' where nothing is to be done.")
    marked: MarkOut | None = Field(description="Who looked at it; null while nobody did.")


class QualityOut(Out):
    as_of: AwareDatetime
    complete: list[FindingOut] = Field(description="How far each queue is in, the company first.")
    findings: list[FindingOut]
    left_out: int = Field(description="Explained or marked findings that `include=all` shows.")
