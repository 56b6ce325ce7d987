"""From the first posts of a burst to the surge of contacts to be expected: which queue, when, how many, how sure.

    signal as known now ─► usual posts (`usual_posts`) ─► score of a burst (`bursting.watch`) ─► above the limit?
    past bursts of the signal, contacts after them ─► the queue's reaction (`reaction.learn`)
    both ─► draws of (onset, size, shape, contacts per post, delay, none at all) ─► contacts still to come, with a band

A queue whose past shows no reaction to bursts is not warned of. The limit is set so that all signals watched together give
`A_WEEK` false warnings a week at most; a burst of news that resembles past incidents is no fault of the chart, and is
told by `sureness`: the probability that there is a burst, times that contacts follow one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from forecast.alerts import Surge
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Grid, local_day
from forecast.burst_watch import CHUNK, HOUR, MINUTE, Alarm, Posts, alarm_of, is_watched, posts_of
from forecast.bursting import A_WEEK as A_WEEK_TICKS
from forecast.bursting import TICK, written
from forecast.models.past import candidate_signals
from forecast.reaction import DELAYS, Aftermath, Reaction, followed, learn, retried
from forecast.usual_posts import usual
from forecast.vintage import History, Signal, Snapshot

LEAST_POSTS = 8.0  # beyond the usual, for a past burst to teach
LEAST_BURSTS, LEAST_REACTS, LEAST_SHARE = 3, 0.9, 0.3  # below these nothing is said
TAUGHT = (
    3 * HOUR,
    24 * HOUR,
)  # posts this long after the last stormy bucket, contacts this long after the onset
DRAWS = 600
AHEAD = 36 * 60  # minutes a surge is followed
QUARTER = 15  # minutes: the steps in which contacts to come are laid out
PASSED = 0.9  # of the contacts have come: over


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
    return sorted(found, key=lambda one: -one.sureness)


def watched(snapshot: Snapshot, name: str) -> list[Signal]:
    """Signals of a series that are watched: counts of posts, and what users brought; the rest only repeats them."""
    return [
        signal for signal in map(snapshot.signal, candidate_signals(snapshot, name)) if is_watched(signal)
    ]


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
    usual_contacts, spread = _usual_contacts(history)
    onsets = posts.onsets
    past = []
    for onset, after in zip(onsets, [*onsets[1:], len(posts.grid)], strict=True):
        burst = _aftermath(history, posts, int(onset), int(after), usual_contacts)
        if burst is not None:
            past.append(burst)
    return learn(past, spread)


def _usual_contacts(history: History) -> tuple[Floats, float]:
    """Contacts usual in each bucket of the history [n], NaN where nothing is; their overdispersion."""
    y = np.where(history.usable, history.y, np.nan)
    today, grid = history.today, history.grid
    chunks = -(-max(1, today - int(grid.day[0])) // CHUNK)
    begin = today - chunks * CHUNK
    table = history.table(y, first=begin, last=today - 1).reshape(chunks, CHUNK, grid.slots)
    found = usual(table, (begin + np.arange(CHUNK) + 3) % 7)
    chunk = np.minimum((grid.day - begin) // CHUNK, chunks - 1)
    return found.mean[chunk, grid.weekday, grid.slot], float(np.median(found.spread))


def _aftermath(
    history: History, posts: Posts, onset: int, after: int, usual_contacts: Floats
) -> Aftermath | None:
    """The burst that began in row `onset`; None where it was small, or the contacts after it are not known yet."""
    ds, length = posts.grid.ds, posts.grid.interval.seconds * SECOND
    stormy = np.flatnonzero(posts.stormy[onset:after])
    stop = min(after, onset + int(stormy.max()) + 1 + TAUGHT[0] // length)
    rows = slice(max(0, onset - 1), stop)
    beyond = np.nan_to_num(posts.counts[rows] - posts.expected[rows])
    begin = int(ds[onset])
    if beyond.sum() < LEAST_POSTS or begin + TAUGHT[1] > history.cutoff:
        return None
    grid = history.grid
    kept = np.flatnonzero((grid.ds >= begin - HOUR) & (grid.ds < begin + TAUGHT[1]))
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


def _surge(
    snapshot: Snapshot, history: History, signal: Signal, alarm: Alarm, reaction: Reaction
) -> Surge | None:
    rng = np.random.default_rng(1)  # the same past says the same
    onset, size, row = alarm.draws(rng, DRAWS)
    delay, gain = reaction.draws(rng, DRAWS)
    began = int(np.median(onset))
    edges = int(onset.min()) + np.arange(AHEAD // QUARTER + 1) * QUARTER * MINUTE
    ticks = np.arange(0, AHEAD + TICK, TICK, dtype=np.float64)
    after = (edges[None] - onset[:, None]) / MINUTE
    wanted = np.empty((DRAWS, len(edges) - 1))
    for draw in range(DRAWS):
        hypothesis = int(row[draw])
        rise, decay = float(alarm.law.rise[hypothesis]), float(alarm.law.decay[hypothesis])
        come = np.interp(after[draw], ticks, _course(rise, decay, float(DELAYS[delay[draw]])), left=0.0)
        wanted[draw] = size[draw] * np.diff(come)
    made = retried(wanted, _opening(history, edges[:-1]), (edges - edges[0]) / MINUTE)
    coming = edges[:-1] >= snapshot.cutoff
    still = (made * gain[:, None] * coming).sum(axis=1)
    path = np.cumsum((made * gain[:, None]).mean(axis=0))
    if path[-1] <= 0:
        return None
    counted = rng.poisson(still)
    start, stop = (
        int(edges[np.searchsorted(path, part * path[-1]) + more]) for part, more in ((0.1, 0), (0.9, 1))
    )
    since = slice(max(0, (began - alarm.begin) // (TICK * MINUTE)), None)
    posts = float(alarm.counts[since].sum())
    weeks = max(1.0, (history.cutoff - int(history.grid.ds[0])) / (7 * 24 * HOUR))
    odds = (reaction.bursts + 1) / (weeks + 1) / A_WEEK_TICKS * np.exp(min(alarm.score, 50.0))
    low, high = np.quantile(counted, [0.1, 0.9])
    return Surge(
        series=history.series.name,
        topic=history.series.topic,
        signal=signal.name,
        onset=began,
        start=start,
        stop=stop,
        extra=float(still.mean()),
        low=float(low),
        high=float(high),
        times_usual=posts / max(float(alarm.expected[since].sum()), 0.5),
        posts=int(posts),
        sureness=float(odds / (1 + odds) * reaction.reacts * reaction.share),
        over=bool(stop <= snapshot.cutoff or still.mean() < (1 - PASSED) * path[-1]),
    )


def _opening(history: History, moments: Ns) -> Flags:
    """Will the queue be open at these moments [n]?"""
    tz = history.series.tz
    days = local_day(int(moments[0]), tz), local_day(int(moments[-1]), tz)
    grid = Grid.days(days[0], days[1], history.series.interval, tz)
    return np.asarray(history.opening(grid)[np.searchsorted(grid.ds, moments, side="right") - 1])
