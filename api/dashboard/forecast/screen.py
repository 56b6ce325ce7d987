"""What page Forecast shows for a choice, made without a browser: a session in, components and rows out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
from dash import html
from sqlalchemy.orm import Session

from api.dashboard import grids, outlook, posts
from api.dashboard.axes import labels
from api.dashboard.forecast import acts, adjusting, around, lines, marks, together
from api.dashboard.forecast import figure as figures
from api.dashboard.forecast import table as tables
from api.dashboard.forecast.choice import CHANNEL, EVERY, Choice
from api.dashboard.forecast.controls import channel
from api.dashboard.palette import palette
from api.dashboard.parts import legend, notice, problem
from api.dashboard.queries import Held
from api.dashboard.words import Words, local
from forecast.arrays import Floats
from forecast.buckets import Interval, column_ns, from_ns
from forecast.errors import ForecallError, NotFound
from store.settings import Settings
from store.wholes import WHOLE

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}
MOST = 560  # pixels of the table
PER = {
    Interval.HOUR: "per_hour",
    Interval.DAY: "per_day",
    Interval.WEEK: "per_week",
    Interval.MONTH: "per_month",
}


@dataclass(frozen=True)
class Look:
    """What was loaded for a choice. frame: buckets[...] of the table and the chart's `drawn`, with the lines on each."""

    choice: Choice
    held: Held
    frame: pd.DataFrame
    lines: Mapping[str, Floats]
    drawn: pd.DataFrame
    drawn_lines: Mapping[str, Floats]
    marks: Sequence[marks.Mark]
    names: Mapping[str, str]  # of lines made elsewhere


@dataclass(frozen=True)
class Screen:
    """The page in the order of its callback's outputs. shown: which rows the table has, see `of_table`."""

    notice: Any
    content: dict[str, str]
    meta: Any
    figures: Any
    figure: Any
    sentence: str
    legend: Any
    rows: list[dict[str, Any]]
    columns: list[dict[str, Any]]
    grid: dict[str, str]
    note: str
    marks: Any
    adjustments: Any
    shown: dict[str, Any]


def look(session: Session, choice: Choice, now: dt.datetime, settings: Settings) -> Look:
    """Load what was chosen. NotFound without any queue."""
    held = together.load(session, choice, now, settings)
    window = held.window
    frame = outlook.buckets(held, window.start, window.end, window.step)
    beside = lines.compared(session, held, choice.lines, frame, window.step)
    drawn, drawn_beside = frame, beside
    if window.drawn is not window.step:
        drawn = outlook.buckets(held, window.start, window.end, window.drawn)
        drawn_beside = lines.compared(session, held, choice.lines, drawn, window.drawn)
    names = {f"imported:{one.id}": one.label for one in lines.others(session).imported}
    found = marks.with_given(marks.load_marks(session, held, settings, now), frame)
    return Look(choice, held, frame, beside, drawn, drawn_beside, found, names)


def screen(
    session: Session,
    choice: Choice,
    words: Words,
    theme: str | None,
    now: dt.datetime,
    settings: Settings | None = None,
    *,
    may: bool = False,
) -> Screen:
    """Everything that stands on the page for a choice. may: may who asks change the forecast?"""
    try:
        seen = look(session, choice, now, settings or Settings())
    except NotFound:
        return nothing(notice(words("empty_data"), words("empty_data_text")))
    except ForecallError as error:
        return nothing(problem(error, words))
    if seen.held.contacts_as_of is None and seen.held.made is None:
        return nothing(notice(words("empty_queue"), words("empty_data_text")))
    return _told(seen, words, theme, now, may=may)


