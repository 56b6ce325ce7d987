"""What the telecom company plants beyond the demo: a common driver, a channel shift, slow answers, night bursts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import DAY, index
from forecast.contacts.signals import read_signals
from forecast.errors import ConfigError, NotFound
from forecast.frames import SIGNALS, check
from forecast.simulate import Company, World, company, simulate, write
from forecast.simulate import incidents as bursts
from forecast.simulate.answers import run
from forecast.simulate.kernels import Floats
from forecast.simulate.strength import hourly_mean, noise_sd
from forecast.simulate.timeline import HALF_HOUR, Timeline

END = pd.Timestamp("2026-06-17 12:10", tz="UTC")
DAYS_BACK = 80
ZONE = "Europe/Luxembourg"


@pytest.fixture(scope="module")
def telecom() -> Company:
    return company("telecom")


@pytest.fixture(scope="module")
def world(telecom: Company) -> World:
    return simulate(telecom, days=DAYS_BACK, end=END, ongoing=False)


def counts(world: World, queue: str) -> pd.Series:
    return world.volumes[world.volumes["queue"] == queue].set_index("ds")["offered"]


def rates(world: World, queue: str) -> pd.DataFrame:
    mine = world.truth.rates[world.truth.rates["queue"] == queue].set_index("ds")
    return mine[mine.index < END - pd.Timedelta("1h")]


def posts_on(world: World, topic: str, ds: pd.DatetimeIndex) -> pd.Series:
    created = {row["id"]: row["created_at"] for row in world.mentions}
    labels = world.truth.posts
    times = pd.to_datetime(labels.loc[labels["topic"] == topic, "id"].map(created)).dt.floor("30min")
    return times.value_counts().reindex(ds, fill_value=0)


def surprises(series: pd.Series) -> pd.Series:
    """The series less its mean by weekday and time of day, on a square-root scale."""
    local = pd.DatetimeIndex(series.index).tz_convert(ZONE)
    root = pd.Series(np.sqrt(series.to_numpy(float)), index=series.index)
    return root - root.groupby([local.weekday, local.hour * 60 + local.minute]).transform("mean")


def correlations(world: World, queue: str, topic: str, lags: Iterable[int]) -> pd.Series:
    """By lag: of contacts with the posts that many half hours earlier."""
    calls = counts(world, queue)
    posts = surprises(
        posts_on(world, topic, pd.date_range(calls.index.min(), calls.index.max(), freq="30min"))
    )
    calls = surprises(calls)
    return pd.Series({lag: calls.corr(posts.shift(lag).reindex(calls.index)) for lag in lags})


# ---- the whole ----


def test_an_unknown_company_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(NotFound, match="'bakery'") as caught:
        company("bakery")
    assert "energy or telecom" in str(caught.value.remedy)


def test_the_rates_add_up_and_the_counts_follow_them(world: World) -> None:
    truth = world.truth.rates
    assert (truth[["rate", "base_rate", "incident_rate", "driver_rate", "answer_rate"]] >= 0).all(axis=None)
    assert np.allclose(truth["rate"], truth["base_rate"] + truth["incident_rate"] + truth["answer_rate"])
    both = world.volumes.merge(truth, on=["queue", "ds"])
    sums = both.groupby("queue")[["offered", "rate"]].sum()
    assert (sums["offered"] / sums["rate"] - 1).abs().max() < 0.04


def test_each_reason_leads_by_its_own_planted_lag(world: World) -> None:
    links = world.truth.links.set_index("queue")
    assert links.loc["phone_outage", "lag_minutes"] == pytest.approx(50.5)
    assert links.loc["chat_app", "lag_minutes"] == pytest.approx(180)
    assert correlations(world, "phone_outage", "outage", range(-8, 13)).idxmax() in (1, 2)
    slow = correlations(world, "chat_app", "app_website", range(-8, 17))
    assert slow.rolling(5, center=True).mean().idxmax() in (5, 6, 7)


def test_a_reason_that_leads_needs_a_law_of_incidents(telecom: Company) -> None:
    broken = dataclasses.replace(telecom, also=())
    with pytest.raises(ConfigError, match="app_website"):
        simulate(broken, days=5, end=END)


def test_contract_posts_tell_nothing_about_contract_calls(world: World) -> None:
    found = correlations(world, "phone_contract", "contract", range(-48, 49, 2))
    assert found.abs().max() < 0.09  # about 2,000 half hours: 4 standard errors


# ---- a common driver ----


def test_a_hidden_driver_moves_posts_and_calls_at_once_and_neither_leads(world: World) -> None:
    at = correlations(world, "phone_installation", "installation", range(-12, 13))
    now, before, after = at.loc[-1:1].mean(), at.loc[2:12].mean(), at.loc[-12:-2].mean()
    assert now > 0.15
    assert now > max(before, after)
    assert abs(before - after) < 0.05


def test_the_drivers_path_is_in_the_truth_and_in_the_rate(telecom: Company, world: World) -> None:
    path = world.truth.common.set_index("ds")["value"]
    assert path.mean() == pytest.approx(0, abs=0.5)
    assert path.std() == pytest.approx(1, abs=0.35)
    mine = rates(world, "phone_installation")
    mine = mine[mine["base_rate"] > 0]
    load = telecom.hidden[0].queues["phone_installation"]
    calendar = mine["base_rate"] - mine["driver_rate"] - mine["common_rate"]
    expected = np.exp(load * path.reindex(mine.index) - load**2 / 2)
    assert np.allclose((calendar + mine["common_rate"]) / calendar, expected)
    others = world.truth.rates[world.truth.rates["queue"] != "phone_installation"]
    assert (others["common_rate"] == 0).all()


def test_without_its_driver_a_common_link_shows_nothing(telecom: Company) -> None:
    clear = simulate(dataclasses.replace(telecom, hidden=()), days=DAYS_BACK, end=END, ongoing=False)
    assert abs(correlations(clear, "phone_installation", "installation", [0])[0]) < 0.06


# ---- a channel shift ----


def test_a_channel_shift_moves_the_planted_share_and_loses_no_contact(telecom: Company, world: World) -> None:
    still = simulate(dataclasses.replace(telecom, channel_shifts=()), days=DAYS_BACK, end=END, ongoing=False)
    shift = world.truth.channel_shifts.iloc[0]
    assert (shift["queue"], shift["into"], shift["share"]) == ("phone_billing", "chat_app", 0.12)

    def by_day(which: World, queue: str) -> pd.Series:
        base = which.truth.rates[which.truth.rates["queue"] == queue].set_index("ds")["base_rate"]
        return base.groupby(base.index.tz_convert(ZONE).strftime("%Y-%m-%d")).sum()

    gone = by_day(still, "phone_billing") - by_day(world, "phone_billing")
    assert np.allclose(gone, by_day(world, "chat_app") - by_day(still, "chat_app"))
    share = (gone / by_day(still, "phone_billing")).dropna()
    assert (share[share.index < shift["date"]] == 0).all()
    assert np.allclose(share[share.index >= shift["complete"]], 0.12)
    ramp = share[(share.index >= shift["date"]) & (share.index < shift["complete"])]
    assert ramp.is_monotonic_increasing
    assert 0 < ramp.iloc[0] < ramp.iloc[-1] <= 0.12


# ---- slow answers ----


def test_promises_are_broken_for_those_whom_a_queue_of_people_would_leave_waiting(telecom: Company) -> None:
    law = telecom.slow_answers
    assert law is not None
    law = dataclasses.replace(law, promise_hours=2.0)
    rng = np.random.default_rng(3)
    arrived = rng.poisson(3.0, 300).astype(float)
    could = np.where(rng.random(300) < 0.4, 7.0, 0.0)
    found = run(law, arrived, could)
    waiting: list[int] = []
    broken, late = np.zeros(300), np.zeros(300)
    for step in range(300):
        waiting = (waiting + [step] * int(arrived[step]))[int(could[step]) :]
        broken[step] = sum(step - came == 4 for came in waiting)
        late[step] = sum(step - came >= 4 for came in waiting)
        assert found.waiting[step] == len(waiting)
    assert broken.sum() > 20
    assert np.allclose(found.broken, broken)
    assert np.allclose(found.overdue, late)


def test_slow_answers_make_calls_and_posts_after_them_and_nothing_else(
    telecom: Company, world: World
) -> None:
    prompt = simulate(dataclasses.replace(telecom, slow_answers=None), days=DAYS_BACK, end=END, ongoing=False)
    extra = counts(world, "phone_billing") - counts(prompt, "phone_billing")
    planted = rates(world, "phone_billing")["answer_rate"].reindex(extra.index).fillna(0.0)
    assert planted.sum() > 200
    assert abs(extra.sum() - planted.sum()) < 4 * np.sqrt(planted.sum())
    for queue in ("phone_contract", "chat_app", "phone_installation", "email_billing"):
        assert counts(world, queue).equals(counts(prompt, queue))
    labels = world.truth.posts
    after = labels[labels["cause"] == "unanswered"]
    broken = world.truth.backlog.loc[world.truth.backlog["ds"] < END, "broken"].sum()
    assert 0.5 * 0.06 * broken < len(after) < 1.3 * 0.06 * broken
    assert set(after["topic"]) == {"billing"}
    assert set(after["mood"]) == {"negative"}
    assert not (prompt.truth.posts["cause"] == "unanswered").any()


def test_calls_come_after_a_promise_is_broken_not_before(world: World) -> None:
    broken = world.truth.backlog.set_index("ds")["broken"]
    calls = rates(world, "phone_billing")["answer_rate"]
    assert calls[: broken[broken > 0].index[0]].sum() == 0
    assert (calls.cumsum() <= 0.35 * broken.reindex(calls.index).cumsum() + 1e-6).all()


def test_the_backlog_is_a_signal_as_a_company_would_bring_it(world: World, tmp_path: Path) -> None:
    check(world.signals, SIGNALS)
    assert set(world.signals["kind"]) == {"level"}
    assert world.signals["ds"].max() + pd.Timedelta("30min") <= END
    held = world.truth.backlog.set_index("ds")["backlog"].reindex(world.signals["ds"])
    assert np.allclose(world.signals["value"], held, atol=0.5)
    paths = write(world, tmp_path)
    back = read_signals(paths["signals"], tz=ZONE).frame
    assert set(back["kind"]) == {"level"}
    assert back["value"].tolist() == world.signals["value"].tolist()
    assert (back["ds"].to_numpy() == world.signals["ds"].to_numpy()).all()
    assert json.loads(paths["truth"].read_text("utf-8"))["channel_shifts"][0]["into"] == "chat_app"
    assert len(pd.read_csv(paths["common"])) == len(world.truth.common)
    assert len(pd.read_csv(paths["backlog"])) == len(world.truth.backlog)


# ---- night bursts ----


def after_a_night(name: str, opens: int) -> tuple[Floats, Floats]:
    """Expected calls of a burst at one in the night, before the opening and by half hour from it on, of 100 wanted."""
    who = company(name)
    time = Timeline.of(who, days=5, end=END, seed=7)
    law, link = who.incidents, next(link for link in who.links if link.regime == "leads")
    onset = int(time.grid.ds[time.grid.slot == 2][2])
    one = {
        "kind": "incident",
        "topic": law.topic,
        "onset": index(np.array([onset])),
        "calls": 100.0,
        "posts": 40.0,
    }
    incident = pd.DataFrame({**one, "rise_minutes": law.rise_minutes, "decay_minutes": 90.0})
    open_ = (time.grid.slot >= 2 * opens) & (time.grid.slot < 44)
    _, first, calls = next(bursts.paths(law, incident, link, open_, time))
    begin = int(np.argmax(time.grid.slot[first:] == 2 * opens))
    assert onset + DAY > time.grid.ds[first + begin] + HALF_HOUR
    return calls[:begin], calls[begin : begin + 28]


@pytest.mark.parametrize(("name", "opens"), [("energy", 7), ("telecom", 8)])
def test_most_of_a_nights_callers_come_in_the_first_hour_after_opening(name: str, opens: int) -> None:
    night, day = after_a_night(name, opens)
    assert night.sum() == 0
    assert day[:2].sum() > 0.65 * day.sum()
    assert day[0] == day.max()
    retry = company(name).incidents.closed_retry
    assert day.sum() == pytest.approx(100 * retry, abs=8)  # the rest gives up


def test_a_night_burst_becomes_the_eight_oclock_peak_in_the_counts(world: World) -> None:
    onset = world.truth.incidents.loc[
        (world.truth.incidents["topic"] == "outage") & (world.truth.incidents["calls"] > 80), "onset"
    ].dt.tz_convert(ZONE)
    mornings = set(onset[(onset.dt.hour >= 1) & (onset.dt.hour < 6)].dt.strftime("%Y-%m-%d"))
    assert len(mornings) >= 3
    calls = counts(world, "phone_outage")
    local = calls.index.tz_convert(ZONE)
    day = local.strftime("%Y-%m-%d")
    first, later = calls[local.hour == 8].groupby(day[local.hour == 8]).sum(), local.hour == 11
    late = calls[later].groupby(day[later]).sum()
    burst = first.index.isin(mornings)
    assert first[burst].mean() > 2 * first[~burst].mean()
    assert first[burst].mean() > 1.5 * late.reindex(first.index)[burst].mean()


# ---- how strong ----


def test_the_noise_in_the_figure_of_a_link_is_the_noise_of_the_queue(telecom: Company) -> None:
    calm = dataclasses.replace(telecom.incidents, per_week=0.0)
    quiet = simulate(dataclasses.replace(telecom, incidents=calm), days=100, end=END, ongoing=False)
    base = {name: part["base_rate"].to_numpy() for name, part in quiet.truth.rates.groupby("queue")}
    hourly = hourly_mean("phone_outage", base, quiet.time)
    both = pd.DataFrame(
        {"calls": counts(quiet, "phone_outage"), "rate": rates(quiet, "phone_outage")["rate"]}
    )
    hours = both.dropna().groupby(both.dropna().index.floor("h")).sum()
    near = hours[(hours["rate"] - hourly).abs() < 0.15 * hourly]
    measured = float((near["calls"] - near["rate"]).std())
    assert measured == pytest.approx(noise_sd(telecom, "phone_outage", hourly), rel=0.12)


def test_the_figure_of_each_link_is_the_one_frozen_in_its_data_file(world: World) -> None:
    snr = world.truth.links.set_index("queue")["snr"]
    assert 5.2 < snr["phone_outage"] < 5.8
    assert 2.9 < snr["chat_app"] < 3.2
    assert 0.9 < snr["phone_installation"] < 1.0
    assert (snr[["phone_billing", "phone_contract"]] == 0).all()
