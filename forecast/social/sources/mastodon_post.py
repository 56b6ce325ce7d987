"""A status of Mastodon, as its API gives it: the mention it is, and its text without HTML.

https://docs.joinmastodon.org/entities/Status/ and https://docs.joinmastodon.org/entities/Account/
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from forecast.errors import InputError
from forecast.social.mention import Mention, parse_mention


def read_status(status: Mapping[str, Any], *, source: str, host: str) -> Mention:
    """A status -> Mention. `host` completes the names of the server's own accounts.

    InputError, KeyError, TypeError, ValueError or AttributeError where it is broken.
    """
    boosted, account = status.get("reblog"), status["account"]
    said = boosted or status
    name = account["acct"]
    row = {
        "id": str(status["id"]),
        "source": source,
        "created_at": status["created_at"],
        "text": f"{said.get('spoiler_text') or ''} {plain(said['content'])}".strip(),
        "author": name if "@" in name else f"{name}@{host}",
        "language": said.get("language"),
        "reach": max(0, int(account.get("followers_count") or 0)),  # a hidden number is -1 on some servers
        "repost_of": boosted["id"] if boosted else None,
        "reply_to": status.get("in_reply_to_id"),
    }
    try:
        return parse_mention(row, tz="UTC")
    except InputError as error:
        if error.field != "language":
            raise
        return parse_mention({**row, "language": None}, tz="UTC")


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "br", "li", "blockquote", "pre"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(html: str) -> str:
    """The HTML of a post -> its text; paragraphs and line breaks become spaces."""
    parser = _Plain()
    parser.feed(html)
    parser.close()
    return " ".join("".join(parser.parts).split())
