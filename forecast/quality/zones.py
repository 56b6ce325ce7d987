"""Times of another zone: the shape of the day jumps by an hour where clocks change or an upload begins, or lies beside the hours.

A day's contacts are held against the shape of the same weekdays of the five weeks before, as it is and moved by an hour:
which is the likelier (multinomial)? A jump is told where nearly all days after agree.
"""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.buckets import index, zone
from forecast.quality.clock_changes import change_days
from forecast.quality.findings import Finding, command, date
from forecast.quality.record import Record

WINDOW = 35  # days before and after
LEAST_DAYS = 6  # that tell
LEAST = 40  # contacts of a day that tell its shape
AGREE = 0.85
FLOOR = 0.002  # of a shape, per slot: what is never seen may still come
SURE, IN_ALL = 1.0, 40.0  # nats in favour of the moved shape, of the median day and of all
INSIDE, MOVED_INSIDE = 0.97, 0.995
UPLOAD_DAYS = 7


def find_jumps(record: Record, left: Flags) -> tuple[list[Finding], Flags]:
    """-> findings of a shape that jumps by an hour, and bool[d] the days that lie wrong. left: bool[d] not looked at."""
    claimed = np.zeros(len(record.days), dtype=bool)
    step = _hour(record)
    if step == 0:
        return [], claimed
    changes = dict(change_days(record))
    found: list[Finding] = []
    jumps: list[tuple[int, int]] = []
    places = sorted({*changes, *_boundaries(record)})
    for at, stop in zip(places, [*places[1:], len(record.days)], strict=False):
        moved = _jump(record, left, (jumps[-1][0] if jumps else 0, at, stop), step)
        if moved:
            jumps.append((at, moved))
    for side in (-1, 1):
        clock = [(at, moved) for at, moved in jumps if at in changes and moved == side * changes[at]]
        if clock:
            summer = [at for at, _ in clock if changes[at] > 0]
            claimed[min(summer, default=0) :] = True
            found.append(_by_clock(record, clock[0][0], len(clock), side))
            jumps = [each for each in jumps if each not in clock]
    if jumps and not found:
        begin, moved = jumps[0]
        back = next((at for at, by in jumps[1:] if by == -moved), len(record.days))
        claimed[begin:back] = True
        found.append(_moved(record, begin, back - 1, moved))
    return found, claimed


def _hour(record: Record) -> int:
    """Slots in an hour; 0 where a day has no hours."""
    return 3600 // record.interval.seconds if record.interval.seconds <= 3600 else 0


def _boundaries(record: Record) -> list[int]:
    """Places of days on which an upload of a week or more begins or ends."""
    day = record.places.day - record.first_day
    upload = np.full(len(record.days), -1, dtype=np.int64)
    upload[day] = record.upload
    held = np.zeros(len(upload), dtype=bool)
    held[day] = True
    upload = upload[
        np.maximum.accumulate(np.where(held, np.arange(len(upload)), 0))
    ]  # closed days go with the day before
    cuts = np.flatnonzero(np.diff(upload) != 0) + 1
    edges = np.r_[0, cuts, len(upload)]
    long = np.diff(edges) >= UPLOAD_DAYS
    return [int(edge) for at, edge in enumerate(edges[1:-1], start=1) if long[at - 1] and long[at]]


def _jump(record: Record, left: Flags, places: tuple[int, int, int], step: int) -> int:
    """By how many hours (-1, 1) the shape lies from a day on against the weeks before; 0 where it stays.

    places: of the last jump, of that day, and of the next day on which it may jump
    """
    begin, at, stop = places
    days = np.arange(len(record.days))
    told = ~left & (record.totals >= LEAST)
    before = told & (days >= max(begin, at - WINDOW)) & (days < at)
    after = told & (days > at) & (days <= min(at + WINDOW, stop - 1))
    weekday = (record.days + 3) % 7
    gains: list[Floats] = []
    for day in np.flatnonzero(after):
        same = before & (weekday == weekday[day])
        if not same.any():
            continue
        shape = record.came[same].sum(axis=0)
        gains.append(_gain(shape, record.came[day], step))
    if len(gains) < LEAST_DAYS:
        return 0
    table = np.stack(gains)
    for column, moved in enumerate((-1, 1)):
        mine = table[:, column]
        if np.mean(mine > 0) >= AGREE and np.median(mine) >= SURE and mine.sum() >= IN_ALL:
            return moved
    return 0


