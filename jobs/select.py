"""Which method is best, and where social counts: every method replayed on past cutoffs, the evidence per queue and signal.

The champion chooses inside each cutoff by itself; what is saved here is what planners and analysts are shown, so that a
choice can be checked. Nightly the fast methods are compared; weekly all of them, with the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from forecast.catalogue import BARS
from forecast.errors import NotEnoughHistory
from forecast.report import Plan, Report, evaluate
from forecast.vintage import Archive
from jobs.facts import apply_facts, open_archive
from jobs.ledger import Outcome, checkpoint, run_id
from store.scores import save_report
from store.settings import Settings

LONG, SHORT = 28, 7  # days ahead, where the history is long enough for the first and where it is not
LONG_HISTORY = 120  # days
WORKERS = 2


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """The fast methods and the naive bars, on few cutoffs."""
    return compare(session, settings, plan(settings, cutoffs=5, full=False))


def run_full(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """All methods, on more cutoffs, and the evidence."""
    return compare(session, settings, plan(settings, cutoffs=10, full=True))


def combined(settings: Settings) -> tuple[str, ...]:
    """The methods the champion is made of."""
    return settings.models.candidates


def plan(settings: Settings, *, cutoffs: int, full: bool) -> Plan:
    """What to compare. The slow methods run on a third of the cutoffs, and only where `full`."""
    beside = settings.models.compared if full else ()
    return Plan(
        models=tuple(dict.fromkeys((*BARS, *settings.models.candidates, *beside, "champion"))),
        horizon_days=LONG,
        cutoffs=cutoffs,
        draws=200,
        seed=settings.models.seed,
        candidates=combined(settings),
        with_evidence=full,
        sampled=settings.models.compared if full else (),
    )


def compare(
    session: Session,
    settings: Settings,
    plan: Plan,
    *,
    sample: Plan | None = None,
    workers: int = WORKERS,
    progress: Callable[[int, int, str], None] | None = None,
    keep: Callable[[Report], None] | None = None,
) -> Outcome:
    """Evaluate every queue by the plan and save scores, champions and evidence.

    sample: what is tried on the first queue alone; its scores join the others. keep: is handed the report as well.
    """
    apply_facts(session, settings)
    checkpoint(session)
    archive = open_archive(session, settings)
    if not archive.series:
        raise NotEnoughHistory(
            "There are no contacts to compare methods on.",
            remedy="Import volumes first: `forecall import volumes FILE`.",
        )

    def alive(done: int, total: int, name: str) -> None:
        checkpoint(session)
        if progress is not None:
            progress(done, total, name)

    plan = replace(plan, horizon_days=min(plan.horizon_days, _horizon(archive)))
    with ThreadPoolExecutor(1) as beside:  # while the processes work, this one would only wait
        tried = beside.submit(_try, archive, sample)
        report = evaluate(archive, plan, workers=workers, progress=alive)
    found = report.as_dict()
    for what, rows in tried.result().items():
        found[what] += rows
    number = run_id(session)
    if number is not None:
        save_report(session, number, found)
    if keep is not None:
        keep(report)
    done = {"queues": len(archive.series), "scores": len(found["scores"]), "evidence": len(found["evidence"])}
    return Outcome(done, tuple(found["problems"]))


def _try(archive: Archive, sample: Plan | None) -> dict[str, list[Any]]:
    """Scores and problems of the sample on the first queue."""
    if sample is None:
        return {}
    tried = evaluate(archive.alone(next(iter(archive.series))), sample).as_dict()
    return {what: tried[what] for what in ("scores", "problems")}


def _horizon(archive: Archive) -> int:
    """Days ahead that the longest history allows."""
    spans = [series.offered.ds for series in archive.series.values()]
    days = max(int(ds.max() - ds.min()) // pd.Timedelta(days=1).value for ds in spans)
    return LONG if days >= LONG_HISTORY else SHORT
