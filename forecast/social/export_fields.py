"""Cells as suites write them -> what a mention holds: networks, dates with month names, reach, language, direction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

_NETWORKS: Final = (
    ("twitter", r"twitter|tweets?|x|x\.com"), ("facebook", r"facebook|fb"), ("instagram", r"instagram"),
    ("linkedin", r"linkedin"), ("youtube", r"youtube"), ("tiktok", r"tiktok|tik tok"), ("threads", r"threads\.(?:net|com)|threads"),
    ("reddit", r"reddit"), ("bluesky", r"bluesky|bsky"), ("mastodon", r"mastodon"), ("pinterest", r"pinterest"),
    ("tumblr", r"tumblr"), ("whatsapp", r"whatsapp"), ("telegram", r"telegram"), ("trustpilot", r"trustpilot"),
    ("reviews", r"reviews?|recensies?"), ("forum", r"forums?"), ("blog", r"blogs?|weblogs?"),
    ("news", r"(?:online )?(?:news|nieuws)(?:sites?)?"), ("email", r"e-?mail"),
)  # fmt: skip
_KNOWN = tuple((name, re.compile(rf"(?<![\w.])(?:www\.)?(?:{words})(?![\w-])")) for name, words in _NETWORKS)
WITHOUT_TITLE: Final = frozenset(
    {"twitter", "facebook", "instagram", "linkedin", "tiktok", "threads", "bluesky", "mastodon", "whatsapp"}
)  # their posts have none: a suite writes the text, or the author, there
_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        ("jan january januari", "feb february februari", "mar march mrt maart", "apr april", "may mei",
         "jun june juni", "jul july juli", "aug august augustus", "sep sept september", "oct october okt oktober",
         "nov november", "dec december"), start=1)
    for word in words.split()
}  # fmt: skip
_DAY_FIRST = re.compile(
    r"(?:[a-z]{2,9}\.?,? )?(\d{1,2})[-/. ]([a-z]{3,9})\.?[-/., ]+(\d{4}|\d{2})(?!\d)(.*)", re.I | re.S
)
_MONTH_FIRST = re.compile(r"(?:[a-z]{2,9}\.?,? )?([a-z]{3,9})\.? (\d{1,2}),? (\d{4})(?!\d)(.*)", re.I | re.S)
_LANGUAGES: Final = {
    word: code
    for code, words in {
        "nl": "dutch nederlands", "en": "english engels", "de": "german duits deutsch", "fr": "french frans français",
        "es": "spanish spaans español", "it": "italian italiaans", "pt": "portuguese portugees", "no": "norwegian noors",
        "ru": "russian russisch", "ja": "japanese japans", "pl": "polish pools", "tr": "turkish turks",
        "ar": "arabic arabisch", "sv": "swedish zweeds", "da": "danish deens",
    }.items()
    for word in words.split()
}  # fmt: skip
_OUT = frozenset({"out", "outbound", "outgoing", "sent", "uitgaand", "verzonden", "owner", "brand", "webcare", "true",
                  "yes", "ja", "1"})  # fmt: skip
_STATUS = re.compile(r"(?:twitter|x)\.com/[^/?#]+/status(?:es)?/(\d+)", re.I)
_GROUPS = re.compile(r"\d{1,3}(?:([.,' \u00a0\u202f\u2019])\d{3})(?:\1\d{3})*")
_MARKS = str.maketrans("", "", " '\u00a0\u202f\u2019")


def network_of(values: Sequence[str], url: str) -> str:
    """The network that one of the cells names, in order, or else the address of the post; '' where neither is known."""
    host = (urlsplit(url).hostname or "") if "://" in url[:10] and "[" not in url[:30] else ""
    for value in (*values, host):
        plain = value.strip().casefold().replace("_", " ")
        for name, words in _KNOWN:
            if plain and (words.match(plain) or (name not in ("twitter", "news") and words.search(plain))):
                return name
    return ""


def status_of(text: str) -> str:
    """The number of the tweet that an address or a cell names; the text itself where it names none."""
    match = _STATUS.search(text)
    return match[1] if match else text.strip().strip("\"'")


def moment_of(date: str, time: str) -> str:
    """A date cell and a time cell -> one text that `forecast.contacts.clock` reads; months by name become numbers."""
    date, time = date.strip(), time.strip()
    for pattern, day, month in ((_DAY_FIRST, 1, 2), (_MONTH_FIRST, 2, 1)):
        match = pattern.fullmatch(date)
        number = _MONTHS.get(match[month].casefold()) if match else None
        if match and number:
            year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
            date = f"{year}-{number:02}-{int(match[day]):02} {match[4].strip(' ,')}".strip()
            break
    date = re.sub(r"[T ]00:00:00$", "", date) if time else date
    if time and ":" not in date:
        date = f"{date} {time.split('T')[-1]}"
    return date


def reach_of(text: str) -> int | None:
    """A number of people with thousands or decimal marks of either habit, or as 1.2K; None for none."""
    text = text.strip()
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1:].casefold(), 1)
    plain = text[:-1].strip() if scale > 1 else text
    if scale == 1 and _GROUPS.fullmatch(plain):  # people are whole: 1.234 and 1,234 are thousands
        return int(re.sub(r"\D", "", plain))
    plain = plain.translate(_MARKS)
    if plain.rfind(",") > plain.rfind("."):
        plain = plain.replace(".", "").replace(",", ".")
    plain = plain.replace(",", "")
    if not re.fullmatch(r"\d{1,12}(?:\.\d*)?", plain):
        return None
    return round(float(plain) * scale)


def language_of(text: str) -> str | None:
    """`nl`, `nl-NL`, `Dutch` or `Nederlands` -> `nl`; None for what we do not know."""
    plain = text.strip().casefold()
    if re.fullmatch(r"[a-z]{2,3}(?:[-_][a-z0-9]+)*", plain):
        return re.split("[-_]", plain)[0]
    return _LANGUAGES.get(plain)


def direction_of(text: str) -> str:
    """`out` where the suite says that the post is the company's own."""
    return "out" if text.strip().casefold() in _OUT else "in"
