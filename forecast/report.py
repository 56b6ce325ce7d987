"""The measuring bench: a plan and an archive in, a report out. What `forecall evaluate` and the job `select` run.

Series are independent, so they can be shared out over processes; the parts are put together in series order, and a
report is the same on any number of workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from forecast import catalogue, engines, evidence, scoring, selection
from forecast.backtest import Run, intraday_cutoffs, replay, spaced_cutoffs
from forecast.buckets import Interval, from_ns, to_ns
from forecast.errors import ForecallError, InputError
from forecast.handle_scoring import handle_rows
from forecast.models.base import Model
from forecast.report_rows import forecast_rows, without_nan
from forecast.vintage import Archive

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """What to evaluate.

    models:  catalogue names; cutoffs: how many, or the moments themselves
    sampled: models that run on every third cutoff only (dear ones, in the abridged demo); the report says so
    blocks:  keep with each score the errors by cutoff; step: is told after each method at each cutoff (in this process)
    also:    what else to make of a series while its hindcasts are at hand; its result is the part's `made`
    """

    models: tuple[str, ...]
    horizon_days: int = 7
    cutoffs: int | tuple[pd.Timestamp, ...] = 10
    intraday: bool = False
    granularity: Interval | None = None
    draws: int = 400
    seed: int = 1
    candidates: tuple[str, ...] | None = None
    social: bool = True
    with_evidence: bool = True
    keep_forecasts: bool = False
    sampled: tuple[str, ...] = ()
    blocks: bool = False
    step: Callable[[str], None] | None = None
    also: Callable[[Archive, str], Any] | None = None


@dataclass(frozen=True)
class Part:
    """What one series gave."""

    series: str
    interval: Interval
    cutoffs: tuple[int, ...]
    scores: list[dict[str, Any]]
    overall: list[dict[str, Any]]
    champions: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    fit_seconds: dict[str, float]
    problems: tuple[str, ...]
    forecasts: pd.DataFrame | None = None
    made: Any = None
    aht: list[dict[str, Any]] = field(default_factory=list)
    sums: tuple[scoring.Sums, ...] = ()


@dataclass(frozen=True)
class Report:
    """All parts, in series order; top: the five largest reasons of each queue, taken together."""

    plan: Plan
    parts: tuple[Part, ...]
    seconds: float
    data: dict[str, Any] = field(default_factory=dict)
    top: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """report.json of the contract; NaN becomes null. `overall`, `top_five`, `aht`, `problems` stand beside it."""
        fits: dict[str, float] = {}
        for part in self.parts:
            for model, seconds in part.fit_seconds.items():
                fits[model] = fits.get(model, 0.0) + seconds
        cutoffs = sorted({moment for part in self.parts for moment in part.cutoffs})
        found = {
            "data": self.data,
            "interval": str(self.parts[0].interval) if self.parts else None,
            "cutoffs": [f"{from_ns(moment):%Y-%m-%dT%H:%M:%SZ}" for moment in cutoffs],
            "seconds": {"total": self.seconds, "fit": fits},
            "scores": [row for part in self.parts for row in part.scores],
            "overall": [row for part in self.parts for row in part.overall],
            "top_five": list(self.top),
            "champions": [row for part in self.parts for row in part.champions],
            "evidence": [row for part in self.parts for row in part.evidence],
            "aht": [row for part in self.parts for row in part.aht],
            "problems": [problem for part in self.parts for problem in part.problems],
            "abridged": list(self.plan.sampled),
        }
        clean: dict[str, Any] = without_nan(found)
        return clean

    def forecasts(self) -> pd.DataFrame:
        """forecasts[series, model, cutoff, ds, lead_seconds, quantile, value] of every run."""
        frames = [part.forecasts for part in self.parts if part.forecasts is not None]
        columns = ["series", "model", "cutoff", "ds", "lead_seconds", "quantile", "value"]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    def sentence(self, series: str) -> str:
        """How good the forecast of a series is, in a planner's words."""
        rows = {row["model"]: row for part in self.parts if part.series == series for row in part.overall}
        own = rows.get("champion")
        if own is None:
            return f"{series}: no forecast could be measured."
        text = f"{series}: off by {100 * own['wape']:.1f} % on average"
        bar = rows.get("mean8_open") or rows.get("mean8")
        if bar is not None and bar["wape"] > 0:
            better = 1 - own["wape"] / bar["wape"]
            how = f"{100 * better:.0f} % better" if better >= 0 else f"{-100 * better:.0f} % worse"
            text += f", {how} than the 8-week average ({100 * bar['wape']:.1f} %)"
        return text + "."


def evaluate(
    archive: Archive,
    plan: Plan,
    *,
    workers: int = 1,
    engine: engines.Name = "local",
    progress: Progress | None = None,
) -> Report:
    """Run the plan on every series of the archive. A series that cannot be evaluated is a problem in the report."""
    started = time.perf_counter()
    names = [name for name in archive.series if not _is_part(archive, name)]
    models(plan)  # an unknown name is refused before anything runs
    queues = list(dict.fromkeys(_queue(archive, name) for name in names))
    jobs = [
        (archive.alone(queue), plan, [name for name in names if _queue(archive, name) == queue])
        for queue in queues
    ]
    parts: list[Part] = []
    found_each = engines.each(evaluate_queue, jobs, workers=workers, engine=engine)
    for done, found in enumerate(found_each, start=1):
        parts += found
        if progress:
            progress(done, len(jobs), queues[done - 1])
    if parts and all(not part.overall for part in parts):
        raise InputError(
            parts[0].problems[0] if parts[0].problems else "Nothing could be evaluated.",
            remedy="Give more history, fewer cutoffs or a shorter horizon.",
        )
    top = tuple(row for queue in queues for row in _top_five(archive, queue, parts))
    return Report(plan, tuple(parts), time.perf_counter() - started, top=top)


