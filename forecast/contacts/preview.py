"""What would be loaded from a file of volumes, for a look before it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecast.buckets import Interval, column_ns, local_ns
from forecast.contacts.clock import DMY, MDY
from forecast.contacts.headers import arrange
from forecast.contacts.intake import Intake
from forecast.contacts.loaded import Loaded
from forecast.contacts.reading import AUTO, Reading
from forecast.contacts.tables import Arranged, Source, read_head
from forecast.errors import AmbiguousDates

SHOWN = 10  # rows as they would be loaded


@dataclass(frozen=True)
class Understood:
    """How a file was read, learnt from its beginning.

    layout:     tidy, genesys, connect, or wide and by what
    columns:    our name -> column of the file; unused: the others
    date_order: dmy or mdy where dates end with the year, else ''
    header_row: 1-based, 0 where there is none; sheet: of a workbook
    """

    layout: str
    columns: Mapping[str, str]
    unused: tuple[str, ...]
    date_order: str
    header_row: int
    sheet: str
    totals: tuple[int, ...]


@dataclass(frozen=True)
class QueuePreview:
    """What a file holds of one queue and channel. first, last: local start; mean: contacts per interval that has a row."""

    queue: str
    channel: str
    rows: int
    first: str
    last: str
    offered: float
    mean: float


@dataclass(frozen=True)
class Changes:
    """Intervals of queues and topics by what is held of them: new, held with other numbers, held and the same."""

    new: int
    changed: int
    same: int


@dataclass(frozen=True)
class Preview:
    """What would be loaded: how the file was read, each queue, the first rows, and what is wrong.

    left_out: rows that cannot be used. totals: rows left out as sums (of a long file those at its beginning)
    """

    layout: str
    sheet: str
    header_row: int
    columns: Mapping[str, str]
    unused: tuple[str, ...]
    interval: str
    timezone: str
    date_order: str
    queues: tuple[QueuePreview, ...]
    first_rows: tuple[Mapping[str, str | float | None], ...]
    rows: int
    left_out: int
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    totals: tuple[int, ...]
    changes: Changes | None = None


@dataclass
class Counted:
    """Volumes that come in parts, counted per queue; `first`: the first rows."""

    tz: str
    held: dict[tuple[str, str], list[float]] = field(default_factory=dict)  # rows, first ns, last ns, offered
    first: list[pd.DataFrame] = field(default_factory=list)

    def add(self, volumes: pd.DataFrame) -> None:
        """volumes[queue, ds, offered, channel, ...]: one part."""
        if sum(map(len, self.first)) < SHOWN:
            self.first.append(volumes.head(SHOWN))
        ns = column_ns(volumes["ds"])
        names = pd.MultiIndex.from_frame(volumes[["queue", "channel"]])
        codes, unique = names.factorize()
        for code, (queue, channel) in enumerate(unique):
            places = np.flatnonzero(codes == code)
            mine = ns[places]
            row = self.held.setdefault((str(queue), str(channel)), [0, np.inf, -np.inf, 0.0])
            row[0] += len(mine)
            row[1], row[2] = min(row[1], int(mine.min())), max(row[2], int(mine.max()))
            row[3] += float(volumes["offered"].to_numpy()[places].sum())

    def queues(self) -> tuple[QueuePreview, ...]:
        """The queues in order of their names."""
        return tuple(
            QueuePreview(
                queue, channel, int(rows), self._local(first), self._local(last), offered, offered / rows
            )
            for (queue, channel), (rows, first, last, offered) in sorted(self.held.items())
        )

    def rows(self) -> tuple[Mapping[str, str | float | None], ...]:
        """The first rows as they would be loaded, with the local start beside the one in UTC."""
        shown = pd.concat(self.first).head(SHOWN) if self.first else pd.DataFrame()
        found = []
        for row in shown.to_dict("records"):
            values = {str(name): _plain(value) for name, value in row.items()}
            found.append(
                {"queue": values.pop("queue"), "local": self._local(pd.Timestamp(row["ds"]).value), **values}
            )
        return tuple(found)

    def _local(self, ns: float) -> str:
        wall = int(local_ns(np.array([int(ns)], dtype=np.int64), self.tz)[0])
        return str(pd.Timestamp(wall).strftime("%Y-%m-%d %H:%M"))


def _plain(value: object) -> str | float | None:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if value is None or value is pd.NaT or value != value:
        return None
    return float(value) if isinstance(value, int | float | np.number) else str(value)


def understand(source: Source, reading: Reading = AUTO) -> Understood:
    """The beginning of a file -> Understood; raises like `read_volumes`, but for what only later rows show."""
    table = read_head(source, reading)
    kind, names, arranged = arrange(table, reading)
    found = arranged.arranged or Arranged(kind.name, names)
    intake = Intake(arranged, names)
    order = reading.date_order or ""
    texts = pd.unique(arranged.frame[names["interval_start"]].iloc[:20_000])
    if any(text and not text[:4].isdigit() for text in texts):
        try:
            order = intake.order(("interval_start", "known_at"), reading.date_order)
        except AmbiguousDates:
            order = order if order in (DMY, MDY) else ""
    return Understood(
        found.shape, found.columns, found.unused, order, table.header_row, table.sheet, found.totals
    )


def preview(
    understood: Understood,
    counted: Counted,
    interval: Interval,
    *,
    rows: int,
    left_out: int,
    problems: tuple[str, ...],
    warnings: tuple[str, ...],
    changes: Changes | None = None,
) -> Preview:
    """What is known of a file, put together."""
    return Preview(
        understood.layout, understood.sheet, understood.header_row, understood.columns, understood.unused, interval.value,
        counted.tz, understood.date_order, counted.queues(), counted.rows(), rows, left_out, problems, warnings,
        understood.totals, changes,
    )  # fmt: skip


def preview_loaded(source: Source, loaded: Loaded, *, tz: str, reading: Reading = AUTO) -> Preview:
    """A file and what was loaded of it -> Preview, without a look at what is held."""
    counted = Counted(tz)
    counted.add(loaded.frame)
    return preview(
        understand(source, reading), counted, loaded.interval, rows=loaded.rows, left_out=loaded.left_out,
        problems=tuple(map(str, loaded.problems)), warnings=loaded.warnings,
    )  # fmt: skip
