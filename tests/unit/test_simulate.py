"""The simulated company keeps what its data file plants."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval, column_ns
from forecast.days import OpeningHours
from forecast.errors import ConfigError, InputError
from forecast.frames import DAYS, DRIVERS, HOURS, VOLUMES, check
from forecast.simulate import Company, World, energy_supplier, load_company, simulate, write
from forecast.simulate.company import HERE
from forecast.simulate.texts import wording

END = pd.Timestamp("2026-06-17 12:10", tz="UTC")  # a Wednesday, 14:10 in Amsterdam
DAYS_BACK = 250  # both clock changes lie within
ZONE = "Europe/Amsterdam"


@pytest.fixture(scope="module")
def company() -> Company:
    return energy_supplier()


@pytest.fixture(scope="module")
def world(company: Company) -> World:
    return simulate(company, days=DAYS_BACK, end=END)


@pytest.fixture(scope="module")
def short(company: Company) -> World:
    return simulate(company, days=30, end=END)


def test_the_same_seed_gives_the_same_world(company: Company, short: World) -> None:
    again = simulate(company, days=30, end=END)
    pd.testing.assert_frame_equal(again.volumes, short.volumes)
    pd.testing.assert_frame_equal(again.truth.rates, short.truth.rates)
    assert again.mentions == short.mentions


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def test_the_demo_world_is_frozen(short: World) -> None:
    """Figures were published on it. The digests were taken before the simulator learned more than the demo needs."""
    assert digest(short.volumes.to_csv()) == "d414a54fdd74cedf473ca9efd082b2a6"
    assert digest(json.dumps(short.mentions)) == "ea2a42e4ddadbc49ad3efa95506e5bc4"
    assert digest(short.drivers.to_csv()) == "18c059e09e75bc8ee20b0ba9a5d25e09"
    assert short.signals.empty


def test_another_seed_gives_another_world(company: Company, short: World) -> None:
    other = simulate(company, days=30, end=END, seed=8)
    assert not other.volumes["offered"].equals(short.volumes["offered"])
    assert other.mentions != short.mentions


def test_frames_keep_their_contracts(world: World) -> None:
    check(world.volumes, VOLUMES)
    check(world.drivers, DRIVERS)
    check(world.special_days, DAYS)
    check(world.hours, HOURS)


def test_every_contact_is_handled_or_abandoned_and_none_is_negative(world: World) -> None:
    volumes = world.volumes
    assert (volumes["offered"] == volumes["handled"] + volumes["abandoned"]).all()
    assert (volumes[["offered", "handled", "abandoned"]] >= 0).all(axis=None)
    assert (volumes["aht_seconds"].dropna() > 0).all()
    assert (volumes.loc[volumes["handled"] > 0, "aht_seconds"].notna()).all()


def test_the_rates_add_up_and_are_never_negative(world: World) -> None:
    rates = world.truth.rates
    assert (rates[["base_rate", "incident_rate", "driver_rate"]] >= 0).all(axis=None)
    assert np.allclose(rates["rate"], rates["base_rate"] + rates["incident_rate"])
    assert (rates[["common_rate", "answer_rate"]] == 0).all(axis=None)  # the demo has neither
    assert (rates["driver_rate"] <= rates["base_rate"] + 1e-9).all()


def test_the_counts_are_those_of_the_oracle_rate_within_noise(world: World) -> None:
    both = world.volumes.merge(world.truth.rates, on=["queue", "ds"])
    assert len(both) == len(world.volumes)
    sums = both.groupby("queue")[["offered", "rate"]].sum()
    assert (sums["offered"] / sums["rate"] - 1).abs().max() < 0.03


def test_nothing_is_expected_or_offered_while_closed(world: World) -> None:
    for queue, hours in world.hours.groupby("queue"):
        opening = OpeningHours.from_frame(hours)
        rates = world.truth.rates[world.truth.rates["queue"] == queue]
        open_ = opening.mask(Grid.of(column_ns(rates["ds"]), Interval.HALF_HOUR, ZONE))
        assert (rates["rate"].to_numpy()[~open_] == 0).all()
        volumes = world.volumes[world.volumes["queue"] == queue]
        assert opening.mask(Grid.of(column_ns(volumes["ds"]), Interval.HALF_HOUR, ZONE)).all()


def test_billing_phones_are_closed_on_public_holidays_and_busier_after(world: World) -> None:
    billing = world.volumes[world.volumes["queue"] == "phone_billing"]
    days = billing.groupby(billing["ds"].dt.tz_convert(ZONE).dt.date)["offered"].sum()
    holidays = world.special_days.loc[world.special_days["kind"] == "recurring", "date"].dt.date
    assert not set(days.index) & set(holidays)
    rates = world.truth.rates[world.truth.rates["queue"] == "phone_billing"]
    planned = (
        (rates["base_rate"] - rates["driver_rate"]).groupby(rates["ds"].dt.tz_convert(ZONE).dt.date).sum()
    )
    tuesday = {day: planned[pd.Timestamp(day).date()] for day in ("2026-03-24", "2026-04-07", "2026-04-14")}
    assert tuesday["2026-04-07"] > 1.1 * max(
        tuesday["2026-03-24"], tuesday["2026-04-14"]
    )  # the day after Easter


def test_nothing_of_the_future_is_in_the_records(world: World) -> None:
    assert world.volumes["ds"].max() + pd.Timedelta("30min") <= END
    created = pd.to_datetime(pd.Series([row["created_at"] for row in world.mentions]))
    assert created.max() <= END
    assert created.is_monotonic_increasing
    assert (world.drivers["known_at"] <= END).all()


def test_a_price_letter_and_invoice_runs_are_announced(world: World) -> None:
    ahead = world.drivers[world.drivers["ds"] > END]
    assert ahead.loc[ahead["driver"] == "letters", "value"].sum() == 40_000
    assert (ahead["driver"] == "invoices").sum() >= 8


def test_both_clock_changes_keep_half_hours_apart(world: World) -> None:
    for _, volumes in world.volumes.groupby("queue"):
        assert volumes["ds"].is_unique
    email = world.volumes[world.volumes["queue"] == "email_billing"]
    per_day = email.groupby(email["ds"].dt.tz_convert(ZONE).dt.date).size()
    assert per_day[pd.Timestamp("2025-10-26").date()] == 50
    assert per_day[pd.Timestamp("2026-03-29").date()] == 46
    assert set(per_day.iloc[:-1]) == {46, 48, 50}


# ---- posts and calls ----


def posts_per_half_hour(world: World, topic: str, ds: pd.DatetimeIndex) -> pd.Series:
    labels = world.truth.posts
    created = {row["id"]: row["created_at"] for row in world.mentions}
    times = pd.to_datetime(labels.loc[labels["topic"] == topic, "id"].map(created)).dt.floor("30min")
    return times.value_counts().reindex(ds, fill_value=0)


def surprises(series: pd.Series) -> pd.Series:
    """The series less its mean by weekday and time of day, on a square-root scale."""
    local = series.index.tz_convert(ZONE)
    root = np.sqrt(series.astype(float))
    return root - root.groupby([local.weekday, local.hour * 60 + local.minute]).transform("mean")


def correlations(posts: pd.Series, calls: pd.Series, lags: range) -> pd.Series:
    """Correlation of calls with the posts `lag` half hours earlier, over the half hours in `calls`."""
    return pd.Series({lag: calls.corr(posts.shift(lag).reindex(calls.index)) for lag in lags})


def by_lag(world: World, queue: str, topic: str, column: str = "offered") -> pd.Series:
    rows = world.volumes[world.volumes["queue"] == queue].set_index("ds")[column]
    everything = pd.date_range(rows.index.min(), rows.index.max(), freq="30min")
    posts = surprises(posts_per_half_hour(world, topic, everything))
    return correlations(posts, surprises(rows), range(-96, 97))


def test_outage_posts_lead_the_calls_by_30_to_60_minutes(world: World) -> None:
    found = by_lag(world, "phone_outage", "outage")
    assert found.idxmax() in (1, 2)
    assert found.max() > 0.3
    assert found[1] > found[-1] + 0.05


def test_moving_posts_tell_nothing_about_moving_calls(world: World) -> None:
    found = by_lag(world, "phone_moving", "moving")
    assert found.abs().max() < 0.06  # 193 lags, ~6,000 half hours: 4.5 standard errors


def test_billing_posts_lag_the_failed_calls(world: World) -> None:
    found = by_lag(world, "phone_billing", "billing", "abandoned")
    before, after = found[range(1, 49)].mean(), found[range(-48, 0)].mean()
    assert after > before + 0.03
    assert -48 <= found.rolling(5, center=True).mean().idxmax() <= -4


def test_letters_move_billing_mails_and_posts_alike(world: World) -> None:
    labels = world.truth.posts
    assert (labels.loc[labels["cause"] == "letters", "topic"] == "billing").all()
    links = world.truth.links.set_index("queue")
    assert links.loc["email_billing", "regime"] == "common"
    mails = world.truth.rates[world.truth.rates["queue"] == "email_billing"].set_index("ds")["driver_rate"]
    created = {row["id"]: row["created_at"] for row in world.mentions}
    times = pd.to_datetime(labels.loc[labels["cause"] == "letters", "id"].map(created))
    busy = mails.groupby(mails.index.tz_convert(ZONE).date).sum()
    assert (busy.reindex(times.dt.tz_convert(ZONE).dt.date).to_numpy() > 0).mean() > 0.9


def test_the_letters_extra_calls_sum_to_the_truth(company: Company, world: World) -> None:
    silent = tuple(effect for effect in company.effects if effect.driver != "letters")
    without = simulate(dataclasses.replace(company, effects=silent), days=DAYS_BACK, end=END)
    queue = world.volumes["queue"] == "phone_billing"
    extra = (world.volumes.loc[queue, "offered"] - without.volumes.loc[queue, "offered"]).sum()
    letters = world.drivers[
        (world.drivers["driver"] == "letters") & (world.drivers["ds"] < END - pd.Timedelta("10D"))
    ]
    effects = world.truth.effects
    per_thousand = effects[(effects["driver"] == "letters") & (effects["target"] == "phone_billing")][
        "per_thousand"
    ].sum()
    assert per_thousand == pytest.approx(30.0)
    truth = letters["value"].sum() / 1000 * per_thousand
    assert abs(extra - truth) < 4 * np.sqrt(2 * truth)


def test_one_part_does_not_reshuffle_the_others(company: Company, short: World) -> None:
    calm = dataclasses.replace(company, incidents=dataclasses.replace(company.incidents, per_week=0.0))
    other = simulate(calm, days=30, end=END)
    for queue in ("phone_billing", "phone_moving", "email_billing", "email_moving"):
        mine = short.volumes[short.volumes["queue"] == queue]["offered"]
        assert mine.equals(other.volumes[other.volumes["queue"] == queue]["offered"])
    outage = short.volumes["queue"] == "phone_outage"
    assert (short.volumes.loc[outage, "offered"] >= other.volumes.loc[outage, "offered"]).mean() > 0.95


def test_a_night_incident_becomes_the_opening_peak(world: World) -> None:
    incidents = world.truth.incidents[world.truth.incidents["calls"] > 100]
    hour = incidents["onset"].dt.tz_convert(ZONE).dt.hour
    night = incidents[(hour >= 1) & (hour < 3)]
    assert len(night) > 0
    rates = world.truth.rates[world.truth.rates["queue"] == "phone_outage"].set_index("ds")["incident_rate"]
    for onset in night["onset"]:
        opening = onset.tz_convert(ZONE).normalize().replace(hour=7).tz_convert("UTC")
        assert rates[opening] > 10
        assert rates[onset.floor("30min") : opening - pd.Timedelta("30min")].sum() == 0


# ---- the storm at the end ----


def test_an_ongoing_storm_shows_in_posts_before_it_shows_in_calls(world: World) -> None:
    storm = world.truth.incidents[world.truth.incidents["kind"] == "ongoing"].iloc[0]
    posts = posts_per_half_hour(
        world, "outage", pd.date_range(END.floor("30min") - pd.Timedelta("90min"), END, freq="30min")
    )
    quiet = 11 / 48
    assert posts.sum() > 40 * quiet
    rates = world.truth.rates[world.truth.rates["queue"] == "phone_outage"].set_index("ds")["incident_rate"]
    since = rates[rates.index >= storm["onset"].floor("30min")]
    known = since[since.index + pd.Timedelta("30min") <= END].sum()
    assert 0 < known < storm["arriving"] / 3
    assert since.sum() > 0.9 * storm["arriving"]


def test_without_an_ongoing_storm_there_is_none(company: Company) -> None:
    calm = simulate(company, days=10, end=END, ongoing=False)
    assert "ongoing" not in set(calm.truth.incidents["kind"])


def test_a_storm_that_begins_at_night_is_seen_in_posts_alone(company: Company) -> None:
    night = simulate(company, days=10, end=pd.Timestamp("2026-06-17 02:00", tz="UTC"))
    assert (night.truth.posts["cause"] == "ongoing").sum() > 20
    storm = night.truth.incidents.iloc[-1]
    assert 0.3 * storm["calls"] < storm["arriving"] < storm["calls"]


# ---- texts ----


def test_posts_are_dutch_and_english_in_the_planned_shares(world: World) -> None:
    shares = world.truth.posts["language"].value_counts(normalize=True)
    assert shares["nl"] == pytest.approx(0.75, abs=0.02)
    assert shares["en"] == pytest.approx(0.25, abs=0.02)


def test_texts_read_as_their_language_and_their_topic(world: World) -> None:
    posts = world.truth.posts.assign(text=texts(world))
    common = {
        "nl": r"\b(de|het|een|is|van|geen|niet|en|ik|op|met|voor|al)\b",
        "en": r"\b(the|is|a|of|no|and|my|on|with|for|to|i)\b",
    }
    for language, words in common.items():
        found = (
            posts.loc[posts["language"] == language, "text"]
            .str.lower()
            .str.contains(re.sub(r"\(", "(?:", words))
        )
        assert found.mean() > 0.85
    topics = {
        "outage": "stroom|storing|outage|power|donker|dark",
        "billing": "rekening|factuur|bill|invoice|termijn|payment|tarie",
    }
    for topic, words in topics.items():
        share = posts.loc[posts["topic"] == topic, "text"].str.lower().str.contains(words).mean()
        assert 0.7 < share < 1.0
        assert posts.loc[posts["topic"] == "smalltalk", "text"].str.lower().str.contains(words).mean() < 0.1


def test_no_slot_is_left_open_and_most_texts_differ(world: World) -> None:
    everything = texts(world)
    assert not any("{" in text for text in everything)
    assert len(set(everything)) > 0.6 * len(everything)


def test_incidents_are_mostly_negative(world: World) -> None:
    posts = world.truth.posts
    assert (posts.loc[posts["cause"] == "incident", "mood"] == "negative").mean() > 0.75


def test_every_topic_of_the_demo_has_at_least_25_templates_a_language(company: Company) -> None:
    for language in company.posts.languages:
        for topic in company.posts.topics:
            moods = wording(language).topics[topic]
            assert sum(len(set(templates)) for templates in moods.values()) >= 25, (language, topic)


def test_reposts_and_replies_refer_to_posts_written_before(world: World) -> None:
    rows = {row["id"]: row for row in world.mentions}
    assert len(rows) == len(world.mentions)
    again = [row for row in world.mentions if row["repost_of"]]
    answers = [row for row in world.mentions if row["direction"] == "out"]
    assert len(again) > 500
    assert len(answers) > 500
    for row in again:
        assert rows[row["repost_of"]]["created_at"] <= row["created_at"]
        assert row["text"].endswith(rows[row["repost_of"]]["text"])
    for row in answers:
        assert rows[row["reply_to"]]["replied_at"] == row["created_at"]


def texts(world: World) -> list[str]:
    labelled = set(world.truth.posts["id"])
    return [row["text"] for row in world.mentions if row["id"] in labelled]


# ---- files and parameters ----


@pytest.fixture
def files(short: World, tmp_path: Path) -> Iterator[dict[str, Path]]:
    yield write(short, tmp_path / "demo")


def test_volumes_come_back_from_their_file(short: World, files: dict[str, Path]) -> None:
    back = pd.read_csv(files["volumes"])
    assert back["interval_start"].str.contains(r"\+0[12]:00$").all()
    back["ds"] = pd.to_datetime(back.pop("interval_start"), utc=True).astype("datetime64[ns, UTC]")
    pd.testing.assert_frame_equal(back[short.volumes.columns], short.volumes, check_dtype=False)


def test_mentions_come_back_from_their_file(short: World, files: dict[str, Path]) -> None:
    back = [json.loads(line) for line in files["mentions"].read_text("utf-8").splitlines()]
    kept = [{name: value for name, value in row.items() if value is not None} for row in short.mentions]
    assert back == kept


def test_what_is_known_ahead_comes_back_from_its_files(short: World, files: dict[str, Path]) -> None:
    drivers = pd.read_csv(files["drivers"])
    assert drivers.columns.tolist() == ["date", "driver", "value", "known_at"]
    ds = pd.to_datetime(drivers["date"]).dt.tz_localize(ZONE).dt.tz_convert("UTC")
    assert (ds.to_numpy() == short.drivers["ds"].to_numpy()).all()
    special = pd.read_csv(files["special_days"])
    assert special["date"].tolist() == short.special_days["date"].dt.strftime("%Y-%m-%d").tolist()
    assert set(special["kind"]) == {"recurring", "once"}
    hours = pd.read_csv(files["hours"], dtype={"opens": str, "closes": str})
    pd.testing.assert_frame_equal(hours, short.hours, check_dtype=False)


def test_the_truth_is_written_beside_the_data(short: World, files: dict[str, Path]) -> None:
    truth = json.loads(files["truth"].read_text("utf-8"))
    assert {link["queue"]: link["lag_minutes"] for link in truth["links"]}["phone_outage"] == 40
    assert truth["incidents"][-1]["kind"] == "ongoing"
    assert len(truth["posts"]["id"]) == len(short.truth.posts)
    assert len(pd.read_csv(files["rates"])) == len(short.truth.rates)


def test_local_times_of_the_repeated_hour_differ_in_their_offset() -> None:
    from forecast.simulate.files import local_iso

    moments = pd.DatetimeIndex(["2025-10-26T00:30Z", "2025-10-26T01:30Z"])
    assert local_iso(column_ns(moments), ZONE) == ["2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00+01:00"]


def test_a_wrong_knob_is_named(tmp_path: Path) -> None:
    text = (HERE / "energy.yaml").read_text("utf-8")
    broken = tmp_path / "company.yaml"
    broken.write_text(text.replace("bucket_cv: 0.06", "bucket_vc: 0.06"), "utf-8")
    with pytest.raises(ConfigError, match="bucket_"):
        load_company(broken)


def test_a_company_of_no_days_is_refused(company: Company) -> None:
    with pytest.raises(InputError, match="0 days"):
        simulate(company, days=0, end=END)
