"""From the first posts of a burst to the surge of contacts to be expected: which queue, when, how many, how sure.

    signal as known now ─► usual posts (`usual_posts`) ─► score of a burst (`bursting.watch`) ─► above the limit?
    past bursts of the signal, contacts after them ─► the queue's reaction (`reaction.learn`)
    sizes of past bursts (`burst_sizes`) and the posts so far ─► size
    all ─► draws of (onset, size, shape, contacts per post, delay) ─► contacts still to come where any come, with a band

A queue whose past shows no reaction to bursts is not warned of. The limit is set so that all signals watched together give
`A_WEEK` false warnings a week at most; a burst of news that resembles past incidents is no fault of the chart, and is
told by `sureness`: the probability that there is a burst, times that contacts follow one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from forecast.alerts import ALL, Surge
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Grid, local_day
from forecast.burst_watch import CHUNK, HOUR, MINUTE, Alarm, Posts, alarm_of, is_watched, posts_of
from forecast.bursting import A_WEEK as A_WEEK_TICKS
from forecast.bursting import TICK, written
from forecast.models.past import candidate_signals
from forecast.reaction import DELAYS, Aftermath, Reaction, followed, learn, retried
from forecast.usual_posts import usual
from forecast.vintage import History, Signal, Snapshot

LEAST_BURSTS, LEAST_REACTS, LEAST_SHARE = 3, 0.9, 0.3  # below these nothing is said
TAUGHT = 24 * HOUR  # contacts so long after the onset of a past burst teach
STRUCK = HOUR, 4 * HOUR  # before the onset and after the posts of a burst, no contacts are usual
MOST_STRUCK = 0.5  # of the time: where there are more bursts than that they are usual
DRAWS = 600
AHEAD = 36 * 60  # minutes a surge is followed
QUARTER = 15  # minutes: the steps in which contacts to come are laid out
PASSED = 0.9  # of the contacts have come: over
MOST_OF_IT = 0.5  # of a burst's posts on one topic: it is a burst on that topic


def surges(snapshot: Snapshot, name: str) -> list[Surge]:
    """What bursts of the last day let expect of the series `name`, as known at the cutoff; the surest first.

    Empty without signals of counts, for daily series and dead queues, and where past bursts brought no contacts.
    """
    history = snapshot.history(name)
    if history.series.interval.slots == 1 or len(history.grid) == 0 or history.dead:
        return []
    found = []
    for signal in watched(snapshot, name):
        alarm = alarm_of(snapshot, history, signal)
        if alarm is None:
            continue
        reaction = reaction_of(snapshot, history, signal)
        if told_by_past(reaction):
            surge = _surge(snapshot, history, signal, alarm, reaction)
            if surge is not None:
                found.append(surge)
    return sorted(_by_topic(snapshot, found), key=lambda one: -one.sureness)


def watched(snapshot: Snapshot, name: str) -> list[Signal]:
    """Signals of a series that are watched: counts of posts, and what users brought; the rest only repeats them.

    A series of all topics is told of each topic by its own signal: what is few among all posts may be many on one reason.
    """
    every = snapshot.series(name).topic == ALL
    names = snapshot.signals if every else candidate_signals(snapshot, name)
    return [signal for signal in map(snapshot.signal, names) if is_watched(signal)]


def told_by_past(reaction: Reaction) -> bool:
    """Did past bursts bring contacts often enough to speak?"""
    enough = reaction.bursts >= LEAST_BURSTS and reaction.reacts >= LEAST_REACTS
    return enough and reaction.share >= LEAST_SHARE


def reaction_of(snapshot: Snapshot, history: History, signal: Signal) -> Reaction:
    """What contacts past bursts of the signal brought to the queue, as known at the cutoff."""
    key = ("reaction", history.series.name, signal.name)
    return snapshot.remember(key, lambda: _reaction(history, posts_of(snapshot, signal)))


def _reaction(history: History, posts: Posts | None) -> Reaction:
    if posts is None:
        return learn([], 0.0)
    usual_contacts, spread = _usual_contacts(history, posts)
    past = (_aftermath(history, posts, onset, rows, usual_contacts) for onset, rows, _ in posts.bursts)
    return learn([burst for burst in past if burst is not None], spread)


def _usual_contacts(history: History, posts: Posts) -> tuple[Floats, float]:
    """Contacts usual in each bucket of the history [n], NaN where nothing is; their overdispersion."""
    grid = history.grid
    struck = _struck(grid.ds, posts)
    calm = history.usable & ~struck if struck[history.open].mean() <= MOST_STRUCK else history.usable
    y = np.where(calm, history.y, np.nan)
    today = history.today
    chunks = -(-max(1, today - int(grid.day[0])) // CHUNK)
    begin = today - chunks * CHUNK
    table = history.table(y, first=begin, last=today - 1).reshape(chunks, CHUNK, grid.slots)
    found = usual(table, (begin + np.arange(CHUNK) + 3) % 7)
    chunk = np.minimum((grid.day - begin) // CHUNK, chunks - 1)
    return found.mean[chunk, grid.weekday, grid.slot], float(np.median(found.spread))


def _struck(ds: Ns, posts: Posts) -> Flags:
    """bool[n]: buckets of contacts that begin while a past burst is answered; left in, storms would pass for usual."""
    struck = np.zeros(len(ds), dtype=bool)
    for onset, rows, _ in posts.bursts:
        first, last = int(posts.grid.ds[onset]), int(posts.grid.ds[rows.stop - 1])
        struck |= (ds >= first - STRUCK[0]) & (ds < last + STRUCK[1])
    return struck


def _aftermath(
    history: History, posts: Posts, onset: int, rows: slice, usual_contacts: Floats
) -> Aftermath | None:
    """The burst of `rows` that began in row `onset`; None where the contacts after it are not known yet."""
    ds, length = posts.grid.ds, posts.grid.interval.seconds * SECOND
    beyond = np.nan_to_num(posts.counts[rows] - posts.expected[rows])
    begin = int(ds[onset])
    if begin + TAUGHT > history.cutoff:
        return None
    grid = history.grid
    kept = np.flatnonzero((grid.ds >= begin - HOUR) & (grid.ds < begin + TAUGHT))
    if len(kept) == 0:
        return None
    edges = np.append(grid.ds[kept], grid.ds[kept[-1]] + grid.interval.seconds * SECOND)
    y = np.where(history.usable[kept], history.y[kept], np.nan)
    usual_ = usual_contacts[kept]
    at = (ds[rows] + length // 2 - begin) / MINUTE
    return Aftermath(at, beyond, (edges - begin) / MINUTE, history.open[kept], y - usual_, usual_)


@lru_cache(maxsize=512)
def _course(rise: float, decay: float, delay: float) -> Floats:
    """float[AHEAD / TICK + 1]: share of a burst's contacts that are wanted by each tick after its onset."""
    edges = np.arange(0, AHEAD + TICK, TICK, dtype=np.float64)
    if delay <= 0:
        return written(edges - delay, np.array(rise), np.array(decay))
    posts = np.diff(written(edges, np.array(rise), np.array(decay)))
    later = np.diff(followed(edges, delay))
    return np.concatenate([[0.0], np.cumsum(np.convolve(posts, later)[: len(posts)])])


