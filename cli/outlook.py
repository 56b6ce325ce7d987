"""`forecall outlook` and `forecall digest`: what will they call about, and the week per reason owner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from forecast.outlook import Outlook
    from forecast.outlook_words import Language

Spoken = Annotated[Literal["en", "nl"], typer.Option(help="Language of the words.")]
COLUMNS = ("reason", "expected", "8 in 10 within", "usual", "change", "last week", "posts", "why")


def register(app: typer.Typer) -> None:
    """Add both commands to the application."""
    app.command(rich_help_panel="Forecast")(outlook)
    app.command(rich_help_panel="Forecast")(digest)


def outlook(
    day: Annotated[str, typer.Option(help="today, tomorrow or a date such as 2026-11-24.")] = "tomorrow",
    queue: Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)] = None,
    channel: Annotated[str | None, typer.Option(help="One channel; else all.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Draw it into an .svg file.", show_default=False)] = None,
    language: Spoken = "en",
    as_json: AsJson = False,
) -> None:
    """What will they call about: every contact reason of a day, against the usual, and why."""
    from forecast.errors import InputError
    from forecast.outlook_picture import draw
    from forecast.outlook_words import heading
    from store.outlook import day_of, load_outlook

    if out is not None and out.suffix != ".svg":
        raise InputError(f"No picture can be drawn as {out.suffix!r}.", remedy="Name it .svg.", field="out")
    config, now = console.settings(), console.now().to_pydatetime()
    asked = day_of(day, now, config.company.timezone)
    with console.open_sessions(config) as sessions, sessions() as session:
        chosen = [] if queue is None else [queue]
        found = load_outlook(session, config, asked, now, queues=chosen, channel=channel)
    if out is not None:
        out.write_text(draw(found, language), "utf-8")
        typer.echo(f"Drew {len(found.reasons)} reasons into {out}.")
    if as_json:
        console.print_json(_as_dict(found, language))
    elif out is None:
        title, answer = heading(found, language)
        typer.echo(f"{title}\n{answer}")
        if found.reasons:
            console.show(_rows(found, language), COLUMNS, empty="")


def _as_dict(found: Outlook, language: Language) -> dict[str, Any]:
    from dataclasses import asdict

    from forecast.outlook_words import why

    names = ("expected", "low", "high", "usual", "last_week")
    reasons = [
        asdict(reason)
        | {name: getattr(reason, name) for name in (*names, "change")}
        | {"why": why(reason, found.tz, language)}
        for reason in found.reasons
    ]
    sums = {name: getattr(found, name) for name in names}
    return {"day": found.day.isoformat(), "made_on": found.cutoff, **sums, "reasons": reasons}


def _rows(found: Outlook, language: Language) -> list[dict[str, Any]]:
    from rich.markup import escape

    from forecast.outlook_words import line, number, percent, topic, why

    def told(value: float | None) -> str:
        return "" if value is None else number(value, language)

    return [
        {
            "reason": escape(line(topic(reason.topic, language))),
            "expected": told(reason.expected),
            "8 in 10 within": f"{told(reason.low)}–{told(reason.high)}",
            "usual": told(reason.usual),
            "change": "" if reason.change is None else percent(reason.change),
            "last week": told(reason.last_week),
            "posts": told(reason.talk.day or None),
            "why": escape(line(why(reason, found.tz, language))),
        }
        for reason in found.reasons
    ]


def digest(
    owner: Annotated[str | None, typer.Option(help="One owner; else all.", show_default=False)] = None,
    language: Spoken = "en",
    as_json: AsJson = False,
) -> None:
    """The week per reason owner, made now: what came, what is expected, what is said, what is new."""
    from dataclasses import asdict

    from jobs.digest import digests

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        made = [
            one
            for one in digests(session, config, now)
            if one.language == language and owner in (None, one.owner)
        ]
    if as_json:
        console.print_json([asdict(one) for one in made])
    elif made:
        typer.echo("\n".join(one.text for one in made))
    else:
        typer.echo("There is no owner of a contact reason: name one in config.yaml under `reasons`.")
