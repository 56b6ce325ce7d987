"""A peak warning in one sentence, in English and in Dutch, in the local time of its queue."""

from __future__ import annotations

import math

import pandas as pd

from forecast.alerts import ALL, Surge
from forecast.buckets import from_ns

LANGUAGES = ("en", "nl")
CONTACTS = {
    "phone": ("calls", "telefoontjes"),
    "email": ("e-mails", "e-mails"),
    "chat": ("chats", "chats"),
    "social": ("questions", "vragen"),
}
OTHER = ("contacts", "contacten")
WEEKDAYS = (
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("ma", "di", "wo", "do", "vr", "za", "zo"),
)
TIMES = ("{n} times the usual posts{on}", "{n} keer zoveel berichten als gebruikelijk{on}")
NEW = ("{n} posts{on} where there are usually none", "{n} berichten{on} waar er gewoonlijk geen zijn")
ON = (" about {topic}", " over {topic}")
SINCE = (
    "since {since}, {posts}; {extra} {contacts} ({low}-{high}) {when}",
    "sinds {since} {posts}; {extra} {contacts} ({low}-{high}) {when}",
)
WHEN = ("between {start} and {stop}", "tussen {start} en {stop}")
SURE = 0.9  # from here on how sure it is need not be told
UNSURE = (
    "{said}; in {n} of 10 such cases {contacts} follow",
    "{said}; in {n} van de 10 zulke gevallen volgen er {contacts}",
)
STILL = ("still to come until {stop}", "nog te verwachten tot {stop}")


def sentence(
    surge: Surge, *, tz: str, channel: str, now: int, language: str = "en", live: bool = True
) -> str:
    """`since 07:10, 3.4 times the usual posts about outage; +210 calls (130-300) between 10:00 and 12:00`.

    Of a live one whose contacts come already: `...; +90 calls (50-130) still to come until 12:00`. A moment of another day
    than `now` (ns) is told with its weekday. A language we do not have is told in English. The size is that of the case in which
    contacts follow; how often they do is added below `SURE`, while it is live: `...; in 6 of 10 such cases calls follow`.
    """
    spoken = LANGUAGES.index(language) if language in LANGUAGES else 0
    today = _local(now, tz)
    values = {name: _clock(getattr(surge, name), today, tz, spoken) for name in ("start", "stop")}
    when = STILL if live and surge.start <= now else WHEN
    contacts = CONTACTS.get(channel, OTHER)[spoken]
    said = SINCE[spoken].format(
        since=_clock(surge.onset, today, tz, spoken),
        posts=_posts(surge, spoken),
        extra=f"{round(surge.extra):+d}",
        contacts=contacts,
        low=round(surge.low),
        high=round(surge.high),
        when=when[spoken].format(**values),
    )
    if not live or surge.sureness >= SURE:
        return said
    return UNSURE[spoken].format(said=said, n=max(1, int(10 * surge.sureness + 0.5)), contacts=contacts)


def _posts(surge: Surge, spoken: int) -> str:
    on = "" if surge.topic == ALL else ON[spoken].format(topic=surge.topic)
    if not math.isfinite(surge.times_usual):
        return NEW[spoken].format(n=surge.posts, on=on)
    times = f"{surge.times_usual:.1f}"
    return TIMES[spoken].format(n=times.replace(".", ",") if spoken else times, on=on)


def _clock(ns: int, today: pd.Timestamp, tz: str, spoken: int) -> str:
    moment = _local(ns, tz)
    day = "" if moment.date() == today.date() else f"{WEEKDAYS[spoken][moment.weekday()]} "
    return f"{day}{moment:%H:%M}"


def _local(ns: int, tz: str) -> pd.Timestamp:
    return from_ns(ns).tz_convert(tz)
