"""Simulated companies for the bench of the quality report, and the defects planted into them: rows in, rows out.

A defect changes the records of one company and says what should be found: kind, queue, first and last local day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, column_ns, end, local_ns, to_ns
from forecast.days import Calendar, OpeningHours
from forecast.quality.record import Around, Record
from forecast.simulate import World, company, simulate

HOUR = 3600 * SECOND
END = "2026-03-02 00:00"
SETTLE = 70  # days at either end in which nothing is planted: a lasting change needs weeks on both sides


@dataclass(frozen=True)
class Clean:
    """A company without defects. planted: (queue, first day, last day) of what the simulator itself changes for good."""

    records: tuple[Record, ...]
    around: Around
    planted: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Planted:
    """What should be found. kinds: any of these; queues: named by any of these."""

    kinds: tuple[str, ...]
    queues: tuple[str, ...]
    first: int
    last: int | None = None


Defect = Callable[[Clean, np.random.Generator], tuple[list[Record], Planted]]


def clean(name: str, seed: int, days: int) -> Clean:
    """A company of the simulator, `days` long."""
    law = company(name)
    world = simulate(
        law, days=days, end=pd.Timestamp(END, tz=law.zone).tz_convert("UTC"), seed=seed, ongoing=False
    )
    hours = {str(queue): OpeningHours.from_frame(rows) for queue, rows in world.hours.groupby("queue")}
    records = tuple(
        _record(str(queue), rows, hours, law.zone) for queue, rows in world.volumes.groupby("queue")
    )
    return Clean(records, _around(world), tuple(_lasting(world)))


def _record(queue: str, rows: pd.DataFrame, hours: Mapping[str, OpeningHours], tz: str) -> Record:
    rows = rows.sort_values("ds")
    ds = column_ns(rows["ds"])
    floats = {name: rows[name].to_numpy(np.float64) for name in ("handled", "abandoned", "aht_seconds")}
    facts = {
        "channel": str(rows["channel"].iloc[0]),
        "topic": str(rows["topic"].iloc[0]),
        "hours": hours.get(queue),
    }
    return Record.of(
        queue, Interval.HALF_HOUR, tz, ds, rows["offered"].to_numpy(np.float64), **floats, **facts
    )


def _around(world: World) -> Around:
    drivers = world.drivers
    zone = world.company.zone
    driven = frozenset((local_ns(column_ns(drivers["ds"]), zone) // DAY).tolist())
    posts = world.truth.posts.merge(
        pd.DataFrame([{"id": one["id"], "at": one["created_at"]} for one in world.mentions]), on="id"
    )
    day = (
        local_ns(
            column_ns(pd.to_datetime(posts["at"], utc=True, format="ISO8601").astype("datetime64[ns, UTC]")),
            zone,
        )
        // DAY
    )
    first = int(day.min())
    talk = {
        str(topic): (
            first,
            np.bincount(day[posts["topic"] == topic] - first, minlength=int(day.max()) - first + 1).astype(
                np.float64
            ),
        )
        for topic in posts["topic"].unique()
    }
    calendar = Calendar.of(world.special_days, country=world.company.country)
    return Around(to_ns(world.end), calendar, driven={"": driven}, talk=talk)


def _lasting(world: World) -> list[tuple[str, int, int]]:
    day = _day(world.truth.shift)
    out = [(queue, day, day) for queue in world.company.shift.factors]
    for row in world.truth.channel_shifts.itertuples():
        out += [(str(one), _day(str(row.date)), _day(str(row.complete))) for one in (row.queue, row.into)]
    return out


def _day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


# --- defects ---------------------------------------------------------------------------------------------------------


def _with(held: Clean, *changed: Record) -> list[Record]:
    by_name = {one.queue: one for one in changed}
    return [by_name.pop(one.queue, one) for one in held.records] + list(by_name.values())


def _rows(record: Record, keep: Flags | Ns) -> Record:
    names = ("ds", "offered", "handled", "abandoned", "aht_seconds", "known_at", "assumed", "upload")
    return replace(record, **{name: getattr(record, name)[keep] for name in names})


def _pick(held: Clean, rng: np.random.Generator, *, busy: float = 100.0, channel: str = "") -> Record:
    chosen = [
        one
        for one in held.records
        if np.median(one.totals[one.totals > 0]) >= busy and channel in ("", one.channel)
    ]
    return chosen[int(rng.integers(len(chosen)))]


def _place(
    held: Clean, record: Record, rng: np.random.Generator, *, open_days: int = 1, settle: int = SETTLE
) -> int:
    """A local day that is open and no special one, away from what the simulator changes."""
    special = held.around.calendar.special(record.days)
    ok = (record.totals > 0) & ~special
    for _, first, last in held.planted:
        ok &= (record.days < first - 35) | (record.days > last + 35)
    for more in range(1, open_days):
        ok &= np.r_[special[more:], np.ones(more, dtype=bool)] == 0
    ok[:settle] = ok[-settle:] = False
    # a working day: it is there in every queue
    ok &= (record.days + 3) % 7 < 5
    return int(rng.choice(record.days[ok]))


def _at(record: Record, offered: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Record:
    """The record with other counts offered, and as many handled and given up in proportion."""
    ratio = np.divide(offered, record.offered, out=np.zeros(len(record)), where=record.offered > 0)
    lost = np.minimum(np.floor(record.abandoned * ratio), offered)
    return replace(record, offered=offered, abandoned=lost, handled=offered - lost)


def missing_days(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """Two or three days without rows."""
    record = _pick(held, rng)
    day, count = _place(held, record, rng), int(rng.integers(2, 4))
    gone = (record.places.day >= day) & (record.places.day < day + count)
    open_ = [each for each in range(day, day + count) if record.totals[each - record.first_day] > 0]
    return _with(held, _rows(record, ~gone)), Planted(("gap",), (record.queue,), day, open_[-1])


def half_a_day(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """No rows after noon."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    gone = (record.places.day == day) & (record.places.slot >= 24)
    return _with(held, _rows(record, ~gone)), Planted(("gap",), (record.queue,), day)


