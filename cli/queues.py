"""`forecall queues ...`: queues renamed, merged and split from a date on; and back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

if TYPE_CHECKING:
    from forecast.queue_map import Move
    from store.queue_map import KeptMove

queues = typer.Typer(no_args_is_help=True, help="Queues renamed, merged and split: their history goes along.")
maps = typer.Typer(no_args_is_help=True, help="What became of queues; each change can be taken back.")
queues.add_typer(maps, name="map")
From = Annotated[
    dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first local day.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(queues, name="queues", rich_help_panel="Data")


@queues.command()
def rename(
    old: Annotated[str, typer.Argument(show_default=False)],
    new: Annotated[str, typer.Argument(show_default=False)],
    since: From,
    as_json: AsJson = False,
) -> None:
    """A queue goes on under another name."""
    _add([(old, new, 1.0)], since, as_json)


@queues.command()
def merge(
    names: Annotated[list[str], typer.Argument(metavar="A B ... INTO C", show_default=False)],
    since: From,
    as_json: AsJson = False,
) -> None:
    """Several queues become one: forecall queues merge A B INTO C --from 2026-12-01."""
    from forecast.errors import InputError

    if len(names) < 3 or names[-2].upper() != "INTO":
        raise InputError("It is not said what they become.", remedy="Write: merge A B INTO C.", field="names")
    _add([(name, names[-1], 1.0) for name in names[:-2]], since, as_json)


@queues.command()
def split(
    queue: Annotated[str, typer.Argument(show_default=False)],
    parts: Annotated[list[str], typer.Argument(metavar="B=0.7 C=0.3", show_default=False)],
    since: From,
    as_json: AsJson = False,
) -> None:
    """A queue's contacts go to others in shares; what is left stays: forecall queues split A B=0.7 C=0.3 --from 2026-12-01."""
    from forecast.errors import InputError

    moves = []
    for part in parts:
        name, _, share = part.rpartition("=")
        try:
            moves.append((queue, name, float(share.replace(",", "."))))
        except ValueError:
            name = ""
        if not name:
            raise InputError(f"{part!r} is no share.", remedy="Write B=0.7 for 70 per cent.", field="parts")
    _add(moves, since, as_json)


@maps.command("list")
def list_(
    removed: Annotated[bool, typer.Option("--removed", help="What was taken back instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every move between queues, the oldest first."""
    from store.queue_map import load_moves

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        rows = [_row(one) for one in load_moves(session, removed=removed)]
    if as_json:
        console.print_json(rows)
    else:
        shown = ("id", "queue", "into", "date", "share", "since")
        console.show(rows, shown, empty="No queue was renamed, merged or split.")


@maps.command()
def undo(
    number: Annotated[int, typer.Argument(metavar="ID", show_default=False)], as_json: AsJson = False
) -> None:
    """Take back a move and those that came with it: histories and forecasts are as before."""
    from store.queue_map import undo_moves

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        gone = undo_moves(session, number, now=console.now().to_pydatetime())
        note(session, "queue_map.undo", f"queue_map {number}", {"moves": [vars(one.move) for one in gone]})
        session.commit()
    if as_json:
        console.print_json([_row(one) for one in gone])
    else:
        for one in gone:
            typer.echo(f"Taken back: {one.move}.")


def _add(moves: list[tuple[str, str, float]], since: dt.datetime, as_json: bool) -> None:
    from forecast.queue_map import Move
    from store.queue_map import add_moves

    day = (since.date() - dt.date(1970, 1, 1)).days
    told: tuple[Move, ...] = tuple(Move(day, queue, into, share) for queue, into, share in moves)
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        kept = add_moves(session, told, now=console.now().to_pydatetime())
        note(session, "queue_map.add", "queue_map", {"moves": [vars(one) for one in told]})
        session.commit()
    if as_json:
        console.print_json([_row(one) for one in kept])
    else:
        for one in kept:
            typer.echo(
                f"{one.id}: {one.move}, {one.move.share:.0%}. Undo it with `forecall queues map undo {one.id}`."
            )


def _row(one: KeptMove) -> dict[str, object]:
    move = one.move
    since = f"{one.created_at:%Y-%m-%d %H:%M} UTC"
    return {
        "id": one.id,
        "queue": move.queue,
        "into": move.into,
        "date": move.date,
        "share": move.share,
        "since": since,
    }
