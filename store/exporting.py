"""The forecast in a layout of a suite: which queues, which span, whose share, and what had to be said about it.

    Wanted ─► Span (queues, interval, Facts) ─► a block per queue or planning group, one at a time ─► layout ─► file

Everything that can be refused is refused before the file is whole, so that a caller writes to a place of his own (a
spooled file) and passes on what came of it.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np
from sqlalchemy.orm import Session

from forecast.buckets import Interval, from_ns
from forecast.errors import InputError, NotFound
from forecast.exports.base import About, Block, Facts, Layout, Notes
from forecast.exports.registry import find_layout
from forecast.planning_groups import Groups
from store.export_blocks import Blocks
from store.export_span import facts_of, targets_of, wall, zone_of
from store.groups import load_groups
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings
from store.staffing_settings import nearest_quantile

UNTRIED = "Not tried in the suite: written from its public documentation."
ADDED = "Quantiles of several rows or queues are added up, as if all were busy at once."


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    queues: by name, () = all; channel: of one channel only; start, end: aware, None = as the layout has it
    site, group: only their share of the contacts ('' = the site without a name); value: `mean` or a quantile
    overrides: with the manual changes in force on top
    ids: what the suite calls a queue or group; aht_seconds: where a queue has no handling time
    week_starts: Monday = 0, for layouts in whole weeks
    """

    layout: str
    queues: tuple[str, ...] = ()
    channel: str | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    interval: Interval | None = None
    version: str | int = "published"
    as_of: dt.datetime | None = None
    site: str | None = None
    group: str | None = None
    value: str = "mean"
    overrides: bool = True
    ids: Mapping[str, str] = field(default_factory=dict)
    aht_seconds: float | None = None
    week_starts: int = 0


@dataclass(frozen=True)
class Exported:
    """A file that was written: what to call it, its type, its rows, and what to know about it."""

    file: str
    media_type: str
    rows: int
    notes: tuple[str, ...]


def export(
    session: Session, settings: Settings, wanted: Wanted, out: BinaryIO, *, now: dt.datetime
) -> Exported:
    """Write the forecast into `out` (seekable). InputError or NotFound where that cannot be done; `out` is of no use then."""
    layout = find_layout(wanted.layout)
    wanted = replace(wanted, value=_value(wanted.value), as_of=wanted.as_of or now)
    queues = _queues(session, wanted)
    groups = load_groups(session)
    _require_share(wanted, groups, queues, layout.about)
    tz = zone_of(queues, settings)
    targets = targets_of(layout.about, queues, wanted.interval)
    some = layout.about.by_group or wanted.site is not None or wanted.group is not None
    blocks = Blocks(session, settings, wanted, now, () if some else queues)
    facts = facts_of(layout.about, wanted, targets, blocks, queues, tz, now)
    notes = Notes()
    if layout.about.source and not layout.about.tried:
        notes.add(UNTRIED)
    if wanted.site is not None:
        notes.add(f"Only what the site {wanted.site!r} takes, by its share of each day.")
    made = _Making(layout, wanted, groups, targets, blocks, facts, notes)
    rows = layout.write(made.each(queues), facts, out, notes)
    if made.count == 0:
        raise made.nothing()
    if wanted.value != "mean" and blocks.added:
        notes.add(ADDED)
    day = from_ns(wall(facts.start, tz))
    file = f"forecall-{layout.about.name}-{day:%Y%m%d}.{layout.about.extension}"
    return Exported(file, layout.about.media_type, rows, notes.sentences)


