"""Texts and numbers as cells: what a spreadsheet would run as a formula is made harmless, names are cut and kept unique."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, local_ns
from forecast.exports.base import Notes

FORMULA = ("=", "+", "-", "@", "\t", "\r")
DIGITS = 6
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def safe(text: str, notes: Notes | None = None) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if not text.startswith(FORMULA):
        return text
    if notes is not None:
        notes.add(
            f"{text[:60]!r} begins like a formula and has an apostrophe before it; take it off where the suite wants the name."
        )
    return f"'{text}"


def number(value: float) -> str:
    """A number with at most six decimals and no exponent; '' for NaN."""
    if value != value:
        return ""
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def numbers(values: Floats) -> list[str]:
    """Numbers [n] as cells."""
    return [number(value) for value in values.tolist()]


def utc(ds: Ns) -> list[str]:
    """Moments [n] in ISO 8601 with Z, to the second."""
    return [f"{text}Z" for text in np.datetime_as_string(ds.view("datetime64[ns]"), unit="s").tolist()]


def local(ds: Ns, tz: str) -> list[str]:
    """Moments [n] in ISO 8601 with the offset that holds then: the two of a repeated hour differ by it."""
    walls = local_ns(ds, tz)
    minutes = ((walls - ds) // (60 * SECOND)).tolist()
    ends = {one: _offset(one) for one in set(minutes)}
    texts = np.datetime_as_string(walls.view("datetime64[ns]"), unit="s").tolist()
    return [f"{text}{ends[offset]}" for text, offset in zip(texts, minutes, strict=True)]


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


@contextmanager
def csv_rows(out: BinaryIO) -> Iterator[Callable[[Iterable[Iterable[Any]]], None]]:
    """A writer of rows as CSV in UTF-8, lines ended by CR LF (RFC 4180); the stream stays open."""
    text = io.TextIOWrapper(out, "utf-8", errors="replace", newline="")
    try:
        yield csv.writer(text, lineterminator="\r\n").writerows
    finally:
        text.flush()
        text.detach()


class Names:
    """Names cut to what a layout can hold, each another one; without regard to case."""

    def __init__(self, most: int, notes: Notes, what: str, *, length: Callable[[str], int] = len) -> None:
        self._most, self._notes, self._what, self._length = most, notes, what, length
        self._taken: set[str] = set()

    def of(self, text: str) -> str:
        """The name as it stands in the file."""
        found = self._cut(text, self._most)
        at = 2
        while found.casefold() in self._taken:
            found = self._cut(text, self._most - len(f"~{at}")) + f"~{at}"
            at += 1
        self._taken.add(found.casefold())
        if found != text:
            self._notes.add(f"{text[:200]!r} is called {found!r} here: {self._what}.")
        return found

    def _cut(self, text: str, most: int) -> str:
        if self._length(text) <= most:
            return text
        while self._length(text) > most:
            text = text[:-1]
        return text.rstrip(" '")
