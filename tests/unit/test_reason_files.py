"""Files of contact reasons: long and wide, shares, percents and counts; what nobody knows stays unknown."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.contacts.loaded import LoadedSide
from forecast.contacts.reason_files import UNKNOWN, read_reasons
from forecast.errors import InputError
from store.settings import Settings

TZ = "Europe/Amsterdam"


def read(text: str, **options: str) -> LoadedSide:
    return read_reasons(text.encode(), tz=TZ, unknown=Settings().reasons_unknown, **options)  # type: ignore[arg-type]


def rows(loaded: LoadedSide, value: str = "share") -> dict[tuple[str, str], float]:
    frame = loaded.frame
    days = frame["ds"].dt.tz_convert(TZ).dt.strftime("%Y-%m-%d")
    return dict(zip(zip(days, frame["topic"], strict=True), frame[value].round(6), strict=True))


def test_a_dutch_export_with_percents_and_a_decimal_comma_becomes_shares_of_the_local_day() -> None:
    loaded = read(
        "Datum;Wachtrij;Contactreden;Aandeel\n"
        "13-03-2026;Klantenservice;Factuur;37,5 %\n"
        "13-03-2026;Klantenservice;Verhuizing;22,5 %\n"
        "13-03-2026;Klantenservice;Overig;40 %\n"
    )
    found = rows(loaded)
    assert found == {
        ("2026-03-13", "Factuur"): 0.375,
        ("2026-03-13", "Verhuizing"): 0.225,
        ("2026-03-13", UNKNOWN): 0.4,
    }
    assert not loaded.problems


@pytest.mark.parametrize(
    "nobody", ["other", "Overig", "ONBEKEND", "n.v.t.", "Geen reden", "", "Sonstiges", "autre"]
)
def test_what_says_that_nobody_knows_is_one_unknown_part(nobody: str) -> None:
    found = rows(read(f"date,queue,topic,share\n2026-03-02,q,a,0.6\n2026-03-02,q,{nobody},0.4\n"))
    assert found == {("2026-03-02", "a"): 0.6, ("2026-03-02", UNKNOWN): 0.4}


def test_shares_that_do_not_reach_one_leave_the_rest_unknown_and_say_so() -> None:
    loaded = read("date,queue,topic,share\n2026-03-02,q,a,0.5\n2026-03-02,q,b,0.2\n")
    assert rows(loaded)["2026-03-02", UNKNOWN] == pytest.approx(0.3)
    assert any("the rest is unknown" in warning for warning in loaded.warnings)


def test_shares_beyond_one_are_believed_within_rounding_and_not_at_all_beyond() -> None:
    loaded = read(
        "date,queue,topic,share\n2026-03-02,q,a,0.61\n2026-03-02,q,b,0.4\n2026-03-03,q,a,0.9\n2026-03-03,q,b,0.9\n"
    )
    found = rows(loaded)
    assert found["2026-03-02", "a"] == pytest.approx(0.61 / 1.01, abs=1e-5)
    assert found["2026-03-02", UNKNOWN] == pytest.approx(0, abs=1e-6)
    assert found["2026-03-03", UNKNOWN] == 1.0 and found["2026-03-03", "a"] == 0.0
    assert any("more than 1" in warning and "2026-03-03" in warning for warning in loaded.warnings)


def test_a_column_per_reason_is_read_as_counts_or_as_percents_by_what_its_days_add_up_to() -> None:
    counts = read("Datum;Wachtrij;Factuur;Storing;Overig\n2026-03-02;q;12;30;5\n2026-03-03;q;8;;4\n")
    assert rows(counts, "count") == {
        ("2026-03-02", "Factuur"): 12,
        ("2026-03-02", "Storing"): 30,
        ("2026-03-02", UNKNOWN): 5,
        ("2026-03-03", "Factuur"): 8,
        ("2026-03-03", UNKNOWN): 4,
    }
    percents = read("date,queue,a,b\n2026-03-02,q,70,30\n2026-03-03,q,60.5,39.5\n")
    assert rows(percents)["2026-03-03", "a"] == pytest.approx(0.605)


def test_counts_of_intervals_are_added_up_to_their_local_day_on_a_day_of_25_hours() -> None:
    loaded = read(
        "interval_start,queue,topic,count\n2026-10-25T00:30,q,a,1\n2026-10-25T02:30,q,a,2\n"
        "2026-10-25T02:30,q,b,2\n2026-10-25T23:30,q,a,4\n"
    )
    assert rows(loaded, "count") == {("2026-10-25", "a"): 7, ("2026-10-25", "b"): 2}


def test_a_file_without_queues_takes_the_queue_given_and_is_refused_without_one() -> None:
    text = "date,topic,share\n2026-03-02,a,1\n"
    assert read(text, queue="calls").frame["queue"].unique().tolist() == ["calls"]
    with pytest.raises(InputError, match="queue"):
        read(text)


def test_a_bad_row_is_told_by_its_row_and_the_others_are_kept() -> None:
    loaded = read(
        "date,queue,topic,count\n2026-03-02,q,a,many\nsomeday,q,a,3\n2026-03-02,q,b,4\n2026-03-02,q,c,-1\n"
    )
    assert [problem.row for problem in loaded.problems] == [2, 3, 5]
    assert rows(loaded, "count") == {("2026-03-02", "b"): 4}


def test_the_last_of_two_rows_counts_and_unknown_parts_of_one_day_are_added_up() -> None:
    loaded = read(
        "date,queue,topic,count\n2026-03-02,q,a,3\n2026-03-02,q,a,5\n2026-03-02,q,overig,2\n2026-03-02,q,onbekend,1\n"
    )
    assert rows(loaded, "count") == {("2026-03-02", "a"): 5, ("2026-03-02", UNKNOWN): 3}
    assert np.isfinite(loaded.frame["count"]).all()
