"""Column contracts: what a frame of a given name holds.

Times are `datetime64[ns, UTC]`. A bucket is named by its start, half-open. Optional columns may be absent; if
they are there, their type is checked too. Extra columns are refused, so that nothing travels unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from forecast.errors import ContractError

TIME = "time"
NUMBER = "number"
TEXT = "text"
FLAG = "flag"


@dataclass(frozen=True)
class Contract:
    """The columns of one kind of frame: `required` and `optional` map a column to TIME, NUMBER, TEXT or FLAG."""

    name: str
    required: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All column names, required ones first."""
        return (*self.required, *self.optional)


BESIDE = (  # in `offered`, or beside it, without being demand of its own: see `true_demand.py`
    "short_abandoned",
    "redialled",
    "transferred_in",
    "overflow_in",
    "overflow_out",
    "callbacks",
)
VOLUMES = Contract(
    "volumes",
    {"queue": TEXT, "ds": TIME, "offered": NUMBER},
    {
        "channel": TEXT,
        "topic": TEXT,
        "handled": NUMBER,
        "abandoned": NUMBER,
        "aht_seconds": NUMBER,
        **dict.fromkeys(BESIDE, NUMBER),
        "known_at": TIME,
        "assumed": FLAG,
    },
)
SIGNALS = Contract(
    "signals",
    {"signal": TEXT, "ds": TIME, "value": NUMBER},
    {"topic": TEXT, "known_at": TIME, "kind": TEXT, "assumed": FLAG},
)
DRIVERS = Contract(
    "drivers",
    {"driver": TEXT, "ds": TIME, "value": NUMBER},
    {"queue": TEXT, "known_at": TIME, "worth": NUMBER},
)
DAYS = Contract(
    "days",
    {"date": TIME, "name": TEXT},
    {"queue": TEXT, "kind": TEXT, "until": TIME},
)
HOURS = Contract(
    "hours",
    {"queue": TEXT, "weekday": NUMBER, "opens": TEXT, "closes": TEXT},
    {"valid_from": TIME},
)

REASONS = Contract(
    "reasons",
    {"queue": TEXT, "ds": TIME, "topic": TEXT},
    {"share": NUMBER, "count": NUMBER, "known_at": TIME, "assumed": FLAG},
)
STAFFING = Contract(
    "staffing",
    {"group": TEXT, "ds": TIME, "agents": NUMBER},
    {"gross": NUMBER, "known_at": TIME, "assumed": FLAG},
)
OTHER_FORECASTS = Contract(
    "other forecasts",
    {"queue": TEXT, "ds": TIME, "offered": NUMBER},
    {"aht_seconds": NUMBER, "known_at": TIME, "assumed": FLAG},
)
BUDGETS = Contract(  # length: day, week or month; ds: midnight UTC of its first local day
    "budgets",
    {"queue": TEXT, "length": TEXT, "ds": TIME, "offered": NUMBER},
    {"aht_seconds": NUMBER, "fte": NUMBER, "known_at": TIME, "assumed": FLAG},
)
CONTACTS = Contract(
    "contacts",
    {"source": TEXT, "id": TEXT, "at": TIME, "queue": TEXT},
    {
        "channel": TEXT,
        "topic": TEXT,
        "outcome": TEXT,
        "customer": TEXT,
        "waited_seconds": NUMBER,
        "handled_seconds": NUMBER,
        "answered_at": TIME,
        "known_at": TIME,
    },
)
EXCEPTIONS = Contract(
    "exceptions to the hours",
    {"queue": TEXT, "date": TIME, "opens": TEXT, "closes": TEXT},
    {"name": TEXT},
)
GROUPS = Contract(
    "planning groups",
    {"queue": TEXT, "group": TEXT},
    {"site": TEXT, "since": TIME, "share": NUMBER},
)
MOVES = Contract(
    "moves between queues",
    {"queue": TEXT, "into": TEXT, "date": TIME},
    {"share": NUMBER},
)


def _is(kind: str, column: pd.Series) -> bool:
    dtype = column.dtype
    if kind == TIME:
        return isinstance(dtype, pd.DatetimeTZDtype) and str(dtype.tz) == "UTC"
    if kind == NUMBER:
        return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if kind == FLAG:
        return pd.api.types.is_bool_dtype(dtype)
    return pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype) or len(column) == 0


def check(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """frame -> the same frame, or ContractError that names the column and what it should be."""
    missing = [name for name in contract.required if name not in frame.columns]
    if missing:
        raise ContractError(
            f"The {contract.name} miss the column {missing[0]!r}.",
            remedy=f"They need {', '.join(contract.required)}; they have {', '.join(map(str, frame.columns))}.",
            field=missing[0],
        )
    known = {**contract.required, **contract.optional}
    for name in frame.columns:
        if name not in known:
            raise ContractError(
                f"The {contract.name} have a column {name!r} that is not in their contract.",
                remedy=f"Known are {', '.join(contract.columns)}.",
                field=str(name),
            )
        if not _is(known[name], frame[name]):
            raise ContractError(
                f"The column {name!r} of the {contract.name} holds {frame[name].dtype}, not {known[name]}.",
                remedy="Times are aware and in UTC." if known[name] == TIME else "",
                field=str(name),
            )
    return frame
