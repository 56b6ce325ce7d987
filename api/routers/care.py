"""GET /v1/care: who waits for an answer on social channels, and how soon questions are answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import pandas as pd
from fastapi import APIRouter, Query

from api import moments
from api.deps import Config, Db, Now
from api.openapi import READ
from api.queries import CareQuery
from api.schemas import CareOut, DayTimesOut, HourTimesOut, ReasonTimesOut, ReplyTimesOut, WaitingOut
from forecast.social.care import reply_times, waiting
from forecast.social.signals import ALL
from store.questions import load_questions

router = APIRouter(tags=["care"])
WEEK = dt.timedelta(days=7)
WAITS = dt.timedelta(days=28)  # who was not answered in four weeks waits no more
MOST_DAYS = 92
NAMES = {
    "share_within_target": "share",
    "reply_median_minutes": "median",
    "reply_p90_minutes": "p90",
    "resolution_median_minutes": "resolution_median",
    "resolution_p90_minutes": "resolution_p90",
}
COUNTS = ("questions", "answered", "resolved")
NOTHING: dict[str, Any] = {**dict.fromkeys(NAMES), **dict.fromkeys(COUNTS, 0)}
Row = TypeVar("Row", bound=ReplyTimesOut)


@router.get("/v1/care", responses=READ)
def get_care(session: Db, now: Now, config: Config, query: Annotated[CareQuery, Query()]) -> CareOut:
    """Questions of the last four weeks that are open now, and reply times of a span, per contact reason, hour and day. Posts are kept as long as the settings say."""
    tz, target = config.company.timezone, dt.timedelta(minutes=config.social.care.target_minutes)
    least = config.social.privacy.least_shown
    start = moments.optional(query.start, tz, "start") or now - WEEK
    end = moments.optional(query.end, tz, "end") or now
    moments.span(start, end, now, most_days=MOST_DAYS)
    rivals = [brand.name for brand in config.social.brands if brand.competitor]
    unanswered = load_questions(session, only_open=True, start=now - WAITS, competitors=rivals)
    queue, left_out = _waiting(unanswered, now, query.topic, least)
    overdue = unanswered[unanswered["created_at"] < now - target]
    asked = load_questions(session, start=start, end=end, competitors=rivals)

    def times(*by: str) -> pd.DataFrame:
        found = reply_times(asked, asof=now, target=target, tz=tz, by=("topic", *by))
        return found[found["topic"].isin([ALL, *query.topic])] if query.topic else found

    total = times()
    spoken, by_hour, by_day = times("language"), times("hour"), times("day")
    spoken, hours = spoken[spoken["topic"] != ALL], by_hour[_shown(by_hour, least)]
    by_language = spoken[_shown(spoken, least)]
    reasons = [*_rows(total, ReasonTimesOut, language=None), *_rows(by_language, ReasonTimesOut)]
    return CareOut(
        as_of=now,
        start=start,
        end=end,
        target_minutes=config.social.care.target_minutes,
        open=queue[0].open,
        oldest_waiting_since=queue[0].oldest_waiting_since,
        open_beyond_target=int(waiting(overdue, now)["open"].iloc[0]),
        total=_total(total),
        waiting=queue,
        reasons=sorted(reasons, key=_place),
        hours=_rows(hours, HourTimesOut),
        days=_days(by_day),
        least_shown=least,
        left_out=left_out + len(spoken) - len(by_language) + len(by_hour) - len(hours),
    )


def _waiting(
    questions: pd.DataFrame, now: dt.datetime, topics: Sequence[str], least: int
) -> tuple[list[WaitingOut], int]:
    """Who waits: in all, per reason, and per reason and language; and how many of the last are left out for being few."""
    total, spoken = waiting(questions, now), waiting(questions, now, by=("topic", "language"))
    spoken = spoken[spoken["topic"] != ALL]
    if topics:
        total = total[total["topic"].isin([ALL, *topics])]
        spoken = spoken[spoken["topic"].isin(topics)]
    shown = spoken[spoken["open"] >= least]
    rows = [
        WaitingOut(
            topic=row["topic"],
            language=row.get("language"),
            open=row["open"],
            oldest_waiting_since=None if pd.isna(row["oldest"]) else row["oldest"].to_pydatetime(),
        )
        for part in (total, shown)
        for row in _records(part)
    ]
    return sorted(rows, key=_place), len(spoken) - len(shown)


def _place(row: WaitingOut | ReasonTimesOut) -> tuple[bool, str, str]:
    """All reasons first, and of a reason all languages."""
    return row.topic != ALL, row.topic, row.language or ""


def _shown(times: pd.DataFrame, least: int) -> pd.Series:
    """A total is exact; of a reason fewer questions than this are not shown."""
    return (times["topic"] == ALL) | (times["questions"] >= least)


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """The figures of a row under their names in the API; what is not known yet is None."""
    numbers = {name: None if row[held] != row[held] else row[held] for name, held in NAMES.items()}
    return {**numbers, **{name: row[name] for name in COUNTS}}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _rows(times: pd.DataFrame, kind: type[Row], **fixed: Any) -> list[Row]:
    keys = [name for name in ("topic", "language", "hour") if name in times]
    return [kind(**{name: row[name] for name in keys}, **fixed, **_figures(row)) for row in _records(times)]


def _total(times: pd.DataFrame) -> ReplyTimesOut:
    rows = _records(times[times["topic"] == ALL])
    return ReplyTimesOut(**(_figures(rows[0]) if rows else NOTHING))


def _days(times: pd.DataFrame) -> list[DayTimesOut]:
    """Per local day, of all reasons together."""
    rows = _records(times[times["topic"] == ALL])
    return [DayTimesOut(date=row["day"].date().isoformat(), **_figures(row)) for row in rows]
