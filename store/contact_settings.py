"""The section `contacts:` of config.yaml: systems that contacts are read from, one class per `kind`, and how long each is kept.

No address with a password and no key stands in the file: `url_env`, `password_env` and `token_env` name the variable that
holds it.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from forecast.buckets import Interval, zone
from forecast.contacts.sources.counted_rows import check_columns
from forecast.contacts.sources.sql_view import check_query
from forecast.errors import ConfigError
from store.section import Section, Variable, usable
from store.source_settings import RestPaging, RestSince

Channel: TypeAlias = Literal["phone", "email", "chat", "social"]
Since: TypeAlias = Literal["local", "utc", "epoch"]


class ContactSource(Section):
    """What all have. queues: their name of a queue -> ours; where given, other queues are left out."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    channel: Channel = "phone"
    queues: dict[str, str] = Field(default_factory=dict)
    backfill_days: float = Field(730.0, gt=0, le=3660)


class Counted(ContactSource):
    """Rows that somebody else counted. interval: of the rows; timezone: of times without an offset, else the company's;
    overlap_days: read again for corrections; settle_minutes: after its end, from which on an interval counts as whole.
    """

    columns: dict[str, str]
    interval: str | None = None
    timezone: str | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    overlap_days: float = Field(2.0, ge=0, le=30)
    settle_minutes: float = Field(0.0, ge=0, le=1440)

    @field_validator("interval")
    @classmethod
    def known_interval(cls, value: str | None) -> str | None:
        return value if value is None else usable(Interval.parse, value)

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str | None) -> str | None:
        return value if value is None else usable(zone, value)


class SqlSource(Counted):
    """A view behind any SQLAlchemy URL. query: one SELECT with :since, ordered by its intervals; since: what is bound to it."""

    kind: Literal["sql"]
    url_env: Variable = Field(min_length=1)
    query: str = Field(min_length=1)
    since: Since = "local"
    timeout_seconds: float = Field(60.0, gt=0, le=3600)

    @model_validator(mode="after")
    def readable(self) -> SqlSource:
        try:
            check_query(self.name, self.query)
            check_columns(self.name, self.columns, "columns")
        except ConfigError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return self


class RestSource(Counted):
    """Any JSON interface. items: dotted path of the list of rows; columns: of each of our columns within a row; queue: of all rows."""

    kind: Literal["rest"]
    url: str = Field(min_length=1)
    items: str = ""
    queue: str = ""
    token_env: Variable = ""
    header: str = "Authorization"
    scheme: str = "Bearer"
    params: dict[str, str] = Field(default_factory=dict)
    paging: RestPaging = RestPaging()
    since: RestSince | None = None


class MailboxSource(ContactSource):
    """A mailbox by IMAP. addresses: recipient, or @domain, -> queue; queue: of mail for none of them, "" to leave it out; sent:
    the folder of answers; own_domains: whose mail is our own; forms: addresses that web forms write from.
    """

    kind: Literal["mailbox"]
    host: str = Field(min_length=1)
    port: int | None = Field(None, ge=1, le=65535)
    tls: Literal["tls", "starttls", "none"] = "tls"
    user_env: Variable = Field(min_length=1)
    password_env: Variable = ""
    token_env: Variable = ""
    channel: Channel = "email"
    folders: tuple[str, ...] = Field(("INBOX",), min_length=1)
    sent: str = ""
    addresses: dict[str, str] = Field(default_factory=dict)
    queue: str = ""
    own_domains: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    backfill_days: float = Field(35.0, gt=0, le=3660)

    @model_validator(mode="after")
    def whole(self) -> MailboxSource:
        if not (self.addresses or self.queue):
            raise ValueError("give `addresses` (recipient: queue), or `queue` for all mail")
        if bool(self.password_env) == bool(self.token_env):
            raise ValueError("give password_env, or token_env for a mail server that takes access tokens")
        if self.tls == "none" and not _this_machine(self.host):
            raise ValueError(
                "without TLS the password could be read by others; `tls: none` is for this machine alone"
            )
        if self.queues:
            raise ValueError("a mailbox sorts by `addresses`, not by `queues`")
        return self


class QueueLogSource(ContactSource):
    """Asterisk's queue_log on this machine, or on a share."""

    kind: Literal["queue_log"]
    path: Path


ContactSettings: TypeAlias = Annotated[
    SqlSource | RestSource | MailboxSource | QueueLogSource, Field(discriminator="kind")
]


class Contacts(Section):
    """interval: of queues that a source of single contacts makes; keep_days: of the rows of single contacts."""

    interval: str = "30min"
    keep_days: int = Field(35, ge=2, le=1100)
    sources: tuple[ContactSettings, ...] = ()

    @field_validator("interval")
    @classmethod
    def known(cls, value: str) -> str:
        return usable(Interval.parse, value)

    @field_validator("sources")
    @classmethod
    def told_apart(cls, value: tuple[ContactSettings, ...]) -> tuple[ContactSettings, ...]:
        """The name is what a source's contacts and its mark are kept under."""
        names = [source.name for source in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources have the name {twice[0]}")
        return value


def _this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
