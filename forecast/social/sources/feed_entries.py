"""Bytes of an RSS or Atom feed -> its entries, with what strangers' XML may cost us held small.

feedparser 6.0.14 stands billion laughs only by expat's own limit on amplification (libexpat 2.4 and later), after a
second and 200 MB; a sound feed of 10 MB takes it 26 s, and broken or broad ones take it time quadratic in their size.
So `_gate` looks first, with defusedxml: entities that a feed defines, deep nesting, hundreds of attributes and large
feeds are refused, and broken XML is mended only where it is small.
"""

from __future__ import annotations

import calendar
import hashlib
import html
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import feedparser
from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from forecast.errors import SourceError

LARGEST: Final = 5_000_000  # bytes; feedparser needs about 3 s per MB
LARGEST_BROKEN: Final = 250_000  # bytes of XML that is not well-formed; takes some 10 s at worst
DEEPEST: Final = 100  # elements within elements
BROADEST: Final = 100  # attributes of an element; feedparser's time is quadratic in them
MOST: Final = 1_000  # entries read at once, the newest
_TEXT: Final = 50_000  # characters of a title or summary that are looked at
_TAG = re.compile(r"(<[a-zA-Z/!?][^<>]*>)")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]+)*")


@dataclass(frozen=True)
class Entry:
    """One entry as it stands in the feed; moments are seconds since 1970, 0 where it has none."""

    id: str
    text: str
    published: int
    updated: int
    author: str | None
    language: str | None

    @property
    def moment(self) -> int:
        return self.updated or self.published

    @property
    def digest(self) -> str:
        return short(self.text)


def read_entries(body: bytes, kind: str, where: str) -> tuple[list[Entry], bool]:
    """Bytes of a feed -> (entries, the newest MOST of them; whether the XML is sound). SourceError for no feed."""
    sound = _gate(body, where)
    told = {"content-type": kind} if "charset" in kind.lower() else {}
    parsed = feedparser.parse(
        io.BytesIO(body), response_headers=told, resolve_relative_uris=False, sanitize_html=False
    )
    if not parsed.entries and not (sound and parsed.version):
        raise SourceError(f"{where} is no feed.", remedy="Give the address of its RSS or Atom.", field="urls")
    language = parsed.feed.get("language")
    found = {one.id: one for one in (_entry(raw, language) for raw in reversed(parsed.entries))}
    entries = sorted(found.values(), key=lambda one: one.moment, reverse=True)
    return entries[:MOST], sound


class _Shape(ContentHandler):
    """Watches how deep elements lie within elements, and how many attributes they have."""

    depth = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        self.depth += 1
        if self.depth > DEEPEST or len(attrs) > BROADEST:
            raise DefusedXmlException

    def endElement(self, name: str) -> None:  # noqa: N802
        self.depth -= 1


def _gate(body: bytes, where: str) -> bool:
    """Whether this is well-formed XML. SourceError for what would take feedparser too long, or is an attack."""
    if len(body) > LARGEST:
        raise SourceError(
            f"{where} is larger than {LARGEST // 1_000_000} MB.", remedy="Ask for a shorter feed."
        )
    parser = DefusedExpatParser(
        forbid_entities=True, forbid_external=False
    )  # 0.91 names its DTD; none is loaded
    parser.setContentHandler(_Shape())
    try:
        parser.parse(io.BytesIO(body))
    except DefusedXmlException:
        raise SourceError(
            f"{where} defines entities, nests too deep or is too broad.",
            remedy="Look at it before you trust it.",
        ) from None
    except (SAXException, ValueError, LookupError):
        page = body[:500].lstrip().lower().startswith((b"<!doctype html", b"<html"))
        if page or len(body) > LARGEST_BROKEN:
            raise SourceError(
                f"{where} is {'a web page' if page else 'broken XML'}, no feed.",
                remedy="Give the address of its RSS or Atom.",
                field="urls",
            ) from None
        return False
    return True


def _entry(raw: Mapping[str, Any], language: str | None) -> Entry:
    title = _plain(raw.get("title", ""), raw.get("title_detail"))
    content = (raw.get("content") or [{}])[0]
    detail = raw.get("summary_detail") or content
    summary = _plain(raw.get("summary") or content.get("value", ""), detail)
    named = raw.get("id") or raw.get("link") or short(f"{title}\n{raw.get('link', '')}")
    spoken = (detail or {}).get("language") or language or ""
    return Entry(
        id=named
        if len(named) <= 400
        else f"sha:{hashlib.sha256(named.encode('utf-8', 'replace')).hexdigest()}",
        text=summary if summary.startswith(title) else f"{title}\n{summary}".strip(),
        published=_seconds(raw.get("published_parsed")),
        updated=_seconds(raw.get("updated_parsed") if "updated_parsed" in raw else None),
        author=(raw.get("author_detail") or {}).get("name") or raw.get("author") or None,
        language=spoken if _LANGUAGE.fullmatch(spoken) else None,
    )


def _plain(value: str, detail: Mapping[str, Any] | None) -> str:
    """Text of a title or summary, without HTML where it is said to be HTML."""
    if "html" not in str((detail or {}).get("type", "")):
        return value[:_TEXT].strip()
    parts, hidden = list[str](), ""
    for part in _TAG.split(value[:_TEXT]):  # odd places hold the tags
        tag = re.match(r"</?([a-zA-Z]+)", part)
        if tag is None or not _TAG.fullmatch(part):
            parts.append("" if hidden or _TAG.fullmatch(part) else part)
            continue
        word = tag[1].lower()
        if word in ("script", "style"):
            hidden = "" if part.startswith("</") else word
        parts.append(
            " " if word in ("br", "p", "div", "li", "td", "tr", "h1", "h2", "h3", "h4", "ul") else ""
        )
    return re.sub(r"[ \t\u00a0]+", " ", html.unescape("".join(parts))).strip()


def _seconds(moment: Any) -> int:
    """feedparser's UTC time -> seconds since 1970; 0 where there is none we could use."""
    try:
        return max(0, calendar.timegm(moment)) if moment else 0
    except (ValueError, OverflowError, TypeError):
        return 0


def short(text: str) -> str:
    """A digest of 12 characters."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
