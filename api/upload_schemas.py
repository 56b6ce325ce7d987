"""Files that come in: what is said of one, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import UploadFile
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from api.queries import In, Name, Paged
from api.schemas import Out

Short = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_-]{1,40}$")]


class UploadForm(In):
    """A file and what is to be known of it. What is left out is found out from the file, or asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    file: UploadFile = Field(description="CSV (any dialect), Excel (.xlsx) or Parquet; up to 500 MB.")
    kind: Kind = Field(
        "volumes", description="What it holds, as `forecall import` names it: volumes, signals, drivers, ..."
    )
    name: Name | None = Field(None, description="How the upload is called; the file's own name without it.")
    dry_run: bool = Field(False, description="Read and report; store nothing.")
    strict: bool = Field(False, description="Store nothing when a row is bad.")
    mode: Literal["revision", "correction"] | None = Field(
        None,
        alias="as",
        description="Changed rows: known from now on, or as if always so (a bad import repaired).",
    )
    timezone: Short | None = Field(
        None, description="Zone of times without an offset; the company's without it."
    )
    date_order: Literal["dmy", "mdy"] | None = None
    interval: Short | None = Field(
        None, description="15min, 30min, 1h, 1d; a longer one than the file's sums."
    )
    layout: Short | None = Field(None, description="auto, tidy, genesys or connect.")
    columns: Annotated[str, StringConstraints(max_length=10_000)] | None = Field(
        None, description="JSON: our name -> column of the file.", examples=['{"offered": "Aanbod"}']
    )
    queue: Name | None = Field(None, description="Of all rows, where no column tells it.")
    channel: Name | None = Field(None, description="Of all rows, where no column tells it.")
    sheet: Name | None = Field(None, description="Of a workbook.")
    decimal: Literal[".", ","] | None = None
    missing: Literal["zero", "unknown"] | None = Field(
        None, description="What an absent row of its queues says; as before without it, at first zero."
    )


class RowProblem(Out):
    """A row that was left out."""

    row: int = Field(description="Row of the file; the header has one too.", examples=[3])
    column: str = Field(examples=["offered"])
    value: str = Field(description="What stood there.", examples=["many"])
    detail: str = Field(examples=["is not a number"])
    remedy: str


class UploadResult(Out):
    """What became of a file: 200 when every row was taken, 207 when some were left out.

    stored: false after a dry run, and with `strict` where a row is bad
    """

    id: int | None = Field(
        description="The upload, or the one that holds the same already; null where nothing was stored."
    )
    kind: str
    name: str
    summary: str
    rows: int = Field(description="Rows that could be used.")
    changed: int = Field(description="Values that are new or changed.")
    stored: bool
    problems: list[RowProblem] = Field(description="The first thousand.")
    warnings: list[str]
    preview: dict[str, Any] | None = Field(None, description="With dry_run: what would be loaded.")


class UploadOut(Out):
    id: int
    kind: str = Field(examples=["volumes"])
    name: str
    layout: str
    mode: str
    at: AwareDatetime
    rows: int
    state: Literal["active", "removed"]
    removed_at: AwareDatetime | None


class ShareOut(Out):
    """What an upload holds of one queue (signal, driver, group)."""

    name: str
    buckets: int = Field(description="Intervals it has values of.")
    in_force: int = Field(description="Of these, those whose value now is its own or the same.")
    first: AwareDatetime
    last: AwareDatetime


class UploadDetail(UploadOut):
    holds: list[ShareOut]


class UploadQuery(Paged):
    kind: Kind | None = None


class Turned(Out):
    """An upload taken out or put back. changed: values that are others now."""

    id: int
    state: Literal["active", "removed"]
    changed: int
