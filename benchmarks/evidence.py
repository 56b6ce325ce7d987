"""Is the gate honest? Power, false openings, head starts, share of the oracle's gain and cost, in the frozen worlds.

    ./dev bench evidence --runs 400 [--years 40]

Runs judge by the production code (`forecast.evidence.findings`) with one rate (`level_profile`), so that hundreds can be
afforded. Seeds from SEED on are used by this bench alone. Results: evidence.json, evidence.md and two pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import evidence_pages
from benchmarks.evidence_oracle import Oracle
from benchmarks.evidence_worlds import World, parameters, world
from forecast.arrays import Floats, Ns
from forecast.evidence import DECISION_DAYS, OPEN, decide, finding, gate
from forecast.models.head_start import head_start
from forecast.models.hindcasts import Hindcasts
from forecast.models.past import EVIDENCE_DAYS, Past, forward_scores, past_of
from forecast.models.rates import rates
from forecast.models.signal_effect import Scored, build_rows, score_forward
from forecast.vintage import Snapshot

SEED = 300_000  # those from 100,000 and 200,000 on were looked at: see docs/benchmarks/README.md
RATES = rates(("level_profile",))
NEAR = ("0-1h", "1-4h")
BIG = 30.0  # a day with a burst of so many calls is an incident day
YEAR_DAYS, DECISIONS = 430, 52
ORACLES = 100  # worlds of each kind in which the oracle is asked, which costs more than all the rest


def run(out: Path, jobs: int, *, runs: int, years: int) -> None:
    """Judge `runs` worlds of every kind, and `years` long ones of each placebo; write the pages."""
    kinds = parameters()["kinds"]
    found: dict[str, Any] = {"runs": runs, "years": years, "kinds": {}, "ever": {}}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for kind in kinds:
            rows = list(pool.map(partial(judge, kind), range(SEED, SEED + runs), chunksize=5))
            found["kinds"][kind] = summary(kind, rows)
            told = {name: value for name, value in found["kinds"][kind].items() if name != "minutes"}
            print(kind, json.dumps(told), flush=True)
            _write(out, found)
        for kind in (kind for kind, law in kinds.items() if law.get("placebo")):
            opened = list(pool.map(partial(ever_opened, kind), range(SEED, SEED + years)))
            found["ever"][kind] = {"runs": years, "opened": int(sum(opened))}
            print(kind, found["ever"][kind], flush=True)
            _write(out, found)
    evidence_pages.write(out, found)


def _write(out: Path, found: Mapping[str, Any]) -> None:
    (out / "evidence.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def judge(kind: str, seed: int) -> dict[str, Any]:
    """One world at its one decision date: gates, head start, and what posts were worth to us and to the oracle."""
    made = world(kind, seed)
    snapshot = made.archive.at(made.end)
    past = past_of(RATES, snapshot, "calls", EVIDENCE_DAYS)
    row: dict[str, Any] = {"gates": {}, "lifts": {}, "losses": {}}
    quiet = _without_bursts(made) if related(kind) and seed < SEED + ORACLES else {}
    for band in forward_scores(snapshot, "calls", past, ("posts",)):
        for signal, scored, _ in band.signals:
            one = finding("calls", signal, scored)
            name = one.lead_band
            row["gates"][name], row["lifts"][name] = one.gate, one.lift
            row["lead"] = [one.regime, one.leads_by_minutes, one.leads_lower, one.leads_upper]
            if name in quiet:
                row["losses"][name] = _losses(made, scored, quiet[name]).tolist()
    return row


def related(kind: str) -> bool:
    """Whether the posts of a kind have to do with its calls."""
    law = parameters()["kinds"][kind]
    return bool(law.get("related", True)) and not law.get("shuffled")


def _without_bursts(made: World) -> dict[str, tuple[Ns, Floats]]:
    """Band -> moments and what is forecast in the same world without the bursts' calls: what the oracle starts from."""
    snapshot = made.quiet.at(made.end)
    past = past_of(RATES, snapshot, "calls", EVIDENCE_DAYS)
    found = {}
    for rows in build_rows(snapshot, "calls", past.hindcasts, past.noise):
        if rows.band in NEAR:
            own = score_forward(rows, rows.own, np.ones(len(rows.day), dtype=bool))
            found[rows.band] = (rows.moment, rows.expected + own.predicted)
    return found


