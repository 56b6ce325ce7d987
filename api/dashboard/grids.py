"""What every table of the pages has in common."""

from __future__ import annotations

from typing import Any

from api.dashboard.words import Words

RIGHT = "ag-right-aligned-cell"
ROW, HEAD = 31, 38  # pixels
THEME = {
    "function": "themeQuartz.withParams({"
    "backgroundColor: 'var(--surface)', foregroundColor: 'var(--ink)', headerTextColor: 'var(--muted)',"
    "headerBackgroundColor: 'var(--surface)', borderColor: 'var(--line)', rowHoverColor: 'var(--hover)',"
    "accentColor: 'var(--accent)', fontFamily: 'inherit', fontSize: 13, headerFontSize: 12.5, headerFontWeight: 600,"
    "spacing: 6, wrapperBorder: false, rowBorder: true, columnBorder: false, browserColorScheme: 'inherit'})"
}


def grid_options(words: Words, **more: Any) -> dict[str, Any]:
    """What every table has: the theme, the language, no Enterprise, cells that can be reached by keyboard."""
    texts = {"noRowsToShow": words("no_rows"), "loadingOoo": "…", "ariaSortableColumn": "↵"}
    return {
        "theme": THEME,
        "localeText": texts,
        "animateRows": False,
        "rowHeight": ROW,
        "headerHeight": HEAD,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressMovableColumns": True,
        "tooltipShowDelay": 300,
        **more,
    }


def harmless(name: str) -> str:
    """A name that a spreadsheet would take for a formula is quoted."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
