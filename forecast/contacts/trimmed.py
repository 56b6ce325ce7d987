"""Text without what nobody sees at its ends: blanks of every alphabet, zero-width signs, marks of writing direction."""

from __future__ import annotations

from typing import Final

_BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
ENDS: Final = _BLANKS + _UNSEEN


def trimmed(text: str) -> str:
    """`\\ufeff Sales\\u200b ` -> `Sales`: to a planner both are the same queue."""
    return text.strip(ENDS)
