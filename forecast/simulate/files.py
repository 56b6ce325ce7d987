"""A world as the files a user would bring: the formats of the file contracts, and `truth.json` beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import SECOND, column_ns, local_ns
from forecast.simulate.mentions import iso
from forecast.simulate.world import Truth, World

OF_TRUTH = ("rates", "common", "backlog")


def write(world: World, folder: Path) -> dict[str, Path]:
    """Write volumes, mentions, drivers, special days, hours, truth and the oracle's rates -> path of each by its noun.

    Where the world has them, also signals, and the truth's common drivers and backlog. The folder is made if absent; files
    of that name are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    zone = world.company.zone
    drivers = world.drivers.assign(
        date=_dates(world.drivers["ds"], zone), known_at=iso(column_ns(world.drivers["known_at"]))
    )
    special_days = world.special_days.assign(date=_dates(world.special_days["date"], "UTC"))
    tables = {
        "volumes": _timed(world.volumes, zone),
        "drivers": drivers[["date", "driver", "value", "known_at"]],
        "special_days": special_days,
        "hours": world.hours,
        "rates": _timed(world.truth.rates, zone).round(4),
    }
    extra = {"signals": world.signals, "common": world.truth.common, "backlog": world.truth.backlog}
    tables |= {name: _timed(frame, zone).round(4) for name, frame in extra.items() if len(frame)}
    paths = {name: folder / f"{'truth_' if name in OF_TRUTH else ''}{name}.csv" for name in tables}
    for name, table in tables.items():
        table.to_csv(paths[name], index=False)
    paths["mentions"] = folder / "mentions.jsonl"
    paths["mentions"].write_text("".join(_line(row) for row in world.mentions), "utf-8")
    paths["truth"] = folder / "truth.json"
    truth = {"end": iso(np.array([world.end.value]))[0], **_plain(world.truth)}
    paths["truth"].write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")
    return paths


def local_iso(ns: Ns, zone: str) -> list[str]:
    """ns[n] -> local time in ISO 8601 with its offset, to the second; both of a repeated hour differ in the offset."""
    local = local_ns(ns, zone)
    offsets, which = np.unique((local - ns) // (60 * SECOND), return_inverse=True)
    names = [
        f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
        for minutes in offsets.tolist()
    ]
    texts = np.datetime_as_string(local.astype("datetime64[ns]").astype("datetime64[s]"))
    return [text + names[number] for text, number in zip(texts, which.tolist(), strict=True)]


def _timed(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """A frame by `ds` -> the same with `interval_start` in local time as its second column (its first if `ds` is)."""
    out = frame.drop(columns="ds")
    out.insert(
        min(1, list(frame.columns).index("ds")), "interval_start", local_iso(column_ns(frame["ds"]), zone)
    )
    return out


def _dates(column: pd.Series, zone: str) -> list[str]:
    return [str(day) for day in column.dt.tz_convert(zone).dt.date]


def _line(row: dict[str, Any]) -> str:
    return (
        json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)
        + "\n"
    )


def _plain(truth: Truth) -> dict[str, Any]:
    """Everything but the rates, which are a table of their own."""
    incidents = truth.incidents.assign(onset=iso(column_ns(truth.incidents["onset"])))
    return {
        "company": truth.company,
        "shift": truth.shift,
        "links": truth.links.to_dict("records"),
        "effects": truth.effects.to_dict("records"),
        "incidents": incidents.to_dict("records"),
        "posts": {name: truth.posts[name].tolist() for name in truth.posts.columns},
        "channel_shifts": truth.channel_shifts.to_dict("records"),
        "rates": "truth_rates.csv",
    }
