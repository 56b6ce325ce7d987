"""Two versions side by side, as they go out."""

from __future__ import annotations

import datetime as dt

from api import moments
from api.forecast_rows import version_out
from api.lock_schemas import BucketCompared, DayCompared, PartCompared, SideOut, VersionsCompared
from forecast.buckets import index
from store import version_comparison

DIGITS = 4
EPOCH = dt.date(1970, 1, 1)


def compared(found: version_comparison.VersionsCompared) -> VersionsCompared:
    """What the store found."""
    first, second = (SideOut(name=one.name, newest=version_out(one.newest)) for one in found.sides)
    return VersionsCompared(
        queue=found.queue.name,
        granularity=found.granularity,
        a=first,
        b=second,
        moved=list(found.moved),
        parts=[PartCompared(part=one.part, **_pair(one.a, one.b)) for one in found.parts],
        parts_of=found.parts_of,
        only_a=found.only_a,
        only_b=found.only_b,
        days=[
            DayCompared(date=EPOCH + dt.timedelta(days=one.day), buckets=one.buckets, **_pair(one.a, one.b))
            for one in found.days
        ],
        rows=[
            BucketCompared(start=moments.local_of(at, found.queue.tz), start_utc=at, **_pair(a, b))
            for at, a, b in zip(
                moments.utc_of(index(found.ds)), found.a.tolist(), found.b.tolist(), strict=True
            )
        ],
    )


def _pair(a: float, b: float) -> dict[str, float]:
    first, second = round(a, DIGITS), round(b, DIGITS)
    return {"a": first, "b": second, "difference": round(second - first, DIGITS)}
