"""Stored forecasts with what they are made of: the parts of each mean, and what these are about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import column_ns
from forecast.buckets import end as end_of
from forecast.overriding import VOLUME, Override
from forecast.parts import PARTS, Facts, Manual, about, number, say, sentence
from store.adjusted import LENGTHS, LONGEST, load_with_overrides
from store.forecast_units import queue_of
from store.forecasts import PART_COLUMNS
from store.overrides import in_force
from store.queues import load_queues
from store.reasons import reason_name
from store.statements import table_of
from store.tables import ChampionRow, ForecastRow, ForecastSeries, VersionRow

FACTS = "parts"  # the key of a run's list of methods under which they are kept


@dataclass(frozen=True)
class Explanation:
    """One bucket. start: aware, UTC; parts: None where none are kept; long_run: because it lies beyond the intervals.

    override: contacts of the mean that are manual changes
    """

    start: dt.datetime
    mean: float
    parts: Mapping[str, float] | None
    facts: Facts
    long_run: bool
    version: int
    override: float = 0.0

    def sentence(self, tz: str, language: str = "en") -> str:
        """What the number is made of, or why that is not known."""
        if self.parts is None:
            return say("long_run" if self.long_run else "without", language) + self._changed(tz, language)
        return sentence(self.parts, self.mean, self.facts, self.start, tz=tz, language=language)

    def _changed(self, tz: str, language: str) -> str:
        """Of a bucket without parts: the manual changes, which are known all the same."""
        if not self.override:
            return ""
        told = about("adjustment", self.facts, self.start, tz=tz, language=language)
        said = say("changed", language, n=number(self.override, language, sign=True))
        return f" {said} ({told})." if told else f" {said}."


def load_explanations(
    session: Session,
    series: str,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    granularity: str = "interval",
    version: str | int = "published",
    as_of: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> list[Explanation]:
    """The buckets of one series, start <= ds < end, in order; chosen as `load_adjusted` chooses them.

    now: the moment whose manual changes count (`as_of` without it)
    """
    frozen = isinstance(version, int) or version == "locked"
    last = None if end is None else end + LONGEST
    changes = () if frozen else in_force(session, now or as_of, start=start, end=last)
    found = load_with_overrides(
        session, series=[series], start=start, end=end, granularity=granularity, version=version,
        as_of=as_of, parts=True, overrides=changes,
    )  # fmt: skip
    held, manual = found.frame, _manual(session, series, granularity, found.frame, changes)
    versions = [int(one) for one in held["version"].unique()]
    facts = load_facts(session, series, versions)
    able = _with_parts(session, series, versions)
    values = held[list(PART_COLUMNS)].to_numpy()
    return [
        Explanation(
            start=pd.Timestamp(moment).to_pydatetime(),
            mean=float(mean),
            parts=None if np.isnan(row).any() else dict(zip(PARTS, row.tolist(), strict=True)),
            facts=replace(facts.get(number, Facts()), manual=told if added else ()),
            long_run=number in able,
            version=number,
            override=added,
        )
        for moment, mean, number, row, added, told in zip(
            held["ds"], held["mean"], held["version"].tolist(), values, found.override.tolist(), manual,
            strict=True,
        )
    ]  # fmt: skip


def _manual(
    session: Session, series: str, granularity: str, rows: pd.DataFrame, changes: Sequence[Override]
) -> list[tuple[Manual, ...]]:
    """Per row, the changes of contacts that lie on it and are of the series; of a queue also those of its reasons."""
    queue = queue_of(series, load_queues(session)) if changes else None
    if queue is None:
        return [()] * len(rows)
    start = column_ns(rows["ds"])
    end = end_of(start, LENGTHS.get(granularity, queue.interval), queue.tz)
    mine = [
        one
        for one in changes
        if one.measure == VOLUME
        and one.covers(queue.name, queue.channel)
        and (series == queue.name or not one.topic or series == reason_name(queue.name, one.topic))
    ]
    return [
        tuple(Manual(one.reason, one.author) for one in mine if one.start < last and one.end > first)
        for first, last in zip(start.tolist(), end.tolist(), strict=True)
    ]


def with_facts(methods: Sequence[dict[str, object]], facts: Facts) -> list[dict[str, object]]:
    """A run's list of methods of one series, the first with what the parts of its forecast are about."""
    return [{**row, FACTS: facts.row()} if at == 0 else row for at, row in enumerate(methods)]


def load_facts(session: Session, series: str, versions: Sequence[int]) -> dict[int, Facts]:
    """Version -> what the parts of the series' forecast are about; versions made by no run are left out."""
    rows = table_of(ChampionRow)
    query = (
        select(VersionRow.id, rows.c.row)
        .join(VersionRow, VersionRow.run_id == rows.c.run_id)
        .where(VersionRow.id.in_(list(versions)), rows.c.series == series)
    )
    held: list[tuple[int, dict[str, Any]]] = [(row[0], row[1]) for row in session.execute(query)]
    return {number: Facts.of(row[FACTS]) for number, row in held if FACTS in row}


def _with_parts(session: Session, series: str, versions: Sequence[int]) -> set[int]:
    """The versions that keep parts of any bucket of the series."""
    rows = table_of(ForecastRow)
    query = (
        select(rows.c.version_id)
        .join(ForecastSeries, ForecastSeries.id == rows.c.series_id)
        .where(
            ForecastSeries.name == series, rows.c.version_id.in_(list(versions)), rows.c.parts.is_not(None)
        )
        .distinct()
    )
    return set(session.scalars(query))
