"""`forecall effect` and `forecall causes`: did the fix work, and why people get in touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

if TYPE_CHECKING:
    import datetime as dt

    from forecast.effect import Effect, Range
    from store.causes import Cause

causes_group = typer.Typer(no_args_is_help=True, help="The register of causes: why people get in touch.")
COLUMNS = ("id", "reason", "queue", "cause", "owner", "changed", "since", "removed")


def register(app: typer.Typer) -> None:
    """Add the command and the group to the application."""
    app.command(rich_help_panel="Measure")(effect)
    app.add_typer(causes_group, name="causes", rich_help_panel="Measure")


def effect(
    topic: Annotated[str, typer.Option(help="The contact reason that was changed.", show_default=False)],
    since: Annotated[str, typer.Option(help="When: 2026-03-01.", show_default=False)],
    queue: Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option(help="Until before this day.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Did the fix work? What came since a change, against the forecast as known then, with other reasons as controls."""
    from forecast.outlook_words import line
    from store.effects import measure_effect

    config = console.settings()
    tz = config.company.timezone
    with console.open_sessions(config) as sessions, sessions() as session:
        found = measure_effect(
            session,
            config,
            topic,
            queue=queue,
            since=console.moment(since, tz).to_pydatetime(),
            until=None if until is None else console.moment(until, tz).to_pydatetime(),
            now=console.now().to_pydatetime(),
        )
    if as_json:
        console.print_json(found)
        return
    typer.echo(f"{line(topic)}: {found.verdict}. {found.why}")
    if found.avoided is not None:
        console.show(_figures(found), ("", "estimate", "from", "to"), empty="")
        typer.echo(f"Has it come back? {found.come_back}. {found.come_back_why}")
        typer.echo(_compared(found))
    console.warn([line(note) for note in found.notes])


def _figures(found: Effect) -> list[dict[str, Any]]:
    """The figures with their intervals, those that are known."""
    rows: list[tuple[str, Range | None]] = [
        (f"contacts expected, {found.first} to {found.last}", found.expected),
        ("contacts avoided an open day", found.avoided),
        ("hours saved a week", found.hours),
        ("FTE", found.fte),
    ]
    told = [
        {"": name, "estimate": one.value, "from": one.lower, "to": one.upper} for name, one in rows if one
    ]
    return [{"": f"contacts that came on {found.days} open days", "estimate": found.came}, *told]


def _compared(found: Effect) -> str:
    from forecast.outlook_words import line

    if not found.controls:
        return "Compared with the forecast alone."
    names = ", ".join(f"{line(name)} ({100 * weight:.0f} %)" for name, weight in found.controls.items())
    return f"Compared with {names}; they came {100 * (found.shared or 0):+.1f} % off their own forecast."


@causes_group.command("list")
def list_causes(
    topic: Annotated[str | None, typer.Option(help="One contact reason.", show_default=False)] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Also those that were removed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Known causes, the oldest first."""
    from store.causes import load_causes

    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        causes = load_causes(session, topic=topic, removed=removed)
    if as_json:
        console.print_json(causes)
        return
    empty = "No cause is known yet: `forecall causes add --topic T --cause TEXT`."
    console.show([_told(one, config.company.timezone) for one in causes], COLUMNS, empty=empty)


@causes_group.command("add")
def add(
    topic: Annotated[str, typer.Option(help="The contact reason.", show_default=False)],
    cause: Annotated[str, typer.Option(help="Why people get in touch on it.", show_default=False)],
    queue: Annotated[str | None, typer.Option(help="Of this queue only.", show_default=False)] = None,
    owner: Annotated[str, typer.Option(help="Who looks after it.")] = "",
    changed: Annotated[str, typer.Option(help="What was changed about it.")] = "",
    since: Annotated[str | None, typer.Option(help="Since when.", show_default=False)] = None,
    author: Annotated[str, typer.Option(help="Who registers it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put a cause into the register."""
    from forecast.outlook_words import line
    from store.causes import Cause, add_cause

    config = console.settings()
    moment = None if since is None else console.moment(since, config.company.timezone).to_pydatetime()
    told = Cause(topic, cause, queue, owner, changed, moment, author)
    with console.open_sessions(config) as sessions, sessions() as session:
        made = add_cause(session, told, now=console.now().to_pydatetime())
        note(session, "cause.add", f"cause {made.id}", vars(told))
        session.commit()
    if as_json:
        console.print_json(made)
    else:
        typer.echo(f"Cause {made.id} of {line(made.topic)} is in the register.")


@causes_group.command("remove")
def remove(
    cause_id: Annotated[int, typer.Argument(metavar="ID", help="As `forecall causes list` shows it.")],
) -> None:
    """Let a cause end; it stays in the register as removed."""
    from forecast.outlook_words import line
    from store.causes import remove_cause

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        made = remove_cause(session, cause_id, now=console.now().to_pydatetime())
        note(session, "cause.remove", f"cause {made.id}", {"topic": made.topic, "cause": made.cause})
        session.commit()
    typer.echo(f"Cause {made.id} of {line(made.topic)} is removed.")


def _told(cause: Cause, tz: str) -> dict[str, Any]:
    """A row of the register: dates are local, and words of others neither markup nor a command to the terminal."""
    from rich.markup import escape

    from forecast.buckets import zone
    from forecast.outlook_words import line

    def day(moment: dt.datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(zone(tz)):%Y-%m-%d}"

    return {
        "id": cause.id,
        "reason": escape(line(cause.topic)),
        "queue": escape(line(cause.queue or "all")),
        "cause": escape(line(cause.cause)),
        "owner": escape(line(cause.owner)),
        "changed": escape(line(cause.changed)),
        "since": day(cause.since),
        "removed": day(cause.removed_at),
    }
