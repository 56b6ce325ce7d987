"""How good the forecast is and whether social counts, in a planner's words: pure functions over stored rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from api.dashboard.words import ASSUMED, Words
from forecast.models.base import BANDS

OWN = "champion"
BARS = ("mean8", "mean8_open")
FULL = 100  # cutoffs from which a figure is not abridged (`measuring.md`: calibration is judged from there)
ORDER = {name: place for place, name in enumerate(["0-1h", "0-1d", *(name for name, _, _ in BANDS[1:])])}
COUNTED = re.compile(r"(\d+) of about (\d+) (\w+)")
VERDICTS = {"open": "gate_open", "shut": "gate_shut"}
REGIMES = {"posts lead": "ahead", "posts lag": "behind", "together": "together"}
SHUT_BY = {
    "no gain": "why_shut",
    "small gain": "why_small",
    "together": "why_together",
    "posts lag": "why_behind",
    "no lag stands out": "why_no_lead",
    "unheard": "why_unheard",
    "proven once": "why_wait",
}  # `forecast.evidence.SHUT_BY` -> our text; not imported, for it loads half of scipy at the start of the API
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
    """Per queue and band the indicator that says most: one that counts, else the one with the highest lower end.

    Rules of thumb are somebody's assumption, and are no indicator.
    """
    kept: dict[tuple[str, str], Row] = {}
    for row in evidence:
        if ASSUMED.fullmatch(str(row["signal"])):
            continue
        key = (row["series"], row["lead_band"])
        if key not in kept or _rank(row) > _rank(kept[key]):
            kept[key] = row
    return list(kept.values())


def _rank(row: Row) -> tuple[int, float, float]:
    states = {"open": 2, "shut": 1}
    lower, lift = _number(row, "lower"), _number(row, "lift")
    return states.get(str(row["gate"]), 0), -1e9 if lower != lower else lower, -1e9 if lift != lift else lift


def chief(evidence: Sequence[Row]) -> Row:
    """The row that says most; of at least one."""
    return max(evidence, key=_rank)


def ordered(evidence: Sequence[Row]) -> list[Row]:
    """By queue and how far ahead, the best indicator first."""
    return sorted(
        evidence,
        key=lambda row: (row["series"], ORDER.get(row["lead_band"], 99), *(-part for part in _rank(row))),
    )


def verdict(row: Row, words: Words) -> str:
    """`Social counts`, `Social does not count` or `Not enough history yet: 3 of about 6 incidents`."""
    if row["gate"] in VERDICTS:
        return words(VERDICTS[str(row["gate"])])
    counted = COUNTED.search(str(row.get("why", "")))
    if counted and words.has(f"gate_unknown_of_{counted[3]}"):
        counts = {"n": words.number(int(counted[1])), "of": words.number(int(counted[2]))}
        return words(f"gate_unknown_of_{counted[3]}", **counts)
    return words("gate_unknown")


def direction(row: Row) -> str:
    """`ahead`, `behind`, `together` or `none`: how the posts run beside the contacts, as far as it is sure."""
    minutes = row.get("leads_by_minutes")
    if minutes is None:
        return "none"
    told = REGIMES.get(str(row.get("regime")))
    if told is not None:
        return told
    return "together" if minutes == 0 else "ahead" if minutes > 0 else "behind"


def lead(row: Row, words: Words) -> str:
    """The head start with its interval: `29 minutes ahead, 21 to 36`."""
    said = direction(row)
    if said not in ("ahead", "behind"):
        return words(f"lead_{said}")
    told = words(f"lead_{said}", minutes=words.span(abs(int(row["leads_by_minutes"]))))
    lower, upper = row.get("leads_lower"), row.get("leads_upper")
    if lower is None or upper is None:
        return told
    ends = sorted((abs(int(lower)), abs(int(upper))))
    low, high = words.spans(ends, like=abs(int(row["leads_by_minutes"])))
    return f"{told}, {words('between', lower=low, upper=high)}"


def why(row: Row, words: Words) -> str:
    """The reason, in a sentence. Of findings stored before they told what keeps the gate shut, by the gain alone."""
    if row["gate"] == "open":
        return words("why_open")
    if row["gate"] != "shut":
        return words("why_unknown")
    known = SHUT_BY.get(str(row.get("shut_by", "")))
    return words(known or ("why_wait" if _number(row, "lower") > 0 else "why_shut"))


def gain(row: Row, words: Words) -> str:
    """The accuracy gained with its interval: `+6.9 % (4.1 to 9.8)`; a dash where nothing was compared."""
    if row["gate"] not in VERDICTS:
        return "–"
    lower, upper = (words.number(100 * _number(row, name), 1) for name in ("lower", "upper"))
    spread = words("between", lower=lower, upper=upper)
    return f"{words.percent(_number(row, 'lift'), sign=True)} ({spread})"


def social_sentence(evidence: Sequence[Row], words: Words) -> tuple[str, str]:
    """Evidence of one queue -> (state, sentence) of its best band; state: open, shut, unknown or none."""
    found = best(evidence)
    if not found:
        return "none", words("social_none_text")
    row = max(found, key=_rank)
    if row["gate"] not in VERDICTS:
        return "unknown", words("social_unknown_text", why=verdict(row, words))
    key = {"none": "no_lead"}.get(way := direction(row), way)
    minutes = abs(int(row.get("leads_by_minutes") or 0))
    said = words(key, minutes=words.span(minutes)) if key in ("ahead", "behind") else words(key)
    values = {
        "lead": said,
        "band": words.band(row["lead_band"]),
        "gain": words.percent(_number(row, "lift")),
        "lower": words.number(100 * _number(row, "lower"), 1),
        "upper": words.number(100 * _number(row, "upper"), 1),
    }
    state = str(row["gate"])
    if state == "shut" and _number(row, "lower") > 0:  # something else than the gain keeps it shut
        return state, words("social_left_out_text", lead=said, why=why(row, words))
    return state, words(f"social_{state}_text", **values)
