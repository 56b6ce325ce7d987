"""Page Social: what is said, how much more than usual, about what, and how it is answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, dcc, html
from sqlalchemy.orm import Session

from api.dashboard.desk import Asked, Desk
from api.dashboard.parts import aria, notice, panel, problem, segments
from api.dashboard.social import care, said, screen, sources
from api.dashboard.social.chosen import PERIODS, Chosen, window
from api.dashboard.social.counts import interval_of, parts_held
from api.dashboard.social.figure import named
from api.dashboard.words import Words
from forecast.errors import ForecallError
from forecast.social.signals import ALL
from store.settings import Settings

CHOICES = [Input(f"social-{name}", "value") for name in ("period", "topic", "brand", "language-of", "source")]
LANGUAGE, TICK = Input("language", "value"), Input("social-tick", "n_intervals")
ORDERS = ("newest", "loudest")


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers. asked: `topic`, and `period`."""
    with desk.sessions() as session:
        topics, languages, brands = parts_held(session)
        found = sources.load_names(session, desk.settings, desk.clock())
    return page(words, asked, topics, brands, languages, found)


def page(
    words: Words,
    asked: Asked,
    topics: Sequence[str],
    brands: Sequence[str],
    languages: Sequence[str],
    found: Sequence[str],
) -> list[Any]:
    """The page for these choices; a choice of one is none, and not shown."""
    period = asked.get("period", "week")
    topic = asked.get("topic", ALL)
    chosen = [
        _select("topic", words("social_reason"), [(ALL, words("social_every")), *((one, named(one, words)) for one in topics)],
                topic if topic in topics else ALL, words),
        _select("brand", words("social_brand"), [("", words("social_ours_all")), *((one, one) for one in brands)], "", words),
        _select("language-of", words("social_language"), [("", words("social_every")), *((one, one) for one in languages)], "", words),
        _select("source", words("social_source"), [("", words("social_every")), *((one, one) for one in found)], "", words),
    ]  # fmt: skip
    periods = [(key, words(f"social_period_{key}")) for key in PERIODS]
    controls = html.Div(
        [
            segments("social-period", words("range"), periods, period if period in PERIODS else "week"),
            *chosen,
        ],
        className="controls",
    )
    heading = html.Div(
        [html.H1(words("social_page")), html.Div(id="social-meta", className="meta")], className="heading"
    )
    content = html.Div(_content(words), id="social-content")
    tick = dcc.Interval(id="social-tick", interval=300_000)
    return [heading, controls, html.Div(id="social-notice"), content, tick]


def _select(name: str, label: str, choices: Sequence[tuple[str, str]], value: str, words: Words) -> Any:
    """A choice; hidden where there is nothing to choose."""
    data = [{"value": key or ALL_OF_IT, "label": text} for key, text in choices]
    select = dmc.Select(
        id=f"social-{name}", label=label, data=data, value=value or ALL_OF_IT, allowDeselect=False,
        searchable=len(data) > 8, w=168, maxDropdownHeight=420, comboboxProps={"transitionProps": {"duration": 0}},
    )  # fmt: skip
    return html.Div(select, style={} if len(data) > 2 else {"display": "none"})


ALL_OF_IT = "-"  # a choice of the browser cannot be empty


def _graph(name: str) -> Any:
    return dcc.Graph(id=name, config={"displayModeBar": False, "responsive": True})


def _content(words: Words) -> list[Any]:
    first = html.P(id="social-said", className="social-lead")
    cards = html.Div(
        [
            html.Div(id="social-cards", className="social-inside"),
            html.Div(id="social-waiting", className="social-inside"),
        ],
        className="cards",
    )
    chart = html.Div(_graph("social-figure"), id="social-figure-box", className="figure-box social-figure", role="img",
                     **aria(label=words("social_chart_title")))  # fmt: skip
    moods = html.Div(_graph("social-moods"), id="social-moods-box", className="social-moods", role="img",
                     **aria(label=words("social_moods_title")))  # fmt: skip
    order = segments("social-order", words("social_order"), [(key, words(f"social_order_{key}")) for key in ORDERS], "newest")  # fmt: skip
    return [
        first,
        cards,
        panel(words("social_chart_title"), [chart, html.Div(id="social-stretches")], tools=[html.Div(id="social-legend")]),
        panel(words("social_reasons_title"), [html.Div(id="social-reasons")], note=words("social_reasons_note")),
        panel(words("social_moods_title"), [moods], note=words("social_moods_note")),
        html.Div(
            [
                panel(words("social_rising_title"), [html.Div(id="social-rising")], note=words("social_rising_note", hours=said.HOURS)),
                panel(words("social_posts_title_list"), [html.Div(id="social-posts")], note=words("social_posts_note"), tools=[order]),
            ],
            className="social-two",
        ),
        panel(words("social_care_title"), [html.Div(id="social-care")], note=words("social_care_note")),
        panel(words("social_rivals_title"), [html.Div(id="social-rivals")], note=words("social_rivals_note")),
        panel(words("social_sources_title"), [html.Div(id="social-sources")]),
    ]  # fmt: skip


