"""Preventable contact: contacts that need not have come, per reason and in total, and how that develops by week.

    contacts of reasons with a known cause ────────────┐
    repeats on the same reason, of other reasons ──────┤
    posts of people who tried another channel in vain ─┴─► preventable / (contacts + those posts)

Counted is what can be counted. Repeats on the same reason need to know that two contacts are of one customer: where no
contact tells that they are not measured, and nothing is put in their place; where some do, the repeats among these count,
and no more are guessed. Where the cause of a reason is known, all its contacts count, because nobody tells which of them
have that very cause; its repeats are among them and are not counted again.

That demand on a service is partly made by its own failures: Seddon (2003), Freedom from Command and Control, ch. 2.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecast.arrays import Floats

ALL = "all"  # contacts whose reason is not known
TREND_WEEKS = 4


@dataclass(frozen=True)
class Figure:
    """One figure and what it is made of; share is None where nothing came.

    known: whether contacts are in; where they are not, posts alone make no share
    repeats: of reasons without a known cause; None where they are not measured
    """

    contacts: float
    known_cause: float
    failed_contact: float
    known: bool = True
    repeats: float | None = None

    @property
    def preventable(self) -> float:
        return self.known_cause + self.failed_contact + (self.repeats or 0.0)

    @property
    def share(self) -> float | None:
        came = self.contacts + self.failed_contact
        return self.preventable / came if came > 0 and self.known else None


@dataclass(frozen=True)
class Course:
    """The figure of a span and of each of its weeks, by the Monday each begins with, ISO 8601.

    whole: of the weeks whose contacts are in; where none is, its posts without a share
    """

    whole: Figure
    weeks: dict[str, Figure]

    @property
    def missing(self) -> tuple[str, ...]:
        """The weeks with posts whose contacts are not in."""
        return tuple(week for week, figure in sorted(self.weeks.items()) if not figure.known)

    def change(self, current: str) -> float | None:
        """Share of the last weeks less that of as many before, in whole weeks whose contacts are in; None where
        there are too few.

        current: the Monday of the week that is not over
        """
        over = [figure for week, figure in sorted(self.weeks.items()) if week < current and figure.known]
        if len(over) < 2 * TREND_WEEKS:
            return None
        over = over[-2 * TREND_WEEKS :]
        if any(figure.repeats is None for figure in over):  # single contacts go: like with like
            over = [replace(figure, repeats=None) for figure in over]
        later, before = _sum(over[-TREND_WEEKS:]).share, _sum(over[-2 * TREND_WEEKS : -TREND_WEEKS]).share
        return None if later is None or before is None else later - before


def preventable(
    contacts: pd.DataFrame,
    posts: pd.DataFrame,
    causes: Collection[tuple[str, str | None]],
    repeats: pd.DataFrame | None = None,
) -> tuple[Course, dict[str, Course]]:
    """In total, and per reason.

    contacts[topic, queue, week, contacts]: each contact once, `all` where its reason is not known
    posts[topic, week, posts]: posts after failed contact; `all` counts each once, a post with two reasons is in both
    causes: reasons with a live cause, and the queue it is of; None for all queues
    repeats[topic, queue, week, repeats]: by the reasons contacts are counted by; None where they are not measured
    """
    known = [
        float((topic, None) in causes or (topic, queue) in causes)
        for topic, queue in zip(contacts["topic"], contacts["queue"], strict=True)
    ]
    rows = contacts.assign(known_cause=contacts["contacts"] * np.array(known, dtype=np.float64))
    rows = rows.assign(repeats=_uncounted(rows, repeats))
    total = _course(rows, posts[posts["topic"] == ALL], rows)
    named = {*rows["topic"], *posts["topic"]} - {ALL}
    each = {
        topic: _course(mine, posts[posts["topic"] == topic], rows[rows["queue"].isin(mine["queue"])])
        for topic, mine in ((topic, rows[rows["topic"] == topic]) for topic in sorted(named))
    }
    return total, each


def _uncounted(rows: pd.DataFrame, repeats: pd.DataFrame | None) -> Floats:
    """float[n]: repeats among the contacts of each row that no known cause counts already; NaN where not measured.

    Single contacts are held for some weeks only: of those before the first repeat nothing is known.
    """
    if repeats is None:
        return np.full(len(rows), np.nan)
    keys = ["topic", "queue", "week"]
    held = repeats.groupby(keys)["repeats"].sum()
    mine = held.reindex(pd.MultiIndex.from_frame(rows[keys]), fill_value=0.0).to_numpy(dtype=np.float64)
    if len(repeats):
        mine = np.where(rows["week"] < repeats["week"].min(), np.nan, mine)
    return np.asarray(np.minimum(mine, rows["contacts"] - rows["known_cause"]), dtype=np.float64)


def _course(rows: pd.DataFrame, posts: pd.DataFrame, counted: pd.DataFrame) -> Course:
    """counted: the rows of the queues that count the reason; a week without any is not in yet."""
    weeks, known = sorted({*rows["week"], *posts["week"]}), set(counted["week"])
    place = {week: at for at, week in enumerate(weeks)}

    def sums(frame: pd.DataFrame, name: str) -> tuple[list[float], list[bool]]:
        """By week, and whether any of it is known."""
        values = frame[name].to_numpy(dtype=np.float64)
        there = ~np.isnan(values)
        at = np.array([place[week] for week in frame["week"]], dtype=np.int64)[there]
        total = np.bincount(at, weights=values[there], minlength=len(weeks))
        return total.tolist(), (np.bincount(at, minlength=len(weeks)) > 0).tolist()

    (came, _), (cause, _), (again, told) = (
        sums(rows, name) for name in ("contacts", "known_cause", "repeats")
    )
    failed, _ = sums(posts, "posts")
    figures = {
        str(week): Figure(came[at], cause[at], failed[at], week in known, again[at] if told[at] else None)
        for week, at in place.items()
    }
    told_of = [figure for figure in figures.values() if figure.known]
    whole = _sum(told_of or list(figures.values()))
    return Course(replace(whole, known=bool(told_of) or not figures), figures)


def _sum(figures: list[Figure]) -> Figure:
    measured = [one.repeats for one in figures if one.repeats is not None]
    return Figure(
        sum(one.contacts for one in figures),
        sum(one.known_cause for one in figures),
        sum(one.failed_contact for one in figures),
        repeats=sum(measured) if measured else None,
    )
