"""Staffing plans."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.staffing_files import read_staffing
from forecast.contacts.tables import Source
from forecast.errors import InputError
from store.columns import ALWAYS_MICROS, moments
from store.imports.imported import Imported, named, of_side
from store.imports.revising import revise, stored
from store.settings import Settings
from store.staffing import load_staffing, save_staffing
from store.uploads import create_upload

MARKS = ("net", "gross")


def import_staffing(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
    marked: str | None = None,
) -> Imported:
    """A staffing plan -> versions. marked: net (agents at work) or gross (with shrinkage), InputError where it is not told.

    A row without `known_at` was always known; a changed plan is known now.
    """
    if marked not in MARKS:
        raise InputError(
            "It is not said whether the agents of this plan are net or gross.",
            remedy="Give --marked net (at work) or --marked gross (before shrinkage is taken off).",
            field="marked",
        )
    tz = timezone or settings.company.timezone
    loaded = read_staffing(source, tz=tz, date_order=date_order)
    index = loaded.frame.index
    always = moments(np.full(len(loaded.frame), ALWAYS_MICROS, dtype=np.int64)).to_series(index=index)
    given = loaded.frame.get("known_at", pd.Series(pd.NaT, index=index, dtype=always.dtype))
    plan = loaded.frame.assign(
        known_at=given.where(given.notna(), always), assumed=given.isna(), gross=float(marked == "gross")
    )
    plan = revise(plan, load_staffing(session), ("group", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="staffing",
        name=named(source, name),
        layout=marked,
        mode=stored(mode),
        now=now.to_pydatetime(),
        rows=len(plan),
    )
    return of_side(loaded, upload.name, save_staffing(session, plan, upload_id=upload.id), upload.id)
