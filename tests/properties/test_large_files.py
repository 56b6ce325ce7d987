"""A large file, read a few rows at a time from the disk, says what the same file read as a whole says."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.contacts import chunks
from forecast.contacts.reading import Reading
from forecast.contacts.volumes import VolumeFile, open_volumes
from forecast.errors import AmbiguousDates, EmptyFile, InputError

TZ = "Europe/Amsterdam"
KEY = ["queue", "channel", "topic", "ds"]
STARTS = [
    pd.Timestamp("2024-03-30"),
    pd.Timestamp("2024-10-26"),
    pd.Timestamp("2024-06-30"),
]  # clocks change, a quarter ends
Told = tuple[pd.DataFrame, tuple[object, ...]]


def told(file: VolumeFile) -> Told:
    """All that a file says: its volumes in order, and the rest."""
    volumes = pd.concat(list(file.parts()))
    key = [*KEY, *(["known_at"] if "known_at" in volumes else [])]
    facts = (
        file.interval,
        file.layout,
        file.series,
        file.problems,
        file.warnings(),
        file.rows,
        file.left_out,
    )
    return volumes.sort_values(key, ignore_index=True), facts


def both(path: Path, reading: Reading = Reading(), *, rows: int = 3) -> tuple[Told, Told]:  # noqa: B008
    with open_volumes(path, reading, tz=TZ) as file:
        whole = told(file)
    with open_volumes(path, reading, tz=TZ, large=1, rows=rows) as file:
        return whole, told(file)


def same(whole: Told, streamed: Told) -> None:
    pd.testing.assert_frame_equal(whole[0], streamed[0], check_exact=False, rtol=1e-12)
    assert whole[1] == streamed[1]


cells = st.tuples(
    st.sampled_from(["sales", "mail", "Café; 1", ""]),
    st.integers(0, 40 * 24 * 4),  # quarters
    st.one_of(st.integers(0, 60).map(str), st.sampled_from(["many", "-1", "", "3"])),
    st.sampled_from(["", "0", "2", "x"]),
    st.sampled_from(["", "120.5", "99"]),
)


def tidy(
    rows: list[tuple[str, int, str, str, str]],
    start: pd.Timestamp,
    form: str,
    step: int,
    known: bool,
    chance: random.Random,
) -> str:
    """A tidy table of local times, some of its rows ragged, blank or off the grid."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(
        ["queue", "interval_start", "offered", "handled", "aht_seconds", *(["known_at"] if known else [])]
    )
    for queue, quarter, offered, handled, aht in rows:
        at = start + pd.Timedelta(minutes=15 * (quarter - quarter % step))
        later = (at + pd.Timedelta(days=chance.randint(0, 2))).strftime(form)
        writer.writerow([queue, at.strftime(form), offered, handled, aht, *([later] if known else [])])
        odd = chance.random()
        if odd < 0.03:
            writer.writerow(["short"])
        elif odd < 0.06:
            text.write("\r\n")
        elif odd < 0.08:
            off = at + pd.Timedelta(minutes=7)
            writer.writerow([queue or "sales", off.strftime(form), 5, "", "", *([later] if known else [])])
    return text.getvalue()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(cells, min_size=1, max_size=25),
    start=st.sampled_from(STARTS),
    form=st.sampled_from(["%Y-%m-%dT%H:%M", "%d-%m-%Y %H:%M", "%m/%d/%Y %H:%M"]),
    step=st.sampled_from([1, 2, 4, 96]),
    interval=st.sampled_from([None, "30min", "1h", "1d", "1w"]),
    known=st.booleans(),
    rows_each=st.integers(2, 9),
    seed=st.integers(0, 9),
)
def test_a_tidy_file_says_the_same_in_parts(
    tmp_path: Path, rows: list[tuple[str, int, str, str, str]], start: pd.Timestamp, form: str, step: int,
    interval: str | None, known: bool, rows_each: int, seed: int,
) -> None:  # fmt: skip
    path = tmp_path / "volumes.csv"
    path.write_text(
        tidy(rows, start, form, step, known, random.Random(seed)),
        encoding="utf-16" if seed % 3 == 0 else "utf-8",
    )
    reading = Reading(interval=interval)
    try:
        with open_volumes(path, reading, tz=TZ) as file:
            whole = told(file)
    except InputError as refusal:
        with (
            pytest.raises(type(refusal)) as again,
            open_volumes(path, reading, tz=TZ, large=1, rows=rows_each) as file,
        ):
            list(file.parts())
        assert str(again.value) == str(refusal)
        return
    with open_volumes(path, reading, tz=TZ, large=1, rows=rows_each) as file:
        same(whole, told(file))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["Help", "Sales"]),
            st.sampled_from(["Voice", "call", "message", ""]),
            st.sampled_from(["a|||b", "c", ""]),
            st.integers(0, 400),
            st.integers(0, 30),
            st.integers(0, 30),
        ),
        min_size=1,
        max_size=60,
    ),
    rows_each=st.integers(2, 9),
    interval=st.sampled_from([None, "1h", "1d"]),
)
def test_a_genesys_file_sums_its_skills_the_same_in_parts(
    tmp_path: Path, rows: list[tuple[str, str, str, int, int, int]], rows_each: int, interval: str | None
) -> None:
    path = tmp_path / "genesys.csv"
    lines = [
        "Interval Start UTC Date,Queue,Media Type,Skill Set,Language,Offered,Interactions Handled,Total Handle Time"
    ]
    for queue, media, skill, quarter, offered, handled in rows:
        at = pd.Timestamp("2024-10-26T20:00Z") + pd.Timedelta(minutes=15 * (quarter % 60))
        lines.append(
            f"{at:%Y-%m-%dT%H:%M:%SZ},{queue},{media},{skill},Dutch,{offered},{handled},{handled * 210}"
        )
    path.write_text("\n".join(lines) + "\n")
    same(*both(path, Reading(interval=interval), rows=rows_each))


