"""The exports as they are asked for and listed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.queries import In, Name, When
from api.schemas import Out

Days = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: tuple[Days, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Length = Literal["15min", "30min", "1h", "1d"]


class ExportQuery(In):
    """What of the forecast, for whom, and in rows of what length."""

    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    start: When | None = Field(
        None,
        description="From this moment on; today without it, and for whole weeks the next first day of one.",
    )
    end: When | None = Field(
        None, description="Until before this moment; as far as there is a forecast, and the layout allows."
    )
    interval: Length | None = Field(
        None, description="Length of the rows; without it that of the queue, or the nearest the layout has."
    )
    version: Annotated[str, StringConstraints(pattern=r"^(published|locked|latest|[1-9][0-9]{0,14})$")] = (
        Field("published", description="published, locked, latest (drafts too) or the id of a version.")
    )
    as_of: When | None = Field(None, description="What was published then.")
    site: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="Only what this site or partner takes; empty: the site without a name."
    )
    group: Name | None = Field(None, description="Only what this planning group takes.")
    quantile: Annotated[str, StringConstraints(min_length=1, max_length=10)] = Field(
        "mean", description="mean, or a quantile that is kept.", examples=["mean", "0.5", "0.8"]
    )
    overrides: bool = Field(True, description="false: without the manual changes that lie on top.")
    id: list[Annotated[str, StringConstraints(min_length=3, max_length=260)]] = Field(
        [], max_length=100, description="NAME=ID: what the suite calls a queue or group. May be repeated."
    )
    aht_seconds: float | None = Field(
        None, gt=0, le=86_400, description="Handling time of queues that have none."
    )
    week_starts: Days = Field("monday", description="First day of the week, for layouts in whole weeks.")


class LayoutOut(Out):
    """One kind of file: for which suite, what it needs, what it cannot hold, and where its format is described."""

    name: str = Field(examples=["connect"])
    suite: str = Field(examples=["Amazon Connect"])
    title: str
    content_type: str = Field(examples=["text/csv"])
    extension: str
    intervals: list[str] = Field(
        description="Lengths of rows it can hold.", examples=[["15min", "30min", "1d"]]
    )
    most_days: dict[str, int] = Field(
        description="The longest span by length of row; none: what is forecast."
    )
    channels: list[str] | None = Field(description="The only channels it takes; null: all.")
    by: Literal["queue", "group"] = Field(description="Does a row name a queue or a planning group?")
    needs: list[str]
    limits: list[str]
    source: str | None = Field(description="The public page it was written from.")
    tried: bool = Field(description="Was a file of it ever imported by the suite itself?")


class LayoutList(Out):
    """The layouts there are."""

    rows: list[LayoutOut]
