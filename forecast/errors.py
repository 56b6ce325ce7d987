"""Every error Forecall raises on purpose.

    ForecallError                what, where, what to do
    ├── InputError               a file, a row or an argument cannot be used as it is
    │   ├── UnreadableFile       not a table, another kind of file, or broken
    │   ├── EmptyFile            a file without a single usable row
    │   ├── UnknownZone          a time zone nobody knows
    │   ├── AmbiguousDates       day-month or month-day: we ask, we never guess
    │   └── ContractError        a frame misses a column or carries a wrong type
    ├── ConfigError              config.yaml or the environment says something impossible
    ├── NotEnoughHistory         a model or a test needs more than the snapshot holds
    ├── SourceError              a public source refuses, or cannot be reached
    ├── NotFound                 a queue, version or run that does not exist
    └── StoreError               the database is gone, locked or of another version

The message is a sentence for a planner: it says what is wrong, where, and what to do. How an error becomes an
exit code or an HTTP status is decided at the edge (`cli/`, `api/errors.py`), not here.
"""

from __future__ import annotations


class ForecallError(Exception):
    """Base of all errors with a sentence for the user. `remedy` is the part that says what to do."""

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy
        self.field = field


class InputError(ForecallError):
    """A file, a row or an argument cannot be used as it is."""


class UnreadableFile(InputError):
    """The file is not a table, is of another kind, or is broken."""


class EmptyFile(InputError):
    """The file holds no usable row."""


class UnknownZone(InputError):
    """The time zone is in no zone database."""


class AmbiguousDates(InputError):
    """Every date of the file reads as day-month and as month-day."""


class ContractError(InputError):
    """A frame does not keep the contract of its name (`forecast/frames.py`)."""


class ConfigError(ForecallError):
    """The configuration says something unknown or impossible."""


class NotEnoughHistory(ForecallError):
    """A model or a test needs more history than the snapshot holds."""


class SourceError(ForecallError):
    """A source of mentions refuses or cannot be reached. `status`: what its web address answered, where it did."""

    def __init__(self, message: str, *, remedy: str = "", field: str = "", status: int | None = None) -> None:
        super().__init__(message, remedy=remedy, field=field)
        self.status = status


class NotFound(ForecallError):
    """What was asked for does not exist."""


class StoreError(ForecallError):
    """The database cannot be reached, is locked, or has another schema version."""
