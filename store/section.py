"""A part of the settings, and how a value of it is held against what will read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from forecast.errors import InputError

T = TypeVar("T")


class Section(BaseModel):
    """A part of the settings; knows its names and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def usable(read: Callable[[T], object], value: T) -> T:
    """The value, if it can be read; pydantic wants a ValueError where we have our own."""
    try:
        read(value)
    except InputError as error:
        raise ValueError(str(error).rstrip(".")) from None
    return value
