"""Does social count in a row of the forecast? By what the run that made it heard, and the gates of the latest evidence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import SECOND, Interval, column_ns, end, to_ns
from forecast.models.base import band_of, bands
from store.queues import Queue
from store.scores import load_evidence
from store.signals import load_signal_catalogue
from store.statements import table_of
from store.tables import ChampionRow

Use: TypeAlias = Literal["used", "not_proven", "stale"]
RULE = re.compile(r" \(assumption \d+\)$")
FRESH_SECONDS, FRESH_INTERVALS = 3 * 3600, 2
_CHAMPIONS = table_of(ChampionRow)


def uses(session: Session, cutoff: dt.datetime, run_id: int | None = None) -> dict[str, dict[str, Use]]:
    """Series -> lead band -> used or stale; what is not named is not proven.

    run_id: of the run that made the forecast. What it heard is used, whatever the gate says since; a gate that is open
    where it heard nothing is stale. Without a run the gates and the age of the data tell.

    A signal is fresh when any of its topics has a bucket that ended less than three hours, or two of its own intervals,
    before the cutoff: a topic nobody wrote about has no buckets, a feed that broke has none at all.
    """
    opened = [row for row in load_evidence(session) if row.get("gate") == "open" and not assumed(row)]
    found: dict[str, dict[str, Use]] = {}
    fresh_until = _fresh_until(session) if opened and run_id is None else {}
    for row in opened:
        name = str(row.get("signal", ""))
        until = fresh_until.get(name.rpartition(":")[0] or name, fresh_until.get(name))
        fresh = until is not None and to_ns(cutoff) < until
        held = found.setdefault(str(row.get("series")), {})
        band = str(row.get("lead_band"))
        held[band] = "used" if fresh or held.get(band) == "used" else "stale"
    for series, band in () if run_id is None else _heard(session, run_id):
        found.setdefault(series, {})[band] = "used"
    return found


def _heard(session: Session, run_id: int) -> list[tuple[str, str]]:
    """Series and lead bands in which a run's forecasts had a signal in use."""
    query = select(_CHAMPIONS.c.series, _CHAMPIONS.c.lead_band, _CHAMPIONS.c.row)
    rows = session.execute(query.where(_CHAMPIONS.c.run_id == run_id).order_by(_CHAMPIONS.c.id))
    return [(row.series, row.lead_band) for row in rows if row.row.get("signals")]


def assumed(row: Mapping[str, object]) -> bool:
    """Is the row of a rule of thumb? These are scored, and never used."""
    return RULE.search(str(row.get("signal", ""))) is not None


def _fresh_until(session: Session) -> dict[str, int]:
    """Signal -> until when (ns) its latest bucket counts as fresh."""
    found: dict[str, int] = {}
    held = load_signal_catalogue(session)
    last_ns = column_ns(held["last"])
    for at, (name, interval, tz) in enumerate(zip(held["signal"], held["interval"], held["tz"], strict=True)):
        length = Interval(interval)
        ended = int(end(last_ns[at : at + 1], length, tz)[0])
        until = ended + max(FRESH_SECONDS, FRESH_INTERVALS * length.seconds) * SECOND
        found[name] = max(until, found.get(name, until))
    return found


def of_rows(held: Mapping[str, Use], queue: Queue, cutoff: dt.datetime | None, starts: object) -> list[Use]:
    """Starts [n] of a queue's buckets -> the use of social in each, by its lead from the cutoff."""
    ns = column_ns(starts)  # type: ignore[arg-type]
    if cutoff is None or not held:
        return ["not_proven"] * len(ns)
    lead = np.maximum((ns - to_ns(cutoff)) // 1_000_000_000, 0)
    names = [name for name, _, _ in bands(queue.interval)]
    return [held.get(names[at], "not_proven") for at in band_of(lead, queue.interval)]
