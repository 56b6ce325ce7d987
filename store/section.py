"""A part of the settings, and how a value of it is held against what will read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from forecast.errors import InputError

T = TypeVar("T")


class Section(BaseModel):
    """A part of the settings; knows its names and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def usable(read: Callable[[T], object], value: T) -> T:
    """The value, if it can be read; pydantic wants a ValueError where we have our own."""
    try:
        read(value)
    except InputError as error:
        raise ValueError(str(error).rstrip(".")) from None
    return value


def _named(value: str) -> str:
    """The name of an environment variable, or ''. The error never repeats the value: it may be the secret itself."""
    if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError(
            "it is no name of an environment variable; put the secret into the environment, and here the name of the "
            "variable that holds it"
        )
    return value


Variable: TypeAlias = Annotated[str, AfterValidator(_named)]
