"""Volume files: tidy tables, the Genesys Cloud history and the Amazon Connect history -> volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast import frames
from forecast.arrays import Ns
from forecast.buckets import Interval, column_ns, zone
from forecast.contacts.clock import Walls
from forecast.contacts.durations import read_durations
from forecast.contacts.grids import clock_of, infer_interval, looks_weekly, off_grid, place, start_of
from forecast.contacts.headers import CONNECT, GENESYS, Layout, arrange
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import Loaded
from forecast.contacts.reading import Reading
from forecast.contacts.sums import ADDITIVE, sum_volumes
from forecast.contacts.tables import Source, read_table
from forecast.contacts.zones import Flags
from forecast.errors import InputError

SERIES = ["queue", "channel", "topic"]
_CHANNELS = {
    "voice": "phone", "call": "phone", "calls": "phone", "telephone": "phone", "tel": "phone",
    "e-mail": "email", "mail": "email", "e mail": "email",
}  # fmt: skip
_GENESYS_CHANNELS = {"callback": "phone", "message": "chat"}
_SUMMED_SHARE = 0.1  # with an interval given: more rows than this between its starts mean a finer file, fewer mean mistakes


def read_volumes(
    source: Source,
    *,
    tz: str,
    layout: str = "auto",
    interval: Interval | str | None = None,
    date_order: str | None = None,
    reading: Reading | None = None,
) -> Loaded:
    """A file -> Loaded with volumes[queue, ds, offered, channel, topic, handled?, abandoned?, aht_seconds?, known_at?].

    Good rows are in the frame, the others in `problems`. Times without an offset are local in `tz` (Genesys: UTC).
    `interval` longer than the file's own sums the rows. reading: the same and more in one, instead of the words before it.
    Raises UnreadableFile, EmptyFile, AmbiguousDates, InputError.
    """
    zone(tz)
    text = interval.value if isinstance(interval, Interval) else interval
    reading = reading or Reading(date_order=date_order, interval=text, layout=layout)
    asked = None if reading.interval is None else Interval.parse(reading.interval)
    kind, names, table = arrange(read_table(source, reading), reading)
    intake = Intake(table, names)
    volumes = _columns(intake, kind)
    order = intake.order(("interval_start", "known_at"), reading.date_order)
    walls = intake.walls("interval_start", order)
    if intake.has("known_at"):
        volumes["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(volumes.index)
    durations, own = read_durations(intake, asked) if kind is CONNECT else (None, None)
    intake.require_rows()
    if kind is GENESYS:
        walls = walls.as_utc()
    if durations is not None and own is Interval.DAY:
        walls = _calendar_days(walls, tz, intake)
    own, final = _intervals(intake, clock_of(walls, tz), walls.good, own, asked)
    frame, raw = _placed(intake, volumes, walls, own, tz)
    if final is not own:
        frame = frame.assign(ds=times(start_of(column_ns(frame["ds"]), final, tz)))
        intake.warnings.append(f"The file has steps of {own.value}; they were summed to {final.value}.")
    frame = sum_volumes(frame, versions=final is own)
    _doubt(intake, frame)
    problems, warnings = intake.done()
    return Loaded(frames.check(frame, frames.VOLUMES), final, kind.name, problems, warnings, raw)


def _columns(intake: Intake, kind: Layout) -> pd.DataFrame:
    """The columns of the file but the times -> frame[n] that still holds its bad rows."""
    queue = intake.text("queue")
    blank = pd.Series("", index=queue.index)
    channel = (intake.cells("channel") if intake.has("channel") else blank).str.casefold()
    spellings = {**_CHANNELS, **(_GENESYS_CHANNELS if kind is GENESYS else {})}
    columns: dict[str, object] = {
        "queue": queue,
        "offered": intake.numbers("offered"),
        "channel": channel.replace(spellings).replace("", "phone"),
        "topic": (intake.cells("topic") if intake.has("topic") else blank).replace("", "all"),
    }
    for name in ("handled", "abandoned", "aht_seconds"):
        if intake.has(name):
            columns[name] = intake.numbers(name, required=False)
    if intake.has("handle_seconds"):
        seconds = intake.numbers("handle_seconds", required=False)
        handled = np.asarray(columns.get("handled", columns["offered"]), dtype=np.float64)
        columns["aht_seconds"] = np.divide(
            seconds, handled, out=np.full(len(seconds), np.nan), where=handled > 0
        )
    frame = pd.DataFrame(columns, index=queue.index)
    parts = [
        intake.cells(name)
        for name in ("queue", "queue_id", "channel", "topic", "skills", "language")
        if intake.has(name)
    ]
    return frame.assign(part=_codes(parts))


def _codes(columns: Sequence[pd.Series | npt.NDArray[Any]]) -> Ns:
    """Columns[n] -> one number per distinct row, int64[n]."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        number, unique = pd.factorize(np.asarray(column), use_na_sentinel=False)
        code = pd.factorize(code * (len(unique) + 1) + number)[0].astype(np.int64)
    return code


