"""The real files load whole. They lie outside the project: where they are absent, these tests say so and skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecast.buckets import Interval
from forecast.contacts.signals import read_signals
from forecast.contacts.special_days import read_days
from forecast.contacts.volumes import read_volumes

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data are not at {DATA}")


@pytest.mark.parametrize(
    ("name", "tz", "interval", "queues", "rows", "offered", "split"),
    [
        ("bank_calls_30min.csv", "America/New_York", Interval.HALF_HOUR, 1, 4_756, 5_323_661, 0),
        ("boston311_2015_hourly.csv", "America/New_York", Interval.HOUR, 3, 46_985, 93_428, 1),
        ("kc311_hourly.csv", "America/Chicago", Interval.HOUR, 3, 60_197, 76_153, 0),
        ("airregi_daily.csv", "Asia/Tokyo", Interval.DAY, 1, 670, 78_045, 0),
    ],
)
def test_a_volume_file_loads_without_a_problem(
    name: str, tz: str, interval: Interval, queues: int, rows: int, offered: float, split: int
) -> None:
    loaded = read_volumes(DATA / name, tz=tz)
    assert (loaded.problems, loaded.interval, loaded.rows) == ((), interval, rows)
    assert len(loaded.warnings) == split
    assert len(loaded.frame) == rows + split
    assert loaded.frame["queue"].nunique() == queues
    assert loaded.frame["offered"].sum() == pytest.approx(offered, abs=0.5)


@pytest.mark.parametrize(
    ("name", "tz", "rows", "intervals"),
    [
        ("kc311_signals.csv", "America/Chicago", 684, {"twitter_mentions": Interval.HOUR}),
        ("nab_mentions_hourly.csv", "UTC", 13_230, {"twitter_mentions": Interval.HOUR}),
        (
            "airregi_signals.csv",
            "Asia/Tokyo",
            1_572,
            {"tv_ad": Interval.DAY, "sign_ups_scaled": Interval.DAY, "search_interest_weekly": Interval.WEEK},
        ),
    ],
)
def test_a_signal_file_loads_without_a_problem(
    name: str, tz: str, rows: int, intervals: dict[str, Interval]
) -> None:
    loaded = read_signals(DATA / name, tz=tz)
    assert (loaded.problems, loaded.rows, len(loaded.frame), loaded.intervals) == ((), rows, rows, intervals)


def test_the_special_days_load_without_a_problem() -> None:
    loaded = read_days(DATA / "airregi_special_days.csv", tz="Asia/Tokyo")
    assert (loaded.problems, loaded.warnings, len(loaded.frame)) == ((), (), 28)
