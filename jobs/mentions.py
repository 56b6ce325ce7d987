"""Files of mentions into the store: read row by row, received in batches; a bad row is reported and the rest goes on.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from forecast.errors import EmptyFile, InputError
from forecast.social.mention import Mention
from forecast.social.mention_files import Rows, read_mentions
from jobs.signals import rewind
from store.chain import RECEIPT, REVISION, Chain, Received, receive
from store.forgotten import load_forgotten
from store.imports.imported import Imported
from store.mentions import count_mentions
from store.settings import Settings

BATCH = 5_000


def import_mentions(
    session: Session,
    settings: Settings,
    source: Path | str,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = REVISION,
    date_order: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """A file of mentions -> scored mentions in the store. Loading it twice changes nothing.

    A mention counts as known when it was made; one that changes what is held (`revision`), or that a job brings of a
    source with a history (`receipt`), is known now. progress: called with the number of rows read so far.
    """
    label = name or Path(source).name
    rows = read_mentions(source, tz=timezone or settings.company.timezone, date_order=date_order)
    problems: list[str] = []
    chain, found = Chain(settings), Received()
    modes: dict[str, str] = {}
    forgotten = load_forgotten(session)
    for batch in _batches(_good(rows, problems)):
        for source in dict.fromkeys(mention.source for mention in batch):
            if source not in modes:  # the first file of a source is its history
                fresh = mode == RECEIPT and not (
                    source in forgotten or count_mentions(session, source=source)
                )
                modes[source] = REVISION if fresh else mode
        for how in dict.fromkeys(modes.values()):
            mine = [mention for mention in batch if modes[mention.source] == how]
            if mine:
                found.add(receive(session, chain, mine, now=now.to_pydatetime(), mode=how))
        if progress is not None:
            progress(found.read + len(problems))
    if found.read == 0:
        raise EmptyFile(
            f"{label} has no usable row. {' '.join(problems[:3])}".strip(),
            remedy="Repair these rows and load it again.",
            field="file",
        )
    if found.earliest is not None:
        rewind(session, settings, found.earliest)
    left = (
        f"{len(problems):,} of {found.read + len(problems):,} rows were left out"
        if problems
        else "no row was left out"
    )
    summary = f"{found.read:,} posts, {found.changed:,} of them new or changed; {left}."
    return Imported(
        "mentions", label, summary, found.read, found.changed, None, tuple(problems), tuple(found.sentences())
    )


def _good(rows: Rows, problems: list[str]) -> Iterator[Mention]:
    for number, row in rows:
        if isinstance(row, InputError):
            problems.append(f"Row {number}: {row}")
        else:
            yield row


def _batches(mentions: Iterator[Mention]) -> Iterator[list[Mention]]:
    while batch := list(islice(mentions, BATCH)):
        yield batch
