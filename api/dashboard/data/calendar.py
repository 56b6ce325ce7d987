"""The tab Calendar: a year at a time; a day is picked, named, given a rule, taken away, brought back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.data import fields as forms
from api.dashboard.data import special_day
from api.dashboard.data.calendar_file import drop
from api.dashboard.data.held_days import days_panel, worths
from api.dashboard.data.special_day import EVERY, TAB
from api.dashboard.data.tabs import PICK, Answer, View, said, skeleton
from api.dashboard.data.year import keys, marked, own, year_table
from api.dashboard.desk import Asked, Change
from api.dashboard.parts import panel
from api.dashboard.words import Words
from api.special_days import EPOCH, rule_told
from forecast.buckets import zone
from forecast.day_rules import OWN, SCHOOL, DayRule
from forecast.days import Calendar
from forecast.errors import InputError
from store.day_rules import add_rule, load_day_rules, remove_rule
from store.days import load_days, remove_days, save_days
from store.facts import where
from store.hour_exceptions import load_exceptions
from store.queues import load_queues, require_queues
from store.special_days import OWN_DATE, KnownDay, load_special_days

YEARS = (1971, 2198)


class CalendarTab:
    """See the module."""

    name, scope, with_queue = TAB, "plan", True

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """The places, and where a calendar file may be dropped."""
        return [*skeleton(TAB, []), *(drop(words) if may else [])]

    def writes(self, act: str) -> bool:
        """Saving and removing change something."""
        return act in ("save", "remove")

    def body(self, session: Session, view: View) -> Any:
        """The year, and the days of the planner's own in it."""
        today, words = today_of(view), view.words
        year = year_of(view)
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        days = load_special_days(session, view.settings, start=first, end=last, queue=view.queue or None)
        exceptions = load_exceptions(session, queue=view.queue or None)
        tools = [
            forms.button(TAB, "year", "‹", on=str(year - 1), label=words("data_year_go", year=year - 1)),
            html.Strong(str(year)),
            forms.button(TAB, "year", "›", on=str(year + 1), label=words("data_year_go", year=year + 1)),
        ]
        if view.may:
            tools.append(forms.button(TAB, "new", words("data_day_add"), kind="primary"))
        shown = [year_table(year, marked(days, exceptions), today, words), keys(words)]
        note = words("data_year_note" if view.may else "data_year_note_look")
        worth = worths(session, view)
        return [
            panel(words("data_year_title"), shown, note=note, tools=tools),
            days_panel(own(days), load_day_rules(session), worth, view),
        ]

    def late(self, session: Session, view: View) -> Any:
        """Nothing."""

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """year, new, picked, edit, save, remove or close."""
        session = change.session if isinstance(change, Change) else change
        if act == "year":
            return Answer(at={"year": int(on)} if on.isdigit() else {})
        if act == "close":
            return Answer(form=[])
        if isinstance(change, Change):
            return _save(change, view, on, fields) if act == "save" else _remove(change, view, on)
        return Answer(form=_form(session, view, act, on), said=[])

    def preview(self, session: Session, view: View, fields: Mapping[str, Any]) -> Any:
        """The next days on which it would fall."""
        queue = str(fields.get("queue") or EVERY)
        holds = where(view.settings, None if queue == EVERY else queue)
        public = Calendar.of(country=holds["country"], region=holds["region"])
        return special_day.preview(fields, public, today_of(view), view.words)

    def undo(self, change: Change, view: View, told: Mapping[str, Any]) -> Answer:
        """Remove what was added, bring back what was removed."""
        for number in told.get("added", []):
            gone = remove_rule(change.session, int(number), now=change.now)
            change.note("special_day.remove", f"special_day {number}", {"name": gone.name})
        for facts in told.get("rules", []):
            _bring_back(change, facts)
        for facts in told.get("dates", []):
            save_days(change.session, _as_days(facts))
            change.note("special_day.add", f"special_day {facts['date']}", dict(facts))
        return Answer(_undone(view.words), form=[], changed=True, undo={})


def today_of(view: View) -> dt.date:
    """The company's local day."""
    return view.now.astimezone(zone(view.tz)).date()


def year_of(view: View) -> int:
    """The year that is shown."""
    year = int(view.at.get("year", today_of(view).year))
    return min(max(year, YEARS[0]), YEARS[1])


def _form(session: Session, view: View, act: str, on: str) -> Any:
    """The form for a picked day, an entry to be edited, or a new one. Who may not change sees what the day holds."""
    words = view.words
    queues = [queue.name for queue in load_queues(session)]
    if act == "edit":
        return special_day.day_form(words, queues, {**_entry(session, view, on), "replaces": on})
    day = dt.date.fromisoformat(on) if act == PICK else None
    if day is None:
        return special_day.day_form(words, queues, {"date": today_of(view)})
    held = load_special_days(session, view.settings, start=day, end=day, queue=view.queue or None)
    shown = [
        html.P([html.Strong(special_day.said(day, words)), *_standing(held, view)], className="data-line")
    ]
    worth = worths(session, view).get(day)
    if worth is not None:
        n = words.number(worth, sign=True)
        shown.append(html.P(words("data_day_worth", queue=view.queue, n=n), className="note"))
    if not view.may:
        close = forms.button(TAB, "close", words("data_close"))
        return html.Section([*shown, html.Div(close, className="do")], className="panel")
    return special_day.day_form(words, queues, {"date": day}, shown)


