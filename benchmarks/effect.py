"""Did the fix work? Power and false claims in worlds with a known truth, into effect.md and effect.json.

Six reasons by day: levels, weekdays, a trend and day noise of all, and of each its own. On one day the first reason falls by
a fifth, or nothing happens, or all fall by a fifth, or the first one's fall has gone again after some weeks. The
parameters stood here before anything was tuned, but for the worlds whose levels walk, which came with the first look, and those whose seasons differ.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, day_start
from forecast.days import Calendar
from forecast.effect import Effect, Verdict, effect
from forecast.vintage import Archive, Series, Versions

TZ = "Europe/Amsterdam"
START = int(np.datetime64("2024-01-08", "D").astype(np.int64))
START_DAY = 8  # of the year
LEVELS = (
    80.0,
    150.0,
    110.0,
    90.0,
    60.0,
    40.0,
)  # contacts on a working day; the first reason is the one changed
WEEKDAY = (1.2, 1.05, 1.0, 1.0, 0.95, 0.5, 0.4)
COMMON_NOISE, COMMON_MEMORY = 0.08, 0.6  # log sd of a day, and what a day keeps of the day before
OWN_NOISE, OWN_MEMORY = 0.10, 0.3
COMMON_TREND, OWN_TREND = 0.10, 0.05  # sd of the growth in a year
OWN_WALK = 0.18  # sd of a year of the level of each reason, in the worlds that walk
SEASONS = ((0.22, 205), (0.16, 30), (0.12, 10), (0.14, 30), (0.20, 205), (0.10, 300))
# amplitude (log) and day of the year of the peak of each reason's wave, in the worlds with seasons
DROP = -0.20
SHAPES = {
    "8 weeks before, 6 after": (8, 6),
    "26 weeks before, 6 after": (26, 6),
    "30 weeks before, 6 after": (30, 6),
    "52 weeks before, 8 after": (52, 8),
}
CASES = ("planted", "none", "shared", "comes back", "none, levels walk", "none, seasons differ")
RUNS = 100
FIRST_SEED = 10_000  # what was tuned was tuned on others


@dataclass(frozen=True)
class World:
    """One company: what happens, for how many weeks before and after, and the seed."""

    case: str
    before: int
    after: int
    seed: int

    def effect(self) -> Effect:
        """The answer about the first reason."""
        archive, change = self.archive()
        stop = START + 7 * (self.before + self.after)
        then, now = (archive.at(int(day_start([day], TZ)[0])) for day in (change, stop))
        names = list(archive.series)
        return effect(then, now, names[:1], {name: [name] for name in names[1:]})

    def archive(self) -> tuple[Archive, int]:
        """The reasons as series by day, and the local day of the change."""
        rng = np.random.default_rng([self.seed, self.before, self.after])
        count = 7 * (self.before + self.after)
        days = START + np.arange(count)
        change = START + 7 * self.before
        shared = (
            _noise(rng, count, COMMON_NOISE, COMMON_MEMORY)
            + rng.normal(0, COMMON_TREND) * (days - START) / 365
        )
        grid = Grid.days(START, START + count - 1, Interval.DAY, TZ)
        known = day_start(days + 1, TZ)
        series = {}
        for at, level in enumerate(LEVELS):
            own = _noise(rng, count, OWN_NOISE, OWN_MEMORY) + rng.normal(0, OWN_TREND) * (days - START) / 365
            if self.case == "none, levels walk":
                own = own + np.cumsum(rng.normal(0, OWN_WALK / np.sqrt(365), count))
            if self.case == "none, seasons differ":
                size, peak = SEASONS[at]
                own = own + size * np.cos(2 * np.pi * (days - START + START_DAY - peak) / 365.25)
            mean = (
                level
                * np.array(WEEKDAY)[(days + 3) % 7]
                * np.exp(shared + own)
                * self._share(days - change, at)
            )
            name = f"reason {at + 1}"
            offered = Versions.of(grid.ds, rng.poisson(mean).astype(np.float64), known)
            series[name] = Series(name, Interval.DAY, TZ, offered, queue=name, topic=name)
        return Archive(series, calendar=Calendar()), change

    def _share(self, since: Ns, reason: int) -> Floats:
        """What is left of a reason's contacts so many days after the change."""
        if self.case.startswith("none") or (self.case != "shared" and reason):
            return np.ones(len(since))
        left = 7 * self.after / 2
        fading = np.clip((left - since) / (left / 2) + 1, 0, 1) if self.case == "comes back" else 1.0
        return np.asarray(np.where(since >= 0, 1 + DROP * fading, 1.0))


