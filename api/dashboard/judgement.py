"""How good the forecast is and whether social counts, in a planner's words: pure functions over stored rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from api.dashboard.words import Words
from forecast.models.base import BANDS

OWN = "champion"
BARS = ("mean8", "mean8_open")
FULL = 100  # cutoffs from which a figure is not abridged (`measuring.md`: calibration is judged from there)
ORDER = {name: place for place, name in enumerate(["0-1h", "0-1d", *(name for name, _, _ in BANDS[1:])])}
COUNTED = re.compile(r"(\d+) of about (\d+) (\w+)")
VERDICTS = {"open": "gate_open", "shut": "gate_shut"}
Row = Mapping[str, Any]


def accuracy(scores: Sequence[Row], queue: str | None = None) -> pd.DataFrame:
    """scores -> [queue, band, own, lower, upper, bar, floor, better, bias, within, volume, n, abridged], nearest band first."""
    mine = [row for row in scores if queue is None or row["series"] == queue]
    bars: dict[tuple[str, str], float] = {}
    for name in reversed(BARS):
        bars |= {
            (row["series"], row["lead_band"]): _number(row, "wape") for row in mine if row["model"] == name
        }
    found = []
    for row in mine:
        if row["model"] != OWN:
            continue
        own, bar = _number(row, "wape"), bars.get((row["series"], row["lead_band"]), float("nan"))
        lower, upper = row.get("wape_interval") or (None, None)
        found.append(
            {
                "queue": row["series"],
                "band": row["lead_band"],
                "own": own,
                "lower": _value(lower),
                "upper": _value(upper),
                "bar": bar,
                "floor": _number(row, "poisson_floor"),
                "better": 1 - own / bar if bar > 0 else float("nan"),
                "bias": _number(row, "bias"),
                "within": within(row.get("calibration") or {}),
                "volume": _number(row, "mean_volume"),
                "n": row.get("cutoffs", row.get("n")),
                "abridged": bool(row.get("abridged")) or int(row.get("cutoffs", row.get("n")) or 0) < FULL,
            }
        )
    columns = [
        "queue",
        "band",
        "own",
        "lower",
        "upper",
        "bar",
        "floor",
        "better",
        "bias",
        "within",
        "volume",
        "n",
        "abridged",
    ]
    frame = pd.DataFrame(found, columns=columns)
    return frame.sort_values(["queue", "band"], key=_by_band, kind="stable").reset_index(drop=True)


def _by_band(column: pd.Series) -> pd.Series:
    return column.map(lambda name: ORDER.get(name, 99)) if column.name == "band" else column


def _value(value: object) -> float:
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]


def _number(row: Row, name: str) -> float:
    return _value(row.get(name))


def within(calibration: Mapping[str, Mapping[str, float]]) -> float:
    """Share of outcomes from the lower to the upper end of the band, both included; NaN where it was not measured."""
    low, high = calibration.get("0.1") or {}, calibration.get("0.9") or {}
    if low.get("below") is None or high.get("at_or_below") is None:
        return float("nan")
    return float(high["at_or_below"]) - float(low["below"])


def best(evidence: Sequence[Row]) -> list[Row]:
    """Per queue and band the indicator that says most: one that counts, else the one with the highest lower end."""
    kept: dict[tuple[str, str], Row] = {}
    for row in evidence:
        key = (row["series"], row["lead_band"])
        if key not in kept or _rank(row) > _rank(kept[key]):
            kept[key] = row
    return list(kept.values())


def _rank(row: Row) -> tuple[int, float, float]:
    states = {"open": 2, "shut": 1}
    lower, lift = _number(row, "lower"), _number(row, "lift")
    return states.get(str(row["gate"]), 0), -1e9 if lower != lower else lower, -1e9 if lift != lift else lift


def ordered(evidence: Sequence[Row]) -> list[Row]:
    """By queue and how far ahead, the best indicator first."""
    return sorted(
        evidence,
        key=lambda row: (row["series"], ORDER.get(row["lead_band"], 99), *(-part for part in _rank(row))),
    )


def verdict(row: Row, words: Words) -> str:
    """`Social counts`, `Social does not count` or `Not enough history yet`."""
    return words(VERDICTS.get(str(row["gate"]), "gate_unknown"))


def lead(row: Row, words: Words) -> str:
    """The head start: `30 minutes ahead`."""
    minutes = row.get("leads_by_minutes")
    if minutes is None:
        return words("lead_none")
    if minutes == 0:
        return words("lead_zero")
    return words("lead_ahead" if minutes > 0 else "lead_behind", minutes=words.span(abs(int(minutes))))


def why(row: Row, words: Words) -> str:
    """The reason, in a sentence; counts come from the finding's own words."""
    if row["gate"] == "open":
        return words("why_open")
    if row["gate"] == "shut":
        return words("why_wait" if _number(row, "lower") > 0 else "why_shut")
    counted = COUNTED.search(str(row.get("why", "")))
    if counted and words.has(f"why_unknown_of_{counted[3]}"):
        return words(
            f"why_unknown_of_{counted[3]}", n=words.number(int(counted[1])), of=words.number(int(counted[2]))
        )
    return words("why_unknown")


def interval(row: Row, words: Words) -> str:
    """`4.0 to 12.3 %`."""
    lower, upper = 100 * _number(row, "lower"), 100 * _number(row, "upper")
    return words(
        "between",
        lower=words.number(lower, 1),
        upper=f"{words.number(upper, 1)} %".replace(" ", "\N{NO-BREAK SPACE}"),
    )


def social_sentence(evidence: Sequence[Row], words: Words) -> tuple[str, str]:
    """Evidence of one queue -> (state, sentence) of its best band; state: open, shut, unknown or none."""
    if not evidence:
        return "none", words("social_none_text")
    row = max(best(evidence), key=_rank)
    if row["gate"] not in VERDICTS:
        return "unknown", words("social_unknown_text", why=why(row, words))
    minutes = row.get("leads_by_minutes")
    key = (
        "no_lead" if minutes is None else "together" if minutes == 0 else "ahead" if minutes > 0 else "behind"
    )
    said = (
        words(key, minutes=words.span(abs(int(minutes or 0)))) if key in ("ahead", "behind") else words(key)
    )
    values = {
        "lead": said,
        "band": words.band(row["lead_band"]),
        "gain": words.percent(_number(row, "lift")),
        "lower": words.number(100 * _number(row, "lower"), 1),
        "upper": words.number(100 * _number(row, "upper"), 1),
    }
    state = str(row["gate"])
    return state, words(f"social_{state}_text", **values)
