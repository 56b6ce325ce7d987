"""Posts from any JSON address: a listening suite, a review platform, an in-house system.

    answer ─► items (a path to the list) ─► fields (mention field ─► path) ─► mentions

How pages are asked for stands in `json_list.py`. What comes twice is recognised by its id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from forecast.errors import InputError
from forecast.social.mention import COLUMNS, REQUIRED, Mention, parse_mention
from forecast.social.sources.base import Deletion, Page
from forecast.social.sources.json_list import (
    ONE_PAGE,
    JsonList,
    Paging,
    Since,
    at_path,
    check_path,
    check_zone,
    wrong,
)
from forecast.social.sources.web import Web

__all__ = ["Paging", "RestPoll", "Since"]

_MAPPABLE = [one for one in COLUMNS if one not in ("source", "known_at")]  # the reader knows these two
_NEVER = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)  # of a deleted item that does not say when it was made


class RestPoll:
    """Mentions out of the JSON at `url`: `items` is the path to the list, `fields` maps mention fields to paths.

    fields: id, created_at and text at least; `deleted_at` (a moment or a flag) makes an item a Deletion. token: sent as
    `header: scheme token`, alone where scheme is empty. headers, params: sent with every request. tz: of moments without
    an offset. backfill: how far a first reading looks back, given `since`. ConfigError names the setting that cannot be.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        url: str,
        fields: Mapping[str, str],
        items: str = "",
        token: str = "",
        header: str = "Authorization",
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        paging: Paging = ONE_PAGE,
        since: Since | None = None,
        tz: str = "UTC",
        backfill: dt.timedelta = dt.timedelta(days=7),
    ) -> None:
        self._name, self._tz, self._fields, self._since = name, tz, dict(fields), since
        _check(name, self._fields)
        check_zone(name, tz)
        self._list = JsonList(
            name=name,
            web=web,
            url=url,
            items=items,
            token=token,
            header=header,
            scheme=scheme,
            headers=headers,
            params=params,
            paging=paging,
            since=since,
            backfill=backfill,
        )

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages in the order the system gives them, each one's mentions oldest first.

        afford is left aside: what a post costs is not known here. SourceError where the system refuses, cannot be
        reached, or leads on to another host.
        """
        for step in self._list.read(cursor, now=now, take=lambda items: self._read(items, now)):
            page = step.taken or Page("")
            yield replace(page, cursor=step.cursor, problems=(*step.problems, *page.problems))

    def _read(self, items: list[Any], now: dt.datetime) -> tuple[Page, float]:
        """Items -> a page without a cursor, and the newest moment in them (epoch seconds, 0 without)."""
        mentions, deletions, problems, top = list[Mention](), list[Deletion](), list[str](), 0.0
        for item in items:
            row = {field: at_path(item, path) for field, path in self._fields.items()}
            gone = _flagged(row.pop("deleted_at", None))
            if gone:
                row = {"id": row["id"], "created_at": row["created_at"] or _NEVER, "text": ""}
            try:
                known = self._mention(row)
                top = max(top, self._newest(item, known))
                if gone:
                    deletions.append(Deletion(id=known.id, at=now))
                else:
                    mentions.append(known)
            except InputError as error:
                problems.append(f"{self._name}: the post {str(row['id'])[:80]} was left out. {error}")
        mentions.sort(key=lambda mention: mention.created_at)
        return Page("", mentions=tuple(mentions), deletions=tuple(deletions), problems=tuple(problems)), top

    def _newest(self, item: Any, known: Mention) -> float:
        """Epoch seconds of what `since` is about in an item; of its creation where it says nothing of that."""
        changed = at_path(item, self._since.path) if self._since and self._since.path else None
        moment = self._mention({"id": "-", "created_at": changed, "text": ""}) if changed else known
        return moment.created_at.timestamp()

    def _mention(self, row: Mapping[str, Any]) -> Mention:
        return parse_mention({**row, "source": self._name}, tz=self._tz)


def _flagged(value: Any) -> bool:
    """Whether a mark of deletion, a moment or a flag in any writing, says yes."""
    return str(value).strip().lower() not in ("", "none", "null", "false", "no", "0")


def _check(name: str, fields: Mapping[str, str]) -> None:
    """ConfigError where the mapping cannot be."""
    for field in REQUIRED:
        if field != "source" and field not in fields:
            raise wrong(name, f"fields.{field}", "is missing", "Say where an item holds it.")
    for field, path in fields.items():
        if field not in _MAPPABLE:
            raise wrong(
                name, f"fields.{field}", "is no field of a mention", f"Some are {', '.join(_MAPPABLE)}."
            )
        if not path:
            raise wrong(name, f"fields.{field}", f"is {path!r}", "Write a path such as data.text.")
        check_path(name, f"fields.{field}", path)
