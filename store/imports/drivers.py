"""Quantities known ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.drivers import read_drivers
from forecast.contacts.tables import Source
from store.columns import ALWAYS_MICROS, moments
from store.drivers import load_drivers, save_drivers
from store.imports.imported import Imported, named, of_side
from store.imports.revising import revise, stored
from store.settings import Settings
from store.uploads import create_upload


def import_drivers(
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
    """A file of quantities known ahead -> versions. A row without `known_at` was always known; a changed plan is known now."""
    tz = timezone or settings.company.timezone
    loaded = read_drivers(source, tz=tz, date_order=date_order)
    always = moments(np.full(len(loaded.frame), ALWAYS_MICROS, dtype=np.int64)).to_series(
        index=loaded.frame.index
    )
    given = loaded.frame.get("known_at", pd.Series(pd.NaT, index=loaded.frame.index, dtype=always.dtype))
    drivers = loaded.frame.assign(known_at=given.where(given.notna(), always), assumed=given.isna())
    drivers = drivers if "queue" in drivers.columns else drivers.assign(queue="")
    drivers = revise(drivers, load_drivers(session), ("driver", "queue", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="drivers",
        name=named(source, name),
        layout="tidy",
        mode=stored(mode),
        now=now.to_pydatetime(),
        rows=len(drivers),
    )
    changed = save_drivers(session, drivers.drop(columns="assumed"), upload_id=upload.id)
    return of_side(loaded, upload.name, changed, upload.id)
