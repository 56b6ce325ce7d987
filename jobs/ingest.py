"""What is new comes in: the files of the drop folder, the pages of each source of posts, and those of each system of contacts.

What a file holds is told by its sub-folder or the beginning of its name: `mentions/monday.jsonl`, `volumes_2026-11.csv`,
`signals-weather.csv`. A file that cannot be read is moved to `failed`, with the reason beside it; the others go on. Files are
moved after their rows are committed: a run that is killed in between reads a file twice, which changes nothing.

A page of a source is stored in one transaction with the cursor after it, so a run that is killed anywhere goes on where
it was, and what comes twice is known by its hash.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, floor, index
from forecast.errors import ConfigError, InputError
from forecast.social.sources.base import Page, Source
from jobs import contacts
from jobs.ledger import DONE, FAILED, Outcome, checkpoint, explain_failure, moment
from jobs.mentions import import_mentions
from jobs.sources import Line, line, open_source
from store.chain import Chain, Received, receive, take_back
from store.cursors import load_cursor, save_cursor
from store.facts import apply_facts
from store.imports.imported import Imported
from store.imports.signals import import_signals
from store.imports.volumes import import_volumes
from store.settings import Settings
from store.signals import load_signals, save_signals
from store.source_settings import Paid, SourceSettings
from store.spending import record_spending, spent_this_month

READERS: dict[str, Callable[..., Imported]] = {
    "mentions": import_mentions,
    "volumes": import_volumes,
    "signals": import_signals,
}
READ, REFUSED = "done", "failed"
SETTLED = pd.Timedelta(seconds=5)  # a file written to more recently may still be growing


def run(session: Session, settings: Settings, now: pd.Timestamp, *, over: Line | None = None) -> Outcome:
    """Read every file that waits, every source of posts and every system of contacts. over: how they are reached."""
    said = _posts(session, settings, now, over)
    if not settings.contacts.sources:
        return said
    counted = contacts.run(session, settings, now, over=over)
    asked = settings.social.sources or settings.social.drop_folder is not None
    states = {counted.state, *([said.state] if asked else [])}
    state = FAILED if states == {FAILED} else DONE
    return Outcome({**said.done, **counted.done}, (*said.problems, *counted.problems), state)


def _posts(session: Session, settings: Settings, now: pd.Timestamp, over: Line | None) -> Outcome:
    apply_facts(session, settings)
    files = (
        _files(session, settings, now)
        if settings.social.drop_folder is not None
        else Outcome({"files": 0, "rows": 0})
    )
    if not settings.social.sources:
        return files
    chain, reach = Chain(settings), over or line(settings.company.timezone)
    found, problems = Received(), list(files.problems)
    failed = 0
    for source in settings.social.sources:
        try:
            read_source(session, chain, source, open_source(source, reach), now, found, problems)
        except Exception as error:  # one queue, source or file that fails is reported; the others go on
            session.rollback()
            problems.append(explain_failure(error, source.name))
            failed += 1
    problems += found.sentences()
    done = {
        **files.done,
        "sources": len(settings.social.sources) - failed,
        "posts": found.read,
        "new": found.changed,
    }
    nothing = failed == len(settings.social.sources) and not files.done["files"]
    return Outcome(done, tuple(problems), FAILED if nothing or files.state == FAILED else "done")


def read_source(
    session: Session,
    chain: Chain,
    settings: SourceSettings,
    source: Source,
    now: pd.Timestamp,
    found: Received,
    problems: list[str],
) -> None:
    """Every page after the cursor, each committed with its own; `found` and `problems` get what became of it."""
    cursor = f"source:{source.name}"
    afford = _affordable(session, settings, now)
    if afford == 0:
        problems.append(
            f"{source.name}: this month's cap is spent; it is read again next month, or with a higher cap."
        )
        return
    for page in source.read(load_cursor(session, cursor), now=now.to_pydatetime(), afford=afford):
        record_spending(session, settings.name, page.spent, now=now.to_pydatetime())
        checkpoint(session)  # it is paid for, whatever becomes of it
        found.add(
            _store(session, chain, settings, page, moment(session, now))
        )  # known when it came, not when the run began
        problems += [
            said if said.startswith(source.name) else f"{source.name}: {said}" for said in page.problems
        ]
        save_cursor(session, cursor, page.cursor)
        checkpoint(session)


def _store(
    session: Session, chain: Chain, settings: SourceSettings, page: Page, now: pd.Timestamp
) -> Received:
    if page.counts:
        _save_counts(session, chain.settings, settings.name, page, now)
    found = Received()
    if page.mentions:
        found = receive(
            session,
            chain,
            page.mentions,
            now=now.to_pydatetime(),
            level=settings.privacy,
            must_name=settings.must_name,
        )
    take_back(session, chain, settings.name, page.deletions)
    return found


def _save_counts(session: Session, settings: Settings, name: str, page: Page, now: pd.Timestamp) -> None:
    """Numbers of a source that gives no posts: a signal of their own, `posts_` and the source's name, known now.

    Counts of less than a bucket are added to what the bucket holds: the cursor says that they were not in it yet.
    """
    interval, tz = Interval.parse(settings.social.interval), settings.company.timezone
    seconds = (page.counts[0].end - page.counts[0].start).total_seconds()
    if seconds > interval.seconds:
        interval = Interval.HOUR if seconds <= Interval.HOUR.seconds else Interval.DAY
    starts = floor(column_ns(pd.DatetimeIndex([one.start for one in page.counts])), interval, tz)
    signals = (
        pd.DataFrame({"ds": index(starts), "value": [one.value for one in page.counts]})
        .groupby("ds", as_index=False)
        .sum()
        .assign(signal=f"posts_{name}", topic="all", known_at=now.as_unit("ns"), kind="count")
    )
    signals = signals[signals["value"] > 0]  # of a count what is absent is zero
    if signals.empty:
        return
    if seconds < interval.seconds:
        span = signals["ds"].min(), signals["ds"].max() + pd.Timedelta(seconds=1)
        held = load_signals(session, start=span[0], end=span[1])
        mine = held[held["signal"] == f"posts_{name}"].set_index("ds")["value"]
        signals = signals.assign(value=signals["value"] + signals["ds"].map(mine).fillna(0.0).to_numpy())
    save_signals(session, signals, interval=interval, tz=tz)


def _affordable(session: Session, settings: SourceSettings, now: pd.Timestamp) -> int | None:
    """How many posts may still be paid for this month; None where reading is free."""
    if not isinstance(settings, Paid) or settings.price == 0:
        return None
    return max(
        0,
        int(settings.cap / settings.price)
        - spent_this_month(session, settings.name, now=now.to_pydatetime()),
    )


def _files(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Read every file that waits."""
    folder = settings.social.drop_folder
    if folder is None or not folder.is_dir():
        raise ConfigError(
            f"The drop folder {folder} does not exist.",
            remedy="Make it, or correct social.drop_folder.",
            field="social.drop_folder",
        )
    problems: list[str] = []
    files, rows = 0, 0
    for path, kind in waiting(folder):
        try:
            found = _read(session, settings, path, kind, now)
            checkpoint(session)
        except Exception as error:  # one queue, source or file that fails is reported; the others go on
            session.rollback()
            problems.append(explain_failure(error, path.name))
            _move(path, folder / REFUSED, problems[-1])
        else:
            files, rows = files + 1, rows + found.rows
            problems += [f"{path.name}: {problem}" for problem in found.problems]
            _move(path, folder / READ, "\n".join(found.problems))
    nothing = bool(problems) and files == 0
    return Outcome({"files": files, "rows": rows}, tuple(problems), FAILED if nothing else "done")


def waiting(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files of a drop folder with what they hold, the oldest name first; '' for a name that does not tell."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        skipped = parts[0] in (READ, REFUSED) or any(part.startswith((".", "~")) for part in parts)
        if path.is_file() and not skipped and path.suffix not in (".tmp", ".part"):
            written = pd.Timestamp(path.stat().st_mtime, unit="s", tz="UTC")
            if pd.Timestamp.now("UTC") - written > SETTLED:
                told = [kind for kind in READERS if parts[0] == kind or path.name.lower().startswith(kind)]
                yield path, told[0] if told else ""


def _read(session: Session, settings: Settings, path: Path, kind: str, now: pd.Timestamp) -> Imported:
    if not kind:
        raise InputError(
            "its name does not tell what it holds.",
            remedy=f"Let it begin with {', '.join(READERS)}, or put it into a folder of that name.",
        )
    return READERS[kind](session, settings, path, now=now, mode="receipt")


def _move(path: Path, folder: Path, note: str) -> None:
    """Into the folder, under a name that is free there; what was wrong stands beside it in a text file."""
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    shutil.move(path, target)
    if note:
        target.with_suffix(target.suffix + ".txt").write_text(note + "\n", "utf-8")