def _calendar_days(walls: Walls, tz: str, intake: Intake) -> Walls:
    """Amazon Connect writes a day as its midnight in UTC: such a row means the calendar day of the zone."""
    midnight = walls.aware & ~off_grid(walls.ns, Interval.DAY) & off_grid(clock_of(walls, tz), Interval.DAY)
    if midnight.any():
        intake.warnings.append(
            f"{int(midnight.sum())} daily row(s) begin at midnight UTC: taken as the calendar day in {tz}."
        )
    return Walls(walls.ns, walls.aware & ~midnight, walls.reasons)


def _intervals(
    intake: Intake, clock: Ns, readable: Flags, own: Interval | None, asked: Interval | None
) -> tuple[Interval, Interval]:
    """(the file's own interval, the one of the result); rows off the own grid are rejected."""
    good = clock[readable]  # a row with a bad count still shows the grid
    inferred = own or infer_interval(good)
    if asked is None and own is None and inferred is Interval.DAY and looks_weekly(good):
        raise InputError(
            f"The rows of {intake.table.name} are whole weeks apart: they look like totals of weeks.",
            remedy="Give volumes per day or finer, or say --interval 1d if these are days.",
            field="interval",
        )
    final = asked or inferred
    if final.seconds < inferred.seconds and own is None:
        if len(np.unique(good)) >= 4:
            intake.warnings.append(
                f"Every row begins at a full {inferred.value}, yet the interval given is {final.value}."
            )
        inferred = final
    elif (
        final.seconds > inferred.seconds
        and off_grid(good, final).mean() <= _SUMMED_SHARE
        and final.seconds <= Interval.DAY.seconds
    ):
        inferred = final
    elif final.seconds < inferred.seconds:
        raise InputError(
            f"{intake.table.name} has steps of {inferred.value}; they cannot be split into {final.value}.",
            remedy=f"Use --interval {inferred.value} or a longer one.",
            field="interval",
        )
    off = off_grid(clock, inferred) & intake.keep
    intake.reject("interval_start", off, f"is not the start of an interval of {inferred.value}")
    intake.require_rows()
    return inferred, final


def _placed(
    intake: Intake, volumes: pd.DataFrame, walls: Walls, own: Interval, tz: str
) -> tuple[pd.DataFrame, int]:
    """Good rows -> (volumes with ds in UTC, rows of the file). Of rows with the same key the last wins."""
    keep = np.flatnonzero(intake.keep)
    part = volumes["part"].to_numpy(dtype=np.int64)[keep]
    good = Walls(walls.ns[keep], walls.aware[keep], walls.reasons[keep])
    placement = place(good, part, own, tz)
    frame = volumes.iloc[keep[placement.rows]].reset_index(drop=True).assign(ds=times(placement.ds))
    for name in ADDITIVE:
        if name in frame.columns:
            frame[name] = frame[name] * placement.share
    known = [column_ns(frame["known_at"])] if "known_at" in frame.columns else []
    codes = _codes([frame["part"], placement.ds, placement.moved, *known])
    last = ~pd.DataFrame({"code": codes}).duplicated(keep="last").to_numpy()
    replaced = int((~last).sum()) + placement.surplus
    intake.warnings.extend(placement.warnings)
    if replaced:
        intake.warnings.append(f"{replaced} row(s) stand in the file more than once: the last one counts.")
    columns = [
        "queue",
        "ds",
        "offered",
        *(name for name in frame.columns if name not in ("queue", "ds", "offered", "part")),
    ]
    return frame.loc[last, columns].reset_index(drop=True), intake.table.rows


def _doubt(intake: Intake, frame: pd.DataFrame) -> None:
    """Warn of what can be read but is hard to believe."""
    if "aht_seconds" in frame.columns and frame["aht_seconds"].median() > 36_000:
        intake.warnings.append(
            "The handling time is above ten hours per contact: are these milliseconds? Seconds are expected."
        )
    if "known_at" in frame.columns and (frame["known_at"] < frame["ds"]).any():
        early = int((frame["known_at"] < frame["ds"]).sum())
        intake.warnings.append(f"{early} row(s) say they were known before their interval began.")
