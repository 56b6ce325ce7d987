"""Against the planner's own forecast: what was imported, compared with ours made at the same moments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.parts import panel, with_code
from api.dashboard.words import Words, local
from store.comparison import load_comparison

WHAT = {"volume": "volume", "aht": "aht", "work": "workload"}
LEVELS = ("interval", "day", "week")
WINNERS = {"ours": "ours", "theirs": "theirs", "level": "level"}


def against_panel(session: Session, queues: Sequence[str], measure: str, tz: str, words: Words) -> Any:
    """Ours, theirs, by how much nearer and how sure that is; where nothing was imported, how to do it."""
    made_at, rows = load_comparison(session)
    mine = [row for row in rows if row["queue"] in queues]
    found = [
        (row["queue"], each)
        for row in mine
        for each in row["measures"]
        if each["what"] == WHAT.get(measure, "volume")
    ]
    title = words("accuracy_theirs")
    if not found or made_at is None:
        return panel(title, [html.P(with_code(words("accuracy_theirs_none")), className="line")])
    many = len(queues) > 1
    keys = (
        "accuracy_per",
        "accuracy_ours",
        "accuracy_theirs_own",
        "accuracy_nearer",
        "gain_between",
        "accuracy_who",
    )
    heads = [html.Th(words("queue"), scope="col")] if many else []
    heads += [
        html.Th(
            words(key).replace("\N{SOFT HYPHEN}", ""), scope="col", className="number" if 0 < at < 5 else None
        )
        for at, key in enumerate(keys)
    ]
    body = [_row(name, each, words, many=many) for name, each in found]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)], className="plain", id="accuracy-against"
    )
    note = words("accuracy_theirs_note", day=_day(made_at, tz, words))
    return panel(title, [html.Div(table, className="scroll", tabIndex="0")], note=note)


def _row(name: str, each: dict[str, Any], words: Words, *, many: bool) -> Any:
    low, high = each.get("low"), each.get("high")
    between = "–" if low is None or high is None else words(
        "between", lower=words.number(100 * low, 1), upper=words.percent(high)
    )  # fmt: skip
    who = words(f"accuracy_who_{WINNERS.get(str(each['winner']), 'few')}")
    level = str(each["level"])
    return html.Tr(
        [
            *([html.Td(name)] if many else []),
            html.Th(
                words(f"accuracy_per_{level}" if level in LEVELS else "accuracy_per_interval"), scope="row"
            ),
            html.Td(words.percent(each["ours"]), className="number strong"),
            html.Td(words.percent(each["theirs"]), className="number"),
            html.Td(words.percent(each["difference"], sign=True), className="number"),
            html.Td(between, className="number"),
            html.Td(who),
        ]
    )


def _day(moment: dt.datetime, tz: str, words: Words) -> str:
    return words.day(local(moment, tz))
