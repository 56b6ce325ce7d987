"""`forecall evidence` and `forecall assume`: does social help, in the order in which an analyst would doubt it.

1 enough history?  2 does it run ahead?  3 does it gain?  4 is it stable?  5 would noise have passed?
6 what does it cost when nothing happens?  7 the verdict, and since when
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

if TYPE_CHECKING:
    import datetime as dt

    from store.assumptions import Held
    from store.decisions import Decision

Row = Mapping[str, Any]
Queue = Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)]
GATES = {
    "open": "social counts",
    "shut": "social does not count",
    "not enough history": "not enough history yet",
}
AHEAD = ("0-1h", "1-4h", "4-24h", "0-1d", "1-3d", "3-7d")
NONE = "There is no evidence yet: run `forecall run select_full`."
DASH = "–"
LATEST = 4  # decisions shown

assume = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A rule of thumb of your own: an assumption, scored like every signal.",
)


def register(app: typer.Typer) -> None:
    """Add both to the application."""
    app.command(rich_help_panel="Forecast")(evidence)
    app.add_typer(assume, name="assume", rich_help_panel="Forecast")


def evidence(
    queue: Queue = None,
    history: Annotated[
        bool, typer.Option("--history", help="What the gate decided and when it changed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Does it help? Per queue and indicator: the seven doubts of an analyst, each with its figures."""
    from store.decisions import load_decisions, load_since
    from store.queues import require_queues
    from store.scores import load_evidence

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        if queue is not None:
            require_queues(session, [queue])
        asked = [] if queue is None else [queue]
        decided = load_decisions(session, series=asked)
        if history:
            _show_history(decided, as_json)
            return
        since = load_since(session, series=asked)
        rows = [_with_memory(row, decided, since) for row in load_evidence(session, queue)]
    if as_json:
        console.print_json(rows)
    elif not rows:
        typer.echo(NONE)
    else:
        _show(rows)


def _with_memory(
    row: Row, decided: Sequence[Decision], since: Mapping[tuple[str, str, str], dt.datetime]
) -> dict[str, Any]:
    """A finding with `since` (when its gate became what it is) and the latest `decisions`, the oldest first."""
    key = (str(row["series"]), str(row["signal"]), str(row["lead_band"]))
    mine = [one for one in decided if (one.series, one.signal, one.lead_band) == key][-LATEST:]
    latest = [{"decided_at": one.decided_at, "gate": one.gate, "lift": one.row.get("lift")} for one in mine]
    return {**row, "since": since.get(key), "decisions": latest}


def _show_history(decided: Sequence[Decision], as_json: bool) -> None:
    changed = [one for one in decided if one.changed]
    if as_json:
        console.print_json(changed)
        return
    rows = [
        {
            "decided": f"{one.decided_at:%Y-%m-%d %H:%M} UTC",
            "queue": one.series,
            "indicator": one.signal,
            "how far ahead": one.lead_band,
            "verdict": GATES.get(one.gate, one.gate),
            "why": one.why,
        }
        for one in sorted(changed, key=lambda one: (one.decided_at, one.id))
    ]
    _table("", ("decided", "queue", "indicator", "how far ahead", "verdict", "why"), rows, empty=NONE)


def _show(rows: Sequence[Row]) -> None:
    """A table per queue and indicator: a doubt per line, a lead band per column; below it why, in words."""

    def key(row: Row) -> tuple[str, str]:
        return str(row["series"]), str(row["signal"])

    for (series, signal), found in groupby(sorted(rows, key=key), key=key):
        held = sorted(found, key=lambda row: AHEAD.index(row["lead_band"]))
        lines = [{"": said, **{row["lead_band"]: answer(row) for row in held}} for said, answer in DOUBTS]
        _table(f"{series} · {signal}", ("", *(row["lead_band"] for row in held)), lines, empty=NONE)
        for row in held:
            typer.echo(f"  {row['lead_band']}: {row['why']}")
        typer.echo()


