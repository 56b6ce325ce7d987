"""What came out: a card per scenario, the table by queue, and what each event stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from api.dashboard.parts import card, legend
from api.dashboard.scenario.events import sentence
from api.dashboard.words import Words

LOW, HIGH = "0.1", "0.9"
KINDS = ("scenario-base", "scenario-one", "scenario-two", "scenario-three")
BASES = {"measured": "measured", "assumed": "assumed", "as said": "said", "no change": "none"}


@dataclass(frozen=True)
class Work:
    """Agents of one queue or more over all days. hours: gross agent hours more; peak: agents more in the worst interval.

    at: when that is, local; euros: None without a rate for every queue; None where agents are not known
    """

    hours: float | None = None
    peak: float | None = None
    at: str = ""
    euros: float | None = None


def work_of(queues: Sequence[Mapping[str, Any]], rates: Mapping[str, float]) -> Work:
    """What the difference takes of agents, over the queues of which it is known."""
    known = [one for one in queues if any(day["agent_hours"] for day in one["days"])]
    if not known:
        return Work()
    hours = [
        sum((day["agent_hours"] or {}).get("difference_gross") or 0.0 for day in one["days"]) for one in known
    ]
    paid = [rates.get(one["queue"]) for one in known]
    euros = None
    if all(rate is not None for rate in paid):
        euros = sum(each * (rate or 0.0) for each, rate in zip(hours, paid, strict=True))
    more: dict[str, float] = {}
    for one in known:
        for row in one["rows"]:
            size = (row["agents"] or {}).get("difference_gross")
            if size is not None:
                more[row["start"]] = more.get(row["start"], 0.0) + size
    at = max(more, key=lambda start: abs(more[start]), default="")
    return Work(sum(hours), more.get(at), at, euros)


def cards(result: Mapping[str, Any], words: Words) -> list[Any]:
    """As it is, and what each scenario makes of it."""
    columns = result["columns"]
    first = columns[0]["out"]
    total = first["total"]["forecast"]["mean"] if first.get("total") else _sum(first["queues"], "forecast")
    names = ", ".join(one["queue"] for one in first["queues"])
    made = [
        card(
            words("scenario_as_is"),
            [
                html.P(words.number(total), className="big"),
                _line(words("scenario_contacts_in", queues=names)),
            ],
        )
    ]
    made += [_card(column, result.get("rates", {}), words) for column in columns]
    return made


def _card(column: Mapping[str, Any], rates: Mapping[str, float], words: Words) -> Any:
    out = column["out"]
    whole = out.get("total")
    more = whole["difference"]["mean"] if whole else _sum(out["queues"], "difference")
    inside = [html.P(words("scenario_more", n=words.number(more, sign=True)), className="big")]
    if whole:
        low, high = (words.number(whole["difference"]["quantiles"][key], sign=True) for key in (LOW, HIGH))
        inside.append(_line(words("scenario_band", low=low, high=high)))
    work = work_of(out["queues"], rates)
    if work.hours is None:
        inside.append(_line(words("scenario_no_agents")))
    else:
        text = words("scenario_agent_hours", n=words.number(work.hours, sign=True))
        euros = work.euros
        text += words("scenario_no_rate") if euros is None else f" · € {words.number(euros, sign=True)}"
        inside.append(_line(text, "strong-line"))
        if work.peak is not None and round(work.peak, 1):
            day, _, clock = work.at.partition("T")
            inside.append(
                _line(
                    words(
                        "scenario_peak",
                        n=words.number(work.peak, 1, sign=True),
                        at=f"{_day(day, words)} {clock[:5]}",
                    )
                )
            )
    return card(column["name"], inside, tone="warn" if more > 0 and _large(out, more) else "")


def _large(out: Mapping[str, Any], more: float) -> bool:
    return more > 0.2 * max(_sum(out["queues"], "forecast"), 1.0)


def _sum(queues: Sequence[Mapping[str, Any]], which: str) -> float:
    return float(sum(day[which]["mean"] for one in queues for day in one["days"]))


def _line(text: str, kind: str = "") -> Any:
    return html.P(text, className=f"line {kind}".strip())


def _day(day: str, words: Words) -> str:
    import datetime as dt

    return words.day(dt.datetime.fromisoformat(day))


def table(result: Mapping[str, Any], words: Words) -> Any:
    """A row per queue and scenario."""
    names = ("contacts", "difference", "band", "hours", "euros")
    heads = [html.Th(words("queue")), html.Th(words("scenario_page"))]
    heads += [html.Th(words(f"scenario_col_{name}"), className="number") for name in names]
    rows = []
    for place, first in enumerate(result["columns"][0]["out"]["queues"]):
        rows.append(
            _row(
                first["queue"],
                words("scenario_as_is"),
                [words.number(_sum([first], "forecast")), "", "", "", ""],
                "base",
            )
        )
        for column in result["columns"]:
            one = column["out"]["queues"][place]
            rows.append(_row("", column["name"], _cells(one, result.get("rates", {}), words)))
    made = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain scenario-table")
    return html.Div(made, className="scroll", tabIndex="0")


def _cells(one: Mapping[str, Any], rates: Mapping[str, float], words: Words) -> list[str]:
    whole, work = one.get("total"), work_of([one], rates)
    more = _sum([one], "difference")
    band = "–"
    if whole:
        low, high = (words.number(whole["difference"]["quantiles"][key], sign=True) for key in (LOW, HIGH))
        band = words("scenario_to", low=low, high=high)
    hours = "–" if work.hours is None else words.number(work.hours, 1, sign=True)
    euros = "–" if work.euros is None else words.number(work.euros, sign=True)
    return [words.number(_sum([one], "scenario")), words.number(more, sign=True), band, hours, euros]


def _row(queue: str, name: str, cells: Sequence[str], kind: str = "") -> Any:
    said = [html.Td(html.Strong(queue) if queue else ""), html.Td(name)]
    return html.Tr([*said, *(html.Td(one, className="number") for one in cells)], className=kind or None)


def notes(result: Mapping[str, Any], words: Words) -> Any:
    """What each event did in each queue and what that stands on; then what there is to know of the run."""
    rows = []
    for column in result["columns"]:
        events = column["asked"]["events"]
        for note in column["out"]["notes"]:
            said: list[Any] = [html.Strong(f"{column['name']} · {sentence(events[note['event']], words)}")]
            n = words.number(note["contacts"], sign=True)
            basis = words(f"scenario_basis_{BASES[note['basis']]}")
            said.append(
                html.Span(
                    words("scenario_note", queue=note["queue"], n=n, basis=basis), className="scenario-basis"
                )
            )
            if words.language == "en":  # the store tells them in English
                said.append(html.Span(note["text"], className="about"))
            rows.append(html.Li(said))
    remarks = dict.fromkeys(text for column in result["columns"] for text in column["out"]["remarks"])
    return html.Ul(
        [*rows, *(html.Li(html.Span(text, className="about")) for text in remarks)],
        className="scenario-notes",
    )


def marks(result: Mapping[str, Any], words: Words) -> Any:
    """The legend of the chart."""
    names = [words("scenario_as_is"), *(column["name"] for column in result["columns"])]
    return legend(list(zip(KINDS, names, strict=False)), words("legend"))


def worst_day(result: Mapping[str, Any], queue: str) -> str | None:
    """The day on which the scenarios differ most from the forecast as it is; None where nothing differs."""
    more: dict[str, float] = {}
    for column in result["columns"]:
        for one in column["out"]["queues"]:
            if queue in ("*", one["queue"]):
                for day in one["days"]:
                    more[day["date"]] = max(more.get(day["date"], 0.0), abs(day["difference"]["mean"]))
    return max(more, key=lambda day: more[day], default=None)
