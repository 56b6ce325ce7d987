"""The tab Quality: how complete each queue is, what stands out with what to do, and what lies beside the counts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from sqlalchemy.orm import Session

from api.calendar_schemas import SpecialDayIn
from api.dashboard.data import all_queues, beside
from api.dashboard.data import fields as forms
from api.dashboard.data.finding import TAB, finding_card, key_of
from api.dashboard.data.findings import FEW, found_now, found_of
from api.dashboard.data.tabs import Answer, View, said, skeleton
from api.dashboard.desk import Asked, Change
from api.dashboard.parts import notice, panel
from api.dashboard.words import Words, local
from api.special_days import rule_told
from forecast.buckets import from_ns
from forecast.errors import InputError
from forecast.quality.findings import COMPANY, Finding
from store.data_arrival import load_arrivals
from store.day_rules import add_rule, remove_rule
from store.quality import load_marks, mark_finding, unmark_finding
from store.queues import Queue, load_queues

SHOWN = 12
QUEUES = 60


class QualityTab:
    """See the module."""

    name, scope, with_queue = TAB, "plan", True

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """The places."""
        return skeleton(TAB, all_queues.places())

    def writes(self, act: str) -> bool:
        """Marking and leaving out change something."""
        return act in ("right", "leave-out")

    def body(self, session: Session, view: View) -> Any:
        """A line per queue, then what stands out in the chosen one; with many queues of that one alone until all are asked for."""
        queues, marks = load_queues(session), set(load_marks(session))
        if not queues:
            return notice(view.words("empty_data"), view.words("empty_data_text"))
        if len(queues) <= FEW:
            found = found_now(session, view.settings, view.now, view.mark)
            return [_complete(found, marks, view), *_findings(session, found, marks, view)]
        kept = all_queues.answer(session, view)
        if kept is not None:
            asked, found = kept
            note = (
                ""
                if asked is None
                else view.words("data_all_as_of", time=view.words.moment(local(asked, view.tz)))
            )
            return [_complete(found, marks, view, note), *_findings(session, found, marks, view)]
        arrived = _arrived(session, queues, view)
        if not view.queue:
            return [arrived]
        found = found_of(session, view.settings, view.now, view.mark, view.queue)
        note = view.words("data_one_note", queue=view.queue)
        return [arrived, *_findings(session, found, marks, view, note)]

    def late(self, session: Session, view: View) -> Any:
        """True demand, contact reasons, what waits, repeats; of the chosen queue."""
        if not view.queue:
            return None
        return beside.panels(session, view)

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """right, leave-out, or all: look at all queues."""
        if not isinstance(change, Change):
            return (
                Answer(at={all_queues.TICKET: all_queues.ask(change, view).number})
                if act == "all"
                else Answer()
            )
        kind, queue, first, last = _named(on)
        words = view.words
        if act == "right":
            mark_finding(change.session, kind, queue, first, who=change.who, note="", now=change.now)
            change.note(
                "finding.mark", f"finding {kind} {queue}", {"kind": kind, "queue": queue, "first": first}
            )
            line = said(words("data_right_done"), words("data_right_text"), words, TAB, undo=True)
            return Answer(line, changed=True, undo={"mark": [kind, queue, first]})
        name = words("data_left_out_name", kind=words(f"finding_{kind}"))
        told = SpecialDayIn(name=name, date=_day(first), until=_day(last), kind="once", queue=queue)
        kept = add_rule(change.session, rule_told(told), now=change.now)
        change.note("special_day.add", f"special_day {kept.id}", told.model_dump(mode="json"))
        line = said(words("data_left_out", queue=queue), words("data_next_forecast"), words, TAB, undo=True)
        return Answer(line, changed=True, undo={"rule": kept.id})

    def preview(self, session: Session, view: View, fields: Mapping[str, Any]) -> Any:
        """Nothing is filled in here."""

    def undo(self, change: Change, view: View, told: Mapping[str, Any]) -> Answer:
        """The finding is told again, or the days count again."""
        words = view.words
        try:
            if "mark" in told:
                kind, queue, first = (str(one) for one in told["mark"])
                unmark_finding(change.session, kind, queue, first)
                change.note("finding.unmark", f"finding {kind} {queue}", {"first": first})
            else:
                gone = remove_rule(change.session, int(told["rule"]), now=change.now)
                change.note("special_day.remove", f"special_day {gone.id}", {"name": gone.name})
        except (KeyError, ValueError, TypeError):
            raise InputError(
                words("data_day_gone"), remedy=words("data_day_gone_remedy"), field="id"
            ) from None
        return Answer(said(words("data_taken_back"), "", words, TAB, undo=False), changed=True, undo={})


def _named(on: str) -> tuple[str, str, str, str]:
    """What a button names -> kind, queue, first and last."""
    kind, queue, first, last = json.loads(on)
    return str(kind), str(queue), str(first), str(last)


def _day(moment: str) -> dt.date:
    return dt.date.fromisoformat(moment[:10])


def _complete(found: Sequence[Finding], marks: set[tuple[str, str, str]], view: View, note: str = "") -> Any:
    """Up to when each queue is complete, and how many findings wait."""
    words = view.words
    rows = []
    lines = [one for one in found if one.kind == "completeness" and one.queue != COMPANY]
    for line in lines[:QUEUES]:
        mine = [one for one in found if one.queue == line.queue and one is not line]
        until = dt.datetime.fromisoformat(line.last)
        missing = line.severity != "info"
        tag = html.Span(words("data_complete"), className="data-tag good")
        if missing:
            tag = html.Span(
                words("data_missing_short", n=words.number(line.size)), className="data-tag warning"
            )
        open_ = sum(one.severity != "info" and key_of(one) not in marks for one in mine)
        when = f"{words.day(until)} {until:%H:%M}"
        rows.append(_row(line.queue, when, tag, words.number(open_) if open_ else "–", view))
    more = [html.P(words("data_problems_more", n=words.number(len(lines) - QUEUES)), className="note")]
    inside = [_table(rows, words, counted=True), *(more if len(lines) > QUEUES else [])]
    return panel(words("data_queues_held"), inside, note=note)


def _arrived(session: Session, queues: Sequence[Queue], view: View) -> Any:
    """Up to when each queue is complete, by its last weeks; to know what stands out in all, every row is read: a button."""
    words, rows = view.words, []
    held = load_arrivals(session, view.settings, queues[:QUEUES], view.now)
    for queue in queues[:QUEUES]:
        one = held[queue.name]
        until = None if one.until is None else local(from_ns(one.until), queue.tz)
        when = words("none_yet") if until is None else f"{words.day(until)} {until:%H:%M}"
        tag = html.Span(words("data_complete"), className="data-tag good")
        if one.missing is not None or until is None:
            tag = html.Span(words("data_incomplete"), className="data-tag warning")
        rows.append(_row(queue.name, when, tag, None, view))
    more = [html.P(words("data_problems_more", n=words.number(len(queues) - QUEUES)), className="note")]
    tools = [forms.button(TAB, "all", words("data_all_look", n=words.number(len(queues))), kind="primary")]
    inside = [_table(rows, words, counted=False), *(more if len(queues) > QUEUES else [])]
    return panel(words("data_queues_held"), inside, note=words("data_all_note"), tools=tools)


def _row(queue: str, when: str, tag: Any, open_: str | None, view: View) -> Any:
    link = html.Strong(queue) if queue == view.queue else dcc.Link(queue, href=_link(queue))
    counted = [] if open_ is None else [html.Td(open_, className="number")]
    return html.Tr([html.Td(link, className="name"), html.Td(when, className="when"), html.Td(tag), *counted])


def _table(rows: Sequence[Any], words: Words, *, counted: bool) -> Any:
    heads = [
        html.Th(words(name), scope="col") for name in ("queue", "data_complete_until", "data_upload_state")
    ]
    heads += [html.Th(words("data_findings_open"), scope="col", className="number")] if counted else []
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(list(rows))], className="plain", id="data-quality-queues"
    )
    return html.Div(table, className="scroll")


def _link(queue: str) -> str:
    from urllib.parse import quote

    return f"/data?tab={TAB}&queue={quote(queue)}"


def _findings(
    session: Session, found: Sequence[Finding], marks: set[tuple[str, str, str]], view: View, note: str = ""
) -> list[Any]:
    """What stands out in the chosen queue and the company: open, then harmless, then looked at."""
    words = view.words
    mine = [one for one in found if one.kind != "completeness" and one.queue in (view.queue, COMPANY)]
    open_ = [one for one in mine if key_of(one) not in marks and one.severity != "info"]
    harmless = [one for one in mine if key_of(one) not in marks and one.severity == "info"]
    looked = [one for one in mine if key_of(one) in marks]
    inside: list[Any] = [finding_card(session, one, view) for one in open_[:SHOWN]]
    if not inside:
        inside = [html.P(words("data_findings_none_of", queue=view.queue), className="note")]
    for key, some in (("data_findings_harmless", harmless), ("data_findings_seen", looked)):
        if some:
            cards = [finding_card(session, one, view, seen=some is looked) for one in some[-SHOWN:][::-1]]
            inside.append(
                html.Details([html.Summary(words(key, n=words.number(len(some)))), *cards], className="more")
            )
    made = panel(words("data_findings_title", queue=view.queue), inside, note=note)
    return [html.Div(made, id="data-findings")]
