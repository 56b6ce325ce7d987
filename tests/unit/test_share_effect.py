"""A reason's own posts move its share of the queue where they are proven to, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from forecast import evidence
from forecast.buckets import Grid
from forecast.models.base import Leads, Paths
from forecast.models.share_effect import Gate, learn_effects
from forecast.models.shares import Shares
from forecast.models.split import Split
from forecast.vintage import Archive, Snapshot, Versions
from tests.worlds import HOUR, MINUTE, Storms, archive, fresh, midnight

DAYS = 130


@dataclass(frozen=True, eq=False)
class Known:
    """A queue of which the truth is known: its paths are what came, so that only the split can be wrong."""

    whole: Versions
    name: str = "known"

    def fit(self, snapshot: Snapshot) -> Known:
        return self

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        came = np.nan_to_num(self.whole.on(leads.grid.ds))
        values = np.repeat(came[None, :, None], draws, axis=2)
        return Paths(snapshot.names, leads.grid, np.repeat(values, len(snapshot.names), axis=0))


@cache
def company(seed: int, *, related: bool = True) -> Archive:
    """A queue of three reasons; `outage` storms 40 minutes after the posts on it, or at other times."""
    held = Storms(seed, related=related, days=DAYS, level=6.0).archive()
    outage = held.series["calls"]
    parts = {"outage": outage.offered}
    for at, (topic, level) in enumerate({"billing": 8.0, "moving": 6.0}.items()):
        calm = Storms(seed + 100 + at, days=DAYS, level=level, a_week=0.0).archive()
        parts[topic] = calm.series["calls"].offered
    total = np.sum([part.value for part in parts.values()], axis=0)
    queue = replace(outage, offered=replace(outage.offered, value=total))
    reasons = [
        replace(queue, name=f"calls/{topic}", topic=topic, offered=part, span=queue.offered)
        for topic, part in parts.items()
    ]
    posts = replace(held.signals["posts"], name="posts:outage", topic="outage")
    return archive(queue, *reasons, signals=(posts,))


def storms(held: Archive) -> list[int]:
    """Moments of the last 30 days at which the posts have just begun to storm."""
    posts = held.signals["posts:outage"].values
    loud = posts.value > 20
    begun = loud & ~np.concatenate([[False], loud[:-1]]) & (posts.ds >= midnight(DAYS - 30))
    return [int(ds) + 30 * MINUTE for ds in posts.ds[begun]]


def paths(held: Archive, cutoff: int, gate: Gate | None, *, draws: int = 60) -> Paths:
    """The queue and its reasons over the four hours after a moment."""
    snapshot = held.at(cutoff)
    leads = Leads.days(snapshot, "calls", 1)
    leads = Leads(leads.grid.take(leads.seconds < 4 * 3600), cutoff)
    model = Split(Known(held.series["calls"].offered), Shares(), gate)
    return model.fit(snapshot).predict(snapshot, leads, draws=draws, seed=1)


def errors(held: Archive, gate: Gate | None) -> dict[str, float]:
    """Per reason: sum of absolute errors over sum of contacts in the four hours after each of the last storms began."""
    found = [paths(held, cutoff, gate) for cutoff in storms(held)[-5:]]
    made = {}
    for name in found[0].series[1:]:
        truth = [np.nan_to_num(held.series[name].offered.on(each.grid.ds)) for each in found]
        wrong = [np.abs(each.only(name).mean()[0] - came) for each, came in zip(found, truth, strict=True)]
        made[name] = float(np.concatenate(wrong).sum() / np.concatenate(truth).sum())
    return made


def test_a_reason_that_storms_with_its_posts_gets_a_larger_share_and_the_others_gain() -> None:
    moved, usual = (errors(company(1), gate) for gate in (evidence.gate, None))
    assert moved["calls/outage"] < 0.85 * usual["calls/outage"]
    assert all(moved[name] < 0.95 * usual[name] for name in moved), (moved, usual)


def test_reasons_whose_posts_moved_them_still_add_up_to_the_queue_in_every_path() -> None:
    held = company(1)
    found = paths(held, storms(held)[-1], evidence.gate)
    usual = paths(held, storms(held)[-1], None)
    assert (found.values != usual.values).any()
    np.testing.assert_array_equal(found.values[0], found.values[1:].sum(axis=0))
    np.testing.assert_array_equal(found.values, np.round(found.values))
    assert (found.values >= 0).all()


def test_posts_that_have_no_relation_move_nothing() -> None:
    held = company(1, related=False)
    assert learn_effects(held.at(midnight(DAYS)), "calls", evidence.gate) == {}
    cutoff = storms(held)[-1]
    alike = paths(held, cutoff, evidence.gate).values == paths(held, cutoff, None).values
    assert alike.all()


def test_posts_on_one_reason_are_not_heard_by_another() -> None:
    effects = learn_effects(company(1).at(midnight(DAYS)), "calls", evidence.gate)
    assert list(effects) == ["calls/outage"]
    assert {signal for signal, _ in effects["calls/outage"]} == {"posts:outage"}


def test_posts_on_a_reason_are_not_heard_once_their_feed_broke() -> None:
    held = company(1)
    posts = held.signals["posts:outage"]
    early = posts.values.ds < midnight(DAYS - 4)
    kept = Versions(posts.values.ds[early], posts.values.value[early] + 3, posts.values.known_at[early])
    broken = replace(held, signals={"posts:outage": replace(posts, values=kept)}, memo={}, recent={})
    assert learn_effects(broken.at(midnight(DAYS - 1) + 10 * HOUR), "calls", evidence.gate) == {}


def test_nothing_known_later_changes_a_moved_share() -> None:
    held, cutoff = company(1), storms(company(1))[-2]
    until = {
        name: replace(one, offered=one.offered.until(cutoff), span=one.span and one.span.until(cutoff))
        for name, one in held.series.items()
    }
    signals = {name: replace(one, values=one.values.until(cutoff)) for name, one in held.signals.items()}
    cut = replace(fresh(held), series=until, signals=signals)
    wide = Split(Steady(), Shares(), evidence.gate)
    leads = Leads(Leads.days(held.at(cutoff), "calls", 1).grid, cutoff)
    one, other = (
        wide.fit(each.at(cutoff)).predict(each.at(cutoff), leads, draws=40, seed=1) for each in (held, cut)
    )
    np.testing.assert_array_equal(one.values, other.values)


def test_beyond_a_few_days_shares_are_the_usual_ones() -> None:
    held = company(1)
    snapshot = held.at(storms(held)[-1])
    grid = Grid.days(
        snapshot.history("calls").today + 8,
        snapshot.history("calls").today + 9,
        held.series["calls"].interval,
        held.series["calls"].tz,
    )
    leads = Leads(grid.take(grid.ds > snapshot.cutoff + 168 * HOUR), snapshot.cutoff)
    made = [
        Split(Steady(), Shares(), gate).fit(snapshot).predict(snapshot, leads, draws=20, seed=1).values
        for gate in (evidence.gate, None)
    ]
    np.testing.assert_array_equal(*made)


@dataclass(frozen=True)
class Steady:
    """Twenty contacts in every bucket of every series."""

    name: str = "steady"

    def fit(self, snapshot: Snapshot) -> Steady:
        return self

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        return Paths(snapshot.names, leads.grid, np.full((len(snapshot.names), len(leads.grid), draws), 20.0))
