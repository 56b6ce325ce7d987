"""`forecall keys create | list | revoke`, and the one key that the first start makes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

keys = typer.Typer(no_args_is_help=True, help="Keys to the API.")
UNITS = {"d": 1, "w": 7, "y": 365}  # days
LONGEST = 3650


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(keys, name="keys", rich_help_panel="Operate")


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[list[str] | None, typer.Option(help="read, write, plan or admin; repeat it.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="After which it is useless: 90d, 12w, 1y. Never without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A new key. It is shown once and kept nowhere."""
    from store.keys import create_key, find_key

    scopes, now = scope or ["read"], console.now().to_pydatetime()
    ends = None if expires is None else now + lifetime(expires)
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        secret = create_key(session, name, scopes, now=now, expires_at=ends)
        made = find_key(session, secret)
        number = 0 if made is None else made.id
        body = {"name": name, "scopes": scopes, "expires_at": ends}
        note(session, "key.create", f"key {number}", body, now=now)
        session.commit()
    if as_json:
        console.print_json({"id": number, "name": name, "scopes": scopes, "expires_at": ends, "key": secret})
    else:
        until = "" if ends is None else f"; expires {ends:%Y-%m-%d %H:%M} UTC"
        typer.echo(
            f"Keep it now, it is not shown again (Authorization: Bearer KEY; scopes {', '.join(scopes)}{until}):",
            err=True,
        )
        typer.echo(secret)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    from store.keys import list_keys as load

    now = console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        rows = [
            {
                **vars(key),
                "created": _shown(key.created_at),
                "expires": _shown(key.expires_at, "never"),
                "last used": _shown(key.used_at, "never"),
                "state": key.state(now),
            }
            for key in load(session)
        ]
    if as_json:
        console.print_json(rows)
    else:
        columns = ("id", "name", "scopes", "created", "expires", "last used", "state")
        console.show(rows, columns, empty="There is no key: forecall keys create NAME.")


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="Its id, or its name.")]) -> None:
    """Make a key useless from now on."""
    from store.keys import revoke_key

    now = console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        for number in revoke_key(session, int(key) if key.isdigit() else key, now=now):
            note(session, "key.revoke", f"key {number}", {"asked": key}, now=now)
        session.commit()
    typer.echo(f"The key {key} was revoked.")


def lifetime(text: str) -> dt.timedelta:
    """`90d`, `12w`, `1y` -> a time; InputError for anything else, or more than ten years."""
    from forecast.errors import InputError

    number, unit = text[:-1], UNITS.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdigit()) or not 0 < int(number) * unit <= LONGEST:
        raise InputError(
            f"{text!r} is no time of one day to ten years.",
            remedy="Write it as 90d, 12w or 1y.",
            field="expires",
        )
    return dt.timedelta(days=int(number) * unit)


def show_first_key(sessions: sessionmaker[Session]) -> None:
    """Where nobody could get in yet, make one key for everything and show it on the terminal, this once."""
    from store.keys import create_first_key, find_key

    now = console.now().to_pydatetime()
    with sessions() as session:
        secret = create_first_key(session, now=now)
        made = None if secret is None else find_key(session, secret)
        if secret is None or made is None:
            return
        note(session, "key.create", f"key {made.id}", {"name": made.name, "scopes": made.scopes}, now=now)
        session.commit()
    typer.echo(
        "This is the first start: here is a key for everything. Keep it now, it is not shown again.\n"
        f"\n    {secret}\n\n"
        "Sign in with it, or send it as Authorization: Bearer KEY. With it, make keys and users of your own\n"
        "(forecall keys create, forecall users create), then revoke it.",
        err=True,
    )


def _shown(moment: dt.datetime | None, otherwise: str = "") -> str:
    return otherwise if moment is None else f"{moment:%Y-%m-%d %H:%M}"
