"""Contacts per queue and interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from forecast.contacts.assumed import with_known_at
from forecast.contacts.chunks import LARGE
from forecast.contacts.loaded import Totals, aside
from forecast.contacts.preview import Changes, Counted, Preview, preview, understand
from forecast.contacts.reading import AUTO, Reading
from forecast.contacts.tables import Source, read_head
from forecast.contacts.volumes import VolumeFile, open_volumes
from forecast.errors import AmbiguousDates, InputError
from store.column_maps import save_column_map, settled
from store.facts import apply_facts
from store.imports.imported import Imported, named
from store.imports.repeated import fingerprint, nothing_new
from store.imports.revising import revise, span, stored
from store.queues import Queue, load_queues, save_queue
from store.settings import Settings
from store.uploads import count_rows, create_upload, discard, find_alike, lies_on_top
from store.versions import KINDS
from store.volumes import load_volumes, save_volumes, volume_series

KEY = ["queue", "topic", "ds"]
Progress: TypeAlias = Callable[[int, int | None, str], None]


def import_volumes(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    layout: str = "auto",
    timezone: str | None = None,
    interval: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
    reading: Reading | None = None,
    look: bool = False,
    missing: str | None = None,
    progress: Progress | None = None,
    large: int = LARGE,
) -> Imported:
    """A file of contacts -> versions of its queues; queues not held yet are made from the file.

    missing: what absent rows of its queues say, `zero` or `unknown`; None: as before (zero for a new queue).
    large: bytes from which on a file is read from the disk in parts, so that memory does not grow with it.
    progress: called with rows done, how many there are as far as known, and what is done with them.
    The same file, read alike, says nothing new and makes no second upload.

    reading: what a planner says of the file, before the words beside it. Where it says anything and the file can be
    loaded, it is remembered for the next file with the same header. look: with a preview of what is loaded.
    """
    label = named(source, name)
    beside = replace(AUTO, timezone=timezone, date_order=date_order, interval=interval, layout=layout)
    said = _completed(reading, beside)
    header = [str(column) for column in read_head(source, said).frame.columns]
    use, told = settled(session, "volumes", header, said, name=label)
    tz = use.timezone or settings.company.timezone
    mark = fingerprint(source, use, tz, mode, missing)
    alike = find_alike(session, "volumes", mark)
    if alike is not None and not look and lies_on_top(session, alike):
        return nothing_new(alike, label, told)
    with _opened(source, use, said, tz, progress, large) as file:
        how = _How(use, label, tz, mode, now, look, missing, mark, progress)
        found = _stored(session, settings, file, source, how)
    if alike is not None and found.changed == 0 and found.upload_id is not None:
        discard(session, found.upload_id)
        return replace(nothing_new(alike, label, told), preview=found.preview, problems=found.problems)
    if reading is not None and reading != AUTO:
        save_column_map(session, "volumes", header, label, use, now.to_pydatetime())
    return replace(found, warnings=(*told, *found.warnings))


def _completed(reading: Reading | None, beside: Reading) -> Reading:
    """A Reading, and where it says nothing the words beside it."""
    if reading is None:
        return beside
    names = ("timezone", "date_order", "interval")
    words = {one: getattr(beside, one) for one in names if getattr(reading, one) is None}
    return replace(reading, **words, layout=beside.layout if reading.layout == "auto" else reading.layout)


@dataclass(frozen=True)
class _How:
    """What one import is asked to do with the parts of its file."""

    reading: Reading
    label: str
    tz: str
    mode: str
    now: pd.Timestamp
    look: bool
    missing: str | None
    fingerprint: str
    progress: Progress | None


@contextmanager
def _opened(
    source: Source, use: Reading, said: Reading, tz: str, progress: Progress | None, large: int
) -> Iterator[VolumeFile]:
    """The file. A date order that is only remembered counts where the dates of this file read both ways."""
    step = None if progress is None else partial(_tell, progress)
    with ExitStack() as stack:
        file = None
        if use.date_order is not None and said.date_order is None:
            with suppress(AmbiguousDates):
                file = stack.enter_context(
                    open_volumes(source, replace(use, date_order=None), tz=tz, progress=step, large=large)
                )
        yield file or stack.enter_context(open_volumes(source, use, tz=tz, progress=step, large=large))


def _tell(progress: Progress, rows: int, share: float) -> None:
    progress(rows, round(rows / share) if share > 0 else None, "rows read")


def _stored(session: Session, settings: Settings, file: VolumeFile, source: Source, how: _How) -> Imported:
    """Write the parts of a file, each with the moments at which its rows were known."""
    now, look = how.now, how.look
    _save_queues(session, file.series, file.interval, how.tz, how.missing)
    apply_facts(session, settings)
    series = pd.DataFrame(list(volume_series(session).values()), columns=["queue", "topic"])
    upload = create_upload(
        session, kind="volumes", name=how.label, layout=file.layout, mode=stored(how.mode),
        now=now.to_pydatetime(), rows=file.kept, fingerprint=how.fingerprint,
    )  # fmt: skip
    totals, counted, changes, changed = Totals(), Counted(how.tz), Changes(0, 0, 0), 0
    for part in file.parts():
        volumes = with_known_at(part, interval=file.interval, tz=how.tz)
        held = series if how.mode == "receipt" and not look else _held(session, volumes)
        if look:
            counted.add(part)
            changes = _compared(changes, part, held)
        before = series if how.mode == "receipt" else held
        volumes = revise(volumes, before, ("queue", "topic", "ds"), mode=how.mode, now=now)
        changed += save_volumes(session, volumes, upload_id=upload.id)
        totals.add(part)
        if how.progress is not None:
            how.progress(totals.volumes, file.kept, "rows written")
    if totals.volumes != file.kept:
        count_rows(session, upload.id, totals.volumes)
    warnings = file.warnings()
    summary = totals.sentence(file.interval, file.layout, aside(file.rows, file.left_out, warnings))
    problems = tuple(map(str, file.problems))
    seen = _preview(file, source, how.reading, counted, changes, problems, warnings) if look else None
    return Imported(
        "volumes",
        how.label,
        summary,
        totals.volumes,
        changed,
        upload.id,
        problems,
        warnings,
        seen,
        file.problems,
    )


def _preview(
    file: VolumeFile,
    source: Source,
    reading: Reading,
    counted: Counted,
    changes: Changes,
    problems: tuple[str, ...],
    warnings: tuple[str, ...],
) -> Preview:
    return preview(
        understand(source, reading), counted, file.interval, rows=file.rows, left_out=file.left_out,
        problems=problems, warnings=warnings, changes=changes,
    )  # fmt: skip


def _held(session: Session, volumes: pd.DataFrame) -> pd.DataFrame:
    start, end = span(volumes)
    return load_volumes(session, [str(name) for name in volumes["queue"].unique()], start, end)


def _compared(before: Changes, part: pd.DataFrame, held: pd.DataFrame) -> Changes:
    """Count the rows of a part by what is held of their interval."""
    both = part.merge(held, on=KEY, how="left", suffixes=("", "_held"), indicator=True)
    new = (both["_merge"] == "left_only").to_numpy()
    other = np.zeros(len(both), dtype=bool)
    for name in (
        name for name in KINDS["volumes"].values if name in part.columns and f"{name}_held" in both.columns
    ):
        mine, theirs = both[name].to_numpy(dtype=np.float64), both[f"{name}_held"].to_numpy(dtype=np.float64)
        other |= ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
    changed = int((other & ~new).sum())
    count = int(new.sum())
    return Changes(before.new + count, before.changed + changed, before.same + len(both) - count - changed)


def _save_queues(
    session: Session, series: Sequence[tuple[str, str, str]], interval: Interval, tz: str, missing: str | None
) -> None:
    """Make the queues of a file that are not held; refuse a file whose interval is not that of its queues.

    series: (queue, channel, topic), sorted.
    """
    held = {queue.name: queue for queue in load_queues(session)}
    for name in dict.fromkeys(queue for queue, _, _ in series):
        mine = [(channel, topic) for queue, channel, topic in series if queue == name]
        topics = list(dict.fromkeys(topic for _, topic in mine))
        queue = held.get(name)
        if queue is None:
            queue = Queue(name, mine[0][0], topics[0], interval, tz)
        elif queue.interval is not interval:
            raise InputError(
                f"The queue {name!r} is kept per {queue.interval.value}; this file is per {interval.value}.",
                remedy=f"Give --interval {queue.interval.value}, or rename the queue.",
                field="interval",
            )
        elif queue.tz != tz and interval.slots == 1:
            raise InputError(
                f"The days of the queue {name!r} are those of {queue.tz}, not of {tz}.",
                remedy=f"Give --timezone {queue.tz}.",
                field="timezone",
            )
        if {queue.topic, *topics} != {queue.topic}:
            queue = replace(queue, topic="all")
        queue = replace(queue, missing=missing or queue.missing)
        if held.get(queue.name) != queue:
            save_queue(session, queue)
