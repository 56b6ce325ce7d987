"""Exports of webcare and listening suites: recognised by their headers, read as mentions.

Facebook and Instagram reach us in no other way: neither lets a stranger search its posts, so what is said there comes
from the suite that a company has for its service.

Columns are compared without case, blanks, marks and what stands in brackets. What each preset stands on:

    coosto      Dutch and English columns, semicolons, dates as 2026-11-20 09:15: github.com/amcat/amcat,
                amcat/scripts/article_upload/coosto.py. Direction and times of answers: from memory.
    obi4wan     (Spotler Engage) semicolons and decimal commas, `Bericht` and `Geplaatst door (optioneel)`: an R script
                on GitHub that reads such a file with read.csv2. The other columns: from memory.
    brandwatch  six rows above the header, `Query Id` to `Twitter Retweet of`: notebooks on GitHub that read it with
                skiprows=6; fields: https://developers.brandwatch.com/docs/mention-metadata-field-definitions. The names
                with X instead of Twitter and the roles of accounts as columns: from memory.
    meltwater   UTF-16 with tabs, `Hit Sentence`, `Influencer`, `Input Name`: github.com/hanna-tes/CIB-network-monitoring;
                the later columns (`Document ID`, `Source Type`, `Author Handle`) from a program on GitHub that lists them;
                https://developer.meltwater.com/docs/meltwater-api/listening/content-output-templates says what they mean.
    sprinklr    a banner above the header, `Conversation Stream`, `Created Time`, `snTypeColumn`, `Permalink`, `From User`:
                github.com/juancuellarsol/Ogilvy, sprinklr_fields.py; `Sender Screen Name`, `Sender Follower Count` from
                programs on GitHub that write them. Own posts and replies: from memory.

No file of a vendor was seen. A date such as 03/04/2026 is never guessed: AmbiguousDates asks. Times without an offset
are in the file's zone, unless the column says UTC. A post without a number of its own is named by a digest of its
address, moment, author and text, so that the same file read twice gives the same posts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

import pandas as pd

from forecast.contacts.clock import find_order, instants, read_walls
from forecast.contacts.headers import plain_name
from forecast.errors import InputError
from forecast.social import export_fields as fields
from forecast.social.export_tables import Cells, Table
from forecast.social.mention import REQUIRED, Mention, parse_mention

Row: TypeAlias = tuple[int, "Cells | InputError"]
BATCH: Final = 2_000  # rows whose dates are read at once
_MANGLED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.I)  # Excel writes long numbers so, and forgets their end
_UTC = re.compile(r"\b(?:utc|gmt)\b", re.I)


@dataclass(frozen=True)
class Preset:
    """How one suite writes mentions.

    marks: a header is this suite's where it has all names of one set. columns: our field -> names of columns, the first
    that is filled counts; `date` may go with `time`, and `title` goes before a text that has one.
    """

    suite: str
    marks: tuple[frozenset[str], ...]
    columns: Mapping[str, tuple[str, ...]]


def _preset(suite: str, *marks: str, **columns: str) -> Preset:
    return Preset(
        suite,
        tuple(frozenset(one.split()) for one in marks),
        {name: tuple(names.split()) for name, names in columns.items()},
    )


PRESETS: Final = (
    _preset(
        "coosto", "datum berichttekst", "query date messagetext", date="datum date", time="tijd time",
        text="berichttekst messagetext", title="titel title", author="auteur author", url="url", id="berichtid messageid",
        network="typebron bron source", reach="volgers followers bereik reach", language="taal language",
        direction="richting direction", replied_at="beantwoordop repliedat", resolved_at="afgehandeldop resolvedat",
    ),
    _preset(
        "obi4wan", "bericht geplaatstdoor", "bericht bron datum", "message postedby", date="datum geplaatstop publicatiedatum date publishdate",
        time="tijd tijdstip time", text="bericht message", title="titel title",
        author="geplaatstdoor auteur gebruikersnaam postedby author", url="url link", id="berichtid messageid id",
        network="bron brontype kanaal medium source sourcetype channel", reach="volgers aantalvolgers followers bereik reach",
        language="taal language", direction="richting direction", reply_to="reactieop inreplyto",
        replied_at="beantwoordop eerstereactie", resolved_at="afgehandeldop afgerondop",
    ),
    _preset(
        "brandwatch", "queryid queryname date", "queryname date pagetype", date="date", text="fulltext snippet", title="title",
        author="author xauthorid twitterauthorid", url="url originalurl", id="resourceid mentionid",
        network="pagetypename contentsourcename contentsource pagetype domain",
        reach="xfollowers twitterfollowers followers reach", language="language", reply_to="xreplyto twitterreplyto",
        repost_of="xrepostof xretweetof twitterretweetof",
        direction="facebookrole instagramrole xchannelrole twitterchannelrole channelrole",
    ),
    _preset(
        "meltwater", "date hitsentence", date="date", time="time", text="hitsentence openingtext", title="title headline",
        author="authorhandle influencer authorname", url="url", id="tweetid documentid",
        network="sourcetype source sourcename sourcedomain informationtype", reach="followers reach globalreach", language="language",
    ),
    _preset(
        "sprinklr", "createdtime conversationstream", "createdtime sntypecolumn message", "createdtime socialnetwork message",
        date="createdtime", text="conversationstream message", title="title", author="senderscreenname authorscreenname fromuser username senderuserid",
        url="permalink", id="universalmessageid messageid socialmessageid", network="sntypecolumn socialnetwork source mediatype",
        reach="senderfollowercount senderfollowerscount followers reach", language="language",
        reply_to="inreplyto parentmessageid", direction="isbrandpost brandpost messagedirection direction",
    ),
)  # fmt: skip


def find_preset(header: Sequence[str]) -> Preset | None:
    """The suite that writes such a header; None for our own columns and those of others."""
    if set(REQUIRED) <= {name.strip().lower() for name in header}:
        return None
    names = {plain_name(name) for name in header}
    return next((one for one in PRESETS if any(mark <= names for mark in one.marks)), None)


def read_export(
    table: Table, preset: Preset, *, tz: str, date_order: str | None = None
) -> Iterator[tuple[int, Mention | InputError]]:
    """Rows of an export -> (row number below the header, Mention or the InputError of that row), one batch at a time.

    tz: zone of times without an offset. AmbiguousDates, before the first row, where day and month cannot be told apart
    and `date_order` (dmy or mdy) is not given: the file is read once for that, and once for its rows.
    """
    plain = [plain_name(name) for name in table.header]
    places = {
        field: tuple(plain.index(name) for name in names if name in plain)
        for field, names in preset.columns.items()
    }
    zone = "UTC" if _UTC.search(table.header[places["date"][0]]) else tz
    order = find_order((_dates(rows, places) for rows in _batches(table)), date_order)
    return _mentions(table, preset.suite, places, zone, order)


def _batches(table: Table) -> Iterator[list[Row]]:
    rows = enumerate(table.rows(), start=1)
    while batch := list(islice(rows, BATCH)):
        yield batch


def _dates(rows: Sequence[Row], places: Mapping[str, tuple[int, ...]]) -> pd.Series:
    good = [cells for _, cells in rows if not isinstance(cells, InputError)]
    texts = [fields.moment_of(_cell(cells, places, "date"), _cell(cells, places, "time")) for cells in good]
    return pd.Series(texts, dtype=object)


def _mentions(
    table: Table, suite: str, places: Mapping[str, tuple[int, ...]], tz: str, order: str
) -> Iterator[tuple[int, Mention | InputError]]:
    for rows in _batches(table):
        texts = _dates(rows, places)
        walls = read_walls(texts, order)
        moments = iter(zip(texts, instants(walls, tz), walls.reasons, strict=True))
        for number, cells in rows:
            if isinstance(cells, InputError):
                yield number, cells
                continue
            text, ns, reason = next(moments)
            if reason:
                yield number, InputError(f"The date {str(text)[:40]!r} {reason}.", field="created_at")
                continue
            row = _row(cells, places, suite, pd.Timestamp(int(ns), tz="UTC").to_pydatetime())
            for field in ("replied_at", "resolved_at"):
                row[field] = _later(_cell(cells, places, field), order, tz)
            try:
                yield number, parse_mention(row, tz=tz)
            except InputError as error:
                yield number, error


def _cell(cells: Sequence[str], places: Mapping[str, tuple[int, ...]], field: str) -> str:
    """The first filled cell of those that hold a field; '' for none."""
    return next((cells[place].strip() for place in places.get(field, ()) if cells[place].strip()), "")


def _row(
    cells: Sequence[str], places: Mapping[str, tuple[int, ...]], suite: str, created: dt.datetime
) -> dict[str, Any]:
    """What `parse_mention` takes. The source is the network, or the suite where the row names none that we know."""
    url, author, text = (_cell(cells, places, field) for field in ("url", "author", "text"))
    network = fields.network_of([cells[place] for place in places.get("network", ())], url)
    title = _cell(cells, places, "title")
    if title and network not in fields.WITHOUT_TITLE and not text.startswith(title):
        text = f"{title}\n{text}".strip()
    return {
        "id": _name(_cell(cells, places, "id"), url, created, author, text),
        "source": network or suite,
        "created_at": created,
        "text": text,
        "author": author.lstrip("@") or None,
        "language": fields.language_of(_cell(cells, places, "language")),
        "url": url or None,
        "reach": fields.reach_of(_cell(cells, places, "reach")),
        "repost_of": fields.status_of(_cell(cells, places, "repost_of")),
        "reply_to": fields.status_of(_cell(cells, places, "reply_to")),
        "direction": fields.direction_of(_cell(cells, places, "direction")),
    }


def _name(id: str, url: str, created: dt.datetime, author: str, text: str) -> str:
    """The number of a tweet, the suite's own id, or a digest; one address may hold a thread of posts, so it names none."""
    tweet = fields.status_of(url)
    if tweet.isdecimal():
        return tweet
    id = id.strip("\"'")
    if id and not _MANGLED.fullmatch(id):
        return id
    whole = "\n".join((url, created.isoformat(), author, text))
    return hashlib.blake2b(whole.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _later(text: str, order: str, tz: str) -> dt.datetime | None:
    """The moment of an answer; None where there is none that can be read, which is no reason to lose the post."""
    walls = read_walls(pd.Series([fields.moment_of(text, "")], dtype=object), order) if text else None
    if walls is None or not walls.good.all():
        return None
    moment: dt.datetime = pd.Timestamp(int(instants(walls, tz)[0]), tz="UTC").to_pydatetime()
    return moment
