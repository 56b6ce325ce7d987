"""Feeds as web sites serve them: RSS 2.0 (https://www.rssboard.org/rss-specification) and Atom
(https://www.rfc-editor.org/rfc/rfc4287), the newest first and no more than a window of them, with the conditional
answers of RFC 9110, 13.1 (https://www.rfc-editor.org/rfc/rfc9110#section-13.1).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from email.utils import format_datetime
from html import escape
from types import TracebackType

import httpx2

from forecast.social.sources.feed import Feed
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Asked, Peer, Post


class _Site(Peer):
    """window: how many posts the feed shows. edited: when a post was changed, by id."""

    page = 10
    needs_key = False
    window = 100
    kind = "application/xml"

    def __init__(self) -> None:
        super().__init__()
        self.edited: dict[str, dt.datetime] = {}
        self.unchanged = 0  # how often it answered 304
        self.client = httpx2.Client(trust_env=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        super().__exit__(kind, error, trace)

    def edit(self, id: str, text: str, at: dt.datetime) -> None:
        self.posts = [replace(post, text=text) if post.id == id else post for post in self.posts]
        self.edited[id] = at

    def body(self, posts: Sequence[Post]) -> str:
        raise NotImplementedError

    def answer(self, asked: Asked) -> Answer:
        if asked.method != "GET" or asked.path != "/feed.xml":
            return Answer(404, b"not found", {"content-type": "text/plain"})
        newest = sorted(self.posts, key=lambda one: self.edited.get(one.id, one.at), reverse=True)[
            : self.window
        ]
        body = self.body(newest).encode("utf-8", "replace")
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
        latest = max((self.edited.get(one.id, one.at) for one in newest), default=NOW)
        told = {"etag": tag, "last-modified": format_datetime(latest, usegmt=True), "content-type": self.kind}
        if asked.headers.get("if-none-match") == tag:
            self.unchanged += 1
            return Answer(304, b"", told)
        return Answer(200, body, told)

    def source(self, sleep: Callable[[float], None]) -> Feed:
        return self.feed(sleep, f"{self.url}/feed.xml")

    def feed(self, sleep: Callable[[float], None], *urls: str) -> Feed:
        name = type(self).__name__.lower()
        return Feed(name=name, web=Web(self.client, name, sleep=sleep), urls=urls)


class Rss(_Site):
    kind = "application/rss+xml; charset=utf-8"

    def body(self, posts: Sequence[Post]) -> str:
        items = "".join(
            f"<item><title>{escape(post.text[:30])}</title>"
            f"<description>{escape(f'<p>{escape(post.text)}</p>')}</description>"
            f"<dc:creator>{escape(post.author)}</dc:creator>"
            f'<guid isPermaLink="false">{escape(post.id)}</guid>'
            f"<pubDate>{format_datetime(self.edited.get(post.id, post.at))}</pubDate></item>"
            for post in posts
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://news.example/</link>'
            f"<description>All of it</description><language>nl-NL</language>{items}</channel></rss>"
        )


class Atom(_Site):
    kind = "application/atom+xml"

    def body(self, posts: Sequence[Post]) -> str:
        entries = "".join(
            f"<entry><id>tag:news.example,2026:{escape(post.id)}</id><title>News</title>"
            f'<summary type="html">{escape(f"<div>{escape(post.text)}</div>")}</summary>'
            f"<author><name>{escape(post.author)}</name></author><published>{post.at.isoformat()}</published>"
            f"<updated>{self.edited.get(post.id, post.at).isoformat()}</updated></entry>"
            for post in posts
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nl">'
            f"<id>tag:news.example,2026:all</id><title>News</title><updated>{NOW.isoformat()}</updated>{entries}</feed>"
        )


SUPPLIERS = [Rss, Atom]
