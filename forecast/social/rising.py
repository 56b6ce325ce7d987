"""What people talk about that they did not before: terms said more often than in the same hours of past days.

A term is a word, or two words of a sentence with only small words between them; in runs of Chinese and Japanese signs
two to four of these. What counts is voices: an author counts once per term and day, an unknown one once per post;
reposts, copies and the company's own posts do not count. Each term of each language is held against the voices of
the same local hours of past days by its log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi & Quinn
2008, "Fightin' Words", equations 16 and 22), where a voice holds the term or does not; y of n now, Y of N before:

    delta = log((y + a) / (n + b - y - a)) - log((Y + a) / (N + b - Y - a)),   z = delta / sqrt(1/(y + a) + 1/(Y + a))

The prior is worth as many voices as there are now, spread as in the past, and `FLOOR` more that say the term (a = n Y / N
+ `FLOOR`, b = n + 2 `FLOOR`): what was never said rests on something too. z ranks, and has to reach `SURE`; but for rare
terms it is too small, the more so the fewer past days there are. What may be chance is told by the exact test of two
counts (Przyborowski & Wilenski 1940): of y + Y voices, y or more fall among n of n + N. Its p is held against one false
alarm a week where every hour is judged, over the terms that could have risen (Bonferroni): those tested, and no fewer than
`TERMS` (a few posts have fewer), because a term is tested because it was said. Two conditions ask for size: `GROWTH` times
the usual number, and a larger share than on all but one past day (what comes every Monday is usual; one storm is not).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast import buckets
from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, Interval
from forecast.errors import InputError
from forecast.frames import FLAG, TEXT, TIME, Contract, check
from forecast.social.privacy import strip
from forecast.social.terms import LONGEST, UNSPACED, parts_of, small_words, terms_of

POSTS = Contract(
    "posts",
    {"text": TEXT, "language": TEXT, "created_at": TIME, "topics": TEXT},
    {"author": TEXT, "repost_of": TEXT, "copy": FLAG, "direction": TEXT, "known_at": TIME},
)
HOUR = 3600 * SECOND
PAST_DAYS, LEAST_DAYS = 14, 3
FLOOR, SURE = 2.0, 3.0  # voices of the prior for every term; the least z
TERMS, TERMS_A_POST = 10_000, 5  # a post has some 25 terms, of which one in five at most can be said by five
WEEK = 168  # hours judged, of which one may bring a false alarm
GROWTH = 1.5
SAME = 0.6  # share of the fewer posts that two terms of one topic have in common
STANDS = 0.7  # a longer phrase speaks for its topic with this share of the voices
MOST = 200  # rising terms of a language that are put together into topics, the surest first
SHOWN, WIDTH, ROUNDS = 3, 40, 6  # phrases shown, characters beside the term, rounds in which a label grows
Objects: TypeAlias = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Rising:
    """A topic that rises. Numbers are those of the term that speaks for it; `posts` has one of each author.

    phrase:   how it is called, its terms joined where they overlap
    terms:    the rising terms that make it up, the surest first
    usual:    posts of these hours on a past day;  growth: (posts + 1/2) / (usual + 1/2)
    since:    start of the clock hour of the last day in which it left its usual level
    reason:   the contact reason at least half of its posts have, else ''
    examples: up to three stripped phrases around the term
    """

    phrase: str
    terms: tuple[str, ...]
    language: str
    posts: int
    authors: int
    usual: float
    growth: float
    z: float
    since: pd.Timestamp
    reason: str
    examples: tuple[str, ...]


def rising(
    posts: pd.DataFrame, *, now: dt.datetime, hours: int, tz: str, days: int = PAST_DAYS, least: int = 5
) -> tuple[Rising, ...]:
    """posts[text (stripped), language, created_at, topics, ...] -> what rose in the `hours` (1-24) up to now, surest first.

    `posts` are such as `POSTS` says (scored mentions are; further columns are passed over) of those hours and the `days`
    days before; older ones, those not known at `now` and those without text do not count. No topic of fewer than `least`
    voices comes out, nor any phrase of it. With less than three past days nothing is usual: the answer is empty.
    """
    if not 1 <= hours <= 24 or days < 1 or least < 1:
        raise InputError(
            f"Posts of {hours} hours cannot be held against {days} days with {least} posts at least.",
            remedy="Give 1 to 24 hours, one day or more, one post or more.",
            field="hours",
        )
    moment = buckets.to_ns(now)
    said = _voices(posts, moment, hours, tz, days)
    held = np.unique(said.day[said.day > 0])
    if len(held) < LEAST_DAYS:
        return ()
    spoken = sorted(set(said.language[said.day == 0]))
    tables = [_count(said.of(one), held, least) for one in spoken]
    tested = max(sum(len(table.lines) for table in tables), min(TERMS, TERMS_A_POST * len(said.day)))
    found = [one for table in tables for one in _topics(table, 1 / (WEEK * tested), moment, hours, tz)]
    return tuple(sorted(found, key=lambda one: (-one.z, one.language, one.phrase)))


class _Voices(NamedTuple):
    """Posts [n] by time: `day` 0 is now, d the same hours d days ago, -1 the other hours of the last day."""

    text: Objects
    language: Objects
    topics: Objects
    created: Ns
    author: Ns  # -1: unknown
    day: Ns

    def of(self, language: str) -> _Voices:
        of = self.language == language
        texts = self.text[of], self.language[of], self.topics[of]
        return _Voices(*texts, self.created[of], self.author[of], self.day[of])

    def keys(self) -> Ns:
        """One number per day and author [n]; an unknown author is another each time."""
        strangers = self.author.max(initial=0) + 1 + np.arange(len(self.author))
        person = np.where(self.author < 0, strangers, self.author)
        return np.asarray((self.day + 1) * (person.max(initial=0) + 1) + person)


def _voices(posts: pd.DataFrame, now: int, hours: int, tz: str, days: int) -> _Voices:
    held = check(posts[[name for name in POSTS.columns if name in posts]], POSTS)
    created = buckets.column_ns(held["created_at"])
    known = buckets.column_ns(held["known_at"]) if "known_at" in held else created
    age = buckets.local_ns(np.array([now], dtype=np.int64), tz)[0] - buckets.local_ns(created, tz)
    age = np.maximum(age, 0)  # in the hour that comes twice the clock may stand later than now
    day = np.where(age % DAY < hours * HOUR, age // DAY, np.where(age < DAY, -1, days + 1))
    use = (created <= now) & (known <= now) & (day <= days) & held["text"].notna().to_numpy()
    for name, other in (("repost_of", pd.notna), ("copy", bool), ("direction", lambda way: way == "out")):
        if name in held:
            use &= ~held[name].map(other).to_numpy(dtype=bool)
    rows = np.flatnonzero(use)
    rows = rows[np.argsort(created[rows], kind="stable")]
    columns = {name: held[name].to_numpy(dtype=object)[rows] for name in held}
    author = pd.factorize(columns.get("author", np.full(len(rows), None)))[0].astype(np.int64)
    text, language, topics = (columns[name] for name in ("text", "language", "topics"))
    return _Voices(text, language.astype(str).astype(object), topics, created[rows], author, day[rows])


class _Line(NamedTuple):
    """What is known of a term: rows of the voices that say it now, their number on each past day, and in the other hours."""

    rows: list[int]
    past: list[int]
    elsewhere: list[int]


class _Table(NamedTuple):
    """The terms of a language that enough say now: `voices` now and on each past day [1 + days]."""

    said: _Voices
    lines: dict[str, _Line]
    voices: Ns


def _count(said: _Voices, held: Ns, least: int) -> _Table:
    """Voices of one language -> its terms of at least `least` voices now, counted now and on the days `held`."""
    small = small_words(str(said.language[0]))
    keys = said.keys()
    _, first, times = np.unique(keys, return_index=True, return_counts=True)
    busy = frozenset(keys[first[times > 1]].tolist())
    heard: dict[int, set[str]] = {}

    def fresh(row: int, terms: set[str]) -> set[str]:
        if keys[row] not in busy:
            return terms
        before = heard.setdefault(int(keys[row]), set())
        new = terms - before
        before |= new
        return new

    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(said.day == 0).tolist():
        for term in fresh(row, terms_of(said.text[row], small)):
            rows.setdefault(term, []).append(row)
    wanted = frozenset(term for term, mine in rows.items() if len(mine) >= least)
    lines = {term: _Line(rows[term], [0] * len(held), []) for term in sorted(wanted)}
    alive = frozenset(part for term in lines for part in parts_of(term))
    place = np.where(said.day > 0, np.searchsorted(held, said.day), -1).tolist()
    for row in np.flatnonzero(said.day != 0).tolist() if lines else []:
        for term in fresh(row, terms_of(said.text[row], small, alive) & wanted):
            if place[row] < 0:
                lines[term].elsewhere.append(row)
            else:
                lines[term].past[place[row]] += 1
    voices = np.array([(said.day[first] == day).sum() for day in (0, *held.tolist())], dtype=np.int64)
    return _Table(said, lines, voices)


def log_odds(now: Floats, n: float, past: Floats, before: float) -> Floats:
    """z[k] of terms said by `now` [k] of `n` voices and by `past` [k] of `before` (see the head of this module)."""
    prior = n * past / max(before, 1.0) + FLOOR
    weight = n + 2 * FLOOR
    up, down = now + prior, past + prior
    delta = np.log(up / (n + weight - up)) - np.log(down / (before + weight - down))
    return np.asarray(delta / np.sqrt(1 / up + 1 / down))


def _topics(table: _Table, chance: float, now: int, hours: int, tz: str) -> Iterator[Rising]:
    """Terms that are said more often beyond `chance`, put together where the same posts say them."""
    from scipy.special import betainc  # here, because the server starts without it

    lines, said = table.lines, table.said
    if not lines:
        return
    count = np.array([len(line.rows) for line in lines.values()], dtype=np.float64)
    past = np.array([line.past for line in lines.values()], dtype=np.float64).reshape(len(lines), -1)
    usual = past.mean(axis=1)
    n, before = float(table.voices[0]), float(table.voices[1:].sum())
    z = log_odds(count, n, past.sum(axis=1), before)
    tail = betainc(count, past.sum(axis=1) + 1, n / (n + before))  # of the binomial law, from `count` on
    growth = (count + 0.5) / (usual + 0.5)
    most_but_one = np.sort(past / np.maximum(table.voices[1:], 1), axis=1)[:, -2]
    rose = np.flatnonzero((tail <= chance) & (z >= SURE) & (growth >= GROWTH) & (count > n * most_but_one))
    rose = rose[np.lexsort((rose, -count[rose], -z[rose]))][:MOST]
    names = list(lines)
    for group in _together([names[at] for at in rose.tolist()], lines):
        spoken, phrase = _name(group, lines)
        at, line = names.index(spoken), lines[spoken]
        yield Rising(
            phrase=phrase, terms=tuple(group), language=str(said.language[0]), posts=len(line.rows),
            authors=int((np.unique(said.author[line.rows]) >= 0).sum()),
            usual=float(usual[at]), growth=float(growth[at]), z=float(z[at]),
            since=_since(said.created[line.rows + line.elsewhere], float(usual[at]) / hours, now, tz),
            reason=_reason(said.topics[line.rows]), examples=_examples(said.text[line.rows], spoken),
        )  # fmt: skip


def _together(rose: Sequence[str], lines: Mapping[str, _Line]) -> list[list[str]]:
    """Terms, the surest first -> groups of terms; one joins the first group with whose posts it has enough in common."""
    groups: list[tuple[list[str], set[int]]] = []
    for term in rose:
        mine = set(lines[term].rows)
        for terms, posts in groups:
            if len(mine & posts) >= SAME * min(len(mine), len(posts)):
                terms.append(term)
                posts |= mine
                break
        else:
            groups.append(([term], mine))
    return [terms for terms, _ in groups]


def _name(group: Sequence[str], lines: Mapping[str, _Line]) -> tuple[str, str]:
    """-> the longest term with nearly the voices of the surest, and it joined with what overlaps ("a b", "b c": "a b c")."""
    wanted = STANDS * len(lines[group[0]].rows)
    pool = [parts_of(term) for term in group if len(lines[term].rows) >= wanted]
    spoken = phrase = max(pool, key=len)
    size = len(phrase)
    for one in [one for one in pool if len(one) == size > 1] * ROUNDS:
        if one[:-1] == phrase[1 - size :] and one[-1] not in phrase:
            phrase += one[-1:]
        elif one[1:] == phrase[: size - 1] and one[0] not in phrase:
            phrase = one[:1] + phrase
    between = "" if len(spoken[0]) == 1 else " "  # a word has two letters or more
    return between.join(spoken), between.join(phrase)


def _since(created: Ns, per_hour: float, now: int, tz: str) -> pd.Timestamp:
    """Moments [n] -> start of the hour of the last day from which on the Poisson CUSUM (see `bursts`) rose to its highest."""
    first = int(buckets.floor(np.array([now - DAY], dtype=np.int64), Interval.HOUR, tz)[0])
    said = np.bincount((created[created >= first] - first) // HOUR, minlength=1)
    rate = per_hour + 0.02
    raised = rate + max(rate, 1.0)
    walk = np.cumsum(said * np.log(raised / rate) - (raised - rate))
    above = walk - np.minimum.accumulate(np.minimum(walk, 0.0))
    still = np.flatnonzero(above[: int(np.argmax(above))] == 0)
    return buckets.from_ns(first + (int(still[-1]) + 1 if len(still) else 0) * HOUR)


def _reason(topics: Objects) -> str:
    counts = Counter(topic for one in topics for topic in dict.fromkeys(one if one is not None else ()))
    best = min(counts, key=lambda topic: (-counts[topic], topic), default="")
    return best if 2 * counts[best] >= len(topics) else ""


def _examples(texts: Objects, term: str) -> tuple[str, ...]:
    """Texts, the oldest first -> up to three different phrases around the term, from the newest."""
    between = "" if UNSPACED.match(term) else r"\W+(?:\w+\W+){0,3}?"
    pattern = re.compile(between.join(map(re.escape, parts_of(term))), re.IGNORECASE)
    found: dict[str, str] = {}
    for text in texts[::-1]:
        plain = " ".join(strip(text)[:LONGEST].replace("’", "'").split())
        match = pattern.search(plain)
        begin, end = match.span() if match else (0, 0)
        left, right = plain[max(0, begin - WIDTH) : begin], plain[end : end + WIDTH]
        if begin > WIDTH:  # whole words; a script without spaces is cut anywhere
            left = "…" + (left.partition(" ")[2] or left)
        if len(plain) > end + WIDTH:
            right = (right.rpartition(" ")[0] or right) + "…"
        phrase = left + plain[begin:end] + right
        found.setdefault(phrase.casefold(), phrase)
        if len(found) == SHOWN:
            break
    return tuple(found.values())