def _table(title: str, columns: Sequence[str], rows: Sequence[Row], *, empty: str) -> None:
    """Rows on stdout. Names and reasons are the users' own words: square brackets in them are no markup."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        typer.echo(empty)
        return
    table = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    Console(markup=False, highlight=False).print(table)


def _enough(row: Row) -> str:
    yes = row["gate"] != "not enough history"
    incidents = row.get("incidents")
    told = "" if incidents is None else f", {incidents} incidents"
    return f"{'yes' if yes else 'not yet'}: {int(row.get('n') or 0):,} compared{told}"


def _ahead(row: Row) -> str:
    lead = row.get("leads_by_minutes")
    if lead is None:
        return "no head start stands out"
    low, high = row.get("leads_lower"), row.get("leads_upper")
    between = "" if low is None or high is None else f" ({low:g} to {high:g})"
    if row.get("regime") == "together":
        return f"no: they come together{between}"
    return f"{abs(lead):g} min {'ahead' if lead > 0 else 'behind' if lead < 0 else 'apart'}{between}"


def _gain(row: Row) -> str:
    if row["gate"] == "not enough history":
        return DASH
    against = f" against {row['against']}" if row.get("against") else ""
    return (
        f"{_percent(row.get('lift'))} ({_percent(row.get('lower'))} to {_percent(row.get('upper'))}){against}"
    )


def _stable(row: Row) -> str:
    halves = row.get("halves")
    told = f"halves {' and '.join(map(_percent, halves))}" if halves else ""
    gates = ", ".join(str(one["gate"]) for one in row.get("decisions", ()))
    return "; ".join(part for part in (told, f"decided {gates}" if gates else "") if part) or DASH


def _noise(row: Row) -> str:
    placebo = row.get("placebo")
    return f"weeks shuffled: {', '.join(map(_percent, placebo))}" if placebo else "not measured"


def _quiet(row: Row) -> str:
    return _percent(row["quiet_lift"]) if row.get("quiet_lift") is not None else "not measured"


def _verdict(row: Row) -> str:
    since = f" since {row['since']:%Y-%m-%d}" if row.get("since") else ""
    return f"{GATES.get(row['gate'], row['gate'])}{since}"


def _percent(share: float | None) -> str:
    return DASH if share is None else f"{100 * share:+.1f} %"


DOUBTS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("1 enough history?", _enough),
    ("2 does it run ahead?", _ahead),
    ("3 gain against the same without it", _gain),
    ("4 is it stable?", _stable),
    ("5 would noise pass?", _noise),
    ("6 gain on quiet weeks", _quiet),
    ("7 verdict", _verdict),
)


@assume.command("add")
def add(
    queue: Annotated[str, typer.Option(help="The queue that gets the contacts.")],
    signal: Annotated[str, typer.Option(help="The indicator, such as posts:outage.")],
    contacts: Annotated[float, typer.Option(help="Contacts per post beyond the usual.")],
    after: Annotated[float, typer.Option(help="Minutes from a post to its first contact.")],
    lasts: Annotated[float, typer.Option(help="Minutes from the first contact to the last.")],
    reason: Annotated[str, typer.Option(help="Why you think so.")],
    author: Annotated[str, typer.Option(help="Whose rule it is.")],
    as_json: AsJson = False,
) -> None:
    """Enter a rule of thumb. The next comparison scores it; where its gate is shut it is not used."""
    from forecast.assumption import Assumption
    from store.assumptions import save_assumption

    rule = Assumption(queue, signal, contacts, after, lasts)
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        now = console.now().to_pydatetime()
        held = save_assumption(session, rule, reason=reason, author=author, now=now)
        note(session, "assumption.add", f"assumption {held.rule.number}", vars(rule) | {"reason": reason})
        session.commit()
    if as_json:
        console.print_json(held)
    else:
        typer.echo(
            f"Rule {held.rule.number} for {queue}: {held.rule}. It is scored by `forecall run select_full`."
        )


@assume.command("list")
def list_(queue: Queue = None, as_json: AsJson = False) -> None:
    """The rules of thumb that hold, and what the figures say of each."""
    from store.assumptions import load_assumptions
    from store.scores import load_evidence

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        held = load_assumptions(session, series=[] if queue is None else [queue])
        evidence = load_evidence(session, queue)
    rows = [_rule(one, evidence) for one in held]
    if as_json:
        console.print_json(rows)
    else:
        columns = ("id", "queue", "indicator", "rule", "author", "reason", "verdict")
        _table("", columns, rows, empty="There are no rules of thumb.")


def _rule(held: Held, evidence: Sequence[Row]) -> dict[str, Any]:
    rule = held.rule
    mine = [row for row in evidence if (row["series"], row["signal"]) == (rule.series, rule.label)]
    said = "; ".join(f"{row['lead_band']}: {GATES.get(row['gate'], row['gate'])}" for row in mine)
    return {
        "id": rule.number,
        "queue": rule.series,
        "indicator": rule.signal,
        "rule": str(rule),
        "author": held.author,
        "reason": held.reason,
        "verdict": said or "not scored yet",
    }


@assume.command("end")
def end(number: Annotated[int, typer.Argument(help="As `forecall assume list` gives it.")]) -> None:
    """End a rule of thumb; what was decided on it stays."""
    from store.assumptions import end_assumption

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        end_assumption(session, number, now=console.now().to_pydatetime())
        note(session, "assumption.end", f"assumption {number}", {})
        session.commit()
    typer.echo(f"Rule {number} holds no more.")
