"""Signals as versions: what was measured in public per bucket and topic, and since when it was known. Past only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import numpy as np
import pandas as pd
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, to_ns, zone
from forecast.buckets import end as ends
from forecast.errors import InputError
from forecast.frames import SIGNALS, check
from store.columns import flag_column, micros, moments, text_column
from store.statements import series_ids, table_of
from store.tables import SignalRow, SignalSeries
from store.versions import KINDS, Batch, append, load

KIND = KINDS["signals"]
CATALOGUE = ["signal", "topic", "kind", "interval", "tz", "first", "last"]


def save_signals(
    session: Session,
    signals: pd.DataFrame,
    *,
    interval: Interval | str,
    tz: str,
    upload_id: int | None = None,
) -> int:
    """signals[signal, ds, value, topic?, known_at?, kind?, assumed?] -> number of versions written.

    Rows without `known_at` count as known at the end of their bucket, assumed. A signal keeps the interval, zone and kind
    it came with first; InputError where the frame has others.
    """
    check(signals, SIGNALS)
    interval = Interval.parse(interval)
    zone(tz)
    keys = list(zip(text_column(signals, "signal", ""), text_column(signals, "topic", "all"), strict=True))
    kinds = dict(zip(keys, text_column(signals, "kind", "count"), strict=True))
    series = _series(session, keys, kinds, str(interval), tz)
    if "known_at" in signals.columns:
        known_at, assumed = micros(signals["known_at"]), flag_column(signals, "assumed")
    else:
        known_at = ends(column_ns(signals["ds"]), interval, tz) // 1000
        assumed = np.ones(len(signals), dtype=bool)
    values = signals["value"].to_numpy(dtype=np.float64)[:, None]
    batch = Batch(series, micros(signals["ds"]), known_at, values, assumed)
    return append(session, KIND, batch, upload_id=upload_id)


def _series(
    session: Session, keys: list[tuple[str, str]], kinds: dict[tuple[str, str], str], interval: str, tz: str
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ids = np.zeros(len(keys), dtype=np.int64)
    named = np.array([kinds[key] for key in keys], dtype=object)
    for kind in sorted(set(kinds.values())):
        if kind not in ("count", "level"):
            raise InputError(
                f"A signal cannot be of the kind {kind!r}.", remedy="Use count or level.", field="kind"
            )
        rows = np.flatnonzero(named == kind)
        extra = {"kind": kind, "interval": interval, "tz": tz}
        ids[rows] = series_ids(session, KIND.series, [keys[row] for row in rows], extra)
    held = {row.id: row for row in session.execute(select(*table_of(SignalSeries).c))}
    for one in set(ids.tolist()):
        if (held[one].interval, held[one].tz) != (interval, tz):
            raise InputError(
                f"The signal {held[one].signal!r} is kept per {held[one].interval} in {held[one].tz}; these rows are per {interval} in {tz}.",
                remedy="Bring them to the same interval and zone, or give them another name.",
                field="interval",
            )
    for kind in set(kinds.values()):
        other = [one for one in set(ids[named == kind].tolist()) if held[one].kind != kind]
        session.execute(update(SignalSeries).where(SignalSeries.id.in_(other)).values(kind=kind))
    return ids


def load_signals(
    session: Session,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    wanted: Collection[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """-> signals[signal, ds, value, topic, known_at, kind]: the latest values, start <= ds < end; wanted: (signal, topic)."""
    names = {row.id: row for row in session.execute(select(*table_of(SignalSeries).c))}
    first, last = (None if at is None else to_ns(at) // 1000 for at in (start, end))
    mine = [number for number, one in names.items() if wanted is None or (one.signal, one.topic) in wanted]
    rows = load(session, KIND, series=None if wanted is None else mine, start=first, end=last).latest()
    rows = rows.take(~np.isnan(rows.values[:, 0]))
    held = [names[int(one)] for one in rows.series]
    frame = pd.DataFrame(
        {
            "signal": pd.Series([one.signal for one in held], dtype=object),
            "ds": moments(rows.ds),
            "value": rows.values[:, 0],
            "topic": pd.Series([one.topic for one in held], dtype=object),
            "known_at": moments(rows.known_at),
            "kind": pd.Series([one.kind for one in held], dtype=object),
        }
    )
    return frame.sort_values(["signal", "topic", "ds"], ignore_index=True)


def load_signal_catalogue(session: Session) -> pd.DataFrame:
    """-> catalogue[signal, topic, kind, interval, tz, first, last]: one row per signal and topic; first and last bucket held."""
    rows = session.execute(_catalogue()).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=CATALOGUE)
    for name in ("first", "last"):
        frame[name] = moments(frame[name].to_numpy(dtype=np.int64))
    return frame


def _catalogue() -> Select[str, str, str, str, str, int, int]:
    named = SignalSeries
    return (
        select(
            named.signal,
            named.topic,
            named.kind,
            named.interval,
            named.tz,
            func.min(SignalRow.ds),
            func.max(SignalRow.ds),
        )
        .join(SignalRow, SignalRow.series_id == named.id)
        .group_by(named.id, named.signal, named.topic, named.kind, named.interval, named.tz)
        .order_by(named.signal, named.topic)
    )