def _losses(made: World, scored: Scored, quiet: tuple[Ns, Floats]) -> Floats:
    """float[2, 5]: on incident days and on quiet ones the errors without, with, of the oracle without and with, and contacts."""
    rows = scored.rows
    place = np.minimum(np.searchsorted(quiet[0], rows.moment), len(quiet[0]) - 1)
    base, came = quiet[1][place], rows.excess + rows.expected
    heard = gate(scored) * (
        scored.with_signal - scored.without
    )  # as far as the signal counts at the decision
    guesses = [
        rows.expected + scored.without,
        rows.expected + scored.without + heard,
        *(base + Oracle(made, posts).extra(rows.moment, rows.band) for posts in (False, True)),
    ]
    days = {int(day) for one in made.bursts if one.calls.sum() >= BIG for day in made.grid.day[one.calls > 1]}
    storm = np.isin(rows.day, sorted(days))
    parts = [scored.valid & storm, scored.valid & ~storm]
    return np.array(
        [[*(np.abs(came - guess)[part].sum() for guess in guesses), came[part].sum()] for part in parts]
    )


def ever_opened(kind: str, seed: int) -> bool:
    """Whether the gate of a placebo is open at any of 52 weekly decisions of a long world, in any band."""
    made = world(kind, seed, days=YEAR_DAYS)
    snapshot = made.archive.at(made.end)
    past = past_of(RATES, snapshot, "calls", EVIDENCE_DAYS)
    last = int(past.hindcasts.origins[-1])
    for band in forward_scores(snapshot, "calls", past, ("posts",)):
        for signal, scored, _ in band.signals:
            before = False
            for week in range(DECISIONS, -1, -1):
                until = last - week * DECISION_DAYS
                opens = decide(scored, until=until).verdict == OPEN
                if opens and before and _ran_ahead(snapshot, signal, past, until):
                    return True
                before = opens
    return False


def _ran_ahead(snapshot: Snapshot, signal: str, past: Past, until: int) -> bool:
    held = past.hindcasts
    mine = held.origins < until
    known = Hindcasts(held.origins[mine], held.rate[mine], held.came[mine])
    return len(known) > 0 and head_start(snapshot, "calls", signal, known).leads


def summary(kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts and shares over the worlds of a kind."""
    law = parameters()["kinds"][kind]
    bands = sorted({band for row in rows for band in row["gates"]})
    opened = {band: sum(row["gates"].get(band) == OPEN for row in rows) for band in bands}
    regimes = [row["lead"][0] for row in rows]
    found = {
        "runs": len(rows),
        "placebo": bool(law.get("placebo")),
        "opened": opened,
        "any": sum(OPEN in row["gates"].values() for row in rows),
        "regimes": {name: regimes.count(name) for name in sorted(set(regimes))},
        "lift": {band: float(np.median([row["lifts"].get(band, 0.0) for row in rows])) for band in bands},
    }
    if related(kind):
        minutes = [row["lead"][1] for row in rows]
        found["ahead"], found["minutes"] = law["ahead"], [one for one in minutes if one is not None]
        found["within_a_bucket"] = sum(one is not None and abs(one - law["ahead"]) <= 30 for one in minutes)
        if any(row["losses"] for row in rows):
            found["oracle"] = {
                band: _oracle(row["losses"][band] for row in rows if row["losses"]) for band in NEAR
            }
    return found


def _oracle(losses: Iterable[Any]) -> dict[str, float]:
    """The oracle's gain, ours, the share of its gap we close on incident days, and what quiet days cost (of their contacts)."""
    table = np.array(list(losses))
    storm, quiet = table.sum(axis=0)
    whole = storm + quiet
    gains = 1 - table[:, :, 3].sum(axis=1) / table[:, :, 2].sum(axis=1)
    return {
        "gain": float(1 - whole[3] / whole[2]),
        "gain_least": float(gains.min()),
        "ours": float(1 - whole[1] / whole[0]),
        "closed": float((storm[0] - storm[1]) / (storm[2] - storm[3])),
        "quiet_cost": float((quiet[1] - quiet[0]) / quiet[4]),
    }
