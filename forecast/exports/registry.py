"""The layouts there are, by name."""

from __future__ import annotations

import difflib

from forecast.errors import NotFound
from forecast.exports.assembled import Assembled
from forecast.exports.base import Layout
from forecast.exports.calabrio import Calabrio
from forecast.exports.connect import Connect
from forecast.exports.excel import Excel
from forecast.exports.genesys import Genesys
from forecast.exports.genesys_json import GenesysJson
from forecast.exports.nice import Nice
from forecast.exports.tidy import Tidy

ALL: tuple[Layout, ...] = (
    Tidy(),
    Excel(),
    Genesys(),
    GenesysJson(),
    Connect(),
    Calabrio(),
    Nice(),
    Assembled(),
)
LAYOUTS = {one.about.name: one for one in ALL}


def find_layout(name: str) -> Layout:
    """The layout of that name, or NotFound with those there are."""
    if name in LAYOUTS:
        return LAYOUTS[name]
    near = difflib.get_close_matches(name, LAYOUTS, n=2, cutoff=0.5)
    raise NotFound(
        f"There is no layout {name[:60]!r}.",
        remedy=f"Did you mean {' or '.join(near)}?" if near else f"Use {', '.join(LAYOUTS)}.",
        field="layout",
    )
