"""`forecall users create | list | role | disable | password`: people who sign in with a name and a password."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

users = typer.Typer(no_args_is_help=True, help="People who sign in.")
Name = Annotated[str, typer.Argument(help="A name or an e-mail address.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(users, name="users", rich_help_panel="Operate")


@users.command()
def create(
    name: Name,
    scope: Annotated[list[str] | None, typer.Option(help="read, write, plan or admin; repeat it.")] = None,
    role: Annotated[
        str | None, typer.Option(help="viewer, planner, analyst or admin, instead of scopes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A new user. The password is asked for; where nobody sits at the terminal it is the first line of the input."""
    from forecast.errors import InputError
    from store.roles import scopes_of
    from store.users import create_user

    if role and scope:
        raise InputError("A role already says the scopes.", remedy="Give --role or --scope.", field="role")
    scopes, now = list(scopes_of(role)) if role else scope or ["read"], console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        made = create_user(session, name, _password(), scopes, now=now)
        body = {"name": made.name, "scopes": made.scopes}
        note(session, "user.create", f"user {made.id}", body, now=now)
        session.commit()
    if as_json:
        console.print_json({"id": made.id, **body})
    else:
        typer.echo(f"{made.name} may sign in (scopes {', '.join(made.scopes)}).")


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """All users."""
    from store.roles import role_of
    from store.users import list_users as load

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        rows = [
            {
                **{name: value for name, value in vars(user).items() if name != "mark"},
                "role": role_of(user.scopes) or "none",
                "state": user.state,
                "created": f"{user.created_at:%Y-%m-%d %H:%M}",
                "last used": "never" if user.used_at is None else f"{user.used_at:%Y-%m-%d %H:%M}",
                "by": "password" if user.subject is None else "company account",
            }
            for user in load(session)
        ]
    if as_json:
        console.print_json(rows)
    else:
        columns = ("id", "name", "role", "scopes", "by", "created", "last used", "state")
        console.show(rows, columns, empty="There is no user: forecall users create NAME.")


@users.command()
def role(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, planner, analyst or admin.", show_default=False)],
) -> None:
    """Give a user another role, from their next click on."""
    from store.roles import scopes_of
    from store.users import set_scopes

    scopes, now = scopes_of(role), console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        changed = set_scopes(session, name, scopes)
        note(session, "user.role", f"user {changed.id}", {"name": changed.name, "scopes": scopes}, now=now)
        session.commit()
    typer.echo(f"{changed.name} is {role} now (scopes {', '.join(scopes)}).")


@users.command()
def disable(name: Name) -> None:
    """Let a user in no more, and end their sessions."""
    from store.users import disable_user

    now = console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        gone = disable_user(session, name, now=now)
        note(session, "user.disable", f"user {gone.id}", {"name": gone.name}, now=now)
        session.commit()
    typer.echo(f"{gone.name} may not sign in any more.")


@users.command()
def password(name: Name) -> None:
    """Give a user another password, and end their sessions."""
    from store.users import set_password

    now = console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        changed = set_password(session, name, _password())
        note(session, "user.password", f"user {changed.id}", {"name": changed.name}, now=now)
        session.commit()
    typer.echo(f"{changed.name} has another password.")


def _password() -> str:
    """Asked for twice at a terminal; else the first line of the input, for scripts. Never an argument: `ps` shows those."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
