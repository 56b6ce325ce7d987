"""NICE IEX WFM: forecast import files in XML, in a zip.

help.nicecxone.com/content/integratedsolutions/iexwfmintegrated/import/importfiles/forecast.htm: files called
Forecast-[YYMMDD][HHMM].xml, at most 5 MB each, their names at most 30 characters; several contact types (CTs) in one file;
values by day or by period, dates and times in the CT's zone; tags are case-sensitive. XML in UTF-8 with a declaration
(.../import/xmlfilespecifications.htm).

NOT FOUND: the Document Type Definition, which that page has and the copies of it that could be read did not. The names in
`TAGS` are ours. Each file says so in a comment; whoever has the page sets them here. The page speaks of 64 characters for
names of things and of 30 for names of files; contact types are cut to 30, the stricter of the two.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO
from xml.sax.saxutils import escape

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.exports import cells
from forecast.exports.base import SHORT, About, Block, Facts, Notes
from forecast.exports.lengths import repeated_summed

MOST_BYTES = 5_000_000  # 5 MB, in the smaller of its two meanings
MOST_NAME = 30
TAGS = {
    "root": "forecastImport",
    "type": "contactType",
    "name": "name",
    "day": "day",
    "date": "date",
    "period": "period",
    "start": "start",
    "contacts": "contacts",
    "aht": "aht",
}
OURS = (
    "The names of the XML elements are Forecall's: the Document Type Definition of NICE was not found in public. "
    "Set them to those of your suite before the import."
)
HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {OURS} -->\n<{TAGS["root"]}>\n'
TAIL = f"</{TAGS['root']}>\n"


class Nice:
    """Periods by contact type, in files of at most 5 MB."""

    about = About(
        name="nice",
        suite="NICE IEX WFM",
        title="Forecast import files in XML, in a zip",
        media_type="application/zip",
        extension="zip",
        intervals=SHORT,
        source="https://help.nicecxone.com/content/integratedsolutions/iexwfmintegrated/import/importfiles/forecast.htm",
        needs=(
            "The Document Type Definition of your suite: the names of the elements are ours and have to be set.",
            "Contact types of the same names there.",
        ),
        limits=(
            "Files of 5 MB at most: as many as it takes, in one zip. Names have 30 characters at most.",
            "Local times without an offset: the hour that comes twice in autumn is one period with the contacts of both.",
        ),
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """Days of contact types, a new file where the next day would make one too large."""
        notes.add(OURS)
        names = cells.Names(MOST_NAME, notes, f"a contact type's name has {MOST_NAME} characters at most")
        rows = 0
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            files = _Files(packed, facts.made_at)
            for block in blocks:
                name = names.of(cells.CONTROL.sub("", block.name))
                walls, offered, aht = repeated_summed(block, notes)
                if not block.timed:
                    notes.add(f"{block.name!r} has no handling time: its periods have none.")
                open_, close = _around(name)
                files.write(open_, close, _days(walls, offered, aht))
                rows += len(walls)
            files.close()
        return rows


def _around(name: str) -> tuple[bytes, bytes]:
    open_ = f"<{TAGS['type']}><{TAGS['name']}>{escape(name)}</{TAGS['name']}>\n"
    return open_.encode("utf-8", "replace"), f"</{TAGS['type']}>\n".encode()


def _days(walls: Ns, offered: Floats, aht: Floats) -> Iterator[bytes]:
    """A day at a time as XML; seconds only where they are known."""
    texts = np.datetime_as_string(walls.view("datetime64[ns]"), unit="m").tolist()
    contacts, seconds = cells.numbers(offered), cells.numbers(aht)
    at = 0
    while at < len(texts):
        date, lines = texts[at][:10], []
        while at < len(texts) and texts[at][:10] == date:
            known = f"<{TAGS['aht']}>{seconds[at]}</{TAGS['aht']}>" if seconds[at] else ""
            lines.append(
                f"<{TAGS['period']}><{TAGS['start']}>{texts[at][11:]}</{TAGS['start']}>"
                f"<{TAGS['contacts']}>{contacts[at]}</{TAGS['contacts']}>{known}</{TAGS['period']}>"
            )
            at += 1
        head = f"<{TAGS['day']}><{TAGS['date']}>{date}</{TAGS['date']}>"
        yield "\n".join([head, *lines, f"</{TAGS['day']}>\n"]).encode()


class _Files:
    """Files of a zip, one after another, each a document of its own and of at most MOST_BYTES.

    Their names are a minute apart, because the layout gives them no other place for a number.
    """

    def __init__(self, packed: zipfile.ZipFile, made_at: dt.datetime) -> None:
        self._packed, self._made_at = packed, made_at
        self._parts: list[bytes] = []
        self._size = 0
        self._count = 0

    def write(self, open_: bytes, close: bytes, days: Iterable[bytes]) -> None:
        """A contact type, in this file and, where it is full, in the next."""
        around = len(open_) + len(close) + len(HEAD.encode()) + len(TAIL.encode())
        begun = False
        for day in days:
            if self._parts and self._size + len(day) + around > MOST_BYTES:
                self._parts += [close] if begun else []
                self.close()
                begun = False
            if not begun:
                self._add(open_)
            begun = True
            self._add(day)
        if begun:
            self._add(close)

    def close(self) -> None:
        """End the file that is open."""
        if self._parts or self._count == 0:
            at = self._made_at + dt.timedelta(minutes=self._count)
            entry = zipfile.ZipInfo(f"Forecast-{at:%y%m%d%H%M}.xml", date_time=self._made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            self._packed.writestr(entry, b"".join([HEAD.encode(), *self._parts, TAIL.encode()]))
            self._count += 1
        self._parts, self._size = [], 0

    def _add(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