def write(path: Path, body: str, head: str = "queue;interval_start;offered\n") -> Path:
    path.write_text(head + body, encoding="utf-8")
    return path


def test_what_the_beginning_supposes_wrongly_is_read_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The month comes first and the decimal mark is a comma, which no row of the beginning tells."""
    monkeypatch.setattr(chunks, "HEAD", 200)
    monkeypatch.setattr(chunks, "_LENGTHS", (1,))
    days = [f"a;0{month}/0{day}/2024 09:00;5\n" for month in (1, 2, 3) for day in range(1, 10)]
    path = write(tmp_path / "a.csv", "".join(days) + "a;04/25/2024 09:00;7,25\na;04/26/2024 09:00;8,5\n")
    whole, streamed = both(path, Reading(interval="1h"))
    same(whole, streamed)
    assert streamed[0]["offered"].tolist()[-2:] == [7.25, 8.5]


def test_dates_that_read_both_ways_are_asked_about_after_the_last_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a;05-03-2024 09:00;5\na;06-03-2024 09:00;5\n")
    with pytest.raises(AmbiguousDates), open_volumes(path, Reading(), tz=TZ, large=1, rows=1):
        pass


def test_doubtful_quotes_and_an_older_code_page_are_read_as_in_a_small_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [
        "queue,interval_start,offered",
        *(f"caf\u00e9,2024-01-01T{hour:02d}:00,5" for hour in range(20)),
        'a "b" c,2024-01-01T20:00,6',
    ]
    path.write_bytes("\n".join(lines).encode("cp1252") + b"\n")
    same(*both(path))


def test_a_quote_that_never_closes_swallows_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "HEAD", 200)
    body = "".join(f"a;2024-01-01T{hour:02d}:00;5\n" for hour in range(20)) + '"a;2024-01-02T00:00;5\n'
    path = write(tmp_path / "a.csv", body)
    with (
        pytest.raises(InputError, match="never closed"),
        open_volumes(path, Reading(), tz=TZ, large=1, rows=2),
    ):
        pass


def test_problems_are_listed_up_to_a_thousand_and_counted_beyond(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=1_500, freq="D").strftime("%Y-%m-%d")
    path = write(
        tmp_path / "a.csv", "".join(f"a;{day};{'x' if number else 5}\n" for number, day in enumerate(days))
    )
    whole, streamed = both(path, Reading(interval="1d"), rows=100)
    same(whole, streamed)
    assert len(streamed[1][3]) == 1_000 and streamed[1][6] == 1_499  # type: ignore[arg-type]
    assert any("1,499 rows in all were left out" in said for said in streamed[1][4])  # type: ignore[attr-defined]


def test_a_large_file_without_a_usable_row_says_why(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a;2024-01-01;x\n" * 5)
    with (
        pytest.raises(EmptyFile, match="Row 2, offered: 'x' is not a number"),
        open_volumes(path, Reading(), tz=TZ, large=1, rows=2),
    ):
        pass


def test_parquet_is_read_in_parts_too(tmp_path: Path) -> None:
    ds = pd.date_range("2024-03-31", periods=96, freq="30min")
    frame = pd.DataFrame(
        {
            "queue": ["a", "b"] * 48,
            "interval_start": ds,
            "offered": range(96),
            "aht_seconds": [1.5, None] * 48,
        }
    )
    path = tmp_path / "a.parquet"
    frame.to_parquet(path)
    same(*both(path, rows=10))


HOURS = pd.date_range("2024-01-20", periods=30, freq="h")


def per_hour(queue: str, factor: int, *, merged: bool = False) -> list[str]:
    return [
        f"{queue if not (merged and number) else ''};{at:%d-%m-%Y};{at:%H:%M};{factor * (number % 5 + 1)}"
        for number, at in enumerate(HOURS)
    ]


@pytest.mark.parametrize("sort", [False, True])
def test_a_queue_that_is_the_sum_of_the_others_is_left_out_of_a_large_file_too(
    tmp_path: Path, sort: bool
) -> None:
    lines = [*per_hour("Verkoop", 1), *per_hour("Service", 2), *per_hour("Totaal", 3)]
    if sort:
        lines = [line for at in zip(*(lines[n : n + 30] for n in (0, 30, 60)), strict=True) for line in at]
    path = write(tmp_path / "a.csv", "\n".join(lines) + "\n", "Wachtrij;Datum;Tijd;Aanbod\n")
    whole, streamed = both(path, rows=7)
    same(whole, streamed)
    assert set(streamed[0]["queue"]) == {"Verkoop", "Service"}


def test_merged_cells_and_subtotals_of_a_large_file_lose_no_row(tmp_path: Path) -> None:
    lines = [*per_hour("Verkoop", 1, merged=True), *per_hour("Service", 2, merged=True)]
    path = write(tmp_path / "a.csv", "\n".join(lines) + "\n", "Wachtrij;Datum;Tijd;Aanbod\n")
    whole, streamed = both(path, rows=7)
    same(whole, streamed)
    assert len(streamed[0]) == 60
    blocks = [[*per_hour("Verkoop", 1)[n : n + 5], "Verkoop;;;15"] for n in range(0, 30, 5)]
    lines = [line for block in blocks for line in block]
    same(*both(write(tmp_path / "b.csv", "\n".join(lines) + "\n", "Wachtrij;Datum;Tijd;Aanbod\n"), rows=7))
