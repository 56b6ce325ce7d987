"""What forecasts are made with: the chosen method per queue, the catalogue, how good each is, what ran, what is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.parts import aria, with_code
from api.dashboard.words import Words, local
from forecast.method_names import BARS, NAMES
from store.method_pins import MethodPin, load_pins
from store.runs import list_runs
from store.scores import Since, load_champions, load_scores, load_since_chosen
from store.settings import Settings

MEASURES = ("wape", "wql", "mase", "bias", "coverage", "skill_vs_mean8")
RUNS = 25
SHOWN = (
    "company",
    "calendar",
    "models",
    "schedule",
    "staffing",
    "effect",
    "backlog",
    "repeats",
    "queues",
)  # no secret, no address


def table(heads: Sequence[tuple[str, str]], rows: Sequence[Any], name: str = "") -> Any:
    """(text, class)[n] and rows -> a table that scrolls by itself."""
    head = html.Tr([html.Th(text, className=kind or None) for text, kind in heads])
    more: dict[str, Any] = {"id": name} if name else {}
    made = html.Table([html.Thead(head), html.Tbody(list(rows))], className="plain", **more)
    return html.Div(made, className="scroll", tabIndex="0")


def chosen(session: Session, words: Words, tz: str, *, may: bool) -> Any:
    """Per queue and how far ahead: the method with the largest weight, all weights, since when; pins with a way out, those too
    of queues that have no forecast."""
    rows = load_champions(session)
    pins = {pin.queue: pin for pin in load_pins(session)}
    none = html.P(with_code(words("methods_chosen_none")), className="note")
    if not rows and not pins:
        return none
    since = load_since_chosen(session)
    bands = list(dict.fromkeys(row["lead_band"] for row in rows))
    heads = [(words("queue"), ""), *((words.band(band), "") for band in bands)]
    made = []
    for queue in dict.fromkeys([*(row["series"] for row in rows), *pins]):
        mine = {row["lead_band"]: row for row in rows if row["series"] == queue}
        cells = [_choice(mine.get(band), since.get((queue, band)), words, tz) for band in bands]
        made.append(
            html.Tr([html.Td([html.Strong(queue), _pin(pins.get(queue), words, tz, may=may)]), *cells])
        )
    shown = table(heads, made, "methods-chosen-table")
    return shown if rows else html.Div([none, shown])


def _choice(row: Mapping[str, Any] | None, since: Since | None, words: Words, tz: str) -> Any:
    if row is None:
        return html.Td("–")
    weights = sorted(row.get("weights", {}).items(), key=lambda one: -one[1])
    said = [html.Div(html.Strong(row["model"]))]
    for name, share in weights:
        if share >= 0.005:
            said.append(html.Div(f"{name} {words.percent(share, 0)}", className="methods-small"))
    if since is not None:
        key = "methods_since_least" if since.longer else "methods_since"
        said.append(html.Div(words(key, day=words.date(local(since.at, tz))), className="methods-small"))
    return html.Td(said)


def _pin(pin: MethodPin | None, words: Words, tz: str, *, may: bool) -> Any:
    if pin is None:
        return None
    text = words(
        "methods_pinned",
        model=pin.model,
        who=pin.who,
        day=words.date(local(pin.created_at, tz)),
        reason=pin.reason,
    )
    inside: list[Any] = [html.Span(text)]
    if may:
        inside.append(html.Button(
            words("methods_unpin"), id={"type": "methods-do", "act": "unpin", "on": pin.queue}, n_clicks=0,
            className="button small", **aria(label=words("methods_unpin_of", queue=pin.queue)),
        ))  # fmt: skip
    return html.Div(inside, className="methods-pin")


def catalogue(settings: Settings, words: Words) -> Any:
    """Every method: what it is, how it is used here."""
    rows = []
    for name in (NAMES[-1], *NAMES[:-1]):
        role = "bar" if name in BARS else "spare"
        role = "compared" if name in settings.models.compared else role
        role = "candidate" if name in settings.models.candidates else role
        role = "used" if name == settings.models.champion else role
        rows.append(html.Tr([
            html.Td(html.Strong(name)), html.Td(words(f"methods_what_{name}")), html.Td(words(f"methods_role_{role}"))
        ]))  # fmt: skip
    heads = [(words(f"methods_col_{one}"), "") for one in ("method", "what", "role")]
    return table(heads, rows, "methods-catalogue-table")


def scores(session: Session, queue: str, measure: str, words: Words) -> Any:
    """One queue: methods by how far ahead."""
    rows = load_scores(session, queue)
    if not rows:
        return html.P(words("methods_scores_none"), className="note")
    bands = list(dict.fromkeys(row["lead_band"] for row in rows))
    found = {(row["model"], row["lead_band"]): value(row, measure) for row in rows}
    heads = [(words("methods_col_method"), ""), *((words.band(band), "number") for band in bands)]
    best = {band: _best([each for (_, at), each in found.items() if at == band], measure) for band in bands}
    made = []
    for model in dict.fromkeys(row["model"] for row in rows):
        cells = []
        for band in bands:
            one = found.get((model, band))
            kind = "number methods-best" if one is not None and one == best[band] else "number"
            cells.append(html.Td(said(one, measure, words), className=kind))
        made.append(html.Tr([html.Td(model), *cells]))
    return table(heads, made, "methods-scores-table")


def value(row: Mapping[str, Any], measure: str) -> float | None:
    """One measure of a score; coverage is how often it came at or below the safe value (9 in 10)."""
    if measure == "coverage":
        held = (row.get("calibration") or {}).get("0.9") or {}
        ends = [held[name] for name in ("below", "at_or_below") if held.get(name) is not None]
        return sum(ends) / len(ends) if ends else None
    return row.get(measure)


def said(one: float | None, measure: str, words: Words) -> str:
    """A measure as it is read."""
    if measure == "mase":
        return words.number(one, 2)
    return words.percent(one, 1, sign=measure in ("bias", "skill_vs_mean8"))


def _best(values: Sequence[float | None], measure: str) -> float | None:
    known = [one for one in values if one is not None]
    if not known:
        return None
    if measure == "skill_vs_mean8":
        return max(known)
    return min(known, key=lambda one: abs(one - 0.9) if measure == "coverage" else abs(one))


def runs(session: Session, words: Words, tz: str) -> Any:
    """What ran lately, how long and how it ended."""
    held = list_runs(session, RUNS)
    if not held:
        return html.P(words("methods_runs_none"), className="note")
    rows = []
    for one in held:
        seconds = None if one.finished_at is None else (one.finished_at - one.started_at).total_seconds()
        outcome = one.outcome or {}
        done = ", ".join(f"{name} {value}" for name, value in dict(outcome.get("done") or {}).items())
        told = [str(outcome["error"])] if outcome.get("error") else [done]
        if problems := outcome.get("problems"):
            told.append(words("methods_run_problems", n=len(problems), first=str(problems[0])))
        rows.append(html.Tr([
            html.Td(one.job), html.Td(words.moment(local(one.started_at, tz)), className="when"),
            html.Td("–" if seconds is None else duration(seconds, words), className="number"),
            html.Td(words(f"methods_state_{one.state}"), className=f"methods-{one.state}"), html.Td(" · ".join(each for each in told if each)),
        ]))  # fmt: skip
    heads = [(words("methods_col_job"), ""), (words("methods_col_when"), ""), (words("methods_col_took"), "number"),
             (words("methods_col_ended"), ""), (words("methods_col_outcome"), "")]  # fmt: skip
    return table(heads, rows, "methods-runs-table")


def duration(seconds: float, words: Words) -> str:
    """`3.4 s`, `12 min`."""
    if seconds < 90:
        return f"{words.number(seconds, 1 if seconds < 10 else 0)} s"
    return f"{words.number(seconds / 60, 1 if seconds < 600 else 0)} min"


def differing(settings: Settings) -> list[tuple[str, str, str]]:
    """(name, is, default) of the settings that shape results and differ from their defaults; no secret is among them."""
    mine, usual = (
        settings.model_dump(mode="json", include=set(SHOWN)),
        Settings.model_construct().model_dump(mode="json", include=set(SHOWN)),
    )
    found: list[tuple[str, str, str]] = []

    def walk(name: str, one: Any, other: Any) -> None:
        if isinstance(one, dict) and isinstance(other, dict):
            for key in one:
                walk(f"{name}.{key}" if name else str(key), one[key], other.get(key))
        elif one != other:
            found.append((name, _plain(one), _plain(other)))

    walk("", mine, usual)
    return found


def _plain(value: Any) -> str:
    return "–" if value in (None, "", [], {}) else str(value)[:120]


def settings_table(settings: Settings, words: Words) -> Any:
    """The settings that differ from their defaults."""
    held = differing(settings)
    if not held:
        return html.P(words("methods_settings_none"), className="note")
    heads = [(words(f"methods_col_{one}"), "") for one in ("setting", "is", "default")]
    rows = [html.Tr([html.Td(html.Code(name)), html.Td(one), html.Td(other)]) for name, one, other in held]
    return table(heads, rows, "methods-settings-table")
