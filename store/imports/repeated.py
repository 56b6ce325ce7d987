"""The same file once more: known by what is in it and how it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from forecast.contacts.reading import Reading
from forecast.contacts.tables import Source
from forecast.errors import UnreadableFile
from store.imports.imported import Imported
from store.plain import plain
from store.uploads import Upload


def fingerprint(source: Source, reading: Reading, *how: str | None) -> str:
    """SHA-256 of the bytes of a file, of how it is read, and of what else shapes what comes of it."""
    digest = hashlib.sha256(json.dumps([plain(vars(reading)), how], sort_keys=True, default=str).encode())
    if isinstance(source, bytes):
        digest.update(source)
        return digest.hexdigest()
    try:
        with Path(source).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(
            f"{source} cannot be opened: {why}.", remedy="Check the path.", field="file"
        ) from None
    return digest.hexdigest()


def nothing_new(upload: Upload, name: str, warnings: Sequence[str] = ()) -> Imported:
    """What is told of a file that is held already, as it is."""
    summary = f"nothing new: it was loaded as upload {upload.id} on {upload.at:%Y-%m-%d}."
    return Imported(upload.kind, name, summary, upload.rows, 0, upload.id, (), tuple(warnings))
