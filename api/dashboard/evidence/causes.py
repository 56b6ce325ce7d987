"""The register of causes on the page: why people get in touch, what was changed about it, and whether that worked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import html
from sqlalchemy.orm import Session

from api import moments
from api.dashboard.desk import Change
from api.dashboard.parts import aria
from api.dashboard.words import Words, local
from store.causes import Cause, add_cause, load_cause, remove_cause

if TYPE_CHECKING:
    from forecast.effect import Effect, Range

FIELDS = ("topic", "queue", "cause", "owner", "changed", "since")
EVERY = "-"  # a choice of the browser cannot be empty


def causes_table(causes: Sequence[Cause], tz: str, words: Words, *, may: bool) -> Any:
    """The living causes, those with a change first."""
    if not causes:
        return html.P(words("evidence_no_causes"), className="note")
    heads = [
        "evidence_topic",
        "evidence_cause",
        "evidence_owner",
        "evidence_changed",
        "evidence_since_when",
        "",
    ]
    head = html.Tr([html.Th(words(key) if key else html.Span(words("evidence_acts"), className="evidence-unseen")) for key in heads])  # fmt: skip
    rows = sorted(causes, key=lambda one: (one.since is None, one.id))
    body = [_line(one, tz, words, may=may) for one in rows]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="plain evidence-causes"),
        className="scroll",
    )


def _line(one: Cause, tz: str, words: Words, *, may: bool) -> Any:
    where = html.Span(f" · {one.queue or words('evidence_all_queues')}", className="evidence-quiet")
    since = "–"
    if one.since is not None:
        at = local(one.since, tz)
        since = f"{words.date(at)} {at.year}"
    acts = []
    if one.since is not None:
        acts.append(act("measure", one.id, words("evidence_measure"), words("evidence_measure_label", cause=one.cause)))  # fmt: skip
    if may:
        acts.append(act("edit", one.id, words("evidence_edit"), words("evidence_edit_label", cause=one.cause)))  # fmt: skip
        acts.append(act("remove", one.id, words("evidence_remove"), words("evidence_remove_label", cause=one.cause)))  # fmt: skip
    cells: list[Any] = [
        html.Td([one.topic.replace("_", " "), where]),
        html.Td(one.cause),
        html.Td(one.owner or "–"),
        html.Td(one.changed or words("evidence_nothing_changed"), className="" if one.changed else "evidence-quiet"),
        html.Td(since, className="when"),
        html.Td(acts, className="act"),
    ]  # fmt: skip
    return html.Tr(cells)


def act(name: str, number: int, text: str, label: str) -> Any:
    """A button in a line of the register, or of the rules of thumb."""
    return html.Button(
        text, id={"type": "evidence-do", "act": name, "number": number}, n_clicks=0, type="button",
        className="button small", **aria(label=label),
    )  # fmt: skip


def form(topics: Sequence[str], queues: Sequence[str], words: Words) -> Any:
    """Add a cause, or change one. Which: the store `evidence-editing`."""
    reasons = [{"value": one, "label": one.replace("_", " ")} for one in topics]
    where = [
        {"value": EVERY, "label": words("evidence_all_queues")},
        *({"value": one, "label": one} for one in queues),
    ]
    plain: dict[str, Any] = {"allowDeselect": False, "w": 190}
    fields = [
        dmc.Select(id="evidence-topic", label=words("evidence_topic"), data=reasons, value=topics[0] if topics else None, **plain),
        dmc.Select(id="evidence-where", label=words("queue"), data=where, value=EVERY, **plain),
        dmc.TextInput(id="evidence-cause", label=words("evidence_cause"), value="", w=420, placeholder=words("evidence_cause_hint")),
        dmc.TextInput(id="evidence-owner", label=words("evidence_owner"), value="", w=190),
        dmc.TextInput(id="evidence-changed", label=words("evidence_changed"), value="", w=320, placeholder=words("evidence_changed_hint")),
        dmc.TextInput(id="evidence-since", label=words("evidence_since_when"), value="", w=170, attributes={"input": {"type": "date"}}),
        html.Button(words("evidence_save"), id="evidence-save", n_clicks=0, type="button", className="button primary"),
    ]  # fmt: skip
    return html.Details(
        [html.Summary(words("evidence_add"), id="evidence-add"), html.Div(fields, className="fields")],
        className="more",
        id="evidence-form",
    )


def values_of(cause: Cause | None, tz: str, topic: str | None) -> tuple[Any, ...]:
    """What the form shows for a cause: reason, queue, cause, owner, change, since."""
    if cause is None:
        return topic, EVERY, "", "", "", ""
    since = "" if cause.since is None else f"{local(cause.since, tz):%Y-%m-%d}"
    return cause.topic, cause.queue or EVERY, cause.cause, cause.owner, cause.changed, since


def cause_of(values: Mapping[str, str | None], tz: str, author: str) -> Cause:
    """What stands in the form -> a cause. InputError for a date that is none."""
    given = {name: (values.get(name) or "").strip() for name in FIELDS}
    since = moments.parse(given["since"], tz, "since") if given["since"] else None
    queue = None if given["queue"] in ("", EVERY) else given["queue"]
    return Cause(given["topic"], given["cause"], queue, given["owner"], given["changed"], since, author)


def keep(change: Change, cause: Cause, number: int | None) -> Cause:
    """Add the cause, or put it in the place of one. A cause never changes in the register: the earlier one ends."""
    if number is not None:
        before = load_cause(change.session, number)
        if before.since is not None and cause.since is not None and before.since.date() == cause.since.date():
            cause = replace(cause, since=before.since)  # the form tells days, the register moments
    kept = add_cause(change.session, cause, now=change.now)
    body = {"topic": kept.topic, "cause": kept.cause, "queue": kept.queue, "changed": kept.changed}
    change.note("cause.add", f"cause {kept.id}", body)
    if number is not None and kept.id != number:
        let_go(change, number)
    return kept


def let_go(change: Change, number: int) -> Cause:
    """A cause ends; it stays in the register as removed."""
    gone = remove_cause(change.session, number, now=change.now)
    change.note("cause.remove", f"cause {number}", {"topic": gone.topic, "cause": gone.cause})
    return gone


def put_back(change: Change, number: int) -> Cause:
    """A removed cause lives again, under a new number."""
    gone = load_cause(change.session, number)
    return keep(change, replace(gone, id=0, created_at=None, removed_at=None), None)


def load_effect(session: Session, settings: Any, number: int, now: dt.datetime) -> tuple[Cause, Effect]:
    """What the change of a cause did to its reason."""
    from store.effects import measure_effect  # it brings the models, which the start does without

    cause = load_cause(session, number)
    since = cause.since or now
    found = measure_effect(session, settings, cause.topic, queue=cause.queue, since=since, now=now)
    return cause, found


def effect_told(cause: Cause, found: Effect, tz: str, words: Words) -> Any:
    """Did the fix work? The verdict, the contacts saved in a week with their interval, and what it is held against."""
    verdict = found.verdict.replace(" ", "_")
    at = local(cause.since, tz) if cause.since is not None else None
    day = "" if at is None else f"{words.date(at)} {at.year}"
    lines: list[Any] = [
        html.H3(words(f"evidence_effect_{verdict}", topic=cause.topic.replace("_", " "), day=day))
    ]
    if found.verdict == "not enough history":
        lines.append(html.P(words("evidence_effect_wait"), className="line"))
    if found.change is not None and found.avoided is not None:
        week = _per_week(found)
        lines.append(html.P(words("evidence_effect_saved", saved=_range(found.avoided, week, words), share=_share(found.change, words))))  # fmt: skip
    if found.fte is not None and found.hours is not None:
        lines.append(html.P(words("evidence_effect_hours", hours=_range(found.hours, 1.0, words), fte=_range(found.fte, 1.0, words, 1))))  # fmt: skip
    if found.placebos:
        others = ", ".join(name.replace("_", " ") for name in found.controls or {})
        lines.append(html.P(words("evidence_effect_placebo" if others else "evidence_effect_alone", n=found.placebos, others=others), className="line"))  # fmt: skip
    back = found.come_back.replace(" ", "_")
    if found.verdict == "fewer contacts":
        lines.append(html.P(words(f"evidence_back_{back}"), className="line"))
    return html.Div(lines, className=f"evidence-effect {verdict}", role="status")


def _per_week(found: Effect) -> float:
    """Open days in a week of the span counted: what is avoided is told per open day."""
    span = (dt.date.fromisoformat(found.last) - dt.date.fromisoformat(found.first)).days + 1
    return 7 * found.days / max(1, span)


def _range(range_: Range, times: float, words: Words, digits: int = 0) -> str:
    low, high = words.number(times * range_.lower, digits), words.number(times * range_.upper, digits)
    return words("evidence_range", value=words.number(times * range_.value, digits), low=low, high=high)


def _share(range_: Range, words: Words) -> str:
    low, high = words.percent(range_.lower, 0, sign=True), words.percent(range_.upper, 0, sign=True)
    return words("evidence_range", value=words.percent(range_.value, 0, sign=True), low=low, high=high)
