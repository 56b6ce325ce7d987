"""Settings of who gets in: sessions, limits of requests, the company's own accounts."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import Field, field_validator

from forecast.errors import ConfigError
from store.section import Section, Variable

Scope = Literal["read", "write", "plan", "admin"]


class RateLimits(Section):
    """Requests a minute: of a key or user, and without one of an address."""

    enabled: bool = True
    reads: int = Field(12_000, ge=1)
    writes: int = Field(3_000, ge=1)
    strangers: int = Field(600, ge=1)
    sign_ins: int = Field(30, ge=1)


class Oidc(Section):
    """Sign-in with the company's own accounts (OpenID Connect). Off without an issuer."""

    issuer: str = ""
    client_id: str = ""
    secret_env: Variable = ""
    scopes_from: str = ""
    default_scopes: tuple[Scope, ...] = ("read",)

    @field_validator("issuer")
    @classmethod
    def safe(cls, value: str) -> str:
        local = ("http://127.0.0.1", "http://localhost", "http://[::1]")
        if value and not value.startswith(("https://", *(f"{one}{end}" for one in local for end in ":/"))):
            raise ValueError("an issuer is an https address")
        return value

    def secret(self) -> str:
        """The client's secret, or '' for a client that has none (PKCE alone). ConfigError where it is not there."""
        if not self.secret_env:
            return ""
        held = os.environ.get(self.secret_env, "")
        if not held:
            raise ConfigError(
                f"The secret of the sign-in with company accounts is not in the environment variable {self.secret_env}.",
                remedy="Set it, or correct access.oidc.secret_env.",
                field="access.oidc.secret_env",
            )
        return held


class Access(Section):
    """Who gets in, and how often. public_url: where browsers find Forecall, behind a proxy."""

    public_url: str = ""
    session_hours: float = Field(12.0, gt=0, le=24 * 31)
    limits: RateLimits = RateLimits()
    oidc: Oidc = Oidc()

    @field_validator("public_url")
    @classmethod
    def address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("write it as https://forecall.example.com")
        return value.rstrip("/")