def _standing(held: Sequence[KnownDay], view: View) -> list[Any]:
    """What a day holds, the planner's own with the ways to change it."""
    found: list[Any] = []
    for one in held:
        found.append(html.Span(one.name, className="data-tag"))
        if view.may and one in own(held):
            found += entry_buttons(one, view.words)
    return found


def entry_buttons(one: KnownDay, words: Words) -> list[Any]:
    """Edit and remove."""
    key = key_of(one)
    return [
        forms.button(TAB, "edit", words("data_edit"), on=key, kind="small", label=words("data_edit_named", name=one.name)),
        forms.button(TAB, "remove", words("data_remove"), on=key, kind="small", label=words("data_remove_named", name=one.name)),
    ]  # fmt: skip


def key_of(one: KnownDay) -> str:
    """What an entry is found again by: `rule 3`, or `date 2026-12-05 queue`."""
    return f"date {one.date} {one.queue}" if one.origin == OWN_DATE else f"rule {one.rule}"


def _entry(session: Session, view: View, key: str) -> dict[str, Any]:
    """An entry as the form shows it; InputError where it is gone."""
    kind, _, named = key.partition(" ")
    if kind == "rule":
        rule = next((one for one in load_day_rules(session) if str(one.id) == named), None)
        if rule is not None:
            span = rule.days(rule.since + 400, Calendar()).tolist() or [rule.since]
            return special_day.held_of(rule, _date(span[0]), _date(span[-1]))
    found = _stored(session, key)
    if found is None:
        raise InputError(view.words("data_day_gone"), remedy=view.words("data_day_gone_remedy"), field="id")
    return {**found, "comes": "date"}


def _stored(session: Session, key: str) -> dict[str, Any] | None:
    """A date of a file, as facts that can be kept and brought back."""
    date, _, queue = key.removeprefix("date ").partition(" ")
    for row in load_days(session).to_dict("records"):
        if f"{row['date']:%Y-%m-%d}" == date and row["queue"] == queue:
            until = row["until"]
            last = None if until is None or until != until else f"{until:%Y-%m-%d}"
            return {"date": date, "until": last, "name": row["name"], "kind": row["kind"], "queue": queue}
    return None


def _save(change: Change, view: View, replaces: str, fields: Mapping[str, Any]) -> Answer:
    """Add what is filled in, in place of what it replaces."""
    told = special_day.told_of(fields, view.words)
    if told.queue:
        require_queues(change.session, [told.queue])
    undo: dict[str, Any] = _taken(change, replaces) if replaces else {}
    before = {one.id for one in load_day_rules(change.session)}
    kept = add_rule(change.session, rule_told(told), now=change.now)
    if kept.id not in before:
        undo["added"] = [kept.id]
        change.note("special_day.add", f"special_day {kept.id}", told.model_dump(mode="json"))
    title = view.words("data_day_saved", name=told.name)
    line = said(title, view.words("data_next_forecast"), view.words, TAB, undo=bool(undo))
    return Answer(line, form=[], changed=True, undo=undo)


def _remove(change: Change, view: View, key: str) -> Answer:
    undo = _taken(change, key)
    facts = [*undo.get("rules", []), *undo.get("dates", [])]
    title = view.words("data_day_removed", name=facts[0]["name"] if facts else "")
    line = said(title, view.words("data_next_forecast"), view.words, TAB, undo=True)
    return Answer(line, form=[], changed=True, undo=undo)


def _taken(change: Change, key: str) -> dict[str, Any]:
    """Take an entry away -> what brings it back."""
    kind, _, named = key.partition(" ")
    if kind == "rule" and named.isdigit():
        gone = remove_rule(change.session, int(named), now=change.now)
        change.note("special_day.remove", f"special_day {named}", {"name": gone.name})
        return {"rules": [asdict(gone)]}
    facts = _stored(change.session, key)
    if facts is None or not remove_days(change.session, date=facts["date"], queue=facts["queue"]):
        raise InputError("This special day is gone already.", remedy="Look at the page again.", field="id")
    change.note("special_day.remove", f"special_day {facts['date']}", {"queue": facts["queue"]})
    return {"dates": [facts]}


def _bring_back(change: Change, facts: Mapping[str, Any]) -> None:
    """A rule that was removed holds again. It comes from the browser, so that all of it is looked at as if it were new."""
    queue, origin = str(facts["queue"]), str(facts.get("origin", OWN))
    if queue:
        require_queues(change.session, [queue])
    rule = DayRule(
        str(facts["name"])[:200], str(facts["rule"]), int(facts["since"]), str(facts["kind"]), str(facts["moves"]),
        queue, SCHOOL if origin == SCHOOL else OWN,
    )  # fmt: skip
    kept = add_rule(change.session, rule, now=change.now)
    change.note("special_day.add", f"special_day {kept.id}", {"name": kept.name, "rule": kept.rule})


def _as_days(facts: Mapping[str, Any]) -> Any:
    import pandas as pd

    moments = {
        name: pd.Timestamp(facts[name], tz="UTC") if facts.get(name) else pd.NaT for name in ("date", "until")
    }
    row = {
        "name": str(facts["name"])[:200],
        "queue": str(facts["queue"]),
        "kind": str(facts["kind"]),
        **moments,
    }
    days = pd.DataFrame([row])
    return days.assign(**{name: pd.to_datetime(days[name], utc=True).dt.as_unit("ns") for name in moments})


def _undone(words: Words) -> Any:
    return said(words("data_taken_back"), words("data_next_forecast"), words, TAB, undo=False)


def _date(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=int(day))
