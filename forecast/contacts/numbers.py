"""Numbers as planners write them: decimal point or comma, thousands marks, never NaN or infinity."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.errors import InputError

Floats = npt.NDArray[np.float64]
LARGEST = 1e12  # beyond this a cell is a mistake, not a count; it also keeps sums finite

_GROUPS = "[ \u00a0\u202f'\u2019{}]"
_TEMPLATE = r"[+-]?(?:(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"
_FORMS = {
    ".": re.compile(_TEMPLATE.format(group=_GROUPS.format(","), point=r"\.")),
    ",": re.compile(_TEMPLATE.format(group=_GROUPS.format("."), point=",")),
}
_MARKS = str.maketrans("", "", " \u00a0\u202f'\u2019")
_COMMA = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]+")
_POINT = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)\.[0-9]+")
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1,234: thousands or three decimals


def decimal_of(cells: Iterable[str], delimiter: str) -> tuple[str, str]:
    """Cells of a table -> (decimal mark, warning or ''). The mark that only one reading allows decides for the file."""
    marked = [cell for cell in cells if "," in cell or "." in cell]
    comma = [cell for cell in marked if _COMMA.fullmatch(cell)]
    point = [cell for cell in marked if _POINT.fullmatch(cell)]
    sure_comma = [cell for cell in comma if not _EITHER.fullmatch(cell)]
    sure_point = [cell for cell in point if not _EITHER.fullmatch(cell)]
    if sure_comma or sure_point:
        return ("," if len(sure_comma) > len(sure_point) else "."), ""
    if comma and delimiter == ";":  # a semicolon file is written where the comma is the decimal mark
        return (
            ",",
            f"{comma[0]} was read with a decimal comma; write it without a mark if it means thousands.",
        )
    if comma:
        return ".", f"{comma[0]} was read as thousands; write 1.5 or 1,50 where a decimal mark is meant."
    if point:
        return (
            ".",
            f"{point[0]} was read with a decimal point; write it without a mark if it means thousands.",
        )
    return ".", ""


def is_decimal(mark: str | None) -> str:
    """A decimal mark that a planner gave, '' for none; InputError for another sign."""
    if mark not in (None, "", ".", ","):
        raise InputError(f"{mark!r} is no decimal mark.", remedy="Use . or , here.", field="decimal")
    return mark or ""


def parse_numbers(
    cells: pd.Series, decimal: str, *, percent: bool = False
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """cells[n] -> (values[n], bad[n]). An empty cell is NaN and not bad; NaN, infinity and words are bad.

    percent: 40 % is 0.4; without it a percent sign makes a cell bad.
    """
    codes, unique = pd.factorize(cells.to_numpy(dtype=object))
    read = _share if percent else _number
    values = np.array([read(str(text), decimal) for text in unique], dtype=np.float64)
    empty = np.array([text == "" for text in unique], dtype=bool)
    return values[codes], (np.isnan(values) & ~empty)[codes]


def _share(text: str, decimal: str) -> float:
    return _number(text[:-1].rstrip(), decimal) / 100 if text.endswith("%") else _number(text, decimal)


def _number(text: str, decimal: str) -> float:
    if not _FORMS[decimal].fullmatch(text):
        return float("nan")
    plain = text.translate(_MARKS).replace("," if decimal == "." else ".", "").replace(decimal, ".")
    value = float(plain)
    return value if abs(value) <= LARGEST else float("nan")
