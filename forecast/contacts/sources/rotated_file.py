"""A log that grows and is rotated: which of its files hold lines that were not read, and these lines by the page.

A file is told by a hash of its first line. A copy that is renamed or packed keeps it and is read on from the same byte; a
file that was begun anew has another. Lines begin with a moment in epoch seconds.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TypeAlias, cast

from forecast.errors import SourceError

LONGEST = 16_384  # bytes of a line; a longer one is cut, and then no line of a log
FIRST = 512  # bytes of a first line that tell a file
LOOKED_AT = 50  # lines in which a log shows that it is one
Moment: TypeAlias = Callable[
    [bytes], float | None
]  # a line -> its epoch seconds, None where it is no line of the log


@dataclass(frozen=True)
class Part:
    """One file of a log. first: epoch seconds of its first line; size: in bytes, None where it is packed."""

    path: Path
    mark: str
    first: float
    size: int | None


@dataclass
class Place:
    """How far a log was read. mark: the file; offset: bytes of it; last: the newest moment read, epoch seconds."""

    mark: str = ""
    offset: int = 0
    last: float = 0.0


class RotatedFile:
    """The log at `path`, and `path.1`, `path-20261122`, `path.2.gz` beside it. name: the source's, for messages."""

    def __init__(self, name: str, path: Path, moment: Moment) -> None:
        self._name, self._path, self._moment = name, path, moment

    def parts(self) -> list[Part]:
        """The files that hold a line, the oldest first and the one that grows last. SourceError where there is no log."""
        if not self._path.is_file():
            raise SourceError(
                f"{self._name}: there is no file {self._path}.",
                remedy="Correct `path`, and see that Forecall may read it.",
                field="path",
            )
        beside = [path for path in self._path.parent.glob(f"{self._path.name}[.-]*") if path.is_file()]
        found = [part for path in beside if (part := self._look(path)) is not None]
        found.sort(key=lambda part: part.size is not None)  # of a file and its packed copy the file stays
        live = self._look(self._path)
        older = {part.mark: part for part in found if live is None or part.mark != live.mark}
        ordered = sorted(older.values(), key=lambda part: part.first)
        return ordered if live is None else [*ordered, live]

    def unread(self, parts: list[Part], place: Place, start: float) -> tuple[list[Part], bool]:
        """(the files with lines behind the place, the oldest first; whether files between are gone).

        start: epoch seconds from which on lines are wanted at all, for a first reading.
        """
        if not place.mark:
            ends = [*(part.first for part in parts[1:]), float("inf")]
            return [part for part, end in zip(parts, ends, strict=True) if end >= start], False
        at = next((at for at, part in enumerate(parts) if part.mark == place.mark), None)
        if at is not None:
            size = parts[at].size
            if size is not None and size < place.offset:
                place.offset = 0  # cut off and written anew: what comes twice is known
            return parts[at:], False
        begun = [part for part in parts if part.first < place.last][-1:]
        return [*begun, *(part for part in parts if part.first >= place.last)], not begun

    def lines(self, part: Part, place: Place, most: int, *, whole: bool) -> Iterator[list[bytes]]:
        """Lines behind the place, at most so many at a time; the place moves behind each lot.

        whole: nothing is written to the file any more. Else a last line without an end waits for it.
        """
        if part.mark != place.mark:
            place.mark, place.offset = part.mark, 0
        try:
            with _opened(part.path) as stream:
                stream.seek(place.offset)
                lot: list[bytes] = []
                while line := stream.readline(LONGEST):
                    if not line.endswith(b"\n") and len(line) < LONGEST and not whole:
                        break
                    place.offset += len(line)
                    lot.append(line)
                    if len(lot) >= most:
                        yield lot
                        lot = []
                if lot:
                    yield lot
        except (OSError, EOFError, zlib.error) as error:
            raise self._closed(part.path, error) from None

    def _look(self, path: Path) -> Part | None:
        """What a file is; None for one without a line, and for one beside the log that is none of it."""
        try:
            with _opened(path) as stream:
                lines = list(islice(iter(lambda: stream.readline(LONGEST), b""), LOOKED_AT))
            size = None if path.suffix == ".gz" else path.stat().st_size
        except (OSError, EOFError, zlib.error) as error:
            if path != self._path:
                return None
            raise self._closed(path, error) from None
        if not lines or not lines[0].endswith(b"\n"):
            return None
        first = next((at for line in lines if (at := self._moment(line)) is not None), None)
        if first is not None:
            return Part(path, hashlib.blake2b(lines[0][:FIRST], digest_size=12).hexdigest(), first, size)
        if path != self._path:
            return None
        raise SourceError(
            f"{self._name}: {path} is no such log: none of its first lines begins with a moment.",
            remedy="Correct `path`.",
            field="path",
        )

    def _closed(self, path: Path, error: Exception) -> SourceError:
        why = getattr(error, "strerror", None) or type(error).__name__
        return SourceError(
            f"{self._name}: {path} cannot be read: {why}.",
            remedy="See that Forecall may read it.",
            field="path",
        )


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
