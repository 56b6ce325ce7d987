"""The tab Quality: how complete each queue is, what stands out with what to do, and what lies beside the counts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from sqlalchemy.orm import Session

from api.calendar_schemas import SpecialDayIn
from api.dashboard.data import beside
from api.dashboard.data.finding import TAB, finding_card, key_of
from api.dashboard.data.findings import found_now
from api.dashboard.data.tabs import Answer, View, said, skeleton
from api.dashboard.desk import Asked, Change
from api.dashboard.parts import notice, panel
from api.dashboard.words import Words
from api.special_days import rule_told
from forecast.errors import InputError
from forecast.quality.findings import COMPANY, Finding
from store.day_rules import add_rule, remove_rule
from store.quality import load_marks, mark_finding, unmark_finding
from store.queues import load_queues

SHOWN = 12
QUEUES = 60


class QualityTab:
    """See the module."""

    name, scope, with_queue = TAB, "plan", True

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """The places."""
        return skeleton(TAB, [])

    def writes(self, act: str) -> bool:
        """Marking and leaving out change something."""
        return act in ("right", "leave-out")

    def body(self, session: Session, view: View) -> Any:
        """A line per queue, then what stands out in the chosen one."""
        if not load_queues(session):
            return notice(view.words("empty_data"), view.words("empty_data_text"))
        found = found_now(session, view.settings, view.now, view.mark)
        marks = load_marks(session)
        return [_complete(found, set(marks), view), *_findings(session, found, set(marks), view)]

    def late(self, session: Session, view: View) -> Any:
        """True demand, contact reasons, what waits, repeats; of the chosen queue."""
        if not view.queue:
            return None
        return beside.panels(session, view)

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """right, or leave-out."""
        if not isinstance(change, Change):
            return Answer()
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


def _complete(found: Sequence[Finding], marks: set[tuple[str, str, str]], view: View) -> Any:
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
        chosen = line.queue == view.queue
        link = html.Strong(line.queue) if chosen else dcc.Link(line.queue, href=_link(line.queue))
        rows.append(
            html.Tr(
                [
                    html.Td(link, className="name"),
                    html.Td(f"{words.day(until)} {until:%H:%M}", className="when"),
                    html.Td(tag),
                    html.Td(words.number(open_) if open_ else "–", className="number"),
                ]
            )
        )
    heads = [html.Th(words("queue"), scope="col"), html.Th(words("data_complete_until"), scope="col"), html.Th(words("data_upload_state"), scope="col"),
             html.Th(words("data_findings_open"), scope="col", className="number")]  # fmt: skip
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain", id="data-quality-queues"
    )
    more = [html.P(words("data_problems_more", n=words.number(len(lines) - QUEUES)), className="note")]
    return panel(
        words("data_queues_held"),
        [html.Div(table, className="scroll"), *(more if len(lines) > QUEUES else [])],
    )


def _link(queue: str) -> str:
    from urllib.parse import quote

    return f"/data?tab={TAB}&queue={quote(queue)}"


def _findings(
    session: Session, found: Sequence[Finding], marks: set[tuple[str, str, str]], view: View
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
    return [html.Div(panel(words("data_findings_title", queue=view.queue), inside), id="data-findings")]
