"""How soon the peak warning comes, beside a likelihood-ratio detector that is told what nobody knows.

Both look every five minutes, at the same posts and at the same number of false warnings a week. A storm counts as warned of
where the score passes the limit after its first moment and before a tenth of its extra calls has come; ours also needs a past
that shows the queue to react, learnt by the shipped code from half a year with storms and news.

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
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Interval
from forecast.burst_watch import CHUNK
from forecast.bursting import REACH, Law, general_law, limit, watch, weights
from forecast.days import OpeningHours
from forecast.storms import reaction_of, surges, told_by_past
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
PATHS = 6  # storms per base and head start that are sent through `surges` itself
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


def episodes(score: Floats, least: float) -> Ns:
    """int[n]: warnings of each row; what passes the limit within REACH ticks of the last time is the same warning."""
    above = [np.flatnonzero(row >= least) for row in score]
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
    cells, quiets = [], []
    told: dict[str, Any] = {"base": base}
    false: dict[str, list[float]] = {name: [] for name in limits}
    for ahead in LAW["grid"]["ahead"]:
        quiet, pasts = quiet_worlds(FINAL, base, ahead, WORLDS, WEEKS)
        reactions = [_reacts(past) for past in pasts]
        for name, detector in detectors(base).items():
            score = scores(detector, quiet, np.arange(WORLDS), quiet.posts)
            false[name] += (episodes(score, limits[name]) / WEEKS).tolist()
        for extra in LAW["grid"]["extra"]:
            cells.append(_cell(base, ahead, extra, quiet, np.array(reactions), limits))
        quiets.append((ahead, quiet, pasts))
    told["false"] = {name: round(float(np.mean(found)), 2) for name, found in false.items()}
    told["news"] = _news(base, quiets[0][1], limits)
    told["path"] = _path(base, quiets, limits["ours"])
    return cells, told


def _reacts(past: Ns) -> bool:
    """Does the shipped code hear from this past that the queue answers bursts?"""
    archive = _archive(past[0], past[1])
    snapshot = archive.at(MONDAY + past.shape[1] * TICK * MINUTE)
    return told_by_past(reaction_of(snapshot, snapshot.history("calls"), snapshot.signal("posts")))


def _archive(posts: Ns, calls: Ns) -> Archive:
    """Calls per half hour, known at its end; posts per half hour, counted anew at each tick in which one came."""
    half = BUCKET * TICK * MINUTE
    total = np.cumsum(posts.reshape(-1, BUCKET), axis=1)
    row, tick = np.nonzero(posts.reshape(-1, BUCKET))
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
    return Archive({"calls": queue}, {"posts": Signal("posts", Interval.HALF_HOUR, "UTC", values)})


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


def _in_time(score: Floats, least: float, one: Planted, until: Floats) -> Flags:
    """bool[m]: passed the limit after the storm's first moment and not after `until` (minutes)."""
    end = (one.at[:, None] + np.arange(WINDOW) + 1) * TICK
    inside = (end > one.storms.onset[:, None]) & (end <= until[:, None])
    return np.asarray(((score >= least) & inside).any(axis=1))


def _cell(
    base: float, ahead: float, extra: float, quiet: Quiet, reacts: Flags, limits: dict[str, float]
) -> dict[str, Any]:
    rng = np.random.default_rng((FINAL, 7, int(4 * base), int(ahead), int(extra)))
    one = planted(rng, quiet, extra)
    until = worlds.deadlines(worlds.calls_of(one.storms, one.size, ahead))
    row: dict[str, Any] = {"base": base, "ahead": ahead, "extra": extra, "storms": len(one.world)}
    warned = {}
    for name, detector in detectors(base).items():
        score = scores(detector, quiet, one.world, one.posts, one.at)
        warned[name] = _in_time(score, limits[name], one, until)
        if name.startswith("ours"):
            warned[name] &= reacts[one.world]
        row[name] = round(float(warned[name].mean()), 3)
    row["ratio"], row["ratio_90"] = _ratio(warned["ours"], warned["reference"])
    row["reacts"] = round(float(reacts.mean()), 2)
    return row


def _ratio(ours: Flags, other: Flags) -> tuple[float | None, list[float] | None]:
    """Ratio of shares with its 90 % interval over resampled storms; None where the other warns of hardly any."""
    if other.mean() < LEAST:
        return None, None
    rows = np.random.default_rng(1).integers(0, len(ours), (1000, len(ours)))
    drawn = ours[rows].mean(axis=1) / np.maximum(other[rows].mean(axis=1), 1 / len(ours))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return round(float(ours.mean() / other.mean()), 3), [round(float(low), 2), round(float(high), 2)]


def _news(base: float, quiet: Quiet, limits: dict[str, float]) -> dict[str, dict[str, float]]:
    """Share of bursts without calls that are warned of within four hours: by their posts they look like storms."""
    found: dict[str, dict[str, float]] = {}
    for extra in LAW["grid"]["extra"]:
        one = planted(np.random.default_rng((FINAL, 8, int(4 * base), int(extra))), quiet, extra)
        for name in ("ours", "reference"):
            score = scores(detectors(base)[name], quiet, one.world, one.posts, one.at)
            warned = _in_time(score, limits[name], one, one.storms.onset + 240)
            found.setdefault(name, {})[str(extra)] = round(float(warned.mean()), 2)
    return found


