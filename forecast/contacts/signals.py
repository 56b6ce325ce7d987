"""Signal files: what was measured outside, per interval -> signals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import Interval, zone
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.numbers import Floats
from forecast.contacts.side_rows import last_of, place_named
from forecast.contacts.tables import Source, read_table
from forecast.errors import InputError

COUNT = "count"
LEVEL = "level"
LAYOUT = Layout(
    "signal",
    {
        "interval_start": ("intervalstart", "timestamp", "datetime", "ds", "date"),
        "signal": ("signal",),
        "value": ("value",),
    },
    {"topic": ("topic",), "known_at": ("knownat",), "kind": ("kind",), "interval": ("interval",)},
)


def read_signals(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with signals[signal, ds, value, kind, topic?, known_at?].

    `kind` is count or level, one per signal; where the file does not say it, it is guessed and the guess is a warning.
    """
    zone(tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    names = intake.text("signal")
    values = intake.numbers("value", negative=True)
    order = intake.order(("interval_start", "known_at"), date_order)
    walls = intake.walls("interval_start", order)
    columns: dict[str, object] = {}
    if intake.has("topic"):
        columns["topic"] = intake.cells("topic").replace("", "all")
    if intake.has("known_at"):
        columns["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(names.index)
    stated, asked = _stated_kinds(intake), _stated_intervals(intake)
    intake.require_rows()
    key = pd.factorize(names + "\n" + (intake.cells("topic") if intake.has("topic") else ""))[0].astype(
        np.int64
    )
    named = place_named(intake, "signal", walls, key, tz, asked)
    kinds = _kinds(intake, values, stated)
    frame = (
        pd.DataFrame({"signal": names, "value": values, **columns}).iloc[named.rows].reset_index(drop=True)
    )
    frame.insert(1, "ds", times(named.ds))
    frame["kind"] = frame["signal"].map(kinds)
    frame["value"] = frame["value"] * np.where(
        frame["kind"] == COUNT, named.share, 1.0
    )  # a level is not divided
    frame = last_of(
        frame, [name for name in ("signal", "topic", "ds", "known_at") if name in frame.columns], intake
    )
    problems, warnings = intake.done()
    return LoadedSide(
        "signals", frames.check(frame, frames.SIGNALS), problems, warnings, table.rows, named.intervals
    )


def _stated_kinds(intake: Intake) -> dict[str, str]:
    """What the column `kind` says per signal; a signal with two kinds is an InputError."""
    if not intake.has("kind"):
        return {}
    kind = intake.cells("kind").str.casefold()
    intake.reject("kind", (~kind.isin((COUNT, LEVEL, ""))).to_numpy(dtype=bool), "is neither count nor level")
    return _one_each(intake, kind, "kind")


def _stated_intervals(intake: Intake) -> dict[str, Interval]:
    """What the column `interval` says per signal."""
    if not intake.has("interval"):
        return {}
    cells = intake.cells("interval").str.casefold()
    known: dict[str, Interval] = {}
    for text in cells.unique():
        try:
            known[text] = Interval.parse(text)
        except InputError:
            continue
    intake.reject(
        "interval", (~cells.isin([*known, ""])).to_numpy(dtype=bool), "is not 15min, 30min, 1h, 1d, 1w or 1mo"
    )
    return {name: known[text] for name, text in _one_each(intake, cells, "interval").items()}


def _one_each(intake: Intake, cells: pd.Series, column: str) -> dict[str, str]:
    stated = pd.DataFrame({"signal": intake.cells("signal"), "cell": cells})[intake.keep]
    pairs = stated[stated["cell"] != ""].drop_duplicates()
    twice = pairs[pairs["signal"].duplicated()]
    if len(twice):
        name = str(twice["signal"].iloc[0])
        raise InputError(
            f"The signal {name!r} has two values in the column {column!r}.",
            remedy="Give each signal one, or rename one of the two.",
            field=column,
        )
    return dict(zip(pairs["signal"].astype(str), pairs["cell"].astype(str), strict=True))


def _kinds(intake: Intake, values: Floats, stated: dict[str, str]) -> dict[str, str]:
    """Signal -> count or level: as stated, else count where all values are non-negative integers."""
    kept = pd.DataFrame({"signal": intake.cells("signal").to_numpy(), "value": values})[intake.keep]
    whole = (kept["value"] >= 0) & (kept["value"] % 1 == 0)
    counts = whole.groupby(kept["signal"]).all()
    guessed = {str(name): COUNT if count else LEVEL for name, count in counts.items() if name not in stated}
    if guessed:
        told = ", ".join(f"{name} as {kind}" for name, kind in guessed.items())
        intake.warnings.append(f"Guessed from the values: {told}. A column kind=count|level settles it.")
    return {**guessed, **stated}