@dataclass(frozen=True)
class Course:
    """Contacts of a burst by quarter hour, given that they follow. edges: ns [k + 1]; made: float[draw, k] expected."""

    edges: Ns
    made: Floats

    def after(self, moment: int) -> Floats:
        """float[draw]: contacts expected after `moment` (ns); of the quarter that runs its part."""
        left = np.clip((self.edges[1:] - moment) / (QUARTER * MINUTE), 0.0, 1.0)
        return np.asarray((self.made * left).sum(axis=1))

    def reached(self, part: float) -> int:
        """The quarter (row of `edges`) in which so much of the contacts has come, on the mean."""
        path = np.cumsum(self.made.mean(axis=0))
        return int(np.searchsorted(path, part * path[-1]))


def course(
    history: History, alarm: Alarm, reaction: Reaction, rng: np.random.Generator
) -> tuple[Course, int]:
    """Draws of the contacts that the burst brings, and when it began (ns)."""
    onset, size, row = alarm.draws(rng, DRAWS)
    delay, gain = reaction.draws(rng, DRAWS)
    edges = int(onset.min()) + np.arange(AHEAD // QUARTER + 1) * QUARTER * MINUTE
    ticks = np.arange(0, AHEAD + TICK, TICK, dtype=np.float64)
    after = (edges[None] - onset[:, None]) / MINUTE
    wanted = np.empty((DRAWS, len(edges) - 1))
    for draw in range(DRAWS):
        hypothesis = int(row[draw])
        rise, decay = float(alarm.law.rise[hypothesis]), float(alarm.law.decay[hypothesis])
        come = np.interp(after[draw], ticks, _course(rise, decay, float(DELAYS[delay[draw]])), left=0.0)
        wanted[draw] = size[draw] * gain[draw] * np.diff(come)
    made = retried(wanted, _opening(history, edges[:-1]), (edges - edges[0]) / MINUTE)
    return Course(edges, made), int(np.median(onset))


def sureness(score: float, reaction: Reaction, weeks: float) -> float:
    """Probability that contacts follow: that there is a burst, as often as `weeks` of past had them, and that one brings any."""
    odds = (reaction.bursts + 1) / (weeks + 1) / A_WEEK_TICKS * np.exp(min(score, 50.0))
    return float(odds / (1 + odds) * reaction.reacts * reaction.share)


def weeks_of(history: History) -> float:
    """How many weeks of contacts there are, one at least."""
    return max(1.0, (history.cutoff - int(history.grid.ds[0])) / (7 * 24 * HOUR))


def _surge(
    snapshot: Snapshot, history: History, signal: Signal, alarm: Alarm, reaction: Reaction
) -> Surge | None:
    rng = np.random.default_rng(1)  # the same past says the same
    coming, began = course(history, alarm, reaction, rng)
    whole = float(coming.made.sum(axis=1).mean())
    if whole <= 0:
        return None
    still = coming.after(snapshot.cutoff)
    low, high = np.quantile(rng.poisson(still), [0.1, 0.9])
    start, stop = int(coming.edges[coming.reached(0.1)]), int(coming.edges[coming.reached(PASSED) + 1])
    since = slice(max(0, (began - alarm.begin) // (TICK * MINUTE)), None)
    posts = float(alarm.counts[since].sum())
    return Surge(
        series=history.series.name,
        topic=history.series.topic if signal.topic == ALL else signal.topic,
        signal=signal.name,
        onset=began,
        start=start,
        stop=stop,
        extra=float(still.mean()),
        low=float(low),
        high=float(high),
        times_usual=posts / max(float(alarm.expected[since].sum()), 0.5),
        posts=int(posts),
        sureness=sureness(alarm.score, reaction, weeks_of(history)),
        over=bool(stop <= snapshot.cutoff or still.mean() < (1 - PASSED) * whole),
        already=whole - float(still.mean()),
    )


def _by_topic(snapshot: Snapshot, found: list[Surge]) -> list[Surge]:
    """Bursts of posts on anything are told by the topic most of them are on; those that topics tell of already, no more."""
    told = {one.topic for one in found if one.topic != ALL and not one.over}
    kept = []
    for one in found:
        shares = _shares(snapshot, one) if one.topic == ALL else {}
        first = max(shares, key=lambda topic: shares[topic], default=ALL)
        if shares.get(first, 0.0) > MOST_OF_IT:
            kept.append(replace(one, topic=first))
        elif sum(share for topic, share in shares.items() if topic in told) <= MOST_OF_IT:
            kept.append(one)
    return kept


def _shares(snapshot: Snapshot, surge: Surge) -> dict[str, float]:
    """Which share of the posts beyond the usual since the onset is on each topic, of a signal that knows none."""
    whole = _beyond(snapshot, snapshot.signal(surge.signal), surge.onset)
    split = [snapshot.signal(name) for name in snapshot.signals if name.startswith(f"{surge.signal}:")]
    if whole <= 0:
        return {}
    return {one.topic: max(0.0, _beyond(snapshot, one, surge.onset)) / whole for one in split}


def _beyond(snapshot: Snapshot, signal: Signal, onset: int) -> float:
    """Posts beyond the usual from the bucket of the onset (ns) on."""
    posts = posts_of(snapshot, signal)
    if posts is None:
        return 0.0
    rows = slice(max(0, int(np.searchsorted(posts.grid.ds, onset, side="right")) - 1), None)
    length = posts.grid.interval.seconds * SECOND
    part = np.minimum(1.0, (snapshot.cutoff - posts.grid.ds[rows]) / length)  # of the bucket that runs
    return float(np.nansum(posts.counts[rows] - part * posts.expected[rows]))


def _opening(history: History, moments: Ns) -> Flags:
    """Will the queue be open at these moments [n]?"""
    tz = history.series.tz
    days = local_day(int(moments[0]), tz), local_day(int(moments[-1]), tz)
    grid = Grid.days(days[0], days[1], history.series.interval, tz)
    return np.asarray(history.opening(grid)[np.searchsorted(grid.ds, moments, side="right") - 1])
