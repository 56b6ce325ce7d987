"""`forecall forecast` and `forecall explain`: what is expected, and what a number of it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

    from store.explanations import Explanation
    from store.looking_ahead import Rows
    from store.settings import Settings

Queue = Annotated[str | None, typer.Option(help="One queue; else all.", show_default=False)]
SCREEN = {"mean": "mean", "0.5": "expected", "0.8": "busy (8 in 10)", "0.9": "safe (9 in 10)"}
COSTS = {"aht_seconds": "AHT (s)", "workload_hours": "work (h)"}


def register(app: typer.Typer) -> None:
    """Add both commands to the application."""
    app.command(rich_help_panel="Forecast")(forecast)
    app.command(rich_help_panel="Forecast")(explain)


def forecast(
    queue: Queue = None,
    horizon: Annotated[
        str | None,
        typer.Option(
            help="How far: 7d, 8w, 18m; else 8w, in the file of a suite as far as it goes.",
            show_default=False,
        ),
    ] = None,
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
    layout: Annotated[
        Literal["tidy", "genesys", "connect"],
        typer.Option(help="Columns of the file; `forecall export` has more kinds."),
    ] = "tidy",
    as_json: AsJson = False,
) -> None:
    """The published forecast; or with --cutoff one made now from what was known at that moment."""
    config = console.settings()
    if layout != "tidy":
        from cli.exports import for_suite

        for_suite(config, layout, queue, horizon, granularity, out, cutoff=cutoff, as_json=as_json)
        return
    horizon = horizon or "8w"
    length = console.days(horizon)
    size = granularity or ("interval" if out is not None or as_json else "day")
    _require_reach(size, horizon, length)
    with console.open_sessions(config) as sessions, sessions() as session:
        _require(session, queue)
        if cutoff is None:
            found = published(session, queue, size, days=length)
        else:
            at = console.moment(cutoff, _zone(session, config, queue))
            found = made_at(session, config, queue, at, size, length)
    found = within(found, length)
    if out is not None:
        _harmless(found).to_csv(out, index=False)
        typer.echo(f"Wrote {len(found):,} rows to {out}.")
    elif as_json:
        console.print_json(found.to_dict("records"))
    else:
        _show(found.rename(columns=SCREEN | COSTS))


def _harmless(found: pd.DataFrame) -> pd.DataFrame:
    """The rows with names that a spreadsheet would run as formulas made harmless."""
    from forecast.exports.cells import safe

    return found if found.empty else found.assign(queue=found["queue"].map(safe))


def _show(shown: pd.DataFrame) -> None:
    rows = [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in shown.to_dict("records")
    ]
    columns = [*list(SCREEN.values())[1:], *(name for name in COSTS.values() if name in shown)]
    console.show(rows, ("queue", "interval_start", *columns), empty="The forecast is empty.")


def _require_reach(granularity: str, horizon: str, days: int) -> None:
    from forecast.errors import InputError
    from store.settings import INTERVAL_DAYS

    if days > INTERVAL_DAYS and granularity in ("interval", "hour"):
        raise InputError(
            f"Intervals and hours are forecast 13 weeks ahead at most, and {horizon} is longer; days go on.",
            remedy="Add --granularity day (or week, month).",
            field="horizon",
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


def published(session: Session, queue: str | None, granularity: str, *, days: int) -> pd.DataFrame:
    """-> forecast[queue, interval_start, mean, quantiles, costs] as published, with the manual changes, or NotFound.

    Where `days` go beyond the intervals, it is said how far the history of each queue supports it.
    """
    from forecast.errors import NotFound
    from store.adjusted import load_adjusted
    from store.forecast_versions import newest_version
    from store.overrides import in_force
    from store.queues import load_queues
    from store.scores import load_notes
    from store.settings import INTERVAL_DAYS

    version = newest_version(session)
    if version is None:
        raise NotFound("No forecast is published yet.", remedy="Make one: `forecall run predict`.")
    chosen = [one.name for one in load_queues(session)] if queue is None else [queue]
    notes = load_notes(session, version.run_id) if days > INTERVAL_DAYS else {}
    console.warn([note for name, note in notes.items() if queue in (None, name)])
    held = in_force(session, console.now().to_pydatetime())
    found = load_adjusted(
        session, series=chosen, granularity=granularity, version=version.id, costs=True, overrides=held
    )
    return _local(session, found)


def made_at(
    session: Session, config: Settings, queue: str | None, at: pd.Timestamp, granularity: str, days: int
) -> pd.DataFrame:
    """-> forecast[queue, interval_start, mean, quantiles, costs], made now from what was known then. Stores nothing."""
    import pandas as pd

    from forecast.errors import NotFound
    from store.facts import open_archive
    from store.looking_ahead import look_ahead, rows
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
            console.warn([said for said in (made.warning, made.note) if said])
            parts += [_frame(name, each) for each in rows(made) if each.granularity == granularity]
    return _local(session, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())


def _frame(name: str, rows: Rows) -> pd.DataFrame:
    """Rows of one queue as `load_forecast` gives them."""
    import numpy as np
    import pandas as pd

    from forecast.buckets import index
    from store.forecasts import COLUMNS, COSTS

    costs = rows.costs or (np.full_like(rows.values, np.nan),) * len(COSTS)
    names = [*COLUMNS, *(name for cost in COSTS.values() for name in cost)]
    frame = pd.DataFrame(np.hstack([rows.values, *costs]), columns=names)
    frame.insert(0, "series", name)
    frame.insert(1, "ds", index(rows.ds))
    return frame


def _local(session: Session, found: pd.DataFrame) -> pd.DataFrame:
    """forecast[series, ds, ...] -> forecast[queue, interval_start, ...], starts in the queue's own time with its offset."""
    from store.queues import load_queues

    if found.empty:
        return found
    zones = {one.name: one.tz for one in load_queues(session)}
    starts = [
        at.tz_convert(zones[name]).isoformat() for name, at in zip(found["series"], found["ds"], strict=True)
    ]
    found = found.rename(columns={"series": "queue", "ds": "interval_start"}).assign(interval_start=starts)
    return _with_costs(found).round(4)


