"""The section `alerts:` of config.yaml: from when on a peak is warned of, what can be done, and who is told.

Addresses of webhooks and passwords never stand in the file: `url_env` and its like name the variable that holds them.
"""

from __future__ import annotations

import os
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator

from forecast.errors import ConfigError
from store.section import Section, Variable

Address: TypeAlias = Annotated[str, Field(pattern=r"^[^\s@<>,;]+@[^\s@<>,;]+$")]


class Measure(Section):
    """Something that can be done about a peak, and the minutes it takes to work."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")
    minutes: int = Field(ge=0, le=10_080)


class Target(Section):
    """Who is told. queues, topics: of these alone; ended: also when a peak is over; examples: with phrases of posts."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    language: Literal["en", "nl"] = "en"
    queues: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    ended: bool = True
    examples: bool = True

    def wants(self, queue: str, topic: str) -> bool:
        """Is a warning of this queue and reason for this target?"""
        return (not self.queues or queue in self.queues) and (not self.topics or topic in self.topics)


class Webhook(Target):
    """Any program that takes JSON; with a secret the message is signed."""

    kind: Literal["webhook"]
    url_env: Variable = Field(min_length=1)
    secret_env: Variable = ""


class Slack(Target):
    kind: Literal["slack"]
    url_env: Variable = Field(min_length=1)


class Teams(Target):
    kind: Literal["teams"]
    url_env: Variable = Field(min_length=1)


class Email(Target):
    """to_owner: also to the `email` of the contact reason in the section `reasons`."""

    kind: Literal["email"]
    to: tuple[Address, ...] = ()
    to_owner: bool = False
    sender: Address
    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username_env: Variable = ""
    password_env: Variable = ""


TargetSettings: TypeAlias = Annotated[Webhook | Slack | Teams | Email, Field(discriminator="kind")]

MEASURES = (
    Measure(name="IVR message", minutes=5),
    Measure(name="move breaks", minutes=30),
    Measure(name="cancel training", minutes=60),
    Measure(name="call in partner", minutes=180),
)


class Alerts(Section):
    """least_extra: contacts beyond the usual, least_sure: probability (0-1), from which on a peak is warned of."""

    least_extra: float = Field(10.0, ge=0)
    least_sure: float = Field(0.25, ge=0, le=1)
    measures: tuple[Measure, ...] = MEASURES
    targets: tuple[TargetSettings, ...] = ()

    @field_validator("targets", "measures")
    @classmethod
    def told_apart(cls, value: tuple[Target | Measure, ...]) -> tuple[Target | Measure, ...]:
        """The name is what deliveries and acts are kept under."""
        names = [one.name for one in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two of them have the name {twice[0]}")
        taken = sorted({"picked_up", "result"} & set(names))
        if taken:
            raise ValueError(f"{taken[0]} is a word of ours: give it another name")
        return value


def held_in(variable: str, target: str) -> str:
    """The value of an environment variable; '' where none is named, ConfigError where it is not set."""
    value = os.environ.get(variable, "") if variable else ""
    if variable and not value:
        raise ConfigError(
            f"The target {target} needs the environment variable {variable}.",
            remedy="Set it to the address or the secret of that target.",
            field=variable,
        )
    return value
