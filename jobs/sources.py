"""The sources that config.yaml names, as objects that can be read; their keys come from the environment.

Each supplier's module is loaded when a source of its kind is opened: nobody pays for those he does not use.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx2

from forecast.social.sources.base import Source
from forecast.social.sources.web import Web
from store import source_settings as given
from store.source_settings import SourceSettings, secret

TIMEOUT = 30.0  # seconds for one answer
AGENT = "forecall (contact forecasting; reads public posts about its operator)"
Sleep: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class Line:
    """How sources reach the world: the HTTP client and the way of waiting, replaced in tests; `tz` of naive times."""

    client: httpx2.Client
    sleep: Sleep = time.sleep
    tz: str = "UTC"


def line(tz: str) -> Line:
    """The usual one: system proxies and certificates, redirects followed."""
    return Line(httpx2.Client(timeout=TIMEOUT, follow_redirects=True, headers={"user-agent": AGENT}), tz=tz)


def open_source(settings: SourceSettings, line: Line) -> Source:
    """One configured source; ConfigError where its key is not in the environment."""
    web = Web(line.client, settings.name, sleep=line.sleep)
    found: Source = _OPENERS[type(settings)](settings, line, web)
    return found


def _common(settings: given.Source, web: Web) -> dict[str, Any]:
    return {"name": settings.name, "web": web, "backfill": dt.timedelta(days=settings.backfill_days)}


def _x_counts(settings: given.XCounts, line: Line, web: Web) -> Source:
    from forecast.social.sources.x_counts import XCounts

    token = secret(settings.token_env, settings.name)
    return XCounts(
        **_common(settings, web),
        token=token,
        query=settings.query,
        granularity=settings.granularity,
        root=settings.url,
    )


def _x_search(settings: given.XSearch, line: Line, web: Web) -> Source:
    from forecast.social.sources.x_search import XSearch

    token = secret(settings.token_env, settings.name)
    return XSearch(
        **_common(settings, web),
        token=token,
        query=settings.query,
        followers=settings.followers,
        root=settings.url,
    )


def _jetstream(settings: given.Jetstream, line: Line, web: Web) -> Source:
    from websockets.sync.client import connect

    from forecast.social.sources.bluesky_search import BlueskySearch
    from forecast.social.sources.jetstream import Jetstream

    filler = None
    if settings.fill_gaps:
        query = " OR ".join(settings.words)
        filler = BlueskySearch(
            **_common(settings, web), query=query, url=settings.search_url, **_account(settings)
        )
    return Jetstream(
        name=settings.name,
        connect=connect,
        words=settings.words,
        url=settings.url,
        filler=filler,
        backfill=dt.timedelta(days=settings.backfill_days),
        sleep=line.sleep,
    )


def _bluesky_search(settings: given.BlueskySearch, line: Line, web: Web) -> Source:
    from forecast.social.sources.bluesky_search import BlueskySearch

    return BlueskySearch(
        **_common(settings, web), query=settings.query, url=settings.url, **_account(settings)
    )


def _account(settings: given.Jetstream | given.BlueskySearch) -> dict[str, Any]:
    """Both names are set, or neither: then the search is asked without an account."""
    identifier = secret(settings.identifier_env, settings.name, needed=False)
    if not identifier:
        return {"identifier": None, "password": None}
    return {"identifier": identifier, "password": secret(settings.password_env, settings.name)}


def _mastodon(settings: given.Mastodon, line: Line, web: Web) -> Source:
    from forecast.social.sources.mastodon import Mastodon

    return Mastodon(
        **_common(settings, web),
        url=settings.url,
        token=secret(settings.token_env, settings.name),
        hashtags=settings.hashtags,
        query=settings.query,
    )


def _feed(settings: given.Feed, line: Line, web: Web) -> Source:
    from forecast.social.sources.feed import Feed

    return Feed(**_common(settings, web), urls=settings.urls)


def _app_reviews(settings: given.AppReviews, line: Line, web: Web) -> Source:
    from forecast.social.sources.app_reviews import AppReviews

    return AppReviews(
        **_common(settings, web),
        app_id=settings.app_id,
        countries=settings.countries,
        address=settings.url,
    )


def _reddit(settings: given.Reddit, line: Line, web: Web) -> Source:
    from forecast.social.sources.reddit import Reddit

    return Reddit(
        **_common(settings, web),
        client_id=secret(settings.client_id_env, settings.name),
        secret=secret(settings.secret_env, settings.name),
        subreddits=settings.subreddits,
        query=settings.query,
        auth_root=settings.auth_url,
        api_root=settings.api_url,
    )


def _rest(settings: given.Rest, line: Line, web: Web) -> Source:
    from forecast.social.sources.rest_poll import Paging, RestPoll, Since

    return RestPoll(
        **_common(settings, web),
        url=settings.url,
        fields=settings.fields,
        items=settings.items,
        token=secret(settings.token_env, settings.name, needed=bool(settings.token_env)),
        header=settings.header,
        scheme=settings.scheme,
        params=settings.params,
        paging=Paging(**settings.paging.model_dump()),
        since=None if settings.since is None else Since(**settings.since.model_dump()),
        tz=line.tz,
    )


_OPENERS: Mapping[type, Callable[[Any, Line, Web], Source]] = {
    given.XCounts: _x_counts,
    given.XSearch: _x_search,
    given.Jetstream: _jetstream,
    given.BlueskySearch: _bluesky_search,
    given.Mastodon: _mastodon,
    given.Feed: _feed,
    given.AppReviews: _app_reviews,
    given.Reddit: _reddit,
    given.Rest: _rest,
}
