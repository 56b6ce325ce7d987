"""`forecall backlog`: what waits for an answer, since when, and the contacts that late answers bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from store.backlog import QueueBacklog

COLUMNS = ("queue", "as of", "waiting", "too late", "oldest", "answered in time", "target")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Forecast")(backlog)


def backlog(
    queue: Annotated[
        str | None, typer.Option(help="One queue; else e-mail, chat and social.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What waits for an answer: how many, how long, how many answered in time, and the contacts late answers bring."""
    from dataclasses import asdict

    from store.backlog import load_backlogs

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        found = load_backlogs(session, config, now=now, queue=queue, created=True)
    if as_json:
        console.print_json([asdict(one) for one in found])
        return
    rows = [_row(one, config.company.timezone) for one in found if one.waiting is not None]
    console.show(rows, COLUMNS, empty="No queue tells what waits for an answer.")
    for one in found:
        console.warn([f"{one.queue}: {note}" for note in one.notes])
        for sentence in sentences(one):
            typer.echo(sentence)


def _row(one: QueueBacklog, tz: str) -> dict[str, Any]:
    from rich.markup import escape

    from forecast.buckets import zone

    oldest = f"{one.oldest_hours:,.0f} h" + (
        "" if one.oldest_open_hours is None else f" ({one.oldest_open_hours:,.0f} open)"
    )
    return {
        "queue": escape(" ".join(one.queue.split())),
        "as of": f"{one.as_of.astimezone(zone(tz)):%Y-%m-%d %H:%M}",
        "waiting": f"{one.waiting:,.0f}",
        "too late": f"{one.late:,.0f}",
        "oldest": oldest if one.waiting else "",
        "answered in time": "" if one.share_in_time is None else f"{one.share_in_time:.0%}",
        "target": f"{one.target_hours:g} h",
    }


def sentences(one: QueueBacklog) -> list[str]:
    """What late answers bring, a sentence per queue where it is shown; one where none is."""
    shown = [each for each in one.created if each.shown]
    told = [
        f"Of {one.queue}, each contact not answered in time brings {each.per_late:.2f} ({each.lower:.2f} to {each.upper:.2f}) contacts to {each.queue}: about {each.per_late * (one.broken or 0):,.0f} in the last 28 days."
        for each in shown
    ]
    if one.created and not shown:
        enough = any(not each.why.startswith("not enough") for each in one.created)
        told.append(
            f"Of {one.queue}, contacts that late answers bring to other queues are not shown: {'no more than chance brings' if enough else 'not enough history'}."
        )
    return told
