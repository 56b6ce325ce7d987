"""What kind of file some bytes are: a text table, an Excel workbook, Parquet, or something else that we refuse by name."""

from __future__ import annotations

import io
import zipfile

from forecast.errors import UnreadableFile

MAX_BYTES = 500 * 1024 * 1024
EXPECTED = "We read tables: CSV (comma, semicolon, tab or pipe), Excel (.xlsx) or Parquet."

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office file (.xls); save it as .xlsx"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "a rich text document"),
)


def refusal(name: str, looks_like: str) -> UnreadableFile:
    """The error for a file of another kind."""
    return UnreadableFile(f"{name} looks like {looks_like}, not a table.", remedy=EXPECTED, field="file")


def kind_of(data: bytes, name: str) -> str:
    """bytes -> `xlsx`, `parquet` or `text`; UnreadableFile that names what else it looks like."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(
            f"{name} is larger than 500 MB.", remedy="Split it, for example by year.", field="file"
        )
    for signature, words in _SIGNATURES:
        if data.startswith(signature):
            raise refusal(name, words)
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _check_workbook(data, name)
        return "xlsx"
    return "text"


def _check_workbook(data: bytes, name: str) -> None:
    """Pass a zip that is an Excel workbook of a sane size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise refusal(name, "a damaged zip or Excel file") from None
    names = {member.filename for member in members}
    if not any(member.startswith("xl/workbook") for member in names):
        raise refusal(
            name,
            "a Word document" if "word/document.xml" in names else "a zip archive that is no Excel workbook",
        )
    if sum(member.file_size for member in members) > MAX_BYTES:
        # The declared size is a safe bound: zipfile reads no member beyond it.
        raise UnreadableFile(
            f"{name} unpacks to more than 500 MB.", remedy="Save the one sheet as CSV.", field="file"
        )


def refuse_other_text(text: str, name: str) -> None:
    """Pass decoded text that may be a table; UnreadableFile for HTML, XML, JSON and calendars."""
    head = text[:2000].lstrip().lower()
    if head.startswith(("<!doctype html", "<html", "<head", "<body", "<table")):
        raise refusal(name, "a web page (HTML)")
    if head.startswith("<"):
        raise refusal(name, "XML")
    if head.startswith(("{", "[")):
        raise refusal(name, "JSON")
    if head.startswith("begin:vcalendar"):
        raise refusal(name, "a calendar (.ics; only special days are read from one)")
