"""Everything that stands on page Staffing for a choice and the promises in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from dash import dcc, html

from api.dashboard.palette import palette
from api.dashboard.parts import aria, legend, notice
from api.dashboard.staffing import cards, figure, notes, table
from api.dashboard.staffing.choice import Choice
from api.dashboard.staffing.controls import HIDDEN, SEEN, day_label
from api.dashboard.staffing.seen import House, Seen, named
from api.dashboard.staffing.sums import EXPECTED, Made, made_of
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.buckets import to_ns

LIMITS = (2, 14)  # rows the table shows at least, and at most without scrolling


@dataclass(frozen=True)
class Screen:
    """What is shown. said: a notice above; content: is there anything below it?"""

    said: Any
    content: bool
    meta: Any = None
    cards: Any = None
    figure: Any = None
    label: str = ""
    legend: Any = None
    plan: Any = None
    rows: Any = ()
    columns: Any = ()
    notes: Any = None

    def outputs(self) -> tuple[Any, ...]:
        """In the order of the callback."""
        height = {"height": f"{42 + 31 * max(LIMITS[0], min(LIMITS[1], len(self.rows))) + 18}px"}
        return (
            self.said, SEEN if self.content else HIDDEN, self.meta, self.cards or [], self.figure or {}, self.label, self.legend,
            self.plan, list(self.rows), list(self.columns), height, self.notes,
        )  # fmt: skip


def stacked_by(choice: Choice, seen: Seen) -> str:
    """What the bars are stacked by: queues of a channel, else channels; nothing where there is one of them."""
    if choice.scope == "channel":
        return "team" if 1 < len(seen.teams) <= 6 else ""
    channels = {work.queue.channel for team in seen.teams for work in team.works}
    blended = any(team.blended for team in seen.teams)
    return "channel" if len(channels) > 1 and not blended else ""


def screen(
    house: House, seen: Seen, choice: Choice, marked: str, words: Words, theme: str | None, now: dt.datetime
) -> Screen:
    """A choice held to promises -> the page."""
    head = meta(house, seen.tz, words, now)
    if not seen.teams:
        return Screen(_nothing(house, choice, seen, words), False, meta=head)
    made = made_of(seen, stacked_by(choice, seen))
    window = Window(
        to_ns(seen.start), to_ns(seen.stop), to_ns(seen.start), to_ns(house.moment), made.step, made.step, made.step, seen.tz, house.live
    )  # fmt: skip
    sure = sure_word(seen, words)
    drawn = figure.staffing_figure(made, window, marked, sure, words, palette(theme))
    span = day_label(choice.first, choice.span, words)
    return Screen(
        None
        if house.live
        else notice(words("not_live", moment=words.moment(local(house.moment, seen.tz))), ""),
        True,
        meta=head,
        cards=cards.cards(made, words),
        figure=drawn,
        label=figure.sentence(made, whose(house, choice, words), span, marked, words),
        legend=_legend(made, sure, words),
        plan=cards.plan_days(made, words),
        rows=table.rows(made, marked, words),
        columns=table.columns(made, marked, words),
        notes=notes.listed(seen.told(), words),
    )


def sure_word(seen: Seen, words: Words) -> str:
    """`safe: 9 in 10` where all teams are staffed for the same and it is not what is expected."""
    levels = {team.quantile for team in seen.teams}
    if levels == {EXPECTED}:
        return ""
    return cards.sure_name(levels.pop(), words) if len(levels) == 1 else words("staffing_sure_mixed")


def whose(house: House, choice: Choice, words: Words) -> str:
    """Who is staffed, as it is said."""
    if choice.scope == "all":
        return words("staffing_scope_all")
    if choice.scope == "channel":
        channel = choice.name if choice.name in house.channels else house.channels[0]
        return figure.part_name(channel, words)
    return named(house, choice)[0][0]


def file(seen: Seen, choice: Choice, house: House, words: Words) -> tuple[str, str]:
    """Name and text of the CSV file of a choice: the rows of the table."""
    made: Made = made_of(seen, "")
    name = whose(house, choice, words)
    plain = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)
    return f"forecall_staffing_{plain}_{choice.span}_{choice.first:%Y-%m-%d}.csv", table.to_csv(made, name)


def meta(house: House, tz: str, words: Words, now: dt.datetime) -> list[Any]:
    """When the forecast was made, and in which zone the times are."""
    text = words("none_yet")
    if house.made is not None:
        text = f"{words.moment(local(house.made, tz))} ({words.age(house.made, now)})"
    return [
        html.Span([words("made_on"), " ", html.Strong(text)], id="staffing-made-on"),
        html.Span(words("times_in", zone=tz)),
    ]


def _nothing(house: House, choice: Choice, seen: Seen, words: Words) -> Any:
    if house.made is None:
        return notice(words("empty_forecast"), words("staffing_empty_forecast"))
    span = day_label(choice.first, choice.span, words)
    told = notes.listed(seen.notes, words)
    said = notice(
        words("staffing_empty_span", whose=whose(house, choice, words), span=span),
        words("staffing_empty_span_text"),
    )
    link = dcc.Link(words("staffing_see_forecast"), href="/forecast", className="button")
    return html.Div([said, *([told] if told is not None else []), link], className="staffing-nothing")


def _legend(made: Made, sure: str, words: Words) -> Any:
    """The colours of the chart; parts of a stack have theirs in the order they are drawn."""
    frame = made.staffing
    gap = frame["gap_net"]
    if len(made.parts) > 1:
        entries = [
            (f"part-{kind}", figure.part_name(name, words))
            for name, kind in kinds_of(list(made.parts)).items()
        ]
    else:
        entries = [("need", f"{words('staffing_needed')}{f' ({sure})' if sure else ''}")]
    if sure:
        entries.append(("usual-need", words("staffing_expected")))
    if frame["planned_net"].notna().any():
        entries += [] if made.unplanned else [("planned", words("staffing_planned"))]
        entries += [("short", words("staffing_short"))] if (gap < -1e-9).any() else []
        entries += [("over", words("staffing_over"))] if (gap > 1e-9).any() else []
    return html.Div(legend(entries, words("legend")), **aria(live="off"))


def kinds_of(names: list[str]) -> dict[str, str]:
    """Name of a part -> the class of its colour, as `figure.colours` gives it."""
    own = {"phone": "phone", "chat": "chat", "email": "email", "social": "social"}
    turns = ("phone", "email", "chat", "social", "more", "last")
    return {name: own.get(name, turns[at % len(turns)]) for at, name in enumerate(names)}
