"""The drop folder: files that other systems put there are read, and moved to `done` or `failed`.

What a file holds is told by its sub-folder or the beginning of its name: `mentions/monday.jsonl`, `volumes_2026-11.csv`,
`signals-weather.csv`. A file that cannot be read is moved to `failed`, with the reason beside it; the others go on. Files are
moved after their rows are committed: a run that is killed in between reads a file twice, which changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from forecast.errors import ConfigError, InputError
from jobs.facts import apply_facts
from jobs.imports import Imported, import_signals, import_volumes
from jobs.ledger import FAILED, Outcome, checkpoint, explain_failure
from jobs.mentions import import_mentions
from store.settings import Settings

READERS: dict[str, Callable[..., Imported]] = {
    "mentions": import_mentions,
    "volumes": import_volumes,
    "signals": import_signals,
}
READ, REFUSED = "done", "failed"
SETTLED = pd.Timedelta(seconds=5)  # a file written to more recently may still be growing


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Read every file that waits. Without a drop folder there is nothing to do."""
    apply_facts(session, settings)
    folder = settings.social.drop_folder
    if folder is None:
        return Outcome({"files": 0, "rows": 0})
    if not folder.is_dir():
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
        except Exception as error:
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