def _top_five(archive: Archive, queue: str, parts: Sequence[Part]) -> list[dict[str, Any]]:
    mine = [part for part in parts if part.cutoffs and _queue(archive, part.series) == queue]
    if not mine:
        return []
    held = [each for part in mine for each in part.sums]
    return scoring.top_five(archive, queue, held, min(min(part.cutoffs) for part in mine))


def models(plan: Plan) -> list[Model]:
    """The models of a plan; the champion with the plan's candidates and with or without signals."""
    found: list[Model] = []
    for name in plan.models:
        if name == "champion":
            found.append(selection.champion(plan.candidates, social=plan.social))
        else:
            found.append(catalogue.model(name))
    return found


def _is_part(archive: Archive, name: str) -> bool:
    """Whole queues stand in the archive beside their contact reasons only to be split; they are not evaluated then."""
    return any(other.queue == name and other.name != name for other in archive.series.values())


def _queue(archive: Archive, name: str) -> str:
    """What a series is worked on with: its queue, where that is held beside its reasons, else itself."""
    queue = archive.series[name].queue
    return queue if queue in archive.series else name


def evaluate_queue(archive: Archive, plan: Plan, names: Sequence[str]) -> list[Part]:
    """The series of one queue, which share what was learnt about it."""
    return [evaluate_series(archive, plan, name) for name in names]


def evaluate_series(archive: Archive, plan: Plan, name: str) -> Part:
    """All models at all cutoffs of one series, its champions and its evidence."""
    series = archive.series[name]
    try:
        cutoffs = _cutoffs(archive, plan, name)
    except ForecallError as error:
        return Part(name, series.interval, (), [], [], [], [], {}, (str(error),))
    if not plan.social:
        archive = replace(archive, signals={}, memo={}, recent={})
    runs = list(_runs(archive, plan, name, cutoffs))
    problems = tuple(dict.fromkeys(f"{run.model}: {run.problem}" for run in runs if run.problem))
    fits: dict[str, float] = {}
    for run in runs:
        fits[run.model] = fits.get(run.model, 0.0) + run.fit_seconds
    sums = scoring.sums(runs, granularity=plan.granularity)
    return Part(
        series=name,
        interval=series.interval,
        cutoffs=tuple(cutoffs),
        scores=_scores(archive, plan, runs),
        overall=[found.row() for found in sums],
        sums=tuple(sums),
        champions=_champions(archive, plan, name, max(cutoffs)),
        evidence=_evidence(archive, plan, name),
        fit_seconds=fits,
        problems=problems,
        forecasts=forecast_rows(runs) if plan.keep_forecasts else None,
        made=_also(archive, plan, name),
        aht=handle_rows(archive, runs, granularity=plan.granularity, seed=plan.seed),
    )


def _scores(archive: Archive, plan: Plan, runs: Sequence[Run]) -> list[dict[str, Any]]:
    rows = scoring.score_rows(archive, runs, granularity=plan.granularity)
    if not plan.blocks:
        for row in rows:
            del row[scoring.BLOCKS]
    return rows


def _also(archive: Archive, plan: Plan, name: str) -> Any:
    """What the plan makes beside; None where it could not: whoever wanted it makes it again and hears why."""
    if plan.also is None:
        return None
    try:
        return plan.also(archive, name)
    except ForecallError:
        return None


def _cutoffs(archive: Archive, plan: Plan, name: str) -> list[int]:
    if isinstance(plan.cutoffs, int):
        days = spaced_cutoffs(archive.series[name], count=plan.cutoffs, horizon_days=plan.horizon_days)
    else:
        days = [to_ns(moment) for moment in plan.cutoffs]
    return intraday_cutoffs(archive, name, days) if plan.intraday else days


def _runs(archive: Archive, plan: Plan, name: str, cutoffs: list[int]) -> Iterator[Run]:
    every = [model for model in models(plan) if model.name not in plan.sampled]
    some = [model for model in models(plan) if model.name in plan.sampled]
    for chosen, moments in ((every, cutoffs), (some, cutoffs[::3])):
        if chosen:
            yield from replay(
                archive,
                chosen,
                cutoffs={name: list(moments)},
                horizon_days=plan.horizon_days,
                draws=plan.draws,
                seed=plan.seed,
                progress=plan.step,
            )


def _champions(archive: Archive, plan: Plan, name: str, cutoff: int) -> list[dict[str, Any]]:
    if "champion" not in plan.models:
        return []
    try:
        return selection.chosen(
            archive.at(cutoff), name, selection.champion(plan.candidates, social=plan.social)
        )
    except ForecallError:
        return []


def _evidence(archive: Archive, plan: Plan, name: str) -> list[dict[str, Any]]:
    """The evidence at the end of the history, on everything known by then."""
    if not (plan.with_evidence and plan.social and archive.signals):
        return []
    known = archive.series[name].offered.known_at
    snapshot = archive.at(int(known.max())).only(name)
    rates = catalogue.rates(plan.candidates or selection.CANDIDATES)
    return [finding.row() for finding in evidence.findings(snapshot, name, rates)]
