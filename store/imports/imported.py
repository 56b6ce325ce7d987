"""What became of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forecast.contacts.loaded import LoadedSide
from forecast.contacts.preview import Preview
from forecast.contacts.problem import Problem
from forecast.contacts.tables import Source


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    changed:  versions (or rows) written; 0 where the same was held already
    problems: rows that were left out, with the reason; warnings: what was assumed
    refused:  the same rows with row and column apart, the first thousand
    preview:  what a look at the file showed, where one was asked for
    """

    kind: str
    name: str
    summary: str
    rows: int
    changed: int
    upload_id: int | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    preview: Preview | None = None
    refused: tuple[Problem, ...] = ()


def of_side(loaded: LoadedSide, name: str, changed: int, upload_id: int | None = None) -> Imported:
    problems = tuple(map(str, loaded.problems))
    return Imported(
        loaded.what,
        name,
        loaded.summary(),
        len(loaded.frame),
        changed,
        upload_id,
        problems,
        loaded.warnings,
        refused=loaded.problems[:1_000],
    )


def named(source: Source, name: str | None) -> str:
    if name:
        return name
    return "upload" if isinstance(source, bytes) else Path(source).name
