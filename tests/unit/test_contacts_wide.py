"""Wide tables, sums among rows and merged cells: what becomes of each cell, and what is said of it."""

from __future__ import annotations

import pandas as pd
import pytest

from forecast.buckets import Interval
from forecast.contacts.headers import arrange
from forecast.contacts.loaded import Loaded
from forecast.contacts.reading import Reading
from forecast.contacts.tables import read_table
from forecast.contacts.volumes import read_volumes
from forecast.errors import EmptyFile, InputError

TZ = "Europe/Amsterdam"


def read(text: str, **words: object) -> Loaded:
    return read_volumes(text.encode(), tz=TZ, reading=Reading(**words))  # type: ignore[arg-type]


def said(loaded: Loaded, words: str) -> bool:
    return any(words in warning for warning in loaded.warnings)


def local(loaded: Loaded) -> list[tuple[str, str, float]]:
    at = loaded.frame["ds"].dt.tz_convert(TZ).dt.strftime("%m-%d %H:%M")
    return list(zip(loaded.frame["queue"], at, loaded.frame["offered"], strict=True))


def test_a_bad_cell_of_a_wide_table_is_named_by_its_row_and_column() -> None:
    rows = "Datum;Wachtrij;08:00;08:15;08:30;08:45;Totaal\n13-03-2026;A;1;2;3;4;10\n14-03-2026;A;1;x;;4;5\nmorgen;A;1;2;3;4;10\nTotaal;;2;2;3;8;15\n"
    loaded = read(rows)
    assert [str(problem) for problem in loaded.problems] == [
        "Row 3, 08:15: 'x' is not a number.",
        "Row 4, Datum: 'morgen' is not a time we can read (write 2024-01-31T09:30).",
    ]
    assert (loaded.rows, loaded.left_out, loaded.interval) == (3, 2, Interval.QUARTER)
    assert [offered for _, _, offered in local(loaded)] == [1, 2, 3, 4, 1, 4]
    assert said(loaded, "Row 5 left out as sums")
    assert said(loaded, "left out as sums: Totaal")
    assert said(loaded, "1 empty cells were left out")


@pytest.mark.parametrize(
    "heads",
    [
        ("08:00", "08:15", "08:30"),
        ("08:00-08:15", "08:15-08:30", "08:30-08:45"),
        ("8.00", "8.15", "8.30"),
        ("8u00", "8u15", "8u30"),
    ],
)
def test_a_column_per_time_of_day_may_be_headed_in_many_ways(heads: tuple[str, ...]) -> None:
    loaded = read(f"Datum;{';'.join(heads)}\n13-03-2026;1;2;3\n", queue="A", channel="email")
    assert local(loaded) == [("A", "03-13 08:00", 1), ("A", "03-13 08:15", 2), ("A", "03-13 08:30", 3)]
    assert loaded.frame["channel"].unique().tolist() == ["email"]


def test_hours_as_bare_numbers_are_times_where_all_of_them_rise() -> None:
    assert (
        local(
            read("date," + ",".join(map(str, range(7, 19))) + "\n2026-03-13" + ",1" * 12 + "\n", queue="A")
        )[0][1]
        == "03-13 07:00"
    )
    quarters = [f"{hour:02d}{minute:02d}" for hour in (8, 9) for minute in (0, 15, 30, 45)]
    assert (
        local(read("date," + ",".join(quarters) + "\n2026-03-13" + ",1" * 8 + "\n", queue="A"))[-1][1]
        == "03-13 09:45"
    )


def test_a_column_per_date_with_a_row_per_time_or_per_queue() -> None:
    dates = "13-03-2026,14-03-2026,15-03-2026"
    times = read(f"Tijd,{dates},Totaal\n08:00,1,2,3,6\n08:30,4,-,6,10\nTotaal,5,2,9,16\n", queue="A")
    assert local(times) == [("A", f"03-{day} {clock}", value) for day, clock, value in (
        (13, "08:00", 1), (13, "08:30", 4), (14, "08:00", 2), (15, "08:00", 3), (15, "08:30", 6))]  # fmt: skip
    days = read(f"Wachtrij,{dates}\nA,1,2,3\nTotaal B,1,5,9\nTotaal,2,7,12\n")
    assert (days.interval, sorted(days.frame["queue"].unique())) == (Interval.DAY, ["A", "Totaal B"])
    assert days.frame["offered"].sum() == 21
    assert said(days, "Row 4 left out as sums")
    blank = read(f",{dates}\nA,1,2,3\nB,1,5,9\n")
    assert blank.frame["queue"].nunique() == 2
    with pytest.raises(InputError, match='--map "queue=Afdeling"') as error:
        read(f"Afdeling,{dates}\nA,1,2,3\n")
    assert error.value.field == "queue"


