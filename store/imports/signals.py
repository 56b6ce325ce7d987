"""What was measured outside, per interval."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.assumed import with_known_at
from forecast.contacts.signals import read_signals
from forecast.contacts.tables import Source
from forecast.social.export_counts import as_signals
from store.imports.imported import Imported, named, of_side
from store.imports.revising import revise, span, stored
from store.settings import Settings
from store.signals import load_signal_catalogue, load_signals, save_signals
from store.uploads import create_upload


def import_signals(
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
    """A file of signals, or the counts a listening suite exports -> versions."""
    tz = timezone or settings.company.timezone
    exported = (
        as_signals(Path(source), tz=tz, date_order=date_order) if isinstance(source, str | Path) else None
    )
    if exported is None:
        loaded = read_signals(source, tz=tz, date_order=date_order)
    else:
        name, source = named(source, name), exported[0]
        loaded = read_signals(source, tz=tz)
    signals = with_known_at(loaded.frame, interval=loaded.intervals, tz=tz)
    signals = signals if "topic" in signals.columns else signals.assign(topic="all")
    if mode == "receipt":
        held = load_signal_catalogue(session)
    else:
        start, end = span(signals)
        held = load_signals(session, start=start, end=end)
    signals = revise(signals, held, ("signal", "topic", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="signals",
        name=named(source, name),
        layout="tidy",
        mode=stored(mode),
        now=now.to_pydatetime(),
        rows=len(signals),
    )
    changed = 0
    for length in sorted(set(loaded.intervals.values())):
        mine = signals[signals["signal"].map(loaded.intervals) == length]
        changed += save_signals(session, mine, interval=length, tz=tz, upload_id=upload.id)
    found = of_side(loaded, upload.name, changed, upload.id)
    return replace(found, problems=(*exported[1], *found.problems)) if exported else found
