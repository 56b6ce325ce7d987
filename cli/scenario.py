"""`forecall scenario ...`: what if, from a file of events or in a few words; forecast, scenario, difference and agents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from api.scenario_schemas import ScenarioIn, ScenarioOut

DAYS = ("queue", "day", "forecast", "scenario", "difference", "from", "to", "agent hours")
LOW, HIGH = "0.1", "0.9"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("scenario", rich_help_panel="Forecast")(scenario)


def scenario(
    file: Annotated[
        Path | None,
        typer.Argument(help="Events as JSON, as `POST /v1/scenarios` takes them.", show_default=False),
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="The day of the event, 2026-11-02.", show_default=False)
    ] = None,
    letters: Annotated[
        float | None, typer.Option(help="So many letters on that day.", show_default=False)
    ] = None,
    driver: Annotated[str, typer.Option(help="What is sent, if not letters.")] = "letters",
    worth: Annotated[
        float | None,
        typer.Option(help="Contacts per letter, where you know better than the history.", show_default=False),
    ] = None,
    lasts: Annotated[
        int | None, typer.Option(help="Open days over which they come.", show_default=False)
    ] = None,
    like: Annotated[
        str | None, typer.Option(help="An outage like that of this past day.", show_default=False)
    ] = None,
    percent: Annotated[
        float | None, typer.Option(help="So many per cent more on that day.", show_default=False)
    ] = None,
    closed: Annotated[bool, typer.Option("--closed", help="The queue is closed on that day.")] = False,
    queue: Annotated[
        str | None, typer.Option(help="In this queue; else in all it concerns.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until before this day; else two weeks on.", show_default=False)
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Keep it under this name; else nothing is stored.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What if: letters, an outage, other hours, a queue that closes; on the same futures, so that the band of the difference is right."""
    given = {"letters": letters, "like": like, "percent": percent, "closed": closed or None}
    words = {name: value for name, value in given.items() if value is not None}
    body = (
        _read(file, words)
        if file is not None
        else {"events": [_event(words, on, driver, worth, lasts, queue)]}
    )
    added = {
        "end": until,
        "name": name,
        "queues": [queue] if queue else None,
        **({} if as_json else {"granularity": "day"}),
    }
    asked = _asked({**body, **{key: value for key, value in added.items() if value is not None}})
    found = _run(asked, quiet=as_json)
    if as_json:
        console.print_json(found.model_dump(mode="json"))
        return
    console.show(_days(found), DAYS, empty="There are no days to show: the data end long before them.")
    for note in found.notes:
        typer.echo(f"{_line(note.text)} [{note.basis}]")
    console.warn([_line(one) for one in found.remarks])


def _read(file: Path, words: dict[str, Any]) -> dict[str, Any]:
    """The body in a file. InputError where it is none, or where events are given in words as well."""
    import json

    from forecast.errors import InputError

    if words:
        raise InputError(
            "Events stand in the file and on the command line.", remedy="Use one of them.", field="file"
        )
    try:
        body = json.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError):
        raise InputError(
            f"The scenario {file} cannot be read.",
            remedy='Write JSON such as {"events": [{"kind": "change", ...}]}; docs/scenarios.md has all kinds.',
            field="file",
        ) from None
    if not isinstance(body, dict):
        raise InputError(f"{file} holds no scenario.", remedy='Begin with {"events": [...]}.', field="file")
    return body


def _event(
    words: dict[str, Any],
    on: str | None,
    driver: str,
    worth: float | None,
    lasts: int | None,
    queue: str | None,
) -> dict[str, Any]:
    """One event from the options, as the API takes it. InputError for none, for several and for no day."""
    import datetime as dt

    from forecast.errors import InputError

    if len(words) != 1 or on is None:
        raise InputError(
            "A scenario needs one event and its day.",
            remedy="Give a file, or --on with one of --letters, --like, --percent, --closed.",
            field="on",
        )
    about = {} if queue is None else {"queue": queue}
    what = next(iter(words))
    if what == "letters":
        more = {"worth": worth, "lasts_days": lasts}
        said = {key: value for key, value in more.items() if value is not None}
        return {"kind": "driver", "driver": driver, "date": on, "value": words[what], **said, **about}
    if what == "like":
        return {"kind": "outage", "like": words[what], "date": on, **about}
    if what == "closed":
        if queue is None:
            raise InputError("Nobody knows what closes.", remedy="Name it with --queue.", field="queue")
        return {"kind": "hours", "date": on, "closed": True, **about}
    try:
        after = dt.date.fromisoformat(on) + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        raise InputError(f"{on!r} is no date.", remedy="Write it as 2026-11-02.", field="on") from None
    return {"kind": "change", "percent": words[what], "from": on, "to": str(after), **about}


def _asked(body: dict[str, Any]) -> ScenarioIn:
    """A body as the API would take it; InputError for the first field that it would refuse."""
    from pydantic import ValidationError

    from api.scenario_schemas import ScenarioIn
    from forecast.errors import InputError

    try:
        return ScenarioIn(**body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"The scenario cannot be used at {where or 'its beginning'}: {first['msg']}.",
            remedy="docs/scenarios.md has the fields of each kind.",
            field=where,
        ) from None


def _run(asked: ScenarioIn, *, quiet: bool) -> ScenarioOut:
    from api.scenario_answers import answered
    from cli.audit import who

    config = console.settings()
    with (
        console.open_sessions(config) as sessions,
        sessions() as session,
        console.progress("Looking ahead, with and without", quiet=quiet),
    ):
        found = answered(session, config, asked, author=who(), now=console.now().to_pydatetime())
        session.commit()
    return found


def _days(found: ScenarioOut) -> list[dict[str, Any]]:
    """A row per queue and day; the band is that of eight differences in ten."""
    from rich.markup import escape

    rows = []
    for queue in found.queues:
        for day in queue.days:
            band = day.difference.quantiles
            hours = None if day.agent_hours is None else day.agent_hours.difference_gross
            figures = (
                day.forecast.mean,
                day.scenario.mean,
                day.difference.mean,
                band.get(LOW),
                band.get(HIGH),
                hours,
            )
            rows.append(dict(zip(DAYS, (escape(_line(queue.queue)), day.date, *figures), strict=True)))
    return rows


def _line(text: str) -> str:
    """Names of others are no command to the terminal."""
    from forecast.outlook_words import line

    return line(text)
