"""Rows in the hour that the clock skips say that a file is not in the zone it is read in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.contacts.volumes import read_volumes
from forecast.contacts.zone_advice import advise_zone

TZ = "Europe/Amsterdam"


def starts(
    zone: str, first: str = "2024-01-01", days: int = 500
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Hours of local clocks as int64 ns."""
    index = pd.date_range(first, periods=days * 24, freq="h", tz="UTC").tz_convert(zone).tz_localize(None)
    return np.unique(index.to_numpy("datetime64[ns]").view(np.int64))


def test_a_file_in_its_own_zone_gets_no_advice() -> None:
    for zone in (TZ, "America/New_York", "Australia/Lord_Howe", "UTC"):
        assert advise_zone(starts(zone), zone) == []


def test_utc_read_as_local_time_is_doubted_at_each_spring_change() -> None:
    (said,) = advise_zone(starts("UTC"), TZ)
    assert "2 spring changes" in said and "look like UTC" in said


def test_another_zone_is_named_where_its_skipped_hours_are_empty() -> None:
    (said,) = advise_zone(starts("Europe/London"), TZ)
    assert "look like times of Europe/London" in said
    (said,) = advise_zone(starts("Europe/Athens"), TZ)
    assert "look like times of Europe/Athens" in said


def test_a_queue_that_is_shut_at_night_tells_nothing() -> None:
    day = starts("UTC")
    assert advise_zone(day[(day // 3_600_000_000_000) % 24 >= 8], TZ) == []
    assert advise_zone(day[:0], TZ) == []


def test_the_advice_comes_with_the_file_and_changes_nothing() -> None:
    hours = pd.date_range("2024-03-29", periods=96, freq="h")
    rows = "queue,interval_start,offered\n" + "".join(f"a,{hour:%Y-%m-%d %H:%M},1\n" for hour in hours)
    loaded = read_volumes(rows.encode(), tz=TZ)
    assert any("look like UTC" in warning for warning in loaded.warnings)
    assert loaded.frame["offered"].sum() == 96
    assert not any("look like" in warning for warning in read_volumes(rows.encode(), tz="UTC").warnings)
