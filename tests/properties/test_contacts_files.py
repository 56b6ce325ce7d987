"""What is written is read back, and no file, however mangled, ends in anything but an answer or an InputError."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast import frames
from forecast.contacts.drivers import read_drivers
from forecast.contacts.opening_hours import read_hours
from forecast.contacts.signals import read_signals
from forecast.contacts.special_days import read_days
from forecast.contacts.volumes import read_volumes
from forecast.errors import InputError

NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12
).map(str.strip)
CELLS = st.tuples(
    st.sampled_from(["sales", "Café; 1", 'say "hi"', "a|b", "a,b", "tab\tbed", "line\nbreak"])
    | NAMES.filter(lambda name: name != ""),
    st.integers(0, 24 * 400),
    st.integers(0, 10**7),
)


def write(
    rows: list[tuple[str, int, int]], delimiter: str, decimal: str, encoding: str, offset: bool
) -> bytes:
    """Tidy volumes with offered in hundredths; times are hours from 2024 on, in UTC or on the clock of New York."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(["queue", "interval_start", "offered"])
    for queue, hour, hundredths in rows:
        moment = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(hours=hour)
        moment = moment if offset else moment.tz_convert("America/New_York").tz_localize(None)
        writer.writerow([queue, moment.isoformat(), f"{hundredths / 100:.2f}".replace(".", decimal)])
    return text.getvalue().encode(encoding)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(CELLS, min_size=1, max_size=12, unique_by=lambda row: (row[0], row[1])),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    offset=st.booleans(),
)
def test_tidy_volumes_survive_any_dialect(
    rows: list[tuple[str, int, int]], delimiter: str, decimal: str, encoding: str, offset: bool
) -> None:
    repeated = pd.Timestamp(
        "2024-11-03T05:00Z"
    )  # alone in the repeated hour a row is split: another test's claim
    hours = [
        row[1] - int((repeated - pd.Timestamp("2024-01-01", tz="UTC")) / pd.Timedelta(hours=1))
        for row in rows
    ]
    rows = [row for row, hour in zip(rows, hours, strict=True) if offset or hour not in (0, 1)] or [
        ("a", 5, 5)
    ]
    loaded = read_volumes(
        write(rows, delimiter, decimal, encoding, offset), tz="America/New_York", interval="1h"
    )
    assert loaded.problems == ()
    start = pd.Timestamp("2024-01-01", tz="UTC")
    wanted = {
        (queue.strip(), start + pd.Timedelta(hours=hour)): hundredths / 100
        for queue, hour, hundredths in rows
    }
    found = {(row.queue, row.ds): row.offered for row in loaded.frame.itertuples()}
    assert found == wanted


SEEDS = {
    read_volumes: (
        b"queue,channel,interval_start,offered,aht_seconds,known_at\n" + b"".join(
            b'"sal, es",phone,2024-03-31T%02d:00,%d,1.5,2024-04-01\n' % (hour, hour) for hour in range(12)
        ),
        "queue;interval_start;offered\r\ncafé;31-03-2024 09:00;1,5\r\ncafé;31-03-2024 09:30;2,5\r\n".encode("utf-16"),
        b"QueueName,QueueId,ChannelType,TimeStamp,IntervalDuration,IncomingContactVolume,AverageHandleTime,ContactsHandled\n"
        b"Q,1,VOICE,2024-01-01T09:00:00Z,15mins,10,300.5,9\nQ,1,VOICE,2024-01-01T00:00:00Z,daily,10,300.5,9\n",
        b"Interval Start UTC Date,Queue,Media Type,Skill Set,Language,Offered,Interactions Handled,Total Handle Time\n"
        b"2024-01-01T09:00:00Z,Help,Voice,a|||b,Dutch,10,8,2400\n2024-01-01T09:15:00Z,Help,Voice,a|||b,Dutch,10,8,2400\n",
    ),
    read_signals: (b"interval_start,signal,value,kind,interval,known_at\n2024-10-27T02:00,a,1,count,1h,\n2024-10-27T05:00,a,2,,,2024-11-01\n",),
    read_drivers: (b"date,driver,value,queue,known_at\n2024-01-01,letters,5,q,\n2024-01-02,letters,6,,2024-01-01\n",),
    read_days: (
        b"date,name,queue,kind,until\n2024-12-25,Christmas,,once,2024-12-26\n2024-01-01,New,,,\n",
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20241225\nDTEND:20241226\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n",
    ),
    read_hours: (b"queue,weekday,opens,closes,valid_from\na,0,08:00,17:00,2024-01-01\na,tue,08:00,24:00,\n",),
}  # fmt: skip
SNIPPETS = [
    b'"', b",", b";", b"\t", b"|", b"\n", b"\r", b"\x00", b"\xff", b"-", b".", b"99999999999999999999", b"1e308", b"nan", b"inf",
    b"9999-12-31", b"1970-01-01", b"0001-01-01", b"24:00", b"02:30", b"+14:00", b"2024-03-31T02:30", b"12-11-10", b"\xe2\x80\xae", b"45000", b"RRULE",
]  # fmt: skip


def mangle(data: bytes, chance: random.Random) -> bytes:
    """One to four cuts, swaps, insertions and doublings."""
    mangled = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, to = sorted((chance.randrange(len(mangled) + 1), chance.randrange(len(mangled) + 1)))
        deed = chance.randrange(5)
        if deed == 0:
            del mangled[at : min(to, at + 30)]
        elif deed == 1:
            mangled[at:at] = chance.choice(SNIPPETS)
        elif deed == 2 and at < len(mangled):
            mangled[at] = chance.randrange(256)
        elif deed == 3:
            mangled[at:at] = mangled[at:to]
        else:
            cell = mangled.find(b",", at) + 1
            mangled[cell : cell + chance.randrange(8)] = chance.choice(SNIPPETS)
    return bytes(mangled)


def test_no_mangled_file_ends_in_another_exception() -> None:
    """800 mangled files, the same on every run: an InputError with a sentence, or a frame that keeps its contract."""
    chance = random.Random(20240331)
    outcomes = {"loaded": 0, "refused": 0}
    for _ in range(100):
        for read, seeds in SEEDS.items():
            for seed in chance.sample(seeds, k=min(2, len(seeds))):
                data = mangle(seed, chance)
                try:
                    loaded = read(data, tz="Europe/Amsterdam")  # type: ignore[operator]
                except InputError as error:
                    assert len(str(error)) > 10
                    outcomes["refused"] += 1
                    continue
                outcomes["loaded"] += 1
                assert len(loaded.frame) > 0
                assert all(problem.row >= 1 and problem.reason for problem in loaded.problems)
                assert len({problem.row for problem in loaded.problems}) <= max(loaded.rows, 1)
                assert loaded.summary().endswith(".")
                if read is read_volumes:
                    frames.check(loaded.frame, frames.VOLUMES)
                    assert np.isfinite(loaded.frame["offered"]).all()
                    assert (loaded.frame["offered"] >= 0).all()
                    assert not loaded.frame.duplicated(
                        [
                            name
                            for name in ("queue", "channel", "topic", "ds", "known_at")
                            if name in loaded.frame
                        ]
                    ).any()
    assert min(outcomes.values()) > 100
