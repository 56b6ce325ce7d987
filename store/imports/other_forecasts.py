"""Forecasts made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import DAY, Interval, column_ns, day_start, floor, local_ns
from forecast.contacts.forecast_files import read_forecast
from forecast.contacts.intake import times
from forecast.contacts.tables import Source
from forecast.errors import InputError
from store.imported_versions import keep_versions
from store.imports.imported import Imported, named, of_side
from store.other_forecasts import save_other_forecasts
from store.queues import load_queues, require_queues
from store.settings import Settings
from store.uploads import create_upload


def import_forecast(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
    made_on: pd.Timestamp | None = None,
    ahead_days: int | None = None,
) -> Imported:
    """A forecast made elsewhere -> versions by when they were made, each of which can also be published or locked.

    made_on: when rows were made that do not tell; ahead_days: or so many days before their week (Monday) began. InputError
    where a row tells nothing and neither is given. Rows of queues not held are left out; NotFound where all are.
    """
    tz = timezone or settings.company.timezone
    loaded = read_forecast(source, tz=tz, date_order=date_order)
    held = {queue.name for queue in load_queues(session)}
    strange = sorted(set(loaded.frame["queue"]) - held)
    if len(strange) == loaded.frame["queue"].nunique():
        require_queues(session, strange)
    known = loaded.frame[loaded.frame["queue"].isin(held)].reset_index(drop=True)
    frame = _with_moment(known, tz, made_on, ahead_days)
    upload = create_upload(
        session,
        kind="other_forecasts",
        name=named(source, name),
        layout="tidy",
        mode="revision",
        now=now.to_pydatetime(),
        rows=len(frame),
    )
    changed = save_other_forecasts(session, frame, upload_id=upload.id)
    unknown = len(loaded.frame) - len(known)
    found = of_side(replace(loaded, frame=frame, unknown=unknown), upload.name, changed, upload.id)
    told = _told(replace(found, rows=len(frame)), frame, strange)
    if changed == 0:  # held already, and so are its versions
        return told
    notes = keep_versions(session, frame, upload_id=upload.id, name=upload.name, now=now.to_pydatetime())
    return replace(told, warnings=(*told.warnings, *notes))


def _told(found: Imported, frame: pd.DataFrame, strange: Sequence[str]) -> Imported:
    """The result with what was left out, and how many rows came too late to be a forecast."""
    left = tuple(f"The queue {one!r} is not known: its rows are left out." for one in strange)
    late = int((frame["known_at"] > frame["ds"]).sum())
    told = (
        (f"{late:,} row(s) were made after their interval began; they are no forecast of it.",)
        if late
        else ()
    )
    return replace(found, problems=(*found.problems, *left), warnings=(*found.warnings, *told))


def _with_moment(
    frame: pd.DataFrame, tz: str, made_on: pd.Timestamp | None, ahead_days: int | None
) -> pd.DataFrame:
    """The frame with when each row was made; assumed: the row does not tell."""
    if made_on is not None and ahead_days is not None:
        raise InputError(
            "Both --made-on and --ahead are given.",
            remedy="Give the one that is true of this file.",
            field="made_at",
        )
    kind = frame["ds"].dtype
    given = frame["known_at"] if "known_at" in frame.columns else pd.Series(pd.NaT, frame.index, dtype=kind)
    unsaid = given.isna()
    if unsaid.any() and made_on is None and ahead_days is None:
        raise InputError(
            f"{int(unsaid.sum()):,} rows do not say when they were made.",
            remedy="Give --made-on DATE for all of the file, or --ahead 7d for weeks made so long before they began.",
            field="made_at",
        )
    usual = times(_made(column_ns(frame["ds"]), tz, made_on, ahead_days)).set_axis(frame.index)
    return frame.assign(known_at=given.where(~unsaid, usual), assumed=unsaid)


def _made(ds: Ns, tz: str, made_on: pd.Timestamp | None, ahead_days: int | None) -> Ns:
    if made_on is not None:
        return np.full(len(ds), made_on.as_unit("ns").value, dtype=np.int64)
    weeks, place = np.unique(floor(ds, Interval.WEEK, tz), return_inverse=True)
    return np.asarray(day_start(local_ns(weeks, tz) // DAY - (ahead_days or 0), tz)[place])
