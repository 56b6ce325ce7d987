"""Back-tests on the page: the form to ask for one, and the list with how far each is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.methods.chosen import duration, table
from api.dashboard.parts import aria, notice
from api.dashboard.words import Words, local
from forecast.errors import InputError
from forecast.method_names import NAMES
from store.backtests import Backtest, BacktestPlan, load_backtests
from store.runs import list_runs
from store.settings import Settings

QUIET = dt.timedelta(minutes=2)  # a back-test waits no longer where a scheduler runs
DEFAULTS = ("champion", "mean8")


def form(queues: Sequence[str], settings: Settings, words: Words) -> Any:
    """What can be set, with what is in use as it is."""
    dutch = words.language == "nl"

    def many(name: str, label: str, data: Sequence[str], value: Sequence[str], wide: int) -> Any:
        return dmc.MultiSelect(
            id=f"methods-bt-{name}", label=label, data=list(data), value=list(value), w=wide, clearable=True
        )

    def number(name: str, label: str, value: int) -> Any:
        return dmc.NumberInput(id=f"methods-bt-{name}", label=label, value=value, w=118, min=1, allowDecimal=False, hideControls=True,
                               thousandSeparator="." if dutch else ",", decimalSeparator="," if dutch else ".")  # fmt: skip

    rates = [name for name in NAMES if name != "champion"]
    social = dmc.Switch(
        id="methods-bt-social", label=words("methods_bt_social"), checked=True, withThumbIndicator=False
    )
    fields = [many("queues", words("methods_bt_queues"), queues, queues[:1], 300), many("models", words("methods_bt_models"), NAMES, DEFAULTS, 300),
              many("candidates", words("methods_bt_candidates"), rates, settings.models.candidates, 300),
              number("horizon_days", words("methods_bt_horizon"), 14), number("cutoffs", words("methods_bt_cutoffs"), 5),
              number("draws", words("methods_bt_draws"), 200), html.Div(social, className="methods-switch")]  # fmt: skip
    start = html.Button(
        words("methods_bt_start"), id="methods-bt-start", n_clicks=0, className="button primary"
    )
    return html.Div([html.Div(fields, className="methods-fields"), html.Div(start, className="do")])


def plan_of(values: Mapping[str, Any]) -> BacktestPlan:
    """What was filled in; InputError for what is missing or out of bounds."""
    try:
        given: dict[str, Any] = {name: int(values[name]) for name in ("horizon_days", "cutoffs", "draws")}
    except (TypeError, ValueError):
        raise InputError("A number is missing.", remedy="Fill it in.", field="cutoffs") from None
    given |= {name: tuple(values.get(name) or ()) for name in ("queues", "models", "candidates")}
    return BacktestPlan(**given, social=bool(values.get("social")))


def listed(session: Session, words: Words, tz: str, now: dt.datetime, *, may: bool) -> tuple[Any, bool]:
    """The back-tests with how far they are; and whether one of them goes on."""
    held = load_backtests(session)
    going = any(one.state in ("waiting", "running") for one in held)
    if not held:
        return html.P(words("methods_bt_none"), className="note"), False
    rows = [_row(one, words, tz, now, may=may) for one in held]
    heads = [(words("methods_col_number"), "number"), (words("methods_col_what_for"), ""), (words("methods_col_who"), ""),
             (words("methods_col_progress"), ""), ("", "")]  # fmt: skip
    made = [table(heads, rows, "methods-bt-table")]
    if asleep(session, held, now):
        made.insert(0, notice(words("methods_asleep"), words("methods_asleep_text")))
    return html.Div(made), going


def asleep(session: Session, held: Sequence[Backtest], now: dt.datetime) -> bool:
    """Does something wait that a scheduler would have taken up?"""
    if any(one.state == "running" for one in held):
        return False
    late = any(one.state == "waiting" and now - one.asked_at > QUIET for one in held)
    waiting = any(one.state == "waiting" for one in held)
    latest = next(iter(list_runs(session, 1)), None)
    silent = latest is None or now - latest.started_at > dt.timedelta(hours=1)
    return late or (waiting and silent)


def _row(one: Backtest, words: Words, tz: str, now: dt.datetime, *, may: bool) -> Any:
    plan = one.plan
    what = words("methods_bt_what", queues=", ".join(plan.queues), models=", ".join(plan.models), days=plan.horizon_days, cutoffs=plan.cutoffs,
                 draws=words.number(plan.draws))  # fmt: skip
    if not plan.social:
        what += words("methods_bt_without")
    asked = [html.Div(one.who), html.Div(words.moment(local(one.asked_at, tz)), className="methods-small")]
    stop = None
    if may and one.state in ("waiting", "running") and not one.stop:
        stop = html.Button(
            words("methods_stop"), id={"type": "methods-do", "act": "stop", "on": str(one.id)}, n_clicks=0, className="button small",
            **aria(label=words("methods_stop_of", n=one.id)),
        )  # fmt: skip
    return html.Tr([html.Td(str(one.id), className="number"), html.Td(what), html.Td(asked), html.Td(progress(one, words, now)),
                    html.Td(stop, className="act")])  # fmt: skip


def progress(one: Backtest, words: Words, now: dt.datetime) -> Any:
    """How far it is, in per cent with the time that is left; or how it ended."""
    if one.state == "running":
        share = min(one.done / max(one.total, 1), 1.0)
        left = one.seconds_left(now)
        text = f"{words.percent(share, 0)} · {one.what}"
        if left is not None:
            text += f" · {words('methods_to_go', span=duration(max(left, 1.0), words))}"
        bar = html.Div(html.Div(style={"width": f"{100 * share:.0f}%"}), className="methods-bar")
        return [html.Div(words("methods_stopping") if one.stop else text), bar]
    said = words(f"methods_state_{one.state}")
    if one.started_at is not None and one.finished_at is not None:
        said += f" · {duration((one.finished_at - one.started_at).total_seconds(), words)}"
    more = [html.Div(one.what, className="methods-small")] if one.what and one.state == "failed" else []
    return [html.Div(said, className=f"methods-{one.state}"), *more]
