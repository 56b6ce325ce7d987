"""`forecall repeats`: customers who came again on the same reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from forecast.repeats import Repeats, Row, Share

WEEKS = 12
COLUMNS = (
    "reason",
    "contacts",
    "customers",
    "repeats",
    "repeats from to",
    "resolved at first",
    "from to",
    "hours until",
)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Measure")(repeats)


def repeats(
    from_: Annotated[
        str | None, typer.Option("--from", help=f"From then on; else {WEEKS} weeks back.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until before then; else now.", show_default=False)
    ] = None,
    queue: Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Who came again on the same reason: share of repeats, resolved at first contact, time to the repeat, per reason."""
    import pandas as pd

    from store.repeats import load_repeats

    config = console.settings()
    tz, now = config.company.timezone, console.now()
    end = now if until is None else console.moment(until, tz)
    start = end - pd.Timedelta(weeks=WEEKS) if from_ is None else console.moment(from_, tz)
    with console.open_sessions(config) as sessions, sessions() as session:
        found, notes = load_repeats(
            session,
            config,
            start=start.to_pydatetime(),
            end=end.to_pydatetime(),
            queue=queue,
            as_of=now.to_pydatetime(),
        )
    if as_json:
        console.print_json(_whole(found, notes))
        return
    rows = [_shown(row) for row in ([found.total] if found.total else []) + list(found.reasons)]
    console.show(rows, COLUMNS, empty="There are too few customers to tell of repeats.")
    console.warn(notes)


def _whole(found: Repeats, notes: list[str]) -> dict[str, Any]:
    return {
        "total": None if found.total is None else _row(found.total),
        "reasons": [_row(row) for row in found.reasons],
        "hidden": found.hidden,
        "coverage": found.covered.value,
        "notes": notes,
    }


def _row(row: Row) -> dict[str, Any]:
    channels = {name: _share(share) for name, share in row.channels.items()}
    told = {
        **vars(row),
        "repeats": _share(row.repeats),
        "resolved": _share(row.resolved),
        "channels": channels,
    }
    return {**told, "pairs": [vars(pair) for pair in row.pairs]}


def _share(share: Share) -> dict[str, Any]:
    return {"count": share.count, "of": share.of, "share": share.value, "interval": share.interval}


def _shown(row: Row) -> dict[str, Any]:
    from rich.markup import escape

    from forecast.outlook_words import line

    def span(share: Share) -> str:
        return "" if share.interval is None else "{:.1%} to {:.1%}".format(*share.interval)

    shares = [
        text
        for share in (row.repeats, row.resolved)
        for text in ("" if share.value is None else f"{share.value:.1%}", span(share))
    ]
    return dict(
        zip(COLUMNS, [escape(line(row.topic)), row.contacts, row.customers, *shares, row.hours], strict=True)
    )