def _gain(shape: Floats, came: Floats, step: int) -> Floats:
    """-> [2] nats by which `came` is likelier an hour earlier, and an hour later, than as the shape has it."""

    def likelihood(by: int) -> float:
        moved = np.roll(shape, by)
        law = (moved / max(moved.sum(), 1.0)) * (1 - FLOOR * len(shape)) + FLOOR
        return float((came * np.log(law)).sum())

    stays = likelihood(0)
    # a rate that strays makes a day's contacts alike: count them as a third of as many
    return np.array([(likelihood(-step) - stays) / 3, (likelihood(step) - stays) / 3])


def _by_clock(record: Record, first: int, changes: int, side: int) -> Finding:
    """side: -1 where the shape lies earlier in summer, 1 where it lies later."""
    if side < 0:
        guess, tz = "The times in the file know no summer time: a fixed offset, or UTC.", _fixed(record)
    else:
        guess, tz = "The times in the file are local, but were read as of a fixed offset.", record.tz
    return Finding(
        record.queue,
        "wrong_zone",
        date(record.days[first]),
        date(record.last_day),
        float(changes),
        f"At {changes} clock change{'s' if changes > 1 else ''} the shape of the day moves by an hour against {record.tz}.",
        guess,
        command("import", "volumes", "FILE", "--timezone", tz, "--as", "correction"),
        "problem",
        0.99,
    )


def _fixed(record: Record) -> str:
    """The zone of the winter's offset; UTC where the hours given say so."""
    year = np.datetime64(record.last_day, "D").astype("datetime64[Y]")
    moments = index(np.array([year, year + np.timedelta64(6, "M")], dtype="datetime64[ns]").astype(np.int64))
    offsets = [one.tz_convert(zone(record.tz)).utcoffset() for one in moments]
    winter = int(min(one.total_seconds() for one in offsets if one is not None)) // 3600
    if winter == 0 or _beside_hours(record) != 0 or not -12 <= winter <= 14:
        return "UTC"
    return f"Etc/GMT{-winter:+d}"


def _moved(record: Record, first: int, last: int, by: int) -> Finding:
    upload = record.only_upload(int(record.days[first]), int(record.days[last]))
    return Finding(
        record.queue,
        "wrong_zone",
        date(record.days[first]),
        date(record.days[last]),
        float(by),
        f"The shape of the day lies an hour {'earlier' if by < 0 else 'later'} than before.",
        "The file of these days is of another time zone than the others.",
        command("import", "volumes", "FILE", "--timezone", "ZONE", "--as", "correction")
        if upload is None
        else command("uploads", "remove", str(upload)),
        "problem",
        0.99,
    )


def _beside_hours(record: Record) -> int:
    """By how many whole hours all contacts lie beside the opening hours given; 0 where they do not."""
    step, opens = _hour(record), record.opens
    if opens is None or step == 0 or record.totals.sum() < 20 * LEAST:
        return 0
    flat, mask = record.came.ravel(), opens.ravel()
    total = flat.sum()
    if mask.all() or flat[mask].sum() >= INSIDE * total:
        return 0
    inside = {by: float(np.roll(flat, -by * step)[mask].sum() / total) for by in range(-12, 13)}
    best = max(inside, key=lambda by: (round(inside[by], 4), -abs(by)))
    return best if inside[best] >= MOVED_INSIDE else 0


def find_beside_hours(record: Record) -> Finding | None:
    """All contacts lie some hours beside the opening hours: the zone of the file, or the hours, are wrong."""
    by = _beside_hours(record)
    if by == 0:
        return None
    side = "earlier" if by < 0 else "later"
    return Finding(
        record.queue,
        "wrong_zone",
        date(record.first_day),
        date(record.last_day),
        float(by),
        f"All contacts lie {abs(by)} hour{'s' if abs(by) > 1 else ''} {side} than the opening hours.",
        f"The times in the file are not of {record.tz}.",
        command("import", "volumes", "FILE", "--timezone", "ZONE", "--as", "correction"),
        "problem",
        0.99,
    )
