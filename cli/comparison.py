"""`forecall compare`: forecasts made elsewhere against ours, on the same weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from forecast.comparison import Compared

COLUMNS = (
    "queue",
    "what",
    "by",
    "ours %",
    "theirs %",
    "difference",
    "from",
    "to",
    "bias ours %",
    "bias theirs %",
    "nearer",
)
WEEKS = ("queue", "week", "made on", "ours", "ours %", "theirs %", "why not")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Measure")(compare)


def compare(
    queue: Annotated[
        str | None, typer.Option(help="One queue; else all, and the result is kept.", show_default=False)
    ] = None,
    weeks: Annotated[bool, typer.Option("--weeks", help="Also every week, compared or not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forecasts made elsewhere (`forecall import forecast FILE`) against ours, made at the same moments: who was nearer."""
    from store.comparing import compare as compare_all
    from store.comparison import save_comparison

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        with console.progress("Comparing", quiet=as_json) as step:
            found = compare_all(
                session, config, now=now, queues=None if queue is None else [queue], progress=step
            )
        if queue is None and found:
            save_comparison(session, config, found, now=now, code_version=_version())
            session.commit()
    if as_json:
        console.print_json({"queues": found})
        return
    empty = "No other forecast is held: `forecall import forecast FILE`."
    console.show([row for one in found for row in _measures(one)], COLUMNS, empty=empty)
    if weeks:
        console.show([row for one in found for row in _weeks(one)], WEEKS, empty="")
    console.warn([note for one in found for note in _notes(one)])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("forecall")
    except PackageNotFoundError:
        return "unknown"


def _measures(found: Compared) -> list[dict[str, Any]]:
    return [
        dict(
            zip(
                COLUMNS,
                [
                    _name(found.queue),
                    one.what,
                    one.level,
                    _percent(one.ours),
                    _percent(one.theirs),
                    *(
                        None if each is None else f"{100 * each:+.1f}"
                        for each in (one.difference, one.low, one.high)
                    ),
                    f"{100 * one.ours_bias:+.1f}",
                    f"{100 * one.theirs_bias:+.1f}",
                    one.winner,
                ],
                strict=True,
            )
        )
        for one in found.measures
    ]


def _weeks(found: Compared) -> list[dict[str, Any]]:
    return [
        dict(
            zip(
                WEEKS,
                [
                    _name(found.queue),
                    one.week,
                    one.made_at[:10],
                    one.source,
                    _percent(one.ours),
                    _percent(one.theirs),
                    one.why,
                ],
                strict=True,
            )
        )
        for one in found.weeks
    ]


def _notes(found: Compared) -> list[str]:
    out = [one for one in found.weeks if one.why]
    told = [f"{_name(found.queue)}: the week of {one.week} is not compared: {one.why}." for one in out]
    return [*(f"{_name(found.queue)}: {note}" for note in found.notes), *told]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _name(queue: str) -> str:
    """A name of others is neither markup nor a command to the terminal."""
    from rich.markup import escape

    from forecast.outlook_words import line

    return escape(line(queue))