def chosen_of(
    period: str | None, topic: str | None, brand: str | None, language: str | None, source: str | None
) -> Chosen:
    """What the browser sent -> what is asked."""
    parts = ["" if one in (None, ALL_OF_IT) else str(one) for one in (brand, language, source)]
    return Chosen(period if period in PERIODS else "week", topic or ALL, *parts)


def register(desk: Desk) -> None:
    """The callbacks; what they do needs no browser."""
    app, sessions, clock, settings = desk.dash, desk.sessions, desk.clock, desk.settings
    names = [("notice", "children"), ("content", "style"), ("meta", "children"), ("said", "children"), ("cards", "children"),
             ("figure", "figure"), ("figure-box", "aria-label"), ("legend", "children"), ("stretches", "children"), ("reasons", "children"),
             ("moods", "figure"), ("moods-box", "aria-label"), ("moods-box", "style"), ("rivals", "children")]  # fmt: skip
    outputs = [Output(f"social-{name}", what) for name, what in names]

    @app.callback(outputs, [*CHOICES, LANGUAGE, Input("theme", "data"), TICK])
    def counted(
        period: str,
        topic: str,
        brand: str,
        tongue: str,
        source: str,
        language: str,
        theme: str | None,
        _: int,
    ) -> tuple[Any, ...]:
        words, chosen = Words(language), chosen_of(period, topic, brand, tongue, source)
        try:
            with sessions() as session:
                return screen.screen(session, settings, chosen, words, theme, clock())
        except ForecallError as error:
            return screen.nothing(problem(error, words))

    listed = [Output("social-rising", "children"), Output("social-posts", "children")]

    @app.callback(listed, [*CHOICES, Input("social-order", "value"), LANGUAGE, TICK])
    def told(
        period: str, topic: str, brand: str, tongue: str, source: str, order: str, language: str, _: int
    ) -> tuple[Any, ...]:
        words, chosen = Words(language), chosen_of(period, topic, brand, tongue, source)
        with sessions() as session:
            return said_now(session, settings, chosen, order, words, clock(), may=desk.may_read_posts())

    served = [Output(f"social-{name}", "children") for name in ("waiting", "care", "sources")]

    @app.callback(served, [CHOICES[0], CHOICES[1], LANGUAGE, TICK])
    def cared(period: str, topic: str, language: str, _: int) -> tuple[Any, ...]:
        words, chosen = Words(language), chosen_of(period, topic, None, None, None)
        with sessions() as session:
            return served_now(session, settings, chosen, words, clock())


def start_of(session: Session, settings: Settings, period: str, now: dt.datetime) -> tuple[dt.datetime, str]:
    """Where the period begins, and in which zone."""
    interval, tz = interval_of(session, settings)
    return window(period, now, now, interval, tz).first, tz


def said_now(
    session: Session,
    settings: Settings,
    chosen: Chosen,
    order: str,
    words: Words,
    now: dt.datetime,
    *,
    may: bool,
) -> tuple[Any, ...]:
    """Rising words, and posts. may: the one who asks may see posts themselves."""
    start, tz = start_of(session, settings, chosen.period, now)
    risen = said.load_rising(session, settings, chosen, now)
    if not may:
        told = notice(words("social_not_for_you"), words("social_not_for_you_text"))
        return said.rising_list(risen, tz, words), told
    posts = said.load_posts(session, settings, chosen, start=start, now=now, loudest=order == "loudest")
    if not posts and settings.social.privacy.level != "kept":
        return said.rising_list(risen, tz, words), notice(words("social_not_kept"), words("social_not_kept_text"))  # fmt: skip
    return said.rising_list(risen, tz, words), said.posts_list(posts, tz, words)


def served_now(
    session: Session, settings: Settings, chosen: Chosen, words: Words, now: dt.datetime
) -> tuple[Any, ...]:
    """Who waits, how soon answers come, and where the sources stand."""
    start, _ = start_of(session, settings, chosen.period, now)
    found = care.load_care(session, settings, start=start, now=now, topic=chosen.topic)
    standing, run = sources.load_standing(session, settings, now), sources.last_reading(session)
    return (
        care.waiting_card(found, now, words),
        care.care_panel(found, words),
        sources.sources_panel(standing, run, now, words),
    )