def _with_costs(found: pd.DataFrame) -> pd.DataFrame:
    """forecast[..., aht.., workload..] in seconds -> handling time with its band, workload in hours; none where none is known."""
    from store.forecasts import COSTS

    kept = found.drop(columns=[name for cost in COSTS.values() for name in cost])
    if found["aht"].isna().all():
        return kept
    bands = {"aht_seconds": "aht", "aht_low": "aht_0.1", "aht_high": "aht_0.9"}
    return kept.assign(
        **{name: found[stored].round(1) for name, stored in bands.items()},
        workload_hours=found["workload"] / 3600,
        **{name: found[name] / 3600 for name in COSTS["workload"][1:]},
    )


def within(found: pd.DataFrame, days: int) -> pd.DataFrame:
    """The rows of each queue's first `days` days."""
    import pandas as pd

    if found.empty:
        return found
    starts = pd.to_datetime(found["interval_start"], utc=True)
    first = starts.groupby(found["queue"]).transform("min")
    return found[starts < first + pd.Timedelta(days=days)].reset_index(drop=True)


def explain(
    queue: Annotated[str, typer.Option(help="The queue.")],
    at: Annotated[str, typer.Option(help="A moment in the bucket (ISO 8601, else local time).")],
    granularity: Annotated[
        Literal["interval", "hour", "day", "week", "month"], typer.Option(help="The bucket's length.")
    ] = "interval",
    language: Annotated[Literal["en", "nl"], typer.Option(help="Of the sentence.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Why this number? The parts of the published forecast of one bucket, which add up to it."""
    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        _require(session, queue)
        tz = _zone(session, config, queue)
        found = _explanation(session, queue, console.moment(at, tz), granularity)
    from forecast.buckets import zone
    from forecast.parts import PARTS, about

    told = {
        "queue": queue,
        "interval_start": found.start.astimezone(zone(tz)).isoformat(),
        "mean": round(found.mean, 4),
        "parts": None if found.parts is None else {name: round(found.parts[name], 4) for name in PARTS},
        "sentence": found.sentence(tz, language),
    }
    if as_json:
        console.print_json(told)
        return
    rows = [
        {"part": name.replace("_", " "), "contacts": f"{value:+.2f}",
         "about": about(name, found.facts, found.start, tz=tz, language=language) if value else ""}
        for name, value in (found.parts or {}).items()
    ]  # fmt: skip
    typer.echo(f"{queue}, {told['interval_start']}")
    if rows:
        console.show(rows, ("part", "contacts", "about"), empty="")
    typer.echo(told["sentence"])


def _explanation(session: Session, queue: str, at: pd.Timestamp, granularity: str) -> Explanation:
    """The stored bucket that holds a moment, or NotFound."""
    import numpy as np

    from forecast.buckets import Interval, end, floor, index, to_ns
    from forecast.errors import NotFound
    from store.explanations import load_explanations
    from store.queues import load_queues

    held = next(one for one in load_queues(session) if one.name == queue)
    lengths = {
        "interval": held.interval, "hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK,
        "month": Interval.MONTH,
    }  # fmt: skip
    start = floor(np.array([to_ns(at)], dtype=np.int64), lengths[granularity], held.tz)
    begin = index(start)[0].to_pydatetime()
    stop = index(end(start, lengths[granularity], held.tz))[0].to_pydatetime()
    found = load_explanations(session, queue, start=begin, end=stop, granularity=granularity)
    if not found:
        raise NotFound(
            f"No forecast of {queue} is published for {at:%Y-%m-%d %H:%M} UTC.",
            remedy="See what there is: `forecall forecast`; or make one: `forecall run predict`.",
            field="at",
        )
    return found[-1]