def test_a_column_per_queue_and_a_group_of_columns_per_queue() -> None:
    wide = read(
        "Datum,Tijd,Week,Verkoop,Service,Totaal\n13-03-2026,08:00,11,1,2,3\n13-03-2026,08:30,11,4,x,9\n"
        "13-03-2026,09:00,11,1,2,3\n13-03-2026,09:30,11,1,2,3\n13-03-2026,10:00,11,1,2,3\n,,,8,8,16\n"
    )
    assert wide.frame.groupby("queue")["offered"].sum().to_dict() == {"Service": 8, "Verkoop": 8}
    assert [str(problem) for problem in wide.problems] == ["Row 3, Service: 'x' is not a number."]
    assert said(wide, "A column per queue: Verkoop, Service")
    groups = read(
        ";;Verkoop;;Service;\nDatum;Tijd;Aanbod;AHT;Aanbod;AHT\n13-03-2026;08:00;1;3:45;3;200\n13-03-2026;08:30;y;3:45;3;200\n"
    )
    assert groups.frame[["queue", "offered", "aht_seconds"]].to_numpy().tolist() == [
        ["Service", 3, 200], ["Service", 3, 200], ["Verkoop", 1, 225]]  # fmt: skip
    assert [str(problem) for problem in groups.problems] == ["Row 4, Verkoop: Aanbod: 'y' is not a number."]


def test_a_queue_called_total_stays_unless_it_is_the_sum_of_the_others() -> None:
    head = "queue,interval_start,offered\n"
    rows = [
        f"{queue},2026-03-13T{hour:02d}:00,{hour + extra}\n"
        for hour in range(8, 14)
        for queue, extra in (("A", 0), ("B", 1))
    ]
    real = [f"Totaal Zorg,2026-03-13T{hour:02d}:00,7\n" for hour in range(8, 14)]
    sums = [f"Totaal,2026-03-13T{hour:02d}:00,{2 * hour + 1}\n" for hour in range(8, 14)]
    loaded = read(head + "".join([*rows, *real]))
    assert "Totaal Zorg" in set(loaded.frame["queue"])
    loaded = read(head + "".join([*rows, *sums]))
    assert set(loaded.frame["queue"]) == {"A", "B"}
    assert said(loaded, "'Totaal' is the sum of the other queues")
    assert loaded.problems == ()


def test_a_sum_without_a_word_is_known_by_its_number_and_another_row_without_a_time_is_an_error() -> None:
    rows = "Wachtrij;Datum;Tijd;Aanbod\nA;13-03-2026;08:00;5\nA;13-03-2026;08:30;6\nA;;;11\nA;13-03-2026;09:00;7\nA;;;99\n"
    loaded = read(rows)
    assert said(loaded, "Row 4 left out as sums")
    assert [(problem.row, problem.column, problem.reason) for problem in loaded.problems] == [
        (6, "Datum", "is empty")
    ]


def test_merged_cells_are_filled_from_above_and_a_lone_empty_cell_is_not() -> None:
    merged = read(
        "Datum;Tijd;Wachtrij;Aanbod\n13-03-2026;08:00;A;1\n;08:30;A;2\n;09:00;A;3\n14-03-2026;08:00;A;4\n;08:30;A;5\n;09:00;A;6\n"
    )
    assert [at for _, at, _ in local(merged)] == [
        f"03-{day} {clock}" for day in (13, 14) for clock in ("08:00", "08:30", "09:00")
    ]
    assert said(merged, "filled from the row above")
    lone = read(
        "queue,interval_start,offered\na,2026-03-13T08:00,1\n,2026-03-13T08:30,1\na,2026-03-13T09:00,1\n"
    )
    assert [problem.row for problem in lone.problems] == [3]


def test_rows_of_several_quantities_in_a_wide_table_are_not_mixed() -> None:
    with pytest.raises(InputError, match="differ in 'Soort'"):
        read("Datum;Wachtrij;Soort;08:00;08:15;08:30\n13-03-2026;A;Aanbod;1;2;3\n13-03-2026;A;Bezet;1;2;3\n")


def test_the_arranged_table_keeps_where_each_cell_came_from() -> None:
    table = read_table(b"Datum;08:00;08:15;08:30\n13-03-2026;1;2;3\n")
    kind, names, long = arrange(table, Reading(queue="A"))
    assert kind.name.startswith("wide")
    assert long.frame.index.tolist() == [2, 2, 2]
    assert long.origins[names["offered"]].columns.tolist() == ["08:00", "08:15", "08:30"]
    assert (long.read, table.header_row, table.read) == (1, 1, None)


def test_a_file_of_sums_alone_holds_nothing() -> None:
    with pytest.raises(InputError, match="sums only"):
        read("Wachtrij;Datum;Tijd;Aanbod\nTotaal;;;5\nTotaal;;;6\n")
    with pytest.raises(EmptyFile):
        read("Wachtrij;Datum;Tijd;Aanbod\nGegenereerd op 1-1-2026\n")


def test_long_pivots_do_not_count_the_day_twice() -> None:
    """A report per queue with a day total that has the queue's name and no time."""
    rows = ["Wachtrij;Datum;Tijd;Aanbod"]
    for queue in "AB":
        for day in (13, 14):
            rows += [f"{queue};{day}-03-2026;{hour:02d}:00;{hour}" for hour in range(8, 12)]
            rows += [f"{queue};{day}-03-2026;;{sum(range(8, 12))}"]
    loaded = read("\n".join(rows) + "\n")
    assert loaded.frame["offered"].sum() == 4 * sum(range(8, 12))
    assert loaded.problems == ()
    assert isinstance(loaded.frame["ds"].iloc[0], pd.Timestamp)
