"""`forecall export LAYOUT`: the forecast as a file that a staffing suite imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from store.exporting import Exported, Wanted
    from store.settings import Settings

COLUMNS = ("layout", "suite", "what", "rows of", "tried in the suite")
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("export", rich_help_panel="Forecast")(export)


def export(
    layout: Annotated[
        str | None,
        typer.Argument(help="The kind of file; without it the kinds there are.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file; else one here, of a name of ours.", show_default=False)
    ] = None,
    queue: Annotated[
        list[str] | None, typer.Option(help="A queue, may be repeated; else all.", show_default=False)
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="From then on; else today.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until before then; else as far as it goes.", show_default=False)
    ] = None,
    interval: Annotated[
        Literal["15min", "30min", "1h", "1d"] | None,
        typer.Option(help="Length of the rows; else that of the queue.", show_default=False),
    ] = None,
    version: Annotated[str, typer.Option(help="published, locked, latest or a number.")] = "published",
    as_of: Annotated[str | None, typer.Option(help="What was published then.", show_default=False)] = None,
    site: Annotated[
        str | None, typer.Option(help="Only what this site or partner takes.", show_default=False)
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Only what this planning group takes.", show_default=False)
    ] = None,
    quantile: Annotated[str, typer.Option(help="mean, or a quantile such as 0.8.")] = "mean",
    id: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=ID: what the suite calls a queue or group; may be repeated.", show_default=False
        ),
    ] = None,
    aht_seconds: Annotated[
        float | None,
        typer.Option(
            help="Handling time of queues that have none.", min=0.001, max=86_400, show_default=False
        ),
    ] = None,
    week_starts: Annotated[Weekday, typer.Option(help="First day of the suite's week.")] = "monday",
    as_json: AsJson = False,
) -> None:
    """The forecast as a file for a staffing suite: Genesys Cloud, Amazon Connect, Calabrio, NICE, Assembled, Excel."""
    if layout is None:
        _list(as_json)
        return
    from forecast.buckets import Interval
    from forecast.exports.registry import find_layout
    from store.export_span import zone_of
    from store.exporting import Wanted, ids_of
    from store.queues import load_queues

    find_layout(layout)
    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        tz = zone_of([one for one in load_queues(session) if not queue or one.name in queue], config)
        wanted = Wanted(
            layout,
            queues=tuple(queue or ()),
            start=None if from_ is None else console.moment(from_, tz),
            end=None if until is None else console.moment(until, tz),
            interval=None if interval is None else Interval(interval),
            version=_version(version),
            as_of=None if as_of is None else console.moment(as_of, tz),
            site=site,
            group=group,
            value=quantile,
            ids=ids_of(id or ()),
            aht_seconds=aht_seconds,
            week_starts=WEEK.index(week_starts),
        )
        write(session, config, wanted, out, as_json=as_json)


def for_suite(
    config: Settings,
    layout: str,
    queue: str | None,
    horizon: str | None,
    granularity: str | None,
    out: Path | None,
    *,
    cutoff: str | None,
    as_json: bool,
) -> None:
    """What `forecall forecast --layout` writes: the published forecast as the file that a suite imports."""
    import pandas as pd

    from forecast.buckets import Interval
    from forecast.errors import InputError
    from store.export_span import zone_of
    from store.exporting import Wanted
    from store.queues import load_queues

    if cutoff is not None or granularity in ("week", "month"):
        raise InputError(
            f"The file for {layout} holds what is published, by interval, hour or day.",
            remedy="Leave out --cutoff, or write it with --layout tidy.",
            field="layout",
        )
    with console.open_sessions(config) as sessions, sessions() as session:
        tz = zone_of([one for one in load_queues(session) if queue in (None, one.name)], config)
        start = console.now().tz_convert(tz).normalize()
        end = None if horizon is None else start + pd.DateOffset(days=console.days(horizon))
        wanted = Wanted(
            layout,
            queues=() if queue is None else (queue,),
            start=None if end is None else start.tz_convert("UTC"),
            end=None if end is None else end.tz_convert("UTC"),
            interval={"hour": Interval.HOUR, "day": Interval.DAY}.get(granularity or ""),
        )
        write(session, config, wanted, out, as_json=as_json)


def write(
    session: Session, config: Settings, wanted: Wanted, out: Path | None, *, as_json: bool = False
) -> None:
    """Write the file, whole or not at all, and say what there is to know about it."""
    import tempfile

    from store.exporting import export as make

    folder = Path.cwd() if out is None else out.resolve().parent
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".forecall-", delete=False) as file:
        place = Path(file.name)
        try:
            made = make(session, config, wanted, file.file, now=console.now().to_pydatetime())  # type: ignore[arg-type]
        except BaseException:
            place.unlink()
            raise
    target = out or folder / made.file
    place.chmod(0o644)
    place.replace(target)
    _say(made, target, as_json)


def _say(made: Exported, target: Path, as_json: bool) -> None:
    if as_json:
        console.print_json({"file": str(target), "rows": made.rows, "notes": list(made.notes)})
        return
    console.warn(made.notes)
    typer.echo(f"Wrote {made.rows:,} rows to {target}.")


def _list(as_json: bool) -> None:
    from forecast.exports.registry import ALL

    rows = [
        {
            "layout": one.about.name,
            "suite": one.about.suite,
            "what": one.about.title,
            "rows of": [length.value for length in one.about.intervals],
            "tried in the suite": "yes" if one.about.tried else "no",
        }
        for one in ALL
    ]
    if as_json:
        console.print_json(
            [{**row, "tried in the suite": one.about.tried} for row, one in zip(rows, ALL, strict=True)]
        )
        return
    console.show(rows, COLUMNS, empty="")


def _version(text: str) -> str | int:
    """A name of a version or its number; InputError for anything else."""
    from forecast.errors import InputError

    if text in ("published", "locked", "latest"):
        return text
    if not (text.isascii() and text.isdecimal()):
        raise InputError(
            f"There is no version {text[:40]!r}.",
            remedy="Use published, locked, latest or its number.",
            field="version",
        )
    return int(text)
