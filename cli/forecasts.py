"""`forecall forecast` and `forecall evidence`: what is expected, and whether social counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

    from store.settings import Settings

Queue = Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)]
SCREEN = {"mean": "mean", "0.5": "expected", "0.8": "busy (8 in 10)", "0.9": "safe (9 in 10)"}
GATES = {
    "open": "social counts",
    "shut": "social does not count",
    "not enough history": "not enough history yet",
}


def register(app: typer.Typer) -> None:
    """Add both commands to the application."""
    app.command(rich_help_panel="Forecast")(forecast)
    app.command(rich_help_panel="Forecast")(evidence)


def forecast(
    queue: Queue = None,
    horizon: Annotated[str, typer.Option(help="How far: 7d, 8w.")] = "8w",
    cutoff: Annotated[
        str | None,
        typer.Option(
            help="Forecast anew, as of this moment (ISO 8601, else local time).", show_default=False
        ),
    ] = None,
    granularity: Annotated[
        Literal["interval", "hour", "day", "week", "month"] | None,
        typer.Option(help="Rows per what; on screen day, in a file interval.", show_default=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a CSV file.", show_default=False)] = None,
    layout: Annotated[Literal["tidy"], typer.Option(help="Columns of the file.")] = "tidy",
    as_json: AsJson = False,
) -> None:
    """The published forecast; or with --cutoff one made now from what was known at that moment."""
    config = console.settings()
    length = console.days(horizon)
    size = granularity or ("interval" if out is not None or as_json else "day")
    with console.open_sessions(config) as sessions, sessions() as session:
        _require(session, queue)
        if cutoff is None:
            found = published(session, queue, size)
        else:
            at = console.moment(cutoff, _zone(session, config, queue))
            found = made_at(session, config, queue, at, size, length)
    found = within(found, length)
    if out is not None:
        found.to_csv(out, index=False)
        typer.echo(f"Wrote {len(found):,} rows to {out}.")
    elif as_json:
        console.print_json(found.to_dict("records"))
    else:
        shown = found.rename(columns=SCREEN)
        rows = [{str(name): value for name, value in row.items()} for row in shown.to_dict("records")]
        console.show(
            rows, ("queue", "interval_start", *list(SCREEN.values())[1:]), empty="The forecast is empty."
        )


def _require(session: Session, queue: str | None) -> None:
    from store.queues import require_queues

    if queue is not None:
        require_queues(session, [queue])


def _zone(session: Session, config: Settings, queue: str | None) -> str:
    """The zone of the queues asked for, where they share one; else the company's."""
    from store.queues import load_queues

    zones = {one.tz for one in load_queues(session) if queue in (None, one.name)}
    return zones.pop() if len(zones) == 1 else config.company.timezone


def published(session: Session, queue: str | None, granularity: str) -> pd.DataFrame:
    """-> forecast[queue, interval_start, mean, quantiles] of the newest published version, or NotFound."""
    from forecast.errors import NotFound
    from store.forecasts import list_versions, load_forecast

    version = next((one for one in list_versions(session) if one.published_at is not None), None)
    if version is None:
        raise NotFound("No forecast is published yet.", remedy="Make one: `forecall run predict`.")
    chosen = None if queue is None else [queue]
    found = load_forecast(session, series=chosen, granularity=granularity, version=version.id)
    return _local(session, found)


def made_at(
    session: Session, config: Settings, queue: str | None, at: pd.Timestamp, granularity: str, days: int
) -> pd.DataFrame:
    """-> forecast[queue, interval_start, mean, quantiles], made now from what was known at that moment. Stores nothing."""
    import pandas as pd

    from forecast.buckets import index
    from forecast.errors import NotFound
    from jobs.facts import open_archive
    from jobs.predict import look_ahead, rows
    from store.forecasts import COLUMNS
    from store.queues import load_queues

    names = [queue] if queue is not None else [one.name for one in load_queues(session)]
    if not names:
        raise NotFound(
            "There is no queue yet.", remedy="Import volumes first: `forecall import volumes FILE`."
        )
    parts = []
    with console.progress("Forecasting") as step:
        for done, name in enumerate(names):
            step(done, len(names), name)
            made = look_ahead(open_archive(session, config, [name]), config, name, at, days=days)
            console.warn([made.warning] if made.warning else [])
            for size, ds, values in rows(made):
                if size == granularity:
                    frame = pd.DataFrame(values, columns=list(COLUMNS))
                    frame.insert(0, "series", name)
                    frame.insert(1, "ds", index(ds))
                    parts.append(frame)
    return _local(session, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())


def _local(session: Session, found: pd.DataFrame) -> pd.DataFrame:
    """forecast[series, ds, ...] -> forecast[queue, interval_start, ...], starts in the queue's own time with its offset."""
    from store.queues import load_queues

    if found.empty:
        return found
    zones = {one.name: one.tz for one in load_queues(session)}
    starts = [
        at.tz_convert(zones[name]).isoformat() for name, at in zip(found["series"], found["ds"], strict=True)
    ]
    return (
        found.drop(columns="ds")
        .rename(columns={"series": "queue"})
        .assign(interval_start=starts)[["queue", "interval_start", *found.columns[2:]]]
        .round(4)
    )


def within(found: pd.DataFrame, days: int) -> pd.DataFrame:
    """The rows of each queue's first `days` days."""
    import pandas as pd

    if found.empty:
        return found
    starts = pd.to_datetime(found["interval_start"], utc=True)
    first = starts.groupby(found["queue"]).transform("min")
    return found[starts < first + pd.Timedelta(days=days)].reset_index(drop=True)


def evidence(queue: Queue = None, as_json: AsJson = False) -> None:
    """Does it help? Per queue, how far ahead and indicator: the head start, the accuracy gained, and the verdict."""
    from store.scores import load_evidence

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        _require(session, queue)
        rows = load_evidence(session, queue)
    if as_json:
        console.print_json(rows)
        return
    shown = [_told(row) for row in rows]
    columns = ("queue", "indicator", "how far ahead", "head start", "gained", "verdict", "why")
    console.show(shown, columns, empty="There is no evidence yet: run `forecall run select_full`.")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    lead, lift = row.get("leads_by_minutes"), row.get("lift")
    return {
        "queue": row["series"],
        "indicator": row["signal"],
        "how far ahead": row["lead_band"],
        "head start": "–" if lead is None else f"{lead} min",
        "gained": "–" if lift is None else f"{100 * lift:+.1f} %",
        "verdict": GATES.get(row["gate"], row["gate"]),
        "why": row["why"],
    }
