"""How soon the peak warning comes, beside a likelihood-ratio detector that is told what nobody knows.

Both look every five minutes, at the same posts and at the same number of false warnings a week. A storm counts as warned of
where the score passes the limit after its first moment and before a tenth of its extra calls has come. Ours counts where a user
hears of it: the past shows the queue to react, learnt by the shipped code from half a year with storms and news, and the
sureness is that of the default `Rules`; the least size, which hardly ever holds a warning back, is asked in the whole path.

    reference   knows the rhythm of the posts, their noise law, the law of sizes, rise and decay, and that storms begin between
                seven and sixteen hours; finds the level of the day as ours does. Its limit: simulation on other seeds
    told        the same, and is also told the drawn factor of each day, which no detector can know
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import warning_worlds as worlds
from benchmarks.warning_worlds import BUCKET, DAY, LAW, TICK, Storms
from forecast.alerts import Rules, worth_raising
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Interval
from forecast.burst_watch import CHUNK
from forecast.bursting import REACH, Law, general_law, limit, watch, weights
from forecast.days import OpeningHours
from forecast.storms import reaction_of, sureness, surges, told_by_past, weeks_of
from forecast.usual_posts import level, usual
from forecast.vintage import Archive, Series, Signal, Versions

FINAL, LIMITS, CALIBRATION = 2026, 404, 101  # seeds of the judged runs, of the reference's limit, of ours
WORLDS, STORMS, WEEKS = (
    25,
    8,
    2,
)  # worlds per base and head start; storms of each size in each, and quiet weeks
LIMIT_WEEKS = 160
SPREAD = float(LAW["posts"]["half_hour_cv"]) ** 2
RATES = (0.5, 2.0, 20.0)  # posts an hour at which our limit is tabled
SLOTS = DAY // BUCKET
BEFORE, WINDOW = 24, 84  # ticks before an onset at which a run begins, and its length
PATHS = 25  # storms per base and head start that are sent through `surges` itself, each of a world of its own
SOON = 3  # ticks later at which `surges` may tell what the array told: a hair below the limit is no other verdict
OURS = "ours", "ours, counted at half hours"
AT_ONCE = 32  # worlds or storms in one pass, as many as stay in the processor's cache
LEAST = 0.05  # a share of storms below which a ratio says nothing
MINUTE = 60 * SECOND
MONDAY = int(np.datetime64("2024-01-08", "D").astype(np.int64)) * 86_400 * SECOND
OPEN = OpeningHours(
    tuple((day, 60 * LAW["calls"]["hours"][0], 60 * LAW["calls"]["hours"][1], 0) for day in range(7))
)


class Quiet(NamedTuple):
    """Judged weeks of n worlds: posts [n, ticks]; what they told before [n, CHUNK days]; the rhythm with the day's factor."""

    posts: Ns
    before: Ns
    told: Floats


class Detector(NamedTuple):
    """expected: (quiet, worlds[m], posts[m, ticks]) -> float[m, ticks] and spread[m]; what it looks for; when onsets matter."""

    expected: Callable[[Quiet, Ns, Ns], tuple[Floats, Floats]]
    law: Law
    weight: Floats
    partly: bool = True


def _halves(posts: Ns) -> Floats:
    return np.asarray(posts.reshape(len(posts), -1, BUCKET).sum(axis=2), dtype=np.float64)


