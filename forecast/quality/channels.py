"""Channel shift: the share of a channel among a company's contacts, or those on a reason, moves for good while the sum stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.quality.changepoints import Change, changes
from forecast.quality.findings import COMPANY, Finding, command, date
from forecast.quality.record import Around
from forecast.quality.usual import Usual, without_weekday

LEAST = float(np.log(1.2))  # of the odds of a channel
LEAST_POINTS = 0.04  # of the sum
LEAST_DAILY = 10.0  # contacts a day of either channel
STAYS = 0.4  # the sum changes by less than so much of what moved
SETTLED = 42


@dataclass(frozen=True)
class Mix:
    """Contacts a day of the channels that a group of queues comes by. days: int64[d]; by_channel: float[d], NaN unknown."""

    name: str
    days: Ns
    by_channel: Mapping[str, Floats]
    queues: Mapping[str, tuple[str, ...]]


def mixes(usuals: Mapping[str, Usual]) -> list[Mix]:
    """The company's mix and that of each reason, where it has two channels or more."""
    groups: dict[str, list[Usual]] = defaultdict(list)
    for usual in usuals.values():
        groups[""].append(usual)
        if usual.record.topic != "all":
            groups[usual.record.topic].append(usual)
    made = []
    for name, members in groups.items():
        channels = {each.record.channel for each in members}
        if len(channels) >= 2:
            made.append(_mix(name, members))
    return made


def _mix(name: str, members: list[Usual]) -> Mix:
    first = max(int(each.record.days[0]) for each in members)
    last = min(int(each.record.days[-1]) for each in members)
    days = np.arange(first, max(first, last + 1))
    sums: dict[str, Floats] = {}
    queues: dict[str, tuple[str, ...]] = {}
    for each in members:
        begin = first - int(each.record.days[0])
        held = slice(begin, begin + len(days))
        own = np.where(each.left & (each.totals > 0), np.nan, each.record.totals)[held]
        channel = each.record.channel
        sums[channel] = sums.get(channel, np.zeros(len(own))) + own
        queues[channel] = (*queues.get(channel, ()), each.record.queue)
    return Mix(name, days, sums, queues)


def find_channel_shifts(
    usuals: Mapping[str, Usual], around: Around
) -> tuple[list[Finding], dict[str, list[int]]]:
    """-> findings, and queue -> local days on which its level moves for that reason."""
    found: list[Finding] = []
    days: dict[str, list[int]] = defaultdict(list)
    told: set[tuple[frozenset[str], int]] = set()
    for mix in sorted(mixes(usuals), key=lambda one: one.name == ""):
        names = sorted(mix.by_channel)
        for at, giver in enumerate(names):
            for taker in names[at + 1 :]:
                for change in _pair(mix, giver, taker):
                    made = _told(mix, giver, taker, change)
                    day = int(mix.days[change.at])
                    key = (frozenset((giver, taker)), day // 21)
                    queues = (*mix.queues[giver], *mix.queues[taker])
                    if made is None or key in told or any(around.is_moved(one, day) for one in queues):
                        continue
                    told.add(key)
                    found.append(made)
                    for queue in queues:
                        days[queue] += [int(mix.days[change.begin]), day, int(mix.days[change.stop])]
    return found, days


def _pair(mix: Mix, one: str, other: str) -> list[Change]:
    """Lasting changes of the odds of one channel against another."""
    first, second = mix.by_channel[one], mix.by_channel[other]
    if len(first) == 0 or min(np.nanmean(np.r_[each, 0.0]) for each in (first, second)) < LEAST_DAILY:
        return []
    both = (first > 0) & (second > 0)  # NaN compares false
    with np.errstate(invalid="ignore", divide="ignore"):
        odds = np.where(both, np.log(second / first), np.nan)
    return changes(without_weekday(odds, int(mix.days[0])), least_size=LEAST, gradual=True)


def _told(mix: Mix, one: str, other: str, change: Change) -> Finding | None:
    """The finding, where one channel lost about what the other gained."""
    before = slice(max(0, change.begin - SETTLED), change.begin)
    after = slice(change.stop + (change.stop > change.begin), change.stop + 1 + SETTLED)
    level = {
        name: tuple(float(np.nanmean(np.r_[mix.by_channel[name][span], np.nan])) for span in (before, after))
        if np.isfinite(mix.by_channel[name][before]).any() and np.isfinite(mix.by_channel[name][after]).any()
        else (0.0, 0.0)
        for name in (one, other)
    }
    giver, taker = (one, other) if change.size > 0 else (other, one)
    lost, gained = level[giver][0] - level[giver][1], level[taker][1] - level[taker][0]
    total = level[one][0] + level[other][0]
    if lost <= 0 or gained <= 0 or abs(gained - lost) > STAYS * max(gained, lost):
        return None
    share = level[taker][0] / total, level[taker][1] / (level[one][1] + level[other][1])
    if share[1] - share[0] < LEAST_POINTS:
        return None
    moved = (lost + gained) / 2
    first, last = date(mix.days[change.begin]), date(mix.days[change.stop])
    when = f"On {first}" if first == last else f"Between {first} and {last}"
    on = f" on {mix.name}" if mix.name else ""
    queue = f"{mix.queues[taker][0]}={lost / level[giver][0]:.2f}"
    action = command("import", "queue-map", "FILE")
    if len(mix.queues[giver]) == 1 and len(mix.queues[taker]) == 1 and first == last:
        action = command("queues", "split", mix.queues[giver][0], queue, "--from", first)
    return Finding(
        mix.queues[taker][0] if len(mix.queues[taker]) == 1 else COMPANY,
        "channel_shift",
        first,
        last,
        share[1] - share[0],
        f"{when} the share of {taker} beside {giver}{on} went from {share[0]:.0%} to {share[1]:.0%}; the sum stayed.",
        f"About {moved:,.0f} contacts a day come by {taker} instead of {giver}.",
        action,
        "warning",
        float(np.clip(1 - np.exp(-(change.sure - 3)), 0.5, 0.99)),
    )