def copied_week(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A week holds the values of the week before."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    day -= (day + 3) % 7
    inside = (record.places.day >= day) & (record.places.day < day + 5)
    source = np.searchsorted(record.ds, record.ds[inside] - 7 * DAY)
    offered = record.offered.copy()
    same = record.ds[source] == record.ds[inside] - 7 * DAY
    offered[np.flatnonzero(inside)[same]] = record.offered[source[same]]
    return _with(held, replace(record, offered=offered)), Planted(
        ("duplicate",), (record.queue,), day, day + 4
    )


def doubled_day(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A day's rows were added up twice."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    mine = record.places.day == day
    return _with(held, _scaled(record, mine, 2.0)), Planted(("duplicate",), (record.queue,), day)


def _scaled(record: Record, rows: Flags, by: float) -> Record:
    return replace(
        record,
        **{
            name: np.where(rows, by * getattr(record, name), getattr(record, name))
            for name in ("offered", "handled", "abandoned")
        },
    )


def two_names(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """Two weeks of one queue are in another queue too."""
    record = _pick(held, rng, channel="phone")
    others = [one for one in held.records if one.queue != record.queue and one.channel == "phone"]
    other = others[int(rng.integers(len(others)))]
    day = _place(held, record, rng)
    day -= (day + 3) % 7
    rows = (record.places.day >= day) & (record.places.day < day + 12)
    kept = _rows(other, (other.places.day < day) | (other.places.day >= day + 12))
    joined = _joined(kept, _rows(record, rows))
    return _with(held, joined), Planted(("duplicate",), (record.queue, other.queue), day)


def _joined(record: Record, more: Record) -> Record:
    names = ("ds", "offered", "handled", "abandoned", "aht_seconds", "known_at", "assumed", "upload")
    columns = {name: np.concatenate([getattr(record, name), getattr(more, name)]) for name in names}
    order = np.argsort(columns["ds"], kind="stable")
    return replace(record, **{name: column[order] for name, column in columns.items()})


def no_summer_time(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """Local times written by a clock of winter time, read as of the company's zone."""
    record = replace(_pick(held, rng), hours=None)
    local = local_ns(record.ds, record.tz)
    winter = int(np.min(local - record.ds))
    summer = local - record.ds > winter
    moved = _resorted(replace(record, ds=np.where(summer, record.ds - HOUR, record.ds)))
    change = int(record.places.day[np.flatnonzero(np.diff(summer.astype(int)) != 0)[0] + 1])
    return _with(held, moved), Planted(("wrong_zone",), (record.queue,), change)


def _resorted(record: Record) -> Record:
    """By bucket; of two rows in one the later alone."""
    order = np.argsort(record.ds, kind="stable")
    keep = np.r_[np.diff(record.ds[order]) > 0, True]
    return _rows(record, order[keep])


def upload_of_another_zone(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """Six weeks came in one file whose times are an hour off."""
    record = replace(_pick(held, rng), hours=None)
    day = _place(held, record, rng)
    mine = (record.places.day >= day) & (record.places.day < day + 42)
    sign = 1 if rng.random() < 0.5 else -1
    moved = replace(
        record, ds=np.where(mine, record.ds + sign * HOUR, record.ds), upload=np.where(mine, 7, 3)
    )
    return _with(held, _resorted(moved)), Planted(("wrong_zone",), (record.queue,), day, day + 41)


def closed_volume(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """The queue is open an hour longer than the hours given."""
    record = _pick(held, rng, channel="phone")
    assert record.hours is not None
    rows = tuple((day, opens, closes - 60, since) for day, opens, closes, since in record.hours.rows)
    first = int(record.days[np.flatnonzero(record.totals > 0)[0]])
    return _with(held, replace(record, hours=OpeningHours(rows))), Planted(
        ("closed_hours",), (record.queue,), first
    )


def wild_day(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A day at three times, or a quarter, of what it was, that no post tells of."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    rows = record.places.day == day
    by = 3.0 if rng.random() < 0.5 else 0.25
    offered = np.where(rows, rng.poisson(by * record.offered), record.offered).astype(np.float64)
    return _with(held, _at(record, offered)), Planted(("outlier",), (record.queue,), day)


def typed_row(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A row with two zeros too many."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    mine = np.flatnonzero((record.places.day == day) & (record.offered >= np.median(record.offered)))
    offered = record.offered.copy()
    offered[mine[len(mine) // 2]] *= 100
    return _with(held, replace(record, offered=offered)), Planted(("outlier",), (record.queue,), day)


def level_shift(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """From a day on half as many contacts again, or 40 % fewer."""
    return _shifted(held, rng, 1.5 if rng.random() < 0.5 else 0.6)


def small_level_shift(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """From a day on a third more or a quarter fewer: within what seasons do to these companies."""
    return _shifted(held, rng, 4 / 3 if rng.random() < 0.5 else 0.75)


def _shifted(held: Clean, rng: np.random.Generator, by: float) -> tuple[list[Record], Planted]:
    record = _pick(held, rng)
    day = _place(held, record, rng)
    offered = np.where(record.places.day >= day, rng.poisson(by * record.offered), record.offered)
    changed = _at(record, offered.astype(np.float64))
    return _with(held, changed), Planted(("level_shift", "channel_shift"), (record.queue, ""), day)


def moved_share(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """From a day on a share of a phone queue comes to another phone queue: the queue map should say so."""
    phones = sorted(
        (one for one in held.records if one.channel == "phone"), key=lambda one: -one.totals.sum()
    )
    giver, taker = phones[0], phones[1 + int(rng.integers(len(phones) - 1))]
    day = _place(held, giver, rng)
    ratio = float(np.median(taker.totals[taker.totals > 0]) / np.median(giver.totals[giver.totals > 0]))
    share = min(0.45, 0.7 * ratio)
    after = giver.places.day >= day
    lost = np.where(after, rng.binomial(giver.offered.astype(int), share), 0).astype(np.float64)
    place = np.searchsorted(taker.ds, giver.ds)
    ok = place < len(taker.ds)
    ok[ok] = taker.ds[place[ok]] == giver.ds[ok]
    gained = np.zeros(len(taker))
    gained[place[ok]] = lost[ok]
    lost = np.where(ok, lost, 0.0)
    return (
        _with(held, _at(giver, giver.offered - lost), _at(taker, taker.offered + gained)),
        Planted(("level_shift",), (giver.queue, taker.queue), day),
    )


def renamed(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A queue goes on under another name."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    old, new = record.places.day < day, record.places.day >= day
    return (
        _with(held, _rows(record, old), replace(_rows(record, new), queue=record.queue + "_new")),
        Planted(("sudden_zero",), (record.queue,), day),
    )


def dead(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A queue ends."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    return _with(held, _rows(record, record.places.day < day)), Planted(
        ("sudden_zero",), (record.queue,), day
    )


def hourly_sums(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A month of hourly totals in the rows of half hours."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    inside = (record.places.day >= day) & (record.places.day < day + 30)
    return _with(held, _summed(record, inside, 2)), Planted(("interval",), (record.queue,), day)


def daily_sums(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A month of daily totals in one row each."""
    record = _pick(held, rng)
    day = _place(held, record, rng)
    inside = (record.places.day >= day) & (record.places.day < day + 30)
    return _with(held, _summed(record, inside, 48)), Planted(("interval",), (record.queue,), day)


def _summed(record: Record, inside: Flags, step: int) -> Record:
    group = record.places.day * 48 + record.places.slot // step * step
    keep = ~inside
    _, first = np.unique(group, return_index=True)
    keep[first] = True
    sums = np.bincount(np.searchsorted(np.unique(group), group), weights=record.offered)
    place = np.searchsorted(np.unique(group), group)
    return _rows(replace(record, offered=np.where(inside, sums[place], record.offered)), keep)


def to_chat(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """From a day on a fifth of the biggest phone queue comes to a written channel: half as much again there."""
    written = sorted(
        (one for one in held.records if one.channel != "phone"), key=lambda one: -one.totals.sum()
    )
    phones = sorted(
        (one for one in held.records if one.channel == "phone"), key=lambda one: -one.totals.sum()
    )
    giver, taker = phones[0], written[0]
    day = _place(held, giver, rng)
    lost = np.where(giver.places.day >= day, rng.binomial(giver.offered.astype(int), 0.3), 0).astype(
        np.float64
    )
    place = np.searchsorted(taker.ds, giver.ds)
    ok = place < len(taker.ds)
    ok[ok] = taker.ds[place[ok]] == giver.ds[ok]
    gained = np.zeros(len(taker))
    gained[place[ok]] = lost[ok]
    return (
        _with(
            held,
            _at(giver, giver.offered - np.where(ok, lost, 0.0)),
            _at(taker, taker.offered + gained),
        ),
        Planted(("channel_shift",), (taker.queue, giver.queue, ""), day),
    )


def milliseconds(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """Handling times in milliseconds."""
    record = _pick(held, rng)
    first = int(record.places.day[~np.isnan(record.aht_seconds)][0])
    return (
        _with(held, replace(record, aht_seconds=record.aht_seconds * 1000)),
        Planted(("handle_time",), (record.queue,), first),
    )


def more_handled(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """Offered and handled were mixed up for a month."""
    record = _pick(held, rng, channel="phone", busy=200)
    day = _place(held, record, rng)
    inside = (record.places.day >= day) & (record.places.day < day + 30)
    handled = np.where(inside, record.offered * 1.2, record.handled)
    return _with(held, replace(record, handled=handled)), Planted(("counts",), (record.queue,), day)


def hour_once(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """A queue busy around the clock, whose file holds the repeated hour of autumn once, split evenly."""
    record = _around_the_clock(held, rng)
    first, second = _repeated(record)
    offered = record.offered.copy()
    for one, other in zip(first, second, strict=True):
        value = 2 * (offered[one] // 2) + 1  # what the file held
        offered[one] = offered[other] = value / 2
    day = int(record.places.day[first[0]])
    return _with(held, replace(record, offered=offered)), Planted(("clock_change",), (record.queue,), day)


def hour_lost(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """The same, the second of the two hours being without rows."""
    record = _around_the_clock(held, rng)
    first, second = _repeated(record)
    keep = np.ones(len(record), dtype=bool)
    keep[second] = False
    day = int(record.places.day[first[0]])
    return _with(held, _rows(record, keep)), Planted(("clock_change",), (record.queue,), day)


def _around_the_clock(held: Clean, rng: np.random.Generator) -> Record:
    emails = [one for one in held.records if one.channel == "email"]
    record = emails[int(rng.integers(len(emails)))]
    night = np.where((record.places.slot >= 2) & (record.places.slot < 8), 12.0, 0.0)
    return replace(record, offered=record.offered + rng.poisson(night))


def _repeated(record: Record) -> tuple[Ns, Ns]:
    local = local_ns(record.ds, record.tz)
    _, inverse, count = np.unique(local, return_inverse=True, return_counts=True)
    both = np.flatnonzero(count[inverse] == 2)
    half = len(both) // 2
    return both[:half], both[half:]


def file_missing(held: Clean, rng: np.random.Generator) -> tuple[list[Record], Planted]:
    """The rows of the last day and a half of a queue are not in."""
    record = _pick(held, rng)
    stop = record.ds[-1] - 36 * HOUR - int(rng.integers(0, 24)) * HOUR
    stop = record.ds[np.flatnonzero((record.ds <= stop) & (record.offered > 0))[-1]]
    kept = _rows(record, record.ds <= stop)
    last = int(Grid.of(end(kept.ds[-1:], kept.interval, kept.tz), kept.interval, kept.tz).day[0])
    return _with(held, kept), Planted(("completeness",), (record.queue,), last)


DEFECTS: Sequence[Defect] = (
    missing_days,
    half_a_day,
    copied_week,
    doubled_day,
    two_names,
    no_summer_time,
    upload_of_another_zone,
    hour_once,
    hour_lost,
    closed_volume,
    wild_day,
    typed_row,
    level_shift,
    small_level_shift,
    moved_share,
    to_chat,
    renamed,
    dead,
    hourly_sums,
    daily_sums,
    milliseconds,
    more_handled,
    file_missing,
)