@dataclass
class _Making:
    """The blocks of one file as they are made; count: how many went out; refused: why not, and what to do."""

    layout: Layout
    wanted: Wanted
    groups: Groups
    targets: Mapping[str, Interval | None]
    blocks: Blocks
    facts: Facts
    notes: Notes
    count: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def each(self, queues: tuple[Queue, ...]) -> Iterator[Block]:
        """Blocks in the order of their names; what cannot be in the file is left out with a note, or refused if named."""
        made = self._groups(queues) if self.layout.about.by_group else self._queues(queues)
        for block in made:
            timed = self._timed(replace(block, id=self.wanted.ids.get(block.name, "")))
            why, remedy = self.layout.about.refusal(timed, self.facts)
            if why:
                self.refused.setdefault(why, remedy)
                self._leave_out(why, remedy)
                continue
            self.count += 1
            yield self.blocks.with_agents(timed, self.notes) if self.layout.about.agents else timed

    def _queues(self, queues: tuple[Queue, ...]) -> Iterator[Block]:
        for queue in queues:
            keys = None
            if self.wanted.site is not None or self.wanted.group is not None:
                keys = [key for key in self._keys(queue) if self._asked(key)]
                if not keys:
                    continue
            block = self._of_queue(queue, keys)
            if block is not None:
                yield block

    def _groups(self, queues: tuple[Queue, ...]) -> Iterator[Block]:
        names = {key[0] for queue in queues for key in self._keys(queue) if self._asked(key)}
        for name in sorted(names):
            mine = []
            for queue in queues:
                keys = [key for key in self._keys(queue) if key[0] == name and self._asked(key)]
                block = self._of_queue(queue, keys) if keys else None
                mine += [] if block is None else [block]
            if mine:
                yield self.blocks.together(name, mine, self.notes)

    def _keys(self, queue: Queue) -> list[tuple[str, str]]:
        """Every (group, site) that may take contacts of a queue; its own group, which takes the rest, is one."""
        held = [part.key for part in self.groups.parts if part.queue == queue.name]
        return list(dict.fromkeys([*held, (queue.name, "")]))

    def _asked(self, key: tuple[str, str]) -> bool:
        return self.wanted.group in (None, key[0]) and self.wanted.site in (None, key[1])

    def _of_queue(self, queue: Queue, keys: list[tuple[str, str]] | None) -> Block | None:
        """What these groups take of a queue (None: all of it); None where that is nothing."""
        target = self.targets[queue.name]
        if target is None:
            why = f"{queue.name!r} is counted by day, and the rows of this file are shorter."
            remedy = "Ask for the other queues, or for interval=1d where the layout has it."
            self.refused.setdefault(why, remedy)
            self._leave_out(why, remedy)
            return None
        block = self.blocks.of(queue, target, self.facts, self.layout.reach(self.facts), self.notes)
        if len(block) == 0:
            self._leave_out(f"{queue.name!r} has no forecast in this span.", "Ask for another span.")
            return None
        return block if keys is None else self.blocks.shared(block, queue, self.groups, keys)

    def _timed(self, block: Block) -> Block:
        """The block with the handling time that was given, where it has none of its own."""
        if self.wanted.aht_seconds is None or block.timed:
            return block
        self.notes.add(
            f"{block.name!r} has no handling time: {self.wanted.aht_seconds:g} seconds, as was asked."
        )
        return replace(block, aht=np.full(len(block), self.wanted.aht_seconds))

    def nothing(self) -> NotFound | InputError:
        """What to say of a file without a row: why each queue was refused, or that nothing is forecast."""
        if self.refused:
            why = " ".join(list(self.refused)[:5])
            return InputError(
                f"Nothing is left for this file. {why}",
                remedy=next(iter(self.refused.values())),
                field="queue",
            )
        return NotFound(
            f"There is no forecast to export from {from_ns(self.facts.start):%Y-%m-%d %H:%M} UTC on.",
            remedy="Make one (`forecall run predict`), publish it, or ask for another start, group or site.",
            field="start",
        )

    def _leave_out(self, why: str, remedy: str) -> None:
        if self.wanted.queues or self.wanted.group is not None:
            raise InputError(why, remedy=remedy, field="queue")
        self.notes.add(f"Left out: {why} {remedy}")


def ids_of(given: Sequence[str]) -> dict[str, str]:
    """`NAME=ID` -> {name: id}; a name may hold `=`, an id does not."""
    found = {}
    for text in given:
        name, _, value = text.rpartition("=")
        if not name or not value:
            raise InputError(
                f"{text[:60]!r} is no name with an id.", remedy="Write id=NAME=ID, once for each.", field="id"
            )
        found[name] = value
    return found


def _value(text: str) -> str:
    """`mean`, or the quantile as it is kept."""
    if text == "mean":
        return text
    try:
        return f"{nearest_quantile(float(text)):g}"
    except ValueError:
        raise InputError(
            f"The quantile {text[:20]!r} is no number.",
            remedy="Use mean, or 0.5, 0.8, 0.9.",
            field="quantile",
        ) from None


def _queues(session: Session, wanted: Wanted) -> tuple[Queue, ...]:
    if wanted.queues:
        require_queues(session, list(wanted.queues))
    found = [
        one
        for one in load_queues(session)
        if (not wanted.queues or one.name in wanted.queues) and wanted.channel in (None, one.channel)
    ]
    if not found:
        raise NotFound(
            "There is no queue to export.",
            remedy="Import volumes first: `forecall import volumes FILE`.",
            field="queue",
        )
    return tuple(sorted(found, key=lambda one: one.name))


def _require_share(wanted: Wanted, groups: Groups, queues: tuple[Queue, ...], about: About) -> None:
    """NotFound where a group, a site or the name of an id is nobody's."""
    names = {*(key[0] for key in groups.keys), *(one.name for one in queues)}
    sites = {"", *(key[1] for key in groups.keys)}
    asked = [("group", wanted.group, names), ("site", wanted.site, sites)]
    for what, name, held in [*asked, *(("id", one, names) for one in wanted.ids)]:
        if name is not None and name not in held:
            near = difflib.get_close_matches(name, sorted(held), n=3, cutoff=0.4)
            raise NotFound(
                f"There is no {'queue or group' if what == 'id' else what} {name[:60]!r}.",
                remedy=f"Did you mean {', '.join(near)}?" if near else "GET /v1/groups has them.",
                field=what,
            )
