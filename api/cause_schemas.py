"""Causes, what a change did, and preventable contact, as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name, When
from api.schemas import Out

Text = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class CauseQuery(In):
    topic: Name | None = Field(None, description="A contact reason; all without it.")
    removed: bool = Field(False, description="Also those that were removed.")


class CauseIn(In):
    """Why people get in touch on a reason. Telling the same twice changes nothing."""

    topic: Name = Field(description="The contact reason.", examples=["billing"])
    cause: Text = Field(min_length=1, examples=["The bill does not say which months it is about"])
    queue: Name | None = Field(None, description="Of this queue only; of all without it.")
    owner: Text = Field("", description="Who looks after it.", examples=["Billing desk"])
    changed: Text = Field("", description="What was changed about it.", examples=["Months on the bill"])
    since: When | None = Field(None, description="Since when; null while nothing was changed.")
    author: Text = Field("", description="Who registers it.")


class CauseOut(Out):
    id: int
    topic: str
    queue: str | None
    cause: str
    owner: str
    changed: str
    since: AwareDatetime | None
    author: str
    created_at: AwareDatetime
    removed_at: AwareDatetime | None = Field(description="Null while it lives.")


class CausesOut(Out):
    rows: list[CauseOut]


class EffectQuery(In):
    topic: Name = Field(description="The contact reason that was changed.")
    queue: Name | None = Field(None, description="In this queue; in all without it.")
    since: When = Field(description="When the change was made; only what was known then is used.")
    until: When | None = Field(None, description="Until before this day; as far as known without it.")


class RangeOut(Out):
    value: float
    lower: float = Field(description="Of the 95 % interval.")
    upper: float


class EffectOut(Out):
    """What came after a change against what would have come without it."""

    topic: str
    queue: str | None
    since: AwareDatetime
    verdict: Literal["fewer contacts", "more contacts", "no change shown", "not enough history"]
    why: str
    first: str = Field(description="First local day counted, ISO 8601; '' where none is.")
    last: str
    days: int = Field(description="Days counted: open, and known.")
    came: float = Field(description="Contacts on these days.")
    expected: RangeOut | None = Field(description="Contacts without the change.")
    forecast: float | None = Field(
        description="By the forecast as known then, before other reasons correct it."
    )
    change: RangeOut | None = Field(description="As a share of what was expected; -0.2 is a fifth fewer.")
    avoided: RangeOut | None = Field(description="Contacts on an open day; above zero is fewer.")
    hours: RangeOut | None = Field(description="Hours of work a week; null without handling times.")
    fte: RangeOut | None
    come_back: Literal["no", "partly", "yes", "cannot be told yet", "nothing to come back"]
    come_back_why: str
    controls: dict[str, float] = Field(description="Reasons compared with, and their weight.")
    shared: float | None = Field(description="By how much these came above their own forecast, a share.")
    placebos: int = Field(description="Degrees of freedom of the interval.")
    notes: list[str]


class PreventableQuery(In):
    topic: list[Name] = Field([], max_length=200, description="Contact reasons; all without it.")
    start: When | None = Field(None, description="Twelve weeks ago, on a Monday, without it.")
    end: When | None = Field(None, description="Until before this moment; now without it.")


class PreventableFigure(Out):
    """Preventable contacts over all that came: share = preventable / (contacts + failed_contact)."""

    contacts: float
    known_cause: float = Field(description="Contacts of a reason with a live cause: all of them.")
    failed_contact: float = Field(description="Posts of people who tried another channel in vain.")
    repeats: float | None = Field(
        None, description="Repeats on the same reason, of reasons without a known cause; null: not measured."
    )
    preventable: float
    share: float | None


class PreventableWeek(PreventableFigure):
    week: str = Field(description="The Monday it begins with.", examples=["2026-03-02"])


class PreventableRow(PreventableFigure):
    topic: str
    causes: int = Field(description="Live causes in the register.")
    change: float | None = Field(
        description="Share of the last four whole weeks less that of the four before."
    )
    weeks: list[PreventableWeek]


class PreventableOut(Out):
    as_of: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime
    total: PreventableRow
    reasons: list[PreventableRow]
    not_measured: list[str] = Field(description="What belongs to the figure and is not in it.")
    notes: list[str]
