"""The tab Opening hours: the week of a queue from a day on, and single days on which other hours hold, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dash import html
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.calendar_schemas import HoursIn, HoursOut
from api.dashboard.data import fields as forms
from api.dashboard.data import hours_preview
from api.dashboard.data.calendar import today_of
from api.dashboard.data.hours_held import (
    FIRST,
    TAB,
    by_day,
    clock_panel,
    days_panel,
    holding,
    key_of,
    own_of,
    sets_panel,
    week_panel,
)
from api.dashboard.data.tabs import Answer, View, changed_since, said, skeleton
from api.dashboard.data.week import (
    Spans,
    spans_of,
)
from api.dashboard.desk import Asked, Change
from api.dashboard.parts import notice
from api.dashboard.words import WEEKDAYS, Words
from api.hours_told import hours_of, replace_all
from forecast.errors import InputError
from store.hour_exceptions import load_exceptions


class HoursTab:
    """See the module."""

    name, scope, with_queue = TAB, "plan", True

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """The places."""
        return skeleton(TAB, [])

    def writes(self, act: str) -> bool:
        """Saving and removing change something."""
        return act in ("save", "remove", "remove-day")

    def body(self, session: Session, view: View) -> Any:
        """The week that holds now, the other sets, the single days, the days on which the clock changes."""
        if not view.queue:
            return notice(view.words("empty_data"), view.words("empty_data_text"))
        found = hours_of(session, view.queue)
        return [
            week_panel(found, view),
            html.Div([sets_panel(found, view), clock_panel(session, found, view)], className="data-two"),
            days_panel(found, view),
        ]

    def late(self, session: Session, view: View) -> Any:
        """Nothing."""

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """week, day, save, remove, remove-day or close."""
        if act == "close":
            return Answer(form=[])
        session = change.session if isinstance(change, Change) else change
        found = hours_of(session, queue_of(fields, view) if act == "save" else view.queue)
        if not isinstance(change, Change):
            made = _day_form(view) if act == "day" else _week_form(found, on, view)
            return Answer(form=made, said=[])
        before = own_of(found)
        if act == "save":
            after = told_after(before, fields, view)
        elif act == "remove":
            after = before.model_copy(
                update={"weeks": [one for one in before.weeks if key_of(one.valid_from) != on]}
            )
        else:
            kept = [one for one in before.exceptions if one.date.isoformat() != on]
            after = before.model_copy(update={"exceptions": kept})
        return _replaced(change, view, found.queue, after)

    def preview(self, session: Session, view: View, fields: Mapping[str, Any]) -> Any:
        """The coming days that would be other than now."""
        found = hours_of(session, queue_of(fields, view))
        after = told_after(own_of(found), fields, view)
        every = load_exceptions(session, queue="")
        return hours_preview.changes(
            found.queue, own_of(found), after, every, today_of(view), found.timezone, view.words
        )

    def undo(self, change: Change, view: View, told: Mapping[str, Any]) -> Answer:
        """The hours as they were; InputError where somebody changed them since."""
        try:
            before, after = (HoursIn.model_validate(told[one]) for one in ("before", "after"))
            queue = str(told["queue"])
        except (KeyError, ValidationError):
            raise InputError(
                view.words("data_day_gone"), remedy=view.words("data_day_gone_remedy"), field="id"
            ) from None
        if own_of(hours_of(change.session, queue)) != after:
            raise changed_since(view.words)
        replace_all(change.session, queue, before)
        change.note("hours.replace", f"queue {queue}", before.model_dump(mode="json"))
        line = said(
            view.words("data_taken_back"), view.words("data_next_forecast"), view.words, TAB, undo=False
        )
        return Answer(line, changed=True, undo={})


def queue_of(fields: Mapping[str, Any], view: View) -> str:
    """The queue the form was opened for: another one may be chosen above it meanwhile."""
    return str(fields.get("queue") or view.queue)


def _replaced(change: Change, view: View, queue: str, told: HoursIn) -> Answer:
    before = own_of(hours_of(change.session, queue))
    replace_all(change.session, queue, told)
    change.note("hours.replace", f"queue {queue}", told.model_dump(mode="json"))
    after = own_of(hours_of(change.session, queue))  # as it is held now
    undo = {"queue": queue, "before": before.model_dump(mode="json"), "after": after.model_dump(mode="json")}
    title = view.words("data_hours_saved", queue=queue)
    line = said(title, view.words("data_next_forecast"), view.words, TAB, undo=True)
    return Answer(line, form=[], changed=True, undo=undo)


def told_after(before: HoursIn, fields: Mapping[str, Any], view: View) -> HoursIn:
    """The hours with what is filled in: a week, or a single day. InputError for what cannot be read."""
    words, held = view.words, before.model_dump()
    if "hours-0" in fields:
        since = forms.maybe_day(fields, "since", words)
        spans = [
            {"weekday": day, "opens": opens, "closes": closes}
            for day in range(7)
            for opens, closes in spans_of(str(fields.get(f"hours-{day}") or ""), words)
        ]
        if not spans:
            raise InputError(words("data_hours_none"), remedy=words("data_hours_none_do"), field="opens")
        weeks = [one for one in held["weeks"] if one["valid_from"] != since]
        replaces = str(fields.get("replaces") or "")
        weeks = [one for one in weeks if key_of(one["valid_from"]) != replaces]
        return HoursIn.model_validate({**held, "weeks": [*weeks, {"valid_from": since, "spans": spans}]})
    date = forms.day_of(fields, "date", words)
    spans_told: list[tuple[str | None, str | None]] = [*spans_of(str(fields.get("hours") or ""), words)] or [
        (None, None)
    ]
    name = forms.line_of(fields, "name")
    added = [{"date": date, "opens": opens, "closes": closes, "name": name} for opens, closes in spans_told]
    kept = [one for one in held["exceptions"] if one["date"] != date]
    return HoursIn.model_validate({**held, "exceptions": [*kept, *added]})


def _week_form(found: HoursOut, on: str, view: View) -> Any:
    words, today = view.words, today_of(view)
    new = on == "new" or not found.weeks
    key, spans = holding(found, today) if new else (on, by_day(found, on))
    since = (
        today + dt.timedelta(days=7 - today.weekday())
        if on == "new"
        else None
        if key in ("", FIRST)
        else dt.date.fromisoformat(key)
    )
    rows = [
        html.Tr(
            [
                html.Th(name, scope="row"),
                html.Td(forms.bare(TAB, f"hours-{day}", words("data_hours_of", day=name), _typed(spans.get(day, ())), hint=words("data_closed"))),
            ]
        )
        for day, name in enumerate(WEEKDAYS[words.language])
    ]  # fmt: skip
    since_field = forms.day(TAB, "since", words("data_hours_since"), since, wide=190)
    table = html.Table(html.Tbody(rows), className="hours-week whole")
    buttons = [
        forms.button(TAB, "save", words("data_save"), kind="primary"),
        forms.button(TAB, "close", words("data_close")),
    ]
    return forms.form(
        words("data_hours_form", queue=found.queue),
        words("data_hours_form_note"),
        [
            since_field,
            table,
            forms.hidden(TAB, "replaces", "" if new else key),
            forms.hidden(TAB, "queue", found.queue),
        ],
        buttons,
    )


def _typed(spans: Spans) -> str:
    return ", ".join(f"{opens}-{closes}" for opens, closes in spans)


def _day_form(view: View) -> Any:
    words = view.words
    inside = [
        forms.day(TAB, "date", words("data_day_date"), today_of(view) + dt.timedelta(days=1)),
        forms.text(TAB, "hours", words("data_hours_hours"), hint=words("data_hours_day_hint")),
        forms.text(TAB, "name", words("data_hours_why"), hint=words("data_hours_why_hint")),
        forms.hidden(TAB, "queue", view.queue),
    ]
    buttons = [
        forms.button(TAB, "save", words("data_save"), kind="primary"),
        forms.button(TAB, "close", words("data_close")),
    ]
    title = words("data_hours_day_form", queue=view.queue)
    return forms.form(title, words("data_hours_day_note"), inside, buttons)