def _levelled(mean: Floats, quiet: Quiet, rows: Ns, posts: Ns, spread: Floats) -> Floats:
    """mean [m, half hours of the week] -> posts expected per tick, at the level of the last hours."""
    counts = np.concatenate([_halves(quiet.before[rows, -DAY:]), _halves(posts)], axis=1)
    week = np.tile(mean, (1, posts.shape[1] // BUCKET // mean.shape[1]))
    expected = np.concatenate([mean[:, -SLOTS:], week], axis=1)
    raised = expected * level(counts, expected, spread, SLOTS)
    return np.repeat(raised[:, SLOTS:] / BUCKET, BUCKET, axis=1)


def _ours(quiet: Quiet, rows: Ns, posts: Ns) -> tuple[Floats, Floats]:
    table = _halves(quiet.before).reshape(len(quiet.before), CHUNK, SLOTS)
    found = usual(table, np.arange(CHUNK) % 7)
    mean = found.mean.reshape(len(table), -1)[rows]
    return _levelled(mean, quiet, rows, posts, found.spread[rows]), found.spread[rows]


def _reference(base: float) -> Callable[[Quiet, Ns, Ns], tuple[Floats, Floats]]:
    mean = worlds.quiet_mean(base, 7).reshape(-1, BUCKET).sum(axis=1)

    def expected(quiet: Quiet, rows: Ns, posts: Ns) -> tuple[Floats, Floats]:
        spread = np.full(len(rows), SPREAD)
        return _levelled(np.tile(mean, (len(rows), 1)), quiet, rows, posts, spread), spread

    return expected


def _told(quiet: Quiet, rows: Ns, _posts: Ns) -> tuple[Floats, Floats]:
    return quiet.told[rows], np.full(len(rows), SPREAD)


def detectors(base: float) -> dict[str, Detector]:
    """The detectors by name, at one base of posts an hour."""
    hour = (np.arange(7 * DAY) % DAY + 0.5) * TICK / 60
    first, last = LAW["storms"]["onset"]
    onset = np.where((hour >= first) & (hour < last), 1.0, 0.0)
    low, high = np.log(LAW["storms"]["decay"])
    decays = tuple(float(one) for one in np.exp(low + (high - low) * (np.arange(4) + 0.5) / 4))
    law = Law.of(np.array(LAW["grid"]["extra"], dtype=np.float64), (25.0,), decays)
    opens, closes = LAW["calls"]["hours"]
    matters = weights((hour >= opens - 2) & (hour < closes - 1))
    return {
        "ours": Detector(_ours, general_law(base), matters),
        "ours, counted at half hours": Detector(_ours, general_law(base), matters, partly=False),
        "reference": Detector(_reference(base), law, onset / onset.mean()),
        "told": Detector(_told, law, onset / onset.mean()),
    }


def quiet_worlds(seed: int, base: float, ahead: float, count: int, weeks: int) -> tuple[Quiet, list[Ns]]:
    """`count` worlds with a past full of storms and `weeks` without; and the whole past, posts and calls [2, ticks]."""
    pasts, posts, told = [], [], []
    for world in range(count):
        rng = np.random.default_rng((seed, int(4 * base), int(ahead), world))
        past, calls, _ = worlds.history(rng, base, ahead)
        pasts.append(np.stack([past, calls]))
        drawn, expected = worlds.quiet(rng, base, 7 * weeks, 1)
        posts.append(drawn[0])
        told.append(expected[0])
    before = np.stack([past[0, -CHUNK * DAY :] for past in pasts])
    return Quiet(np.stack(posts), before, np.stack(told)), pasts


def scores(detector: Detector, quiet: Quiet, rows: Ns, posts: Ns, at: Ns | None = None) -> Floats:
    """float[m, t]: the score at each tick of posts[m], or of WINDOW ticks from at[m] on."""
    expected, spread = detector.expected(quiet, rows, posts)
    weight = np.tile(detector.weight, (len(rows), posts.shape[1] // len(detector.weight)))
    counts = posts.astype(np.float64)
    if not detector.partly:
        counts = np.zeros(posts.shape)
        counts[:, BUCKET - 1 :: BUCKET] = _halves(posts)
    if at is not None:
        place = at[:, None] + np.arange(WINDOW)
        counts, expected, weight = (
            np.take_along_axis(values, place, axis=1) for values in (counts, expected, weight)
        )
    closes = np.ones(counts.shape[1], dtype=bool)
    if not detector.partly:
        closes = (np.arange(counts.shape[1]) + 1) % BUCKET == 0
    parts = [slice(first, first + AT_ONCE) for first in range(0, len(rows), AT_ONCE)]
    judged = [
        watch(counts[part], expected[part], closes, spread[part], detector.law, weight[part], bucket=BUCKET)
        for part in parts
    ]
    return np.concatenate([one.score for one in judged])


def episodes(score: Floats, least: float | Floats) -> Ns:
    """int[n], least float or [n]: warnings of each row; what passes the limit within REACH ticks of the last time is the same warning."""
    above = [np.flatnonzero(row) for row in score >= np.reshape(least, (-1, 1))]
    return np.array([(np.diff(rows, prepend=-REACH - 1) > REACH).sum() for rows in above])


def limit_for(score: Floats, weeks: float, a_week: float) -> float:
    """The lowest limit with at most `a_week` warnings a week."""
    steps = np.arange(3.0, 14.0, 0.02)
    return next(float(one) for one in steps if episodes(score, float(one)).sum() <= a_week * weeks)


def calibrate(count: int = LIMIT_WEEKS) -> list[list[float]]:
    """[rate, correction with partial counts, correction at half hours]: `bursting.CORRECTION`, on seeds of its own."""
    rows = []
    for base in RATES:
        quiet, _ = quiet_worlds(CALIBRATION, base, 60, count, 1)
        found = [base]
        for name in ("ours", "ours, counted at half hours"):
            score = scores(detectors(base)[name], quiet, np.arange(count), quiet.posts)
            found.append(round(limit_for(score, count, 0.9) - float(np.log(7 * DAY)), 2))
        rows.append(found)
    return rows


def judge(base: float, limits: dict[str, float]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One base: rows of cells, and what is told of false warnings, of news and of the path through `surges`."""
    cells, quiets, alarms = [], [], list[float]()
    told: dict[str, Any] = {"base": base}
    false: dict[str, list[float]] = {name: [] for name in limits}
    for ahead in LAW["grid"]["ahead"]:
        quiet, pasts = quiet_worlds(FINAL, base, ahead, WORLDS, WEEKS)
        needed = np.array([_needed(past) for past in pasts])
        for name, detector in detectors(base).items():
            score = scores(detector, quiet, np.arange(WORLDS), quiet.posts)
            false[name] += (episodes(score, _least(name, limits, needed)) / WEEKS).tolist()
            if name == "ours":
                alarms += (episodes(score, limits[name]) / WEEKS).tolist()
        for extra in LAW["grid"]["extra"]:
            cells.append(_cell(base, ahead, extra, quiet, needed, limits))
        quiets.append((ahead, quiet, pasts, needed))
    told["false"] = {name: round(float(np.mean(found)), 2) for name, found in false.items()}
    told["false"]["alarm"] = round(float(np.mean(alarms)), 2)
    told["news"] = _news(base, quiets[0][1], quiets[0][3], limits)
    told["path"] = _path(base, quiets, limits["ours"])
    return cells, told


def _needed(past: Ns) -> float:
    """The score from which on the default rules let a warning through, by what the shipped code hears from this past."""
    now = past.shape[1]
    snapshot = _archive(past[0], past[1], now).at(MONDAY + now * TICK * MINUTE)
    history = snapshot.history("calls")
    reaction = reaction_of(snapshot, history, snapshot.signal("posts"))
    scale = np.arange(0.0, 50.0, 0.01)
    sure = [sureness(float(one), reaction, weeks_of(history)) >= Rules().least_sure for one in scale]
    return float(scale[np.argmax(sure)]) if told_by_past(reaction) and any(sure) else float("inf")


def _least(name: str, limits: dict[str, float], needed: Floats) -> Floats:
    """float[n]: the score a warning takes in each world: the limit, and of ours what its sureness asks."""
    limit_ = np.full(len(needed), limits[name])
    return np.maximum(limit_, needed) if name in OURS else limit_


def _archive(posts: Ns, calls: Ns, now: int) -> Archive:
    """What the job `alert` holds at the end of tick `now`: calls and posts per half hour, known at its end, and the posts of the
    last day counted anew at each tick in which one came (`jobs.running`)."""
    half, since = BUCKET * TICK * MINUTE, (now - DAY) // BUCKET
    came = posts.reshape(-1, BUCKET)
    total, told = np.cumsum(came, axis=1), came > 0
    told[:since] = False
    told[:since, -1] = total[:since, -1] > 0
    row, tick = np.nonzero(told)
    ds = MONDAY + row * half
    values = Versions.of(ds, total[row, tick], ds + (tick + 1) * TICK * MINUTE)
    counts = _halves(calls[None])[0]
    starts = MONDAY + np.arange(len(counts)) * half
    queue = Series(
        "calls",
        Interval.HALF_HOUR,
        "UTC",
        Versions.of(starts, counts, starts + half),
        queue="calls",
        hours=OPEN,
    )
    signal = Signal(
        "posts",
        Interval.HALF_HOUR,
        "UTC",
        values,
        counted_every=TICK * 60,
        counted_since=MONDAY + since * half,
    )
    return Archive({"calls": queue}, {"posts": signal})


class Planted(NamedTuple):
    """Storms in quiet weeks. size float[m] expected posts; world int[m]; posts int[m, ticks] with the storm's; at: tick at which a run begins."""

    storms: Storms
    size: Floats
    world: Ns
    posts: Ns
    at: Ns


def planted(rng: np.random.Generator, quiet: Quiet, extra: float | None) -> Planted:
    """STORMS storms in each world, each on a day of its own with the quiet posts of that day; None: of any size."""
    days = quiet.posts.shape[1] // DAY
    day = np.concatenate([rng.choice(np.arange(1, days), STORMS, replace=False) for _ in quiet.posts])
    world = np.repeat(np.arange(len(quiet.posts)), STORMS)
    storms = worlds.draw(rng, day)
    sizes = [extra] if extra else LAW["grid"]["extra"]
    size = rng.choice(np.array(sizes, dtype=np.float64), len(day))
    added = worlds.posts_of(rng, storms, size, quiet.posts.shape[1])
    first = (storms.onset // TICK).astype(np.int64) // BUCKET * BUCKET - BEFORE
    return Planted(storms, size, world, quiet.posts[world] + added, first)


def _in_time(score: Floats, least: float | Floats, one: Planted, until: Floats) -> Flags:
    """bool[m], least float or [m]: passed the limit after the storm's first moment and not after `until` (minutes)."""
    end = (one.at[:, None] + np.arange(WINDOW) + 1) * TICK
    inside = (end > one.storms.onset[:, None]) & (end <= until[:, None])
    return np.asarray(((score >= np.reshape(least, (-1, 1))) & inside).any(axis=1))


def _cell(
    base: float, ahead: float, extra: float, quiet: Quiet, needed: Floats, limits: dict[str, float]
) -> dict[str, Any]:
    rng = np.random.default_rng((FINAL, 7, int(4 * base), int(ahead), int(extra)))
    one = planted(rng, quiet, extra)
    until = worlds.deadlines(worlds.calls_of(one.storms, one.size, ahead))
    row: dict[str, Any] = {"base": base, "ahead": ahead, "extra": extra, "storms": len(one.world)}
    warned = {}
    for name, detector in detectors(base).items():
        score = scores(detector, quiet, one.world, one.posts, one.at)
        warned[name] = _in_time(score, _least(name, limits, needed)[one.world], one, until)
        if name == "ours":
            row["alarm"] = round(float(_in_time(score, limits[name], one, until).mean()), 3)
        row[name] = round(float(warned[name].mean()), 3)
    row["ratio"], row["ratio_90"] = _ratio(warned["ours"], warned["reference"])
    row["reacts"] = round(float(np.isfinite(needed).mean()), 2)
    return row


def _ratio(ours: Flags, other: Flags) -> tuple[float | None, list[float] | None]:
    """Ratio of shares with its 90 % interval over resampled storms; None where the other warns of hardly any."""
    if other.mean() < LEAST:
        return None, None
    rows = np.random.default_rng(1).integers(0, len(ours), (1000, len(ours)))
    drawn = ours[rows].mean(axis=1) / np.maximum(other[rows].mean(axis=1), 1 / len(ours))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return round(float(ours.mean() / other.mean()), 3), [round(float(low), 2), round(float(high), 2)]


def _news(base: float, quiet: Quiet, needed: Floats, limits: dict[str, float]) -> dict[str, dict[str, float]]:
    """Share of bursts without calls that are warned of within four hours: by their posts they look like storms."""
    found: dict[str, dict[str, float]] = {}
    for extra in LAW["grid"]["extra"]:
        one = planted(np.random.default_rng((FINAL, 8, int(4 * base), int(extra))), quiet, extra)
        for name in ("ours", "reference"):
            score = scores(detectors(base)[name], quiet, one.world, one.posts, one.at)
            least = _least(name, limits, needed)[one.world]
            warned = _in_time(score, least, one, one.storms.onset + 240)
            found.setdefault(name, {})[str(extra)] = round(float(warned.mean()), 2)
    return found


def _path(base: float, quiets: list[tuple[float, Quiet, list[Ns], Floats]], least: float) -> dict[str, Any]:
    """Storms through `surges` itself, at the tick of the first warning: is it said there too, and did the band hold?

    Contacts that come are told apart by the draw: those of the storm are counted, the queue's own noise is not.
    """
    rows: list[dict[str, float]] = []
    for ahead, quiet, pasts, needed in quiets:
        rng = np.random.default_rng((FINAL, 9, int(4 * base), int(ahead)))
        one = planted(rng, quiet, None)
        first, path = worlds.calls_of(one.storms, one.size, ahead)
        score = scores(detectors(base)["ours"], quiet, one.world, one.posts, one.at)
        for row in np.arange(0, len(one.world), STORMS)[:PATHS]:
            begin = one.at[row] + np.arange(WINDOW) + 1
            asked = max(least, float(needed[one.world[row]]))
            hit = np.flatnonzero((score[row] >= asked) & (begin * TICK > one.storms.onset[row]))
            if len(hit) > 0:
                posts, past = one.posts[row], pasts[one.world[row]]
                left = np.append(np.cumsum(path[row, ::-1])[::-1], 0.0)  # calls expected from each tick on
                rows.append(_heard(rng, past, posts, int(begin[hit[0]]), left, int(first[row])))
    return _sized(rows)


def _heard(
    rng: np.random.Generator, past: Ns, posts: Ns, tick: int, left: Floats, first: int
) -> dict[str, float]:
    """What `surges` says at the end of a tick or within `SOON` of it, by the default rules, and what came; else what it missed.

    left: float[ticks + 1] calls still expected from each tick after `first` on
    """
    calls = np.concatenate([past[1], worlds.quiet_calls(rng, len(posts) // DAY)])
    for late in range(SOON + 1):
        ticks = past.shape[1] + tick + late
        now = MONDAY + ticks * TICK * MINUTE
        snapshot = _archive(np.concatenate([past[0], posts]), calls, ticks).at(now)
        heard = [one for one in surges(snapshot, "calls") if worth_raising(one, now, Rules())]
        if heard:
            came = float(rng.poisson(left[max(0, tick + late - first)]))
            said = {name: float(getattr(heard[0], name)) for name in ("extra", "low", "high", "sureness")}
            return {"said": 1.0, "at once": float(late == 0), "came": came, **said}
    return {"said": 0.0, "at once": 0.0}


def _sized(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Means over the storms of one base that were told."""
    heard = [row for row in rows if row["said"]]
    if not heard:
        return {"n": len(rows), "said too": 0.0}
    mean = {
        name: float(np.mean([row[name] for row in heard]))
        for name in ("extra", "low", "high", "came", "sureness")
    }
    return {
        "n": len(rows),
        "said too": round(len(heard) / len(rows), 3),
        "at once": round(float(np.mean([row["at once"] for row in rows])), 3),
        "told": round(mean["extra"]),
        "low": round(mean["low"]),
        "high": round(mean["high"]),
        "came": round(mean["came"]),
        "came below": round(float(np.mean([row["came"] < row["low"] for row in heard])), 3),
        "came above": round(float(np.mean([row["came"] > row["high"] for row in heard])), 3),
        "sureness": round(mean["sureness"], 3),
    }


def limits_of(base: float) -> dict[str, float]:
    """Ours as shipped; the others' by simulation on seeds of their own, for one false warning a week."""
    quiet, _ = quiet_worlds(LIMITS, base, 60, LIMIT_WEEKS, 1)
    found = {
        "ours": limit(base, 1.0, partly=True),
        "ours, counted at half hours": limit(base, 1.0, partly=False),
    }
    for name in ("reference", "told"):
        score = scores(detectors(base)[name], quiet, np.arange(LIMIT_WEEKS), quiet.posts)
        found[name] = limit_for(score, LIMIT_WEEKS, 1.0)
    return found


def run(out: Path) -> None:
    """Write warnings.json and warnings.md."""
    began = time.perf_counter()
    cells: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for base in (*LAW["grid"]["base"], LAW["thin"]):
        limits = limits_of(base)
        rows, more = judge(base, limits)
        cells += rows
        told.append({**more, "limits": {name: round(value, 2) for name, value in limits.items()}})
        print(f"{base} posts an hour: {time.perf_counter() - began:.0f} s", flush=True)
    found = {"cells": cells, "bases": told}
    (out / "warnings.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    page = "\n".join(_page(found)) + "\n"
    (out / "warnings.md").write_text(page, encoding="utf-8")
    print(page)


def passes(cell: dict[str, Any]) -> bool | None:
    """The bar of measuring.md; None where the reference warns of too few for a ratio to say anything."""
    if cell["ahead"] >= 60 and cell["extra"] >= 200:
        return bool(cell["ours"] >= 0.8)
    return None if cell["ratio"] is None else bool(cell["ratio"] >= 0.9)


def _page(found: dict[str, Any]) -> list[str]:
    verdicts = [passes(cell) for cell in found["cells"]]
    lines = [
        "# Peak warnings: how many storms are told before a tenth of their calls",
        "",
        f"Written by `./dev bench warnings`; worlds in `benchmarks/warning_worlds.yaml`, seed {FINAL}; "
        f"{found['cells'][0]['storms']} storms a cell, %. Both sides look every five minutes; limits for one false "
        f"warning a week were set on other seeds. *Ours*: told by the default rules, {100 * Rules().least_sure:.0f} % sure at least. *Reference*: likelihood ratio that knows rhythm, noise, sizes, shapes and when "
        "storms begin. *Told*: is also told each day's drawn level. *At half hours*: ours, where posts are counted only when a "
        "half hour is over. *Alarm*: ours, however unsure. Ratio: ours over reference, with a 90 % interval over storms.",
        "",
        f"**{verdicts.count(True)} of {len(verdicts)} cells pass, {verdicts.count(False)} miss (✗), "
        f"{verdicts.count(None)} are not judged (–: the reference itself warns of fewer than {LEAST:.0%}).**",
        "",
        "| posts an hour | ahead, min | extra posts | ours | reference | ratio | alarm | told | at half hours | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for cell, passed in zip(found["cells"], verdicts, strict=True):
        low, high = cell["ratio_90"] or ("", "")
        ratio = "–" if cell["ratio"] is None else f"{cell['ratio']:.2f} ({low:.2f}-{high:.2f})"
        mark = {True: "✓", False: "✗", None: "–"}[passed]
        shares = [100 * cell[name] for name in ("ours", "reference", "alarm", "told", OURS[1])]
        ours, other, alarm, known, slow = (f"{share:.1f}" for share in shares)
        lines.append(
            f"| {cell['base']:g} | {cell['ahead']} | {cell['extra']} | {ours} | {other} | {ratio} | {alarm} | {known} | {slow} | {mark} |"
        )
    weeks = WORLDS * WEEKS * len(LAW["grid"]["ahead"])
    lines += [
        "",
        f"## False warnings a week, over {weeks} quiet weeks a base; and bursts of news",
        "",
        "News: share of bursts without calls (20, 60, 200 posts) that are warned of within four hours. Their posts look like "
        "a storm's; only `sureness` tells, by the share of past bursts that brought calls.",
        "",
        "| posts an hour | ours | alarm | at half hours | reference | told | news, ours | news, reference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for base in found["bases"]:
        names = ("ours", "alarm", OURS[1], "reference", "told")
        false = " | ".join(f"{base['false'][name]:.2f}" for name in names)
        news = " | ".join(
            ", ".join(f"{100 * share:.0f} %" for share in base["news"][name].values())
            for name in ("ours", "reference")
        )
        lines.append(f"| {base['base']:g} | {false} | {news} |")
    return [*lines, *_path_lines(found["bases"])]


def _path_lines(bases: list[dict[str, Any]]) -> list[str]:
    lines = [
        "",
        "## The whole path",
        "",
        "Storms of all sizes sent through `surges` on real versions at the tick of the first warning: how many it tells of too, then "
        f"and within {SOON * TICK} minutes, by the default rules, {Rules().least_extra:.0f} contacts and "
        f"{100 * Rules().least_sure:.0f} % sure at least; calls still to come as told, with the ends of the 80 % band, and as they "
        "came, means all; and how many came outside the band. The size is "
        "told for the case that calls follow, which they do here; sureness is the probability that they do.",
        "",
        "| posts an hour | storms | at once | soon | told (band) | came | below the band | above | sureness |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for base in bases:
        path = base["path"]
        below, above, once, said = (
            f"{100 * path[name]:.0f} %" for name in ("came below", "came above", "at once", "said too")
        )
        told = f"{path['told']} ({path['low']}-{path['high']})"
        lines.append(
            f"| {base['base']:g} | {path['n']} | {once} | {said} | {told} | {path['came']} | {below} | {above} | {path['sureness']:.2f} |"
        )
    return lines
