"""`forecall doctor data`: how complete the data are and what is odd about them; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from forecast.quality.findings import Finding
    from store.quality import Key, Mark

COLUMNS = ("queue", "what", "from", "to", "found", "perhaps", "do")


def data(
    queue: Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is explained, and what somebody marked as seen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """How complete the data are, and what is odd about them: one line each, with one thing to do. Nothing is changed."""
    from dataclasses import asdict

    from store.quality import load_findings, load_marks

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        marks = load_marks(session)
        found = load_findings(session, config, now=now, queue=queue)
    lines = [one for one in found if one.kind == "completeness"]
    shown = [one for one in found if one.kind != "completeness" and (every or is_news(one, marks))]
    if as_json:
        console.print_json([asdict(one) | {"marked": _key(one) in marks} for one in [*lines, *shown]])
        return
    _show(lines, shown)
    hidden = len(found) - len(lines) - len(shown)
    if hidden:
        typer.echo(f"{hidden} more that are explained or marked as seen: --all shows them.")


def is_news(one: Finding, marks: dict[Key, Mark]) -> bool:
    """Is it more than a note, and did nobody mark it as seen?"""
    return one.severity != "info" and _key(one) not in marks


def _key(one: Finding) -> Key:
    return one.kind, one.queue, one.first


def _show(lines: list[Finding], shown: list[Finding]) -> None:
    if not lines:
        typer.echo("No contacts are stored: forecall import volumes FILE.")
        return
    for one in lines:
        name = one.queue or "All queues"
        typer.echo(f"{name}: {one.says}{f' {one.action}' if one.action and one.queue else ''}")
    console.show([_row(one) for one in shown], COLUMNS, empty="Nothing is odd about the data.")


def _row(one: Finding) -> dict[str, Any]:
    from rich.markup import escape

    cells = {
        "queue": one.queue or "all",
        "what": one.kind.replace("_", " "),
        "from": one.first,
        "to": "" if one.last == one.first else one.last,
        "found": one.says,
        "perhaps": one.guess,
        "do": one.action,
    }
    return {name: escape(" ".join(cell.split())) for name, cell in cells.items()}
