"""`forecall audit list | verify`: who changed what; and how commands write that down."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

audit = typer.Typer(no_args_is_help=True, help="Who changed what, and when.")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(audit, name="audit", rich_help_panel="Operate")


def who() -> str:
    """The login name of whoever gives the command; `command` where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "command"


def note(
    session: Session, act: str, subject: str, body: Mapping[str, Any], *, now: dt.datetime | None = None
) -> None:
    """Write a change down, in the transaction that makes it; now: where the command has read the clock already."""
    from store.audit import record

    record(session, now=now or console.now().to_pydatetime(), who=who(), act=act, subject=subject, body=body)


@audit.command("list")
def list_audit(
    by: Annotated[str | None, typer.Option("--who", help="Of this key, user or login name.")] = None,
    act: Annotated[str | None, typer.Option(help="Such as override.add, or override.")] = None,
    subject: Annotated[str | None, typer.Option(help="Such as 'override 12', or override.")] = None,
    start: Annotated[str | None, typer.Option(help="From this moment.")] = None,
    end: Annotated[str | None, typer.Option(help="Until before this moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What was changed, the latest first."""
    import json

    from store.audit import load_audit

    config = console.settings()
    tz = config.company.timezone
    first, last = (None if one is None else console.moment(one, tz).to_pydatetime() for one in (start, end))
    with console.open_sessions(config) as sessions, sessions() as session:
        entries = load_audit(session, who=by, act=act, subject=subject, start=first, end=last, limit=limit)
    if as_json:
        console.print_json([vars(one) for one in entries])
        return
    rows = [
        {**vars(one), "at": f"{one.at:%Y-%m-%d %H:%M:%S}", "what": json.dumps(one.body, ensure_ascii=False)}
        for one in entries
    ]
    console.show(rows, ("id", "at", "who", "act", "subject", "what"), empty="Nothing was changed yet.")


@audit.command()
def verify(as_json: AsJson = False) -> None:
    """Check the seals of all rows. Exit code 1 where one does not hold; the newest digest is worth keeping elsewhere."""
    from store.audit import newest_seal
    from store.audit import verify as check

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        broken = check(session)
        rows, digest = newest_seal(session)
    if as_json:
        console.print_json({"rows": rows, "broken": broken, "digest": digest})
    elif broken is None:
        typer.echo(f"All seals hold: {rows:,} rows, the newest digest is {digest}.")
    else:
        typer.echo(
            f"The seal of row {broken} does not hold: it, or a row before it, was changed or taken out."
        )
    if broken is not None:
        raise typer.Exit(1)
