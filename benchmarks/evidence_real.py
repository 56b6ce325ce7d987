"""What the public data say about signals: findings, gains by half-year, and what the gate costs against always and never.

The two sets with a signal: Kansas City's calls with posts about the city (0.3 a day), AirREGI's reservations with sign-ups.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.public_sets import SETS, DataSet
from forecast import evidence
from forecast.backtest import replay, spaced_cutoffs
from forecast.models.dressed import Dressed, always_open
from forecast.models.past import EVIDENCE_DAYS, candidate_signals, forward_scores, past_of
from forecast.models.rates import rates
from forecast.models.signal_effect import Scored
from forecast.selection import CANDIDATES
from forecast.vintage import Archive

GATES = {"never": None, "gate": evidence.gate, "always": always_open}
CUTOFFS = 20
DRAWS = 200
WITHIN = 7  # days ahead that are scored: no signal is used beyond


def run(data: Path, out: Path) -> None:
    """Write evidence_real.json and evidence_real.md; sets that are not there are left out."""
    found = {one.name: _judged(one, data) for one in SETS if one.signals and one.is_in(data)}
    (out / "evidence_real.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    lines = [line for name, one in found.items() for line in [f"## {name}", "", *_page(one), ""]]
    (out / "evidence_real.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print("\n".join(lines))


def _judged(one: DataSet, data: Path) -> dict[str, Any]:
    archive = one.archive(data, lambda _: None)
    name = one.queues[0]
    end = int(archive.series[name].offered.known_at.max())
    snapshot = archive.at(end).only(name)
    members = rates(CANDIDATES)
    rows = [each.row() for each in evidence.findings(snapshot, name, members)]
    past = past_of(members, snapshot, name, EVIDENCE_DAYS)
    signals = candidate_signals(snapshot, name)
    halves = [
        row
        for band in forward_scores(snapshot, name, past, signals)
        for signal, scored, _ in band.signals
        for row in _by_half_year(signal, scored)
    ]
    return {"findings": rows, "half_years": halves, "wape": _wape(archive, name, one.horizon_days)}


def _by_half_year(signal: str, scored: Scored) -> Iterator[dict[str, Any]]:
    """The gain of each half-year of what was compared, with its bootstrap interval."""
    month = scored.rows.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    half = month // 6
    for each in np.unique(half[scored.valid]):
        part = evidence.decide(replace(scored, valid=scored.valid & (half == each)), until=1 << 40)
        year = f"{1970 + int(each) // 2} H{int(each) % 2 + 1}"
        facts = {"lift": part.lift, "lower": part.lower, "upper": part.upper, "n": part.n}
        yield {"signal": signal, "lead_band": scored.rows.band, "half_year": year, **facts}


def _wape(archive: Archive, name: str, days: int) -> dict[str, float]:
    """WAPE of the champion's candidates with the gate never, as decided, and always open, within a week, at the same cutoffs."""
    moments = spaced_cutoffs(archive.series[name], count=CUTOFFS, horizon_days=days)
    models = [Dressed(label, rates(CANDIDATES), gate=gate) for label, gate in GATES.items()]
    sums = {label: np.zeros(2) for label in GATES}
    held = archive.alone(name)
    for one in replay(held, models, cutoffs={name: moments}, horizon_days=WITHIN, draws=DRAWS, seed=1):
        if one.paths is None:
            raise RuntimeError(f"{name}: {one.problem}")
        sums[one.model] += [np.abs(one.paths.median()[0] - one.came).sum(), one.came.sum()]
    return {label: float(error / contacts) for label, (error, contacts) in sums.items()}


def _page(one: dict[str, Any]) -> list[str]:
    wape = ", ".join(f"{label} {100 * value:.2f} %" for label, value in one["wape"].items())
    lines = [
        f"WAPE within {WITHIN} days, {CUTOFFS} cutoffs, signals used: {wape}.",
        "",
        "| signal | ahead | gate | gain | regime | why |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['signal']} | {row['lead_band']} | {row['gate']} | {_gain(row)} | {row['regime']} | {row['why']} |"
        for row in one["findings"]
    ]
    lines += ["", "| signal | ahead | half-year | gain |", "|---|---|---|---|"]
    return lines + [
        f"| {row['signal']} | {row['lead_band']} | {row['half_year']} | {_gain(row)} |"
        for row in one["half_years"]
    ]


def _gain(row: dict[str, Any]) -> str:
    return (
        f"{100 * row['lift']:+.1f} % ({100 * row['lower']:+.1f} to {100 * row['upper']:+.1f}), n {row['n']}"
    )
