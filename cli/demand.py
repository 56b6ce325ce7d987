"""`forecall demand`: contacts as counted and as true demand, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from store.demand import QueueDemand, Row

NAMES = {
    "short_abandoned": "short abandons",
    "redialled": "redials",
    "transferred_in": "transfers in",
    "overflow_in": "overflow in",
    "overflow_out": "overflow out",
    "callbacks": "callbacks",
}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Data")(demand)


def demand(
    queue: Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="From this day or moment on; else 28 days back.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until before this day or moment.")] = None,
    by: Annotated[Literal["interval", "day", "week"], typer.Option(help="Summed by.")] = "day",
    as_json: AsJson = False,
) -> None:
    """True demand: contacts offered beside what they stand for without redials, transfers and short abandons."""
    import datetime as dt

    from forecast.buckets import Interval
    from store.demand import load_demand
    from store.queues import load_queues, require_queues

    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        require_queues(session, [] if queue is None else [queue])
        found = []
        for one in load_queues(session):
            if queue not in (None, one.name):
                continue
            begin = console.now() - dt.timedelta(days=28) if since is None else console.moment(since, one.tz)
            end = None if until is None else console.moment(until, one.tz).to_pydatetime()
            length = None if by == "interval" else Interval.parse(by)
            span = {"start": begin.to_pydatetime(), "end": end}
            found.append(load_demand(session, config, one, **span, granularity=length, deviation=True))
    if as_json:
        console.print_json([_as_dict(each) for each in found])
        return
    if not found:
        typer.echo("There are no queues yet: forecall import volumes FILE.")
    for each in found:
        typer.echo(_heading(each))
        rows = [_row(row, each.queue.tz, by) for row in each.rows]
        console.show(rows, _columns(each), empty="No contacts in this span.")


def _as_dict(found: QueueDemand) -> dict[str, Any]:
    from dataclasses import asdict

    rows = [
        {
            "start": row.ds.tz_convert(found.queue.tz),
            "offered": row.offered,
            "corrected": row.corrected,
            "estimated": row.estimated,
            "parts": dict(row.parts),
            "origins": {name: list(said) for name, said in row.origins.items()},
        }
        for row in found.rows
    ]
    return {
        "queue": found.queue.name,
        "correct": found.correct,
        "rate": None if found.rate is None else asdict(found.rate) | {"decided_at": found.decided_at},
        "deviation": asdict(found.deviation),
        "rows": rows,
    }


def _columns(found: QueueDemand) -> tuple[str, ...]:
    """Only the parts of which something is known in the span."""
    told = [label for name, label in NAMES.items() if any(row.parts[name] is not None for row in found.rows)]
    return ("start", "offered", *told, "demand", "")


def _heading(found: QueueDemand) -> str:
    said = [f"{found.queue.name}: demand is not corrected" if found.correct == "off" else found.queue.name]
    if found.rate is not None and found.correct != "off":
        rate = found.rate
        said.append(
            f"of those who hang up unheard {rate.r:.0%} are estimated to call again "
            f"(between {rate.lower:.0%} and {rate.upper:.0%}, from {rate.n} weeks)"
        )
    unknown = [
        label for name, label in NAMES.items() if any("unknown" in row.origins[name] for row in found.rows)
    ]
    if unknown:
        said.append(f"not known, or not throughout: {', '.join(unknown)}")
    missed = found.deviation
    if missed.days and missed.offered is not None and missed.corrected is not None:
        said.append(
            f"forecast deviation over {missed.days} days: {missed.corrected:.1%} of demand, {missed.offered:.1%} of offered"
        )
    return "; ".join(said) + "."


def _row(row: Row, tz: str, by: str) -> dict[str, Any]:
    local = row.ds.tz_convert(tz)

    def part(name: str) -> str:
        value = row.parts[name]
        if value is None:
            return "off" if row.origins[name] == ("off",) else "?"
        mark = "~" if "estimated" in row.origins[name] else ""
        return f"{mark}{value:,.0f}"

    return {
        "start": f"{local:%Y-%m-%d %H:%M}" if by == "interval" else f"{local:%a %Y-%m-%d}",
        "offered": f"{row.offered:,.0f}",
        **{label: part(name) for name, label in NAMES.items()},
        "demand": f"{row.corrected:,.0f}",
        "": "estimated" if row.estimated else "",
    }
