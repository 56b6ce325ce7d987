"""Correct files of every layout, with what they mean: the seeds that mutations spoil."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.fuzz.sheets import Row, Sheet

NAMES = ("Sales", "Café Zuid", "Storing & uitval", "Rückfragen", "N.V. Oost", "Facturen", "Техпомощь", "24/7")
PLAIN = ("Sales", "Facturen", "Storing & uitval", "N.V. Oost", "Retour")
LATIN = ("Café Zuid", "Rückfragen", "Sales", "Crédit")
FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d-%m-%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M:%S")
SPRING, AUTUMN = dt.date(2026, 3, 29), dt.date(2026, 10, 25)


def first_day(chance: random.Random) -> dt.date:
    """A day between the 12th and the 24th, so that within a few days the order of day and month shows; now and then
    near a change of the clock."""
    if chance.random() < 0.3:
        return chance.choice((SPRING, AUTUMN)) - dt.timedelta(days=chance.randint(1, 2))
    return dt.date(chance.choice((2024, 2025, 2026)), chance.randint(1, 12), chance.randint(12, 24))


def walls(first: dt.date, days: int, minutes: int, opens: int, closes: int) -> list[dt.datetime]:
    """Wall clock starts; times the clock skipped are left out, the repeated hour stands there once."""
    found = []
    for day in range(days):
        date = first + dt.timedelta(days=day)
        for minute in range(60 * opens, 60 * closes, minutes):
            if not (date == SPRING and 120 <= minute < 180):
                found.append(dt.datetime.combine(date, dt.time(minute // 60, minute % 60)))
    return found


def count(chance: random.Random) -> int:
    return chance.choice((0, chance.randint(1, 9), chance.randint(10, 99), chance.randint(100, 999)))


def spell(moment: dt.datetime, form: str) -> str:
    """A time as it is written; a real date of a workbook is written by the workbook."""
    return moment.strftime(form)


def tidy(chance: random.Random, names: tuple[str, ...] = NAMES) -> Sheet:
    """A row per queue and interval, comma or semicolon, English header."""
    minutes = chance.choice((15, 30, 60, 1440))
    opens, closes = (0, 24) if minutes == 1440 or chance.random() < 0.3 else (8, chance.choice((12, 18)))
    queues = chance.sample(names, chance.randint(1, 3))
    form = chance.choice(FORMS)
    times = walls(first_day(chance), chance.randint(3, 4), minutes, opens, closes)[:120]
    rows = []
    for wall in times:
        for queue in queues:
            offered = count(chance)
            handled = round(offered * 0.9)
            cells = (queue, spell(wall, form), str(offered), str(handled), f"{chance.randint(120, 600)}")
            rows.append(Row(cells, ((queue, wall, float(offered)),)))
    return Sheet(
        "tidy",
        ("queue", "interval_start", "offered", "handled", "aht_seconds"),
        tuple(rows),
        places={"queue": 0, "interval_start": 1, "offered": 2},
        form=form,
        delimiter=chance.choice((",", ";", "\t", "|")),
        encoding=chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")),
        newline=chance.choice(("\n", "\r\n")),
        must="load",
    )


def windows(chance: random.Random) -> Sheet:
    """A semicolon file in the Windows code page, as an older Excel writes it."""
    return replace(tidy(chance, LATIN), encoding="cp1252", delimiter=";", newline="\r\n")


def genesys(chance: random.Random) -> Sheet:
    """The history file of Genesys Cloud: times in UTC."""
    queues, rows = chance.sample(NAMES, 2), []
    for wall in walls(first_day(chance), 3, chance.choice((15, 30, 60)), 8, 13):
        for queue in queues:
            moment, value = wall.replace(tzinfo=dt.UTC), count(chance)
            cells = (
                spell(moment, "%Y-%m-%dT%H:%M:%SZ"),
                queue,
                "voice",
                "",
                "nl",
                str(value),
                str(value),
                "300",
            )
            rows.append(Row(cells, ((queue, moment, float(value)),)))
    header = (
        "Interval Start UTC Date", "Queue", "Media Type", "Skill Set", "Language", "Offered",
        "Interactions Handled", "Total Handle Time",
    )  # fmt: skip
    places = {"interval_start": 0, "queue": 1, "offered": 5}
    return Sheet(
        "genesys", header, tuple(rows), places=places, utc=True, form="%Y-%m-%dT%H:%M:%SZ", must="load",
        encoding=chance.choice(("utf-8", "utf-8-sig")),
    )  # fmt: skip


def connect(chance: random.Random) -> Sheet:
    """The history file of Amazon Connect, with an offset."""
    minutes, said = chance.choice(((15, "15mins"), (30, "30mins")))
    queues = chance.sample(NAMES, 2)
    rows = []
    for wall in walls(first_day(chance), 3, minutes, 8, 12):
        for number, queue in enumerate(queues):
            moment, value = wall.replace(tzinfo=dt.UTC), count(chance)
            cells = (queue, str(number), "VOICE", spell(moment, "%Y-%m-%dT%H:%M:%SZ"), said, str(value), "301.5", str(value))  # fmt: skip
            rows.append(Row(cells, ((queue, moment, float(value)),)))
    header = (
        "QueueName", "QueueId", "ChannelType", "TimeStamp", "IntervalDuration", "IncomingContactVolume",
        "AverageHandleTime", "ContactsHandled",
    )  # fmt: skip
    places = {"queue": 0, "interval_start": 3, "offered": 5}
    return Sheet(
        "connect", header, tuple(rows), places=places, utc=True, form="%Y-%m-%dT%H:%M:%SZ", must="load"
    )


def dutch(chance: random.Random) -> Sheet:
    """What a Dutch planner has: titles, Datum, Tijdvak, Wachtrij, Aanbod, a subtotal per day, a footer."""
    minutes = chance.choice((30, 60))
    queues = chance.sample(("Facturen", "Storing", "Verhuizen", "Café Zuid"), 2)
    first, rows = first_day(chance), []
    for day in range(4):
        of_day = 0
        for wall in walls(first + dt.timedelta(days=day), 1, minutes, 9, 13):
            end = wall + dt.timedelta(minutes=minutes)
            for queue in queues:
                value = count(chance)
                of_day += value
                cells = (spell(wall, "%d-%m-%Y"), f"{wall:%H:%M}-{end:%H:%M}", queue, str(value))
                rows.append(Row(cells, ((queue, wall, float(value)),)))
        rows.append(Row(("Subtotaal", "", "", str(of_day))))
    titles: tuple[tuple[Any, ...], ...] = (("Overzicht klantcontact",), ("Periode 2026",), ())
    footer = (
        ("Totaal", "", "", str(sum(int(row.cells[3]) for row in rows if row.stands_for))),
        (),
        ("Bron: ACD",),
    )
    places = {"date": 0, "time": 1, "queue": 2, "offered": 3}
    return Sheet(
        "dutch", ("Datum", "Tijdvak", "Wachtrij", "Aanbod"), tuple(rows), titles, footer, places, "%d-%m-%Y",
        delimiter=";", must="load",
    )  # fmt: skip


def wide_times(chance: random.Random) -> Sheet:
    """A row per day and queue, a column per half hour."""
    queues, first = chance.sample(PLAIN, 2), first_day(chance)
    times = [dt.time(hour, minute) for hour in range(9, 13) for minute in (0, 30)]
    rows = []
    for day in range(5):
        date = first + dt.timedelta(days=day)
        for queue in queues:
            values = [count(chance) for _ in times]
            stands = [(queue, dt.datetime.combine(date, time), float(value)) for time, value in zip(times, values, strict=True)]  # fmt: skip
            rows.append(Row((f"{date:%d-%m-%Y}", queue, *map(str, values)), tuple(stands)))
    header = ("Datum", "Wachtrij", *(f"{time:%H:%M}" for time in times))
    return Sheet("wide_times", header, tuple(rows), form="%d-%m-%Y", delimiter=";", must="load")


def wide_queues(chance: random.Random) -> Sheet:
    """A row per interval, a column per queue."""
    queues = chance.sample(PLAIN, 3)
    rows = []
    for wall in walls(first_day(chance), 4, 60, 8, 16):
        values = [count(chance) for _ in queues]
        stands = [(queue, wall, float(value)) for queue, value in zip(queues, values, strict=True)]
        rows.append(Row((spell(wall, "%Y-%m-%d %H:%M"), *map(str, values)), tuple(stands)))
    return Sheet("wide_queues", ("Datum tijd", *queues), tuple(rows), delimiter=";", must="load")


SEEDS: tuple[Callable[[random.Random], Sheet], ...] = (
    tidy, tidy, tidy, windows, genesys, connect, dutch, dutch, wide_times, wide_queues,
)  # fmt: skip
WIDE = ("wide_times", "wide_queues")


def to_text(sheet: Sheet) -> str:
    """A delimited text; lines are as wide as the header, as a spreadsheet writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=sheet.delimiter, lineterminator=sheet.newline)
    width = max(len(line) for line in sheet.lines())
    writer.writerows([*line, *[""] * (width - len(line))] for line in sheet.lines())
    return out.getvalue()


def to_csv(sheet: Sheet) -> bytes:
    return to_text(sheet).encode(sheet.encoding)
