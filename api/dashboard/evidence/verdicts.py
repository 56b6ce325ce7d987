"""What social is worth to each queue, in one sentence, the queues where it counts first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from api.dashboard import judgement
from api.dashboard.words import Words

PLACES = {"open": 0, "unknown": 1, "shut": 2, "none": 3}
FIRST = 8  # queues told at once; the others on demand


@dataclass(frozen=True)
class Verdict:
    """state: open, unknown (not enough history), shut or none (not measured); said: a sentence without the queue's name."""

    queue: str
    state: str
    said: str


def verdicts(evidence: Sequence[judgement.Row], queues: Sequence[str], words: Words) -> list[Verdict]:
    """One per queue, those where social counts first."""
    by_queue: dict[str, list[judgement.Row]] = {name: [] for name in queues}
    for row in evidence:
        if row["series"] in by_queue:
            by_queue[row["series"]].append(row)
    found = [_verdict(name, rows, words) for name, rows in by_queue.items()]
    return sorted(found, key=lambda one: PLACES[one.state])


def _verdict(queue: str, rows: Sequence[judgement.Row], words: Words) -> Verdict:
    best = judgement.ordered(judgement.best(rows))
    if not best:
        return Verdict(queue, "none", words("evidence_none"))
    counted = [row for row in best if row["gate"] == "open"]
    if counted:
        return Verdict(queue, "open", _open(counted, words))
    measured = [row for row in best if row["gate"] in judgement.VERDICTS]
    if not measured:
        return Verdict(queue, "unknown", judgement.verdict(best[0], words))
    return Verdict(queue, "shut", _shut(judgement.chief(measured), words))


def _open(rows: Sequence[judgement.Row], words: Words) -> str:
    """rows: of the bands where it counts, nearest first."""
    chief = judgement.chief(rows)
    ends = {name: words.number(100 * float(chief.get(name) or 0.0), 1) for name in ("lower", "upper")}
    gain = words.percent(float(chief.get("lift") or 0.0))
    said = words("evidence_open", bands=_bands(rows, words), gain=gain, **ends)
    way = judgement.direction(chief)
    if way in ("ahead", "behind"):
        said += " " + words("evidence_runs", lead=judgement.lead(chief, words))
    return said


def _bands(rows: Sequence[judgement.Row], words: Words) -> str:
    """`up to 4 hours` where it counts from the nearest on without a hole, else the bands by name."""
    names = [str(row["lead_band"]) for row in rows]
    minutes = {"h": 60, "d": 1440}
    parts = [name[:-1].split("-") for name in names if name[-1] in minutes]
    joined = all(one[1] == two[0] or (one[1], two[0]) == ("24", "1") for one, two in pairwise(parts))
    if len(parts) == len(names) and parts[0][0] == "0" and len(parts) > 1 and joined:
        return words("evidence_up_to", span=words.span(int(parts[-1][1]) * minutes[names[-1][-1]]))
    said = [words.band(name) for name in names]
    return said[0] if len(said) == 1 else words("evidence_and", first=", ".join(said[:-1]), last=said[-1])


def _shut(row: judgement.Row, words: Words) -> str:
    gain = {"gain": judgement.gain(row, words), "n": words.number(row.get("n")), "band": words.band(row["lead_band"])}  # fmt: skip
    why = judgement.why(row, words)
    if float(row.get("lower") or 0.0) > 0:  # something else than the gain keeps it shut
        return words("evidence_left_out", why=why, **gain)
    return words("evidence_adds_nothing", **gain)


def verdict_list(found: Sequence[Verdict], chosen: str | None, words: Words) -> Any:
    """The sentences, each with a way to its queue's figures; many queues are folded away."""
    counts = {state: sum(one.state == state for one in found) for state in PLACES}
    head = html.P(words("evidence_summary", n=counts["open"], of=len(found)), className="evidence-lead")
    first, rest = found[:FIRST], found[FIRST:]
    shown: list[Any] = [head, _list(first, chosen, words)]
    if rest:
        shown.append(
            html.Details([html.Summary(words("evidence_more", n=len(rest))), _list(rest, chosen, words)], className="more")
        )  # fmt: skip
    return html.Div(shown)


def _list(found: Sequence[Verdict], chosen: str | None, words: Words) -> Any:
    return html.Ul([_item(one, chosen, words) for one in found], className="evidence-verdicts")


def _item(one: Verdict, chosen: str | None, words: Words) -> Any:
    link = dcc.Link(
        one.queue, href=f"/evidence?{urlencode({'queue': one.queue})}", className="evidence-queue"
    )
    badge = html.Span(words(f"evidence_state_{one.state}"), className=f"evidence-state {one.state}")
    return html.Li(
        [badge, html.Div([link, html.Span(f": {one.said}")])],
        className="chosen" if one.queue == chosen else "",
    )


def by_series(rows: Sequence[judgement.Row], queue: str) -> list[judgement.Row]:
    """The best of each lead band of one queue, nearest first."""
    return judgement.ordered(judgement.best([row for row in rows if row["series"] == queue]))