def _path(base: float, quiets: list[tuple[float, Quiet, list[Ns]]], least: float) -> dict[str, Any]:
    """Storms through `surges` itself, at the tick of the first warning: is it said there too, and did the band hold?

    Contacts that come are told apart by the draw: those of the storm are counted, the queue's own noise is not.
    """
    same, below, above, sure, true, said = [], [], [], [], [], []
    for ahead, quiet, pasts in quiets:
        rng = np.random.default_rng((FINAL, 9, int(4 * base), int(ahead)))
        one = planted(rng, quiet, None)
        rows = np.arange(0, len(one.world), STORMS)[:PATHS]
        first, path = worlds.calls_of(one.storms, one.size, ahead)
        score = scores(detectors(base)["ours"], quiet, one.world, one.posts, one.at)
        for row in rows:
            begin = one.at[row] + np.arange(WINDOW) + 1
            hit = np.flatnonzero((score[row] >= least) & (begin * TICK > one.storms.onset[row]))
            if len(hit) == 0:
                continue
            past = pasts[one.world[row]]
            calls = np.concatenate([past[1], worlds.quiet_calls(rng, quiet.posts.shape[1] // DAY)])
            archive = _archive(np.concatenate([past[0], one.posts[row]]), calls)
            tick = int(begin[hit[0]])
            now = MONDAY + (past.shape[1] + tick) * TICK * MINUTE
            heard = [each for each in surges(archive.at(now), "calls") if not each.over]
            same.append(bool(heard))
            if heard:
                came = rng.poisson(path[row, max(0, tick - int(first[row])) :].sum())
                below.append(came < heard[0].low)
                above.append(came > heard[0].high)
                sure.append(heard[0].sureness)
                true.append(came)
                said.append(heard[0].extra)
    shares = {"said too": same, "came below": below, "came above": above, "sureness": sure}
    found = {name: round(float(np.mean(values)), 2) if values else None for name, values in shares.items()}
    return {**found, "n": len(same), "came": round(float(np.mean(true))), "told": round(float(np.mean(said)))}


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
        "warning a week were set on other seeds. *Reference*: likelihood ratio that knows rhythm, noise, sizes, shapes and when "
        "storms begin. *Told*: is also told each day's drawn level. *At half hours*: ours, where posts are counted only when a "
        "half hour is over. Ratio: ours over reference, with a 90 % interval over storms.",
        "",
        f"**{verdicts.count(True)} of {len(verdicts)} cells pass, {verdicts.count(False)} miss (✗), "
        f"{verdicts.count(None)} are not judged (–: the reference itself warns of fewer than {LEAST:.0%}).**",
        "",
        "| posts an hour | ahead, min | extra posts | ours | reference | ratio | told | at half hours | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for cell, passed in zip(found["cells"], verdicts, strict=True):
        low, high = cell["ratio_90"] or ("", "")
        ratio = "–" if cell["ratio"] is None else f"{cell['ratio']:.2f} ({low:.2f}-{high:.2f})"
        mark = {True: "✓", False: "✗", None: "–"}[passed]
        shares = [100 * cell[name] for name in ("ours", "reference", "told", "ours, counted at half hours")]
        ours, other, known, slow = (f"{share:.1f}" for share in shares)
        lines.append(
            f"| {cell['base']:g} | {cell['ahead']} | {cell['extra']} | {ours} | {other} | {ratio} | {known} | {slow} | {mark} |"
        )
    weeks = WORLDS * WEEKS * len(LAW["grid"]["ahead"])
    lines += [
        "",
        f"## False warnings a week, over {weeks} quiet weeks a base; and bursts of news",
        "",
        "News: share of bursts without calls (20, 60, 200 posts) that are warned of within four hours. Their posts look like "
        "a storm's; only `sureness` tells, by the share of past bursts that brought calls.",
        "",
        "| posts an hour | ours | at half hours | reference | told | news, ours | news, reference |",
        "|---|---|---|---|---|---|---|",
    ]
    for base in found["bases"]:
        names = ("ours", "ours, counted at half hours", "reference", "told")
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
        "Storms of all sizes sent through `surges` on real versions at the tick of the first warning: how many it tells of too, "
        "calls still to come as told (mean) and as they came, and how many came outside the 80 % band. The band knows that some "
        "bursts are news; these storms are not, so that none should lie below it.",
        "",
        "| posts an hour | storms | told too | told | came | below the band | above | sureness |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for base in bases:
        path = base["path"]
        below, above, said = (
            f"{100 * path[name]:.0f} %" for name in ("came below", "came above", "said too")
        )
        lines.append(
            f"| {base['base']:g} | {path['n']} | {said} | {path['told']} | {path['came']} | {below} | {above} | {path['sureness']:.2f} |"
        )
    return lines