def run(out: Path, *, runs: int = RUNS) -> None:
    """Write effect.json and effect.md."""
    write(
        out,
        {
            shape: {case: answers(case, *weeks, seeds=range(FIRST_SEED, FIRST_SEED + runs)) for case in CASES}
            for shape, weeks in SHAPES.items()
        },
    )


def answers(case: str, before: int, after: int, *, seeds: Iterable[int]) -> list[Effect]:
    """The answer in each world of one kind."""
    return [World(case, before, after, seed).effect() for seed in seeds]


def write(out: Path, made: Mapping[str, Mapping[str, Sequence[Effect]]]) -> None:
    """Shape -> case -> answers, into the two files."""
    found = {
        shape: {case: tally(case, each) for case, each in cases.items()} for shape, cases in made.items()
    }
    (out / "effect.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    lines = [
        "Shares of verdicts over worlds of one kind. Half the width of the interval is in points of change; inside: how often",
        "the interval held the truth.",
        "",
        "| history | what happened | worlds | fewer | more | none shown | change found (mean) | half width | inside | come back: yes or partly |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(shape, case, each) for shape, cases in found.items() for case, each in cases.items()]
    (out / "effect.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def tally(case: str, made: Sequence[Effect]) -> dict[str, float]:
    """Shares over the answers in worlds of one kind."""
    runs, truth = len(made), DROP if case == "planted" else 0.0
    changes = [each.change for each in made if each.change is not None]
    verdicts, backs = (
        Counter(each.verdict for each in made),
        Counter(each.come_back for each in made),
    )
    shown: tuple[Verdict, ...] = ("fewer contacts", "more contacts", "no change shown")
    return {
        "worlds": runs,
        **{verdict: verdicts[verdict] / runs for verdict in shown},
        "change": float(np.mean([one.value for one in changes])),
        "half_width": float(np.mean([(one.upper - one.lower) / 2 for one in changes])),
        "inside": sum(one.lower <= truth <= one.upper for one in changes) / max(len(changes), 1),
        "come_back": (backs["yes"] + backs["partly"]) / runs,
        "come_back_no": backs["no"] / runs,
    }


def _row(shape: str, case: str, each: dict[str, float]) -> str:
    shares = [f"{100 * each[name]:.1f} %" for name in ("fewer contacts", "more contacts", "no change shown")]
    rest = [
        f"{100 * each['change']:+.1f} %",
        f"{100 * each['half_width']:.1f}",
        f"{100 * each['inside']:.1f} %",
    ]
    if case == "comes back":
        rest[-1] = "–"  # the truth is another one every week
    told = " | ".join([*shares, *rest])
    return f"| {shape} | {case} | {each['worlds']:.0f} | {told} | {100 * each['come_back']:.1f} % |"


def _noise(rng: np.random.Generator, count: int, size: float, memory: float) -> Floats:
    """An autoregression of order one with this standard deviation, float[count]."""
    news = rng.normal(0, size * np.sqrt(1 - memory**2), count)
    news[0] = rng.normal(0, size)
    made = np.empty(count)
    state = 0.0
    for at, new in enumerate(news):
        state = memory * state + new
        made[at] = state
    return made
