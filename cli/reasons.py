"""`forecall reasons`: contact reasons by queue and week, and how much they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from store.reason_weeks import Week

COLUMNS = ("queue", "week", "days", "offered", "reason known", "change", "reasons")
MOST = 6  # reasons in a line


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Data")(reasons)


def reasons(
    queue: Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)] = None,
    weeks: Annotated[int, typer.Option(min=1, max=156, help="So many weeks back.")] = 13,
    as_json: AsJson = False,
) -> None:
    """Contact reasons per week as imported apart from the totals, and of how many contacts the reason is known."""
    import datetime as dt

    from store.queues import load_queues, require_queues
    from store.reason_weeks import reason_weeks

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        require_queues(session, [] if queue is None else [queue])
        found = [
            week
            for one in load_queues(session)
            if queue in (None, one.name)
            for week in reason_weeks(session, one, start=now - dt.timedelta(weeks=weeks))
        ]
    if as_json:
        console.print_json(
            [vars(week) | {"week": week.week.isoformat(), "shares": week.shares} for week in found]
        )
        return
    empty = "No reasons were imported apart from the totals: forecall import reasons FILE."
    console.show([_row(week) for week in found], COLUMNS, empty=empty)


def _row(week: Week) -> dict[str, Any]:
    from rich.markup import escape

    from forecast.contacts.reason_files import UNKNOWN
    from forecast.outlook_words import line

    shares = week.shares
    named = sorted((one for one in shares if one != UNKNOWN), key=lambda one: -shares[one])
    said = [f"{escape(line(one))} {shares[one]:.0%}" for one in named[:MOST]]
    more = [f"{len(named) - MOST} more"] if len(named) > MOST else []
    return {
        "queue": escape(line(week.queue)),
        "week": week.week.isoformat(),
        "days": week.days,
        "offered": f"{week.offered:,.0f}",
        "reason known": f"{week.coverage:.0%}",
        "change": "" if week.trend is None else f"{100 * week.trend:+.0f} points",
        "reasons": ", ".join([*said, *more, f"unknown {shares[UNKNOWN]:.0%}"]),
    }
