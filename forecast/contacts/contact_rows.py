"""Files with one row per contact -> contacts. Ids and customers are plain here; they are hashed before anything is stored."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import zone
from forecast.contacts.customer import plain_customer
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.tables import Source, Table, read_table

OUTCOMES = ("open", "handled", "abandoned", "overflowed", "transferred", "callback")
LAYOUT = Layout(
    "contact",
    {
        "contact_time": ("contacttime", "time", "timestamp", "datetime", "arrivedat", "arrival", "createdat", "starttime"),
        "queue": ("queue", "queuename", "skill", "wachtrij"),
    },
    {
        "id": ("id", "contactid", "callid", "interactionid", "conversationid", "ticketid", "caseid"),
        "channel": ("channel", "mediatype"),
        "topic": ("topic", "reason", "contactreason", "wrapup"),
        "outcome": ("outcome", "result", "disposition"),
        "customer": ("customer", "customerid", "callerid", "ani", "from", "caller"),
        "waited_seconds": ("waitedseconds", "waitseconds", "waittime"),
        "handled_seconds": ("handledseconds", "handleseconds", "handletime", "talktime"),
        "answered_at": ("answeredat",),
    },
)  # fmt: skip
_SPELLINGS = {
    "answered": "handled", "completed": "handled", "closed": "handled", "afgehandeld": "handled",
    "abandon": "abandoned", "lost": "abandoned", "afgehaakt": "abandoned",
    "overflow": "overflowed", "transfer": "transferred", "doorverbonden": "transferred", "": "open",
}  # fmt: skip
_CHANNELS = {
    "voice": "phone",
    "call": "phone",
    "telephone": "phone",
    "mail": "email",
    "e-mail": "email",
    "": "phone",
}


def read_contacts(
    source: Source, *, tz: str, date_order: str | None = None, name: str = "file", region: str = "NL"
) -> LoadedSide:
    """A file -> LoadedSide with contacts (`frames.CONTACTS`). `contact_time`, or `date` and `time`, and `queue` are needed.

    A row without an id gets one made of what it holds, and of how many rows like it stand before it: loading a file again
    changes nothing, and two like contacts stay two. name: the `source` of the contacts; region: whose phone numbers are
    written at home. UnreadableFile, EmptyFile, AmbiguousDates, InputError as for other files.
    """
    zone(tz)
    table = _with_time(read_table(source))
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    queue = intake.text("queue")
    order = intake.order(("contact_time", "answered_at"), date_order)
    intake.walls("contact_time", order)
    at = intake.moments("contact_time", order, tz)
    columns: dict[str, object] = {"source": name, "id": _ids(intake), "at": times(at).set_axis(queue.index)}
    columns["queue"] = queue
    columns.update(_texts(intake, region))
    for number in ("waited_seconds", "handled_seconds"):
        if intake.has(number):
            columns[number] = intake.numbers(number, required=False)
    if intake.has("answered_at"):
        answered = intake.moments("answered_at", order, tz)
        early = (answered != np.int64(pd.NaT.value)) & (answered < at)
        intake.reject("answered_at", early, "lies before the contact")
        columns["answered_at"] = times(answered).set_axis(queue.index)
    intake.require_rows()
    frame = pd.DataFrame(columns, index=queue.index)[intake.keep].reset_index(drop=True)
    problems, warnings = intake.done()
    return LoadedSide("contacts", frames.check(frame, frames.CONTACTS), problems, warnings, table.rows)


def _with_time(table: Table) -> Table:
    """A table that tells date and time apart -> the same with both in one column."""
    from dataclasses import replace

    plain = {column.strip().casefold(): column for column in map(str, table.frame.columns)}
    both = (plain.get("date") or plain.get("datum")), (plain.get("time") or plain.get("tijd"))
    if both[0] is None or both[1] is None or "contact_time" in plain:
        return table
    joined = (table.frame[both[0]] + " " + table.frame[both[1]]).str.strip()
    frame = table.frame.drop(columns=[both[0], both[1]]).assign(contact_time=joined)
    return replace(table, frame=frame)


def _texts(intake: Intake, region: str) -> dict[str, pd.Series]:
    texts: dict[str, pd.Series] = {}
    if intake.has("channel"):
        channel = intake.cells("channel").str.casefold()
        texts["channel"] = channel.replace(_CHANNELS)
    if intake.has("topic"):
        texts["topic"] = intake.cells("topic").replace("", "all")
    if intake.has("outcome"):
        outcome = intake.cells("outcome").str.casefold().str.strip().replace(_SPELLINGS)
        bad = ~outcome.isin(OUTCOMES).to_numpy(dtype=bool)
        intake.reject("outcome", bad, f"is none of {', '.join(OUTCOMES)}")
        texts["outcome"] = outcome
    if intake.has("customer"):
        plain = [plain_customer(str(text), region) or None for text in intake.cells("customer")]
        texts["customer"] = pd.Series(plain, index=intake.table.frame.index, dtype=object)
    return texts


def _ids(intake: Intake) -> pd.Series:
    """text[n]: the file's own ids where it has them, else made of the row and of how many like it stand before it."""
    names = [
        intake.names[one] for one in (*LAYOUT.required, *LAYOUT.optional) if one != "id" and intake.has(one)
    ]
    rows = intake.table.frame[names].astype(str).agg("\x1f".join, axis=1)
    turn = rows.groupby(rows, sort=False).cumcount().tolist()
    made = [_made(row, number) for row, number in zip(rows, turn, strict=True)]
    given = intake.cells("id").tolist() if intake.has("id") else [""] * len(made)
    ids = [own or ours for own, ours in zip(given, made, strict=True)]
    return pd.Series(ids, index=intake.table.frame.index, dtype=object)


def _made(row: str, turn: int) -> str:
    return (
        "row "
        + hashlib.blake2b(f"{row}\x1e{turn}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    )
