"""The sources that config.yaml names, as objects that can be read; their keys come from the environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import httpx2

from forecast.social.sources.base import Source
from forecast.social.sources.web import Web
from store.source_settings import SourceSettings

TIMEOUT = 30.0  # seconds for one answer
AGENT = "forecall (contact forecasting; reads public posts about its operator)"
Sleep: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class Line:
    """How sources reach the world: the HTTP client and the way of waiting, replaced in tests."""

    client: httpx2.Client
    sleep: Sleep = time.sleep


def line() -> Line:
    """The usual one: system proxies and certificates, no cookies kept, redirects followed."""
    return Line(httpx2.Client(timeout=TIMEOUT, follow_redirects=True, headers={"user-agent": AGENT}))


def open_source(settings: SourceSettings, line: Line) -> Source:
    """One configured source; ConfigError where its key is not in the environment. Modules are loaded when they are used."""
    web = Web(line.client, settings.name, sleep=line.sleep)
    raise NotImplementedError(settings, web)
