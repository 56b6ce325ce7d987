"""Where each source of posts stands: its newest post, what came in a day, its last reading, what went wrong, what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.dashboard.parts import notice
from api.dashboard.social.said import harmless_text
from api.dashboard.words import Words
from forecast.buckets import to_ns
from store.cursors import load_cursor
from store.runs import Run, list_runs
from store.settings import Settings
from store.source_settings import Paid, SourceSettings
from store.spending import spent_this_month
from store.statements import table_of
from store.tables import MentionRow

DAYS = 35  # in which sources that no setting names are looked for
SILENT = dt.timedelta(days=1)
_ROWS = table_of(MentionRow)
_SOURCE = _ROWS.c.source.concat(
    ""
)  # not the column itself: SQLite then reads by creation, and not all rows of a source


@dataclass(frozen=True)
class Standing:
    """A source. kind: '' where no setting names it; problem: of the last reading; spent, cap: this month, None where it is free."""

    name: str
    kind: str
    newest: dt.datetime | None
    lately: int
    read: bool
    problem: str
    spent: float | None = None
    cap: float | None = None

    def state(self, now: dt.datetime) -> str:
        """`broken`, `silent` (nothing for a day), `never` read, or `well`."""
        if self.problem:
            return "broken"
        if self.newest is None:
            return "silent" if self.read else "never"
        return "silent" if now - self.newest > SILENT else "well"


def last_reading(session: Session) -> Run | None:
    """The last run that read the sources."""
    return next(iter(list_runs(session, 1, job="ingest")), None)


def load_standing(session: Session, settings: Settings, now: dt.datetime) -> list[Standing]:
    """Every source that the settings name, and every other that posts came from."""
    held = _newest(session, now)
    day = to_ns(now - dt.timedelta(days=1)) // 1000
    query = select(_SOURCE.label("name"), func.count()).where(_ROWS.c.created_at >= day).group_by("name")
    lately = {str(source): int(count) for source, count in session.execute(query)}
    run = last_reading(session)
    problems = [str(one) for one in (run.outcome.get("problems") or [])] if run else []
    configured = {one.name: one for one in settings.social.sources}
    return [
        _standing(session, name, configured.get(name), (held.get(name), lately.get(name, 0)), problems, now)
        for name in _named(settings, held)
    ]


def load_names(session: Session, settings: Settings, now: dt.datetime) -> list[str]:
    """The sources of `load_standing`, without how they stand."""
    return _named(settings, _newest(session, now))


def _named(settings: Settings, held: Collection[str]) -> list[str]:
    configured = [one.name for one in settings.social.sources]
    return [*configured, *sorted({*held} - {*configured})]


def _newest(session: Session, now: dt.datetime) -> dict[str, int]:
    """Source -> when its newest post of the last weeks was made (microseconds); two short looks at an index for each."""
    since, found = to_ns(now - dt.timedelta(days=DAYS)) // 1000, dict[str, int]()
    name = session.scalar(select(func.min(_ROWS.c.source)))
    while name is not None:
        mine = select(_ROWS.c.created_at).where(name == _SOURCE, _ROWS.c.created_at >= since)
        newest = session.scalar(mine.order_by(_ROWS.c.created_at.desc()).limit(1))
        if newest is not None:
            found[str(name)] = int(newest)
        name = session.scalar(select(func.min(_ROWS.c.source)).where(_ROWS.c.source > name))
    return found


def _standing(
    session: Session,
    name: str,
    given: SourceSettings | None,
    held: tuple[int | None, int],
    problems: Sequence[str],
    now: dt.datetime,
) -> Standing:
    at, lately = held
    newest = None if at is None else dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC)
    problem = next((one for one in problems if one.startswith(f"{name}:")), "") if given else ""
    problem = problem or next((one for one in problems if given and f"source {name} " in one), "")
    spent = cap = None
    if isinstance(given, Paid):
        spent, cap = spent_this_month(session, name, now=now) * given.price, given.cap
    read = given is None or load_cursor(session, f"source:{name}") is not None
    kind = "" if given is None else given.kind
    return Standing(name, kind, newest, lately, read, problem, spent, cap)


def sources_panel(found: Sequence[Standing], run: Run | None, now: dt.datetime, words: Words) -> list[Any]:
    """A sentence on the last reading, and a line per source."""
    if not found:
        return [notice(words("social_no_sources"), words("social_no_sources_text"))]
    heads = [("social_source", ""), ("social_state", ""), ("social_newest", ""), ("social_lately", "number"), ("social_cost", "number")]  # fmt: skip
    head = html.Tr([html.Th(words(key), className=kind) for key, kind in heads])
    table = html.Table([html.Thead(head), html.Tbody([_line(one, now, words) for one in found])], className="plain")  # fmt: skip
    return [
        html.P(reading_said(found, run, now, words), className="social-said"),
        html.Div(table, className="scroll"),
    ]


def reading_said(found: Sequence[Standing], run: Run | None, now: dt.datetime, words: Words) -> str:
    """`3 of 4 sources are well. Last read 5 min ago.`"""
    well = sum(one.state(now) == "well" for one in found)
    said = words("social_sources_said", n=well, of=len(found))
    if run is None:
        return said
    key = "social_reading_failed" if run.state == "failed" else "social_reading"
    return f"{said} {words(key, age=words.age(run.finished_at or run.started_at, now))}"


def _line(one: Standing, now: dt.datetime, words: Words) -> Any:
    state = one.state(now)
    told: list[Any] = [
        html.Span(words(f"social_state_{state}"), className=f"social-state {state}"),
    ]
    if one.problem:
        told.append(html.P(harmless_text(one.problem, 300), className="line"))
    newest = words("social_none_lately", days=DAYS) if one.newest is None else words.age(one.newest, now)
    cost = "–"
    if one.spent is not None and one.cap is not None:
        cost = words("social_spent", spent=words.number(one.spent, 2), cap=words.number(one.cap, 2))
    kind = words(f"social_kind_{one.kind}") if one.kind else words("social_kind_sent")
    name: list[Any] = [harmless_text(one.name, 64), html.Span(f" · {kind}", className="social-quiet")]
    return html.Tr([html.Td(name), html.Td(told), html.Td(newest, className="when"), html.Td(words.number(one.lately), className="number"),
                    html.Td(cost, className="number")])  # fmt: skip
