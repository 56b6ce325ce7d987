"""Which method is best, and where social counts: every method replayed on past cutoffs, the evidence per queue and signal.

The champion chooses inside each cutoff by itself; what is saved here is what planners and analysts are shown, so that a
choice can be checked. Nightly the fast methods are compared; weekly all of them, with the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from forecast import catalogue, selection
from forecast.assumption import Assumption
from forecast.assumption_evidence import findings_of
from forecast.catalogue import BARS
from forecast.errors import ForecallError, NotEnoughHistory
from forecast.report import Plan, Report, evaluate
from forecast.vintage import Archive
from jobs.ledger import Outcome, checkpoint, run_id
from store.assumptions import load_assumptions
from store.decisions import save_decisions
from store.facts import apply_facts, open_archive
from store.method_pins import load_pins
from store.runs import load_run
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
    """Evaluate every queue by the plan and save scores, champions, evidence and what the gate decided.

    Planners' rules of thumb are scored beside the signals and stand among the evidence, marked as assumptions.

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
    rules = tuple(held.rule for held in load_assumptions(session)) if plan.with_evidence else ()
    if rules:
        plan = replace(plan, also=_Thumbs(rules, plan.candidates, plan.also))
    with ThreadPoolExecutor(1) as beside:  # while the processes work, this one would only wait
        tried = beside.submit(_try, archive, sample)
        report = evaluate(archive, plan, workers=workers, progress=alive)
    report, thumbs = _apart(report)
    found = report.as_dict()
    found["evidence"] += thumbs
    for what, rows in tried.result().items():
        found[what] += rows
    _save(session, found)
    if keep is not None:
        keep(report)
    done: dict[str, int | float | str] = {
        "queues": len(archive.series),
        "scores": len(found["scores"]),
        "evidence": len(found["evidence"]),
    }
    if pins := load_pins(session):  # the comparison goes on, but it does not decide there
        done["pinned by hand"] = ", ".join(f"{one.queue}: {one.model}" for one in pins)
    return Outcome(done, tuple(found["problems"]))


def _save(session: Session, found: dict[str, Any]) -> None:
    """Keep a report, and what the gate decided as of the run's moment; outside of a run nothing is kept."""
    number = run_id(session)
    if number is None:
        return
    save_report(session, number, found)
    decided_at = load_run(session, number).cutoff
    if decided_at is not None:
        save_decisions(session, found["evidence"], decided_at=decided_at, run_id=number)


@dataclass(frozen=True)
class _Thumbs:
    """What a part makes beside, and the findings on rules of thumb while its hindcasts are at hand."""

    rules: tuple[Assumption, ...]
    candidates: tuple[str, ...] | None
    also: Callable[[Archive, str], Any] | None

    def __call__(self, archive: Archive, name: str) -> _Made:
        snapshot = archive.at(int(archive.series[name].offered.known_at.max())).only(name)
        rates = catalogue.rates(self.candidates or selection.CANDIDATES)
        rows = [finding.row() for finding in findings_of(snapshot, name, self.rules, rates)]
        try:
            made = self.also(archive, name) if self.also else None
        except ForecallError:  # whoever wanted it makes it again and hears why
            made = None
        return _Made(rows, made)


@dataclass(frozen=True)
class _Made:
    """findings: rows on rules of thumb; made: what the plan wanted besides."""

    findings: list[dict[str, object]]
    made: Any


def _apart(report: Report) -> tuple[Report, list[dict[str, object]]]:
    """A report as if there were no rules of thumb, and the findings on them."""
    held = [part.made for part in report.parts if isinstance(part.made, _Made)]
    parts = tuple(
        replace(part, made=part.made.made) if isinstance(part.made, _Made) else part for part in report.parts
    )
    return replace(report, parts=parts), [row for made in held for row in made.findings]


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
