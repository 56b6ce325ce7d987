"""Cells of a column as planners write them, brought to one spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.contacts.handle_times import as_seconds, typed_as_hours
from forecast.contacts.numbers import parse_numbers
from forecast.contacts.spellings import CHANNELS
from forecast.contacts.tables import Origin

if TYPE_CHECKING:
    from forecast.contacts.draft import Draft

_SAMPLE = 2_000


def is_numeric(cells: pd.Series) -> bool:
    """Most filled cells are numbers, and there are some."""
    filled = cells[cells != ""].iloc[:_SAMPLE]
    if not len(filled):
        return False
    return any(parse_numbers(filled, decimal)[1].mean() <= 0.2 for decimal in (".", ","))


def filled_down(cells: pd.Series) -> pd.Series | None:
    """text[n] -> the same with empty cells filled from above, where they look merged; else None.

    They do where the first cell is filled, at least 40 % are empty, and no cell repeats the filled one above it: who writes
    the column out repeats himself.
    """
    empty = (cells == "").to_numpy(dtype=bool)
    if len(cells) < 3 or empty[0] or empty.sum() < 2 or empty.mean() < 0.4:
        return None
    filled = cells[~empty].to_numpy(dtype=object)
    if len(filled) > 1 and (filled[1:] == filled[:-1]).any():
        return None
    block = np.cumsum(~empty) - 1
    return pd.Series(filled[block], index=cells.index, dtype=object)


def _replaced(cells: pd.Series, words: Mapping[str, str]) -> pd.Series:
    codes, unique = pd.factorize(cells.to_numpy(dtype=object))
    texts = np.array([words.get(str(text), text) for text in unique], dtype=object)
    return pd.Series(texts[codes], index=cells.index, dtype=object)


def phone_and_mail(cells: pd.Series) -> pd.Series:
    """Channels in other languages -> ours: `Telefoon` is phone."""
    unique = [str(text) for text in pd.unique(cells)]
    return _replaced(
        cells, {text: CHANNELS[text.casefold()] for text in unique if text.casefold() in CHANNELS}
    )


def counts_not_shares(cells: pd.Series) -> bool:
    """Not most of the filled cells end with a percent sign."""
    filled = cells[cells != ""].iloc[:_SAMPLE]
    return not len(filled) or float(filled.str.endswith("%").mean()) < 0.5


def in_seconds(draft: Draft, column: str) -> None:
    """Write handling times as seconds, and keep what stood there for messages."""
    cells = draft.frame[column]
    unique = [str(text) for text in pd.unique(cells)]
    header = str(draft.origins[column].columns[0]) if column in draft.origins and len(cells) else column
    read = as_seconds(unique, header, draft.table.decimal)
    if typed_as_hours(unique):
        draft.warnings.append(
            f"{header!r} is read as hours and minutes ({next(text for text in unique if text)}): if minutes and seconds are "
            "meant, the spreadsheet took them for hours; write them as seconds."
        )
    if not read:
        return
    if column not in draft.origins:
        names = np.full(len(cells), column, dtype=object)
        draft.origins[column] = Origin(names, cells.to_numpy(dtype=object))
    draft.frame = draft.frame.assign(**{column: _replaced(cells, read)})
