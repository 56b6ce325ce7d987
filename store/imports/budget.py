"""Budgets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.budget_files import read_budget
from forecast.contacts.tables import Source
from store.budgets import load_budgets, require_known, save_budgets
from store.columns import ALWAYS_MICROS, moments
from store.imports.imported import Imported, named, of_side
from store.imports.revising import revise, stored
from store.settings import Settings
from store.uploads import create_upload


def import_budget(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
) -> Imported:
    """A budget -> versions. A row without `known_at` was always known; a changed budget is known now.

    Rows of queues not held are left out, and said; NotFound where all are.
    """
    tz = timezone or settings.company.timezone
    loaded = read_budget(source, tz=tz, date_order=date_order)
    strange = require_known(session, loaded.frame["queue"].tolist())
    rows = loaded.frame[~loaded.frame["queue"].isin(strange)].reset_index(drop=True)
    always = moments(np.full(len(rows), ALWAYS_MICROS, dtype=np.int64)).to_series(index=rows.index)
    given = rows.get("known_at", pd.Series(pd.NaT, index=rows.index, dtype=always.dtype))
    budgets = rows.assign(known_at=given.where(given.notna(), always), assumed=given.isna())
    budgets = revise(budgets, load_budgets(session), ("queue", "length", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="budgets",
        name=named(source, name),
        layout="tidy",
        mode=stored(mode),
        now=now.to_pydatetime(),
        rows=len(budgets),
    )
    held = replace(loaded, frame=rows, unknown=len(loaded.frame) - len(rows))
    found = of_side(held, upload.name, save_budgets(session, budgets, upload_id=upload.id), upload.id)
    left = tuple(f"The queue {one!r} is not known: its rows are left out." for one in strange)
    return replace(found, problems=(*found.problems, *left))
