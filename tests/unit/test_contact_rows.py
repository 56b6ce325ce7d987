"""Files with one row per contact: whatever their columns are called, and however often they are loaded."""

from __future__ import annotations

import pandas as pd
import pytest

from forecast.contacts.contact_rows import read_contacts
from forecast.errors import EmptyFile, InputError

TZ = "Europe/Amsterdam"


def rows(text: str, **settings: str) -> pd.DataFrame:
    return read_contacts(text.encode(), tz=TZ, **settings).frame


def test_date_and_time_may_stand_apart_and_the_clock_is_local() -> None:
    found = rows(
        "datum;tijd;wachtrij;ani\n2026-07-01;09:30;Help;06-12345678\n2026-12-01;09:30;Help;anonymous\n"
    )
    assert found["at"].tolist() == [pd.Timestamp("2026-07-01 07:30Z"), pd.Timestamp("2026-12-01 08:30Z")]
    assert found["customer"].tolist() == ["+31612345678", None]


def test_ids_are_made_of_the_row_so_that_like_rows_stay_apart_and_a_file_stays_itself() -> None:
    text = "contact_time,queue\n2026-07-01 09:30,Help\n2026-07-01 09:30,Help\n2026-07-01 09:31,Help\n"
    first = rows(text)
    assert first["id"].nunique() == 3 and first["id"].tolist() == rows(text)["id"].tolist()
    longer = rows(text + "2026-07-01 09:32,Help\n")
    assert set(first["id"]) < set(longer["id"])
    assert rows("contact_time,queue,id\n2026-07-01 09:30,Help,T-1\n")["id"].tolist() == ["T-1"]


def test_outcomes_are_read_in_several_words_and_a_bad_row_is_a_problem() -> None:
    text = (
        "contact_time,queue,outcome,wait_time,answered_at\n2026-07-01 09:30,Help,Answered,12,\n2026-07-01 09:31,Help,afgehaakt,x,\n"
        "2026-07-01 09:32,Help,eaten,1,\n,Help,open,1,\n2026-07-01 09:33,Help,,,2026-07-01 08:00\n2026-07-01 09:34,Help,,,\n"
    )
    loaded = read_contacts(text.encode(), tz=TZ)
    assert loaded.frame["outcome"].tolist() == ["handled", "open"]
    assert sorted({one.row for one in loaded.problems}) == [3, 4, 5, 6]


def test_a_file_without_a_usable_row_or_without_a_queue_is_a_sentence() -> None:
    with pytest.raises(InputError, match="queue"):
        rows("contact_time,who\n2026-07-01 09:30,x\n")
    with pytest.raises(EmptyFile):
        rows("contact_time,queue\nlater,Help\n")
