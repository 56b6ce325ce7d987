"""The table of what each indicator is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.dashboard import judgement
from api.dashboard.words import Words
from store.decisions import Key


def evidence_rows(
    rows: Sequence[judgement.Row], words: Words, *, every: bool, since: Mapping[Key, str] | None = None
) -> list[dict[str, Any]]:
    """evidence rows -> rows of texts, per queue and how far ahead; `every` indicator, or the best of each.

    since: (queue, indicator, how far ahead) -> the day from which the verdict is what it is
    """
    found = []
    for row in judgement.ordered(rows if every else judgement.best(rows)):
        key = (str(row["series"]), str(row["signal"]), str(row["lead_band"]))
        found.append(
            {
                "queue": row["series"],
                "band": words.band(row["lead_band"]),
                "verdict": judgement.verdict(row, words),
                "gate": row["gate"],
                "gain": judgement.gain(row, words),
                "lead": judgement.lead(row, words),
                "since": (since or {}).get(key, "–"),
                "indicator": words.signal(str(row["signal"])),
                "n": f"{words('compared')}: {words.number(row.get('n'))}",
                "why": judgement.why(row, words),
            }
        )
    return found


def evidence_columns(words: Words) -> list[dict[str, Any]]:
    """Columns of `Does social count?`."""
    heads = {"band": "how_far", "lead": "head_start"}
    widths = {
        "queue": (116, 1),
        "band": (110, 0),
        "verdict": (110, 2),
        "gain": (158, 0),
        "lead": (208, 0),
        "since": (76, 0),
        "indicator": (244, 2),
        "why": (240, 3),
    }
    columns = []
    for name, (width, share) in widths.items():
        column: dict[str, Any] = {
            "field": name,
            "headerName": words(heads.get(name, name)),
            "minWidth": width,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        }
        column |= {"flex": share} if share else {"width": width}
        if name == "gain":
            column |= {"sortable": False, "tooltipField": "n"}
        if name == "indicator":
            column["tooltipField"] = name
        if name in ("lead", "since"):
            column["sortable"] = False
        if name == "verdict":
            column |= {"wrapText": True, "autoHeight": True, "cellClass": "prose"}
            column["cellClassRules"] = {
                f"gate-{key}": f"params.data.gate == '{key}'" for key in ("open", "shut")
            }
        if name == "why":
            column |= {"wrapText": True, "autoHeight": True, "cellClass": "prose", "sortable": False}
        columns.append(column)
    return columns