def _told(seen: Look, words: Words, theme: str | None, now: dt.datetime, *, may: bool) -> Screen:
    held, window = seen.held, seen.held.window
    social = posts.social(held)
    names = {name: line_name(name, seen, words) for name in seen.drawn_lines}
    shown = figures.Shown(seen.drawn, seen.drawn_lines, names, seen.marks, social)
    titles = [_contacts_title(held, words), _social_title(held, words)]
    rows = outlook.shown(held, tables.with_lines(seen.frame, seen.lines))
    beside = {
        name: line_name(name, seen, words) for name in seen.lines if name in rows and name != "last_week"
    }
    noted = any(one.kind == marks.ADJUSTMENT for one in seen.marks)
    said = tables.interval_rows(rows, window, words, seen.marks, list(beside))
    return Screen(
        around.missing(held, words),
        SEEN,
        around.meta(held, words, now),
        figures_line(seen, words),
        figures.outlook_figure(shown, window, words, palette(theme), titles),
        sentence(seen, words),
        _legend(seen, words),
        said,
        tables.interval_columns(rows, words, beside, may=may, noted=noted),
        {"height": f"{min(MOST, grids.HEAD + grids.ROW * max(2, len(rows)) + 16)}px"},
        _table_note(seen, rows, words),
        around.marks_list(seen.marks, words, window.tz),
        acts.adjustments(held, seen.marks, words, may=may),
        of_table(seen),
    )


def nothing(said: Any) -> Screen:
    """A sentence, and no more."""
    return Screen(said, HIDDEN, [], [], {}, "", [], [], [], {"height": "80px"}, "", None, None, {})


def of_table(seen: Look) -> dict[str, Any]:
    """What the browser gives back with what is done in the table: whose rows these are, so that nothing goes elsewhere.

    step, places: what they really have, whatever was chosen; last: the newest adjustment they show
    """
    window = seen.held.window
    step = "interval" if window.step is window.interval else outlook.GRANULARITY[window.step]
    last = max((one.kept.override.id for one in seen.marks if one.kept is not None), default=0)
    return {"choice": seen.choice.told, "step": step, "places": outlook.places(seen.frame), "last": last}


def subject(held: Held, choice: Choice, words: Words) -> str:
    """What is shown, by name: the queue, its reason, the channel, all queues."""
    if held.added and choice.scope == EVERY:
        return words("forecast_every")
    if held.added and choice.scope == CHANNEL:
        return words("forecast_channel", channel=channel(held.queue, words))
    return f"{held.queue.name} · {held.reason}" if held.reason else held.queue.name


def line_name(name: str, seen: Look, words: Words) -> str:
    """A line beside the forecast as the legend calls it; one made elsewhere by its own name."""
    return seen.names.get(name) or words(f"forecast_line_{name.partition(':')[0]}")


def figures_line(seen: Look, words: Words) -> list[Any]:
    """Expected over the range and the busiest bucket; the deviation of last week comes with a callback of its own."""
    held, frame = seen.held, seen.frame
    ahead = _ahead(seen)
    if ahead.empty:
        return []
    top = ahead.loc[[ahead["expected"].idxmax()]]
    last = labels(ahead.tail(1), held.window.step, held.window.tz, words)[0]
    decimals = outlook.places(frame)
    told = [
        (words("forecast_sum"), words.number(_left(seen)), words("forecast_sum_until", until=last), "sum"),
        (words("forecast_top"), words.number(top["expected"].iloc[0], decimals),
         labels(top, held.window.step, held.window.tz, words)[0], "top"),
    ]  # fmt: skip
    return [
        html.Div([html.Dt(name), html.Dd(number, id=f"forecast-{key}"), html.Dd(about, className="about")])
        for name, number, about, key in told
    ]


def _ahead(seen: Look) -> pd.DataFrame:
    frame = seen.frame
    return frame[(column_ns(frame["end"]) > seen.held.window.moment) & frame["expected"].notna()]


def _left(seen: Look) -> float:
    """Contacts still to come on average: the same whatever the step, because means add up."""
    frame = outlook.shown(seen.held, seen.frame)
    return float(adjusting.open_to_change(seen.held, frame)["left"].sum())


