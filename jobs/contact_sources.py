"""The systems of `contacts.sources` as objects that can be read; addresses and keys come from the environment.

Each one's module is loaded when a source of its kind is opened: nobody pays for those he does not use.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from forecast.buckets import Interval
from forecast.contacts.sources.base import Source
from jobs.sources import TIMEOUT, Line
from store import contact_settings as given
from store.contact_settings import ContactSettings
from store.settings import Settings
from store.source_settings import secret

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

    from forecast.contacts.sources.counted_rows import Shape


def open_contacts(settings: Settings, source: ContactSettings, line: Line) -> Source:
    """One configured source; ConfigError where its address or key is not in the environment."""
    found: Source = _OPENERS[type(source)](settings, source, line)
    return found


def _shape(settings: Settings, source: given.Counted) -> Shape:
    from forecast.contacts.sources.counted_rows import Shape

    return Shape(
        interval=Interval.parse(source.interval or settings.contacts.interval),
        tz=source.timezone or settings.company.timezone,
        queues=source.queues,
        channel=source.channel,
        date_order=source.date_order,
        settle=source.settle_minutes * 60,
    )


def _sql(settings: Settings, source: given.SqlSource, line: Line) -> Source:
    from forecast.contacts.sources.sql_view import SqlView
    from jobs.sql_reading import SqlReading

    reading = SqlReading(
        name=source.name,
        url=secret(source.url_env, source.name),
        variable=source.url_env,
        query=source.query,
        timeout=source.timeout_seconds,
    )
    return SqlView(
        name=source.name,
        select=reading,
        columns=source.columns,
        shape=_shape(settings, source),
        since=source.since,
        overlap=dt.timedelta(days=source.overlap_days),
        backfill=dt.timedelta(days=source.backfill_days),
    )


def _rest(settings: Settings, source: given.RestSource, line: Line) -> Source:
    from forecast.contacts.sources.rest_poll import RestRows
    from forecast.social.sources.json_list import JsonList, Paging, Since
    from forecast.social.sources.web import Web

    since = None
    if source.since is not None:
        overlap = max(source.since.overlap, source.overlap_days * 86_400)
        since = Since(**{**source.since.model_dump(), "overlap": overlap})
    items = JsonList(
        name=source.name,
        web=Web(line.client, source.name, sleep=line.sleep),
        url=source.url,
        items=source.items,
        token=secret(source.token_env, source.name, needed=bool(source.token_env)),
        header=source.header,
        scheme=source.scheme,
        params=source.params,
        paging=Paging(**source.paging.model_dump()),
        since=since,
        backfill=dt.timedelta(days=source.backfill_days),
    )
    return RestRows(
        name=source.name,
        items=items,
        columns=source.columns,
        shape=_shape(settings, source),
        queue=source.queue,
    )


def _mailbox(settings: Settings, source: given.MailboxSource, line: Line) -> Source:
    from forecast.contacts.sources.mailbox import Mailbox, Sorting

    return Mailbox(
        name=source.name,
        connect=_sign_in(source),
        sorting=Sorting(
            addresses={address.casefold(): queue for address, queue in source.addresses.items()},
            queue=source.queue,
            own=tuple(domain.casefold().lstrip("@") for domain in source.own_domains),
            forms=tuple(address.casefold() for address in source.forms),
        ),
        folders=source.folders,
        sent=source.sent,
        channel=source.channel,
        backfill=dt.timedelta(days=source.backfill_days),
    )


def _sign_in(source: given.MailboxSource) -> Callable[[], BaseMailBox]:
    """What opens the mailbox; the password is looked up now, so that a missing one is told before anything is asked."""
    from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted

    from forecast.contacts.sources.mailbox import sign_in

    user = secret(source.user_env, source.name)
    password = secret(source.password_env, source.name, needed=bool(source.password_env))
    token = secret(source.token_env, source.name, needed=bool(source.token_env))
    port = source.port or (993 if source.tls == "tls" else 143)

    def connect() -> BaseMailBox:
        box: BaseMailBox
        if source.tls == "none":
            box = MailBoxUnencrypted(source.host, port, timeout=TIMEOUT)
        else:
            kind = MailBox if source.tls == "tls" else MailBoxStartTls
            box = kind(source.host, port, timeout=TIMEOUT, ssl_context=ssl.create_default_context())
        return sign_in(box, user, password=password, token=token)

    return connect


def _queue_log(settings: Settings, source: given.QueueLogSource, line: Line) -> Source:
    from forecast.contacts.sources.queue_log import QueueLog

    return QueueLog(
        name=source.name,
        path=source.path,
        queues=source.queues,
        channel=source.channel,
        region=settings.company.country or "NL",
        backfill=dt.timedelta(days=source.backfill_days),
    )


_OPENERS: Mapping[type, Callable[[Settings, Any, Line], Source]] = {
    given.SqlSource: _sql,
    given.RestSource: _rest,
    given.MailboxSource: _mailbox,
    given.QueueLogSource: _queue_log,
}
