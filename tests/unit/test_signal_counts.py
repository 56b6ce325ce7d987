"""What a bucket counts is a whole number, and its own posts alone make it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Interval
from forecast.social.signals import build_signals

HALF_HOUR = Interval.parse("30min")


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    """300 posts of ten hours, each with a mood of many digits, in two languages, of two brands."""
    chance, n = np.random.default_rng(5), 300
    seconds = np.sort(chance.integers(0, 36_000, n))
    created = pd.DatetimeIndex(pd.Timestamp("2026-03-06", tz="UTC") + pd.to_timedelta(seconds, unit="s"))
    return pd.DataFrame(
        {
            "source": "x",
            "id": [str(row) for row in range(n)],
            "created_at": created.as_unit("ns"),
            "known_at": created.as_unit("ns"),
            "sentiment": chance.uniform(-1, 1, n),
            "label": "negative",
            "topics": pd.Series([("outage",)] * n, dtype=object),
            "direction": "in",
            "repost_of": pd.Series([None] * n, dtype=object),
            "language": chance.choice(["nl", "en"], n),
            "brand": chance.choice(["Lumen", "Spark"], n),
        }
    )


@pytest.mark.parametrize("posts", [3, 5, 15, 50, 200])
def test_counts_are_whole_whatever_moods_are_summed_up_beside_them(scored: pd.DataFrame, posts: int) -> None:
    signals = build_signals(scored.head(posts), interval=HALF_HOUR, tz="UTC", apart=True)
    counts = signals.loc[signals["kind"] == "count", ["signal", "value"]]
    assert counts["signal"].str.contains("[@", regex=False).any()
    assert (counts["value"] % 1 == 0).all()


def test_a_bucket_has_the_same_bits_whichever_others_are_counted_with_it(scored: pd.DataFrame) -> None:
    """Else counting it anew would write a version in which nothing has changed."""
    noon = pd.Timestamp("2026-03-06 05:00", tz="UTC")
    whole = build_signals(scored, interval=HALF_HOUR, tz="UTC", apart=True)
    alone = build_signals(scored[scored["created_at"] >= noon], interval=HALF_HOUR, tz="UTC", apart=True)
    pd.testing.assert_frame_equal(whole[whole["ds"] >= noon].reset_index(drop=True), alone, check_exact=True)
