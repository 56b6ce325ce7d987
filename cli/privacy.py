"""`forecall privacy`: what is held of a person, and its erasure."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import console
from cli.console import AsJson

group = typer.Typer(help="What is held of a person, and its erasure.", no_args_is_help=True)
Author = Annotated[
    str, typer.Option(help="The account, as it is written there: @name or name.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(group, name="privacy", rich_help_panel="Posts")


@group.command()
def export(author: Author, as_json: AsJson = False) -> None:
    """Everything that is held of an account."""
    from store.personal import personal_data

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        held = personal_data(session, console.settings(), author)
    rows: list[dict[str, Any]] = [
        {
            **{str(name): value for name, value in row.items()},
            "created_at": row["created_at"].isoformat(),
            "known_at": row["known_at"].isoformat(),
            "topics": ";".join(row["topics"]),
        }
        for row in held.to_dict("records")
    ]
    if as_json:
        console.print_json(rows)
    else:
        shown = ("source", "created_at", "language", "label", "topics", "text")
        console.show(rows, shown, empty="Nothing is held of this account.")


@group.command()
def erase(author: Author, as_json: AsJson = False) -> None:
    """Take text, author and link from all posts of an account. What was counted stays, and names nobody."""
    from store.personal import erase_person

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        count = erase_person(session, console.settings(), author, now=console.now().to_pydatetime())
        session.commit()
    if as_json:
        console.print_json({"erased": count})
    else:
        typer.echo(
            f"{count:,} posts lost their text and their author."
            if count
            else "Nothing was held of this account."
        )