def _table_note(seen: Look, rows: pd.DataFrame, words: Words) -> str:
    if seen.held.added:
        return words("forecast_added", n=len(seen.held.added))
    said = words("band_missing") if len(rows) and rows["summed"].any() else ""
    wanted = seen.choice.step == "interval" and seen.held.window.step is not seen.held.queue.interval
    return " ".join(one for one in (words("forecast_longer") if wanted else "", said) if one)


def _contacts_title(held: Held, words: Words) -> str:
    step = held.window.drawn
    return words(PER[step]) if step in PER else words("per_interval", minutes=step.seconds // 60)


def _social_title(held: Held, words: Words) -> str:
    found = held.social
    if found is None:
        return ""
    if found.names[0] != "posts":
        return words("indicator_named", name=escape(found.names[0]))
    return words("posts_on_all") if found.topic == WHOLE else words("posts_on", topic=escape(found.topic))


def _legend(seen: Look, words: Words) -> Any:
    held = seen.held
    entries = [("offered", words("offered")), ("expected", words("expected"))]
    if not held.added:
        entries += [("band", words("band_name")), ("busy", words("busy"))]
    entries += [(f"line-{name.partition(':')[0]}", line_name(name, seen, words)) for name in seen.drawn_lines]
    if held.social is not None:
        if "negative" in held.social.names:
            entries.append(("negative", words("posts_negative")))
        plain = held.social.names[0] == "posts"
        entries += [
            ("other", words("posts_other" if plain else "indicator")),
            ("usual", words("posts_usual")),
        ]
    entries += [(f"lane-{kind}", words(f"forecast_lane_{kind}")) for kind in marks.lanes(seen.marks)]
    return legend(entries, words("legend"))


def sentence(seen: Look, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    window, frame = seen.held.window, seen.drawn
    start, end = (words.day(local(from_ns(one), window.tz)) for one in (window.start, window.end - 1))
    values = {"queue": subject(seen.held, seen.choice, words), "start": start, "end": end}
    ahead = frame[(column_ns(frame["end"]) > window.moment) & frame["expected"].notna()]
    if ahead.empty:
        return words("figure_sentence_none", **values)
    top = ahead.loc[[ahead["expected"].idxmax()]]
    peak_at = labels(top, window.drawn, window.tz, words)[0]
    values |= {
        "expected": words.number(_left(seen)),
        "peak": words.number(top["expected"].iloc[0]),
    }
    said = words("figure_sentence", **values, peak_at=peak_at)
    return f"{said} {words('forecast_sentence_marks', n=len(seen.marks))}" if seen.marks else said


def file(
    session: Session, choice: Choice, now: dt.datetime, settings: Settings | None = None
) -> tuple[str, str]:
    """Name and text of the CSV file for a choice: the rows of the table."""
    seen = look(session, choice, now, settings or Settings())
    held = seen.held
    rows = outlook.shown(held, tables.with_lines(seen.frame, seen.lines))
    day = local(from_ns(max(held.window.start, held.window.today)), held.queue.tz)
    name = f"{held.queue.name}_{held.reason}" if held.reason else held.queue.name
    plain = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)
    beside = [one for one in seen.lines if one != "last_week"]
    text = tables.to_csv(rows, name, held.queue.tz, beside)
    return f"forecall_{plain}_{choice.step}_{day:%Y-%m-%d}.csv", text


def nearest(rows: Sequence[Mapping[str, Any]], first: dt.date | None, tz: str, at: str | None) -> str | None:
    """The start of the row to be brought in sight: the one asked for, else the first open one of the day asked for."""
    if first is None or not rows:
        return None
    starts = [str(one["start"]) for one in rows]
    if at is not None:
        wanted = f"{first}T{at}"
        same = [one for one in starts if f"{local(pd.Timestamp(one), tz):%Y-%m-%dT%H:%M}" == wanted]
        if same:
            return same[0]
    return next((one for one in starts if local(pd.Timestamp(one), tz).date() >= first), None)
