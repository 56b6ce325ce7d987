"""Bytes -> text: byte order marks, UTF-8, UTF-16 and the Windows code page."""

from __future__ import annotations

import codecs
import re

from forecast.contacts.filekind import refusal
from forecast.errors import UnreadableFile

_MARKS: tuple[tuple[bytes, str], ...] = (  # the longer mark first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_UTF8 = re.compile(  # letters of western Europe, euro, dashes; words of other alphabets; emoji
    rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xe2\x82\xac|\xe2\x80[\x93-\xa6]"
    rb"|(?:[\xc4-\xdf][\x80-\xbf]){2}|(?:[\xe3-\xef][\x80-\xbf]{2}){2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


def decode(data: bytes, name: str) -> tuple[str, str]:
    """bytes -> (text, encoding); UnreadableFile where the bytes are no text we know."""
    encoding = _guess(data)
    try:
        text = _by_line(data) if mixed(data, encoding) else data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"{name} holds characters we cannot read, at byte {error.start}.",
            remedy="Save it as UTF-8.",
            field="file",
        ) from None
    head = text[:8192]
    odd = sum(ord(sign) < 32 and sign not in "\t\r\n\x0c\x1a" for sign in head)
    if "\0" in text or odd > 0.02 * len(head):
        raise refusal(name, "a binary file")
    return text.lstrip("\ufeff"), encoding


def mixed(data: bytes, encoding: str) -> bool:
    """Bytes that are no UTF-8 as a whole, yet hold characters of it: files of two systems glued together."""
    return encoding == "cp1252" and _UTF8.search(data) is not None


def _by_line(data: bytes) -> str:
    """Lines decoded one by one, those that are no UTF-8 as the Windows code page."""
    lines = []
    for line in data.splitlines(keepends=True):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252"))
    return "".join(lines)


def _guess(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
