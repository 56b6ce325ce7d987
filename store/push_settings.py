"""The section `push:` of config.yaml: which systems are told of events, and how long events are kept.

Addresses and secrets never stand in the file: `url_env` and `secret_env` name the variables that hold them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from pydantic import Field, field_validator

from store.section import Section, Variable

Wanted: TypeAlias = Literal[
    "forecast.made",
    "forecast.published",
    "plan.locked",
    "plan.released",
    "alert.raised",
    "alert.ended",
    "run.failed",
]
WANTED: tuple[str, ...] = get_args(Wanted)


class PushTarget(Section):
    """A webhook. events: the kinds it is told of, all where none is named; with a secret each message is signed."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    url_env: Variable = Field(min_length=1)
    secret_env: Variable = ""
    events: tuple[Wanted, ...] = ()


class Push(Section):
    """keep_days: so long events can be read and sent again; stream_minutes: after which a stream ends and is opened anew."""

    keep_days: int = Field(35, ge=2, le=400)
    stream_minutes: float = Field(15.0, gt=0, le=1440)
    targets: tuple[PushTarget, ...] = ()

    @field_validator("targets")
    @classmethod
    def told_apart(cls, value: tuple[PushTarget, ...]) -> tuple[PushTarget, ...]:
        """The name is what deliveries are kept under."""
        names = [one.name for one in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two of them have the name {twice[0]}")
        return value
