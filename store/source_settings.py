"""The sources of config.yaml: one class per `kind`. A key never stands in the file: `token_env` names the variable that holds it."""

from __future__ import annotations

import os
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from forecast.errors import ConfigError
from store.section import Section, Variable

Level: TypeAlias = Literal["kept", "ephemeral", "counts"]


class Source(Section):
    """What all have. must_name: only posts that name one of the brands count; privacy: else `social.privacy.level`."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    privacy: Level | None = None
    must_name: bool = False
    backfill_days: float = Field(7.0, ge=0, le=366)


class Paid(Source):
    """Reading costs money. price: of one post, in the currency of the cap; cap: for a calendar month (UTC)."""

    price: float = Field(0.005, ge=0)
    cap: float = Field(25.0, ge=0)


class XCounts(Source):
    kind: Literal["x_counts"]
    query: str = Field(min_length=1)
    granularity: Literal["minute", "hour", "day"] = "minute"
    token_env: Variable = "X_BEARER_TOKEN"
    url: str = "https://api.x.com"


class XSearch(Paid):
    """followers: also ask for the authors' reach, which X bills as further objects."""

    kind: Literal["x_search"]
    query: str = Field(min_length=1)
    followers: bool = False
    token_env: Variable = "X_BEARER_TOKEN"
    url: str = "https://api.x.com"


class Jetstream(Source):
    """The stream of the whole network; with an account, search fills what the stream no longer holds."""

    kind: Literal["jetstream"]
    words: tuple[str, ...] = Field(min_length=1)
    must_name: bool = True
    url: str = "wss://jetstream2.us-east.bsky.network/subscribe"
    fill_gaps: bool = False
    search_url: str | None = None
    identifier_env: Variable = "BLUESKY_IDENTIFIER"
    password_env: Variable = "BLUESKY_APP_PASSWORD"


class BlueskySearch(Source):
    kind: Literal["bluesky_search"]
    query: str = Field(min_length=1)
    url: str | None = None
    identifier_env: Variable = "BLUESKY_IDENTIFIER"
    password_env: Variable = "BLUESKY_APP_PASSWORD"


class Mastodon(Source):
    kind: Literal["mastodon"]
    url: str = "https://mastodon.social"
    hashtags: tuple[str, ...] = ()
    query: str | None = None
    token_env: Variable = "MASTODON_TOKEN"


class Feed(Source):
    kind: Literal["feed"]
    urls: tuple[str, ...] = Field(min_length=1)
    must_name: bool = True


class AppReviews(Source):
    kind: Literal["app_reviews"]
    app_id: str = Field(pattern=r"^\d+$")
    countries: tuple[str, ...] = ("nl",)
    url: str = "https://itunes.apple.com"


class Reddit(Source):
    kind: Literal["reddit"]
    subreddits: tuple[str, ...] = ()
    query: str | None = None
    must_name: bool = True
    client_id_env: Variable = "REDDIT_CLIENT_ID"
    secret_env: Variable = "REDDIT_SECRET"
    auth_url: str = "https://www.reddit.com"
    api_url: str = "https://oauth.reddit.com"


class RestPaging(Section):
    """How a JSON interface gives its next page: by `url`, `link` (a header), `token`, `number` or `offset`, found at `path`, sent as `parameter`."""

    by: Literal["none", "url", "link", "token", "number", "offset"] = "none"
    path: str = ""
    parameter: str = ""
    first: int = 1


class RestSince(Section):
    """How it is asked for what is new only: the newest moment read less `overlap` seconds, sent as `parameter`."""

    parameter: str
    format: Literal["iso", "epoch", "epoch_ms"] = "iso"
    overlap: int = 300
    path: str = ""


class Rest(Source):
    """Any JSON interface. items: dotted path of the list of posts; fields: of each field of a mention within a post."""

    kind: Literal["rest"]
    url: str = Field(min_length=1)
    fields: dict[str, str]
    items: str = ""
    token_env: Variable = ""
    header: str = "Authorization"
    scheme: str = "Bearer"
    params: dict[str, str] = Field(default_factory=dict)
    paging: RestPaging = RestPaging()
    since: RestSince | None = None


SourceSettings: TypeAlias = Annotated[
    XCounts | XSearch | Jetstream | BlueskySearch | Mastodon | Feed | AppReviews | Reddit | Rest,
    Field(discriminator="kind"),
]


def secret(variable: str, source: str, *, needed: bool = True) -> str:
    """The value of an environment variable; ConfigError where the source needs it and it is not set."""
    value = os.environ.get(variable, "") if variable else ""
    if not value and needed:
        raise ConfigError(
            f"The source {source} needs the environment variable {variable}.",
            remedy="Set it to the key the supplier gave you.",
            field=variable,
        )
    return value
