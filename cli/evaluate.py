"""`forecall evaluate`: the measuring bench on files. It touches no database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from forecast.buckets import Interval
    from forecast.report import Report
    from forecast.vintage import Archive

VERDICTS = {"open": "it counts: ", "shut": "it does not count: ", "not enough history": ""}
DEFAULT_MODELS = ("champion", "seasonal_naive", "mean8", "mean8_open", "median8")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("evaluate", rich_help_panel="Measure")(evaluate)


def evaluate(
    volumes: Annotated[Path, typer.Option(help="Contacts per interval: CSV, Excel or Parquet.")],
    interval: Annotated[str, typer.Option(help="15min, 30min, 1h or 1d.")],
    timezone: Annotated[str, typer.Option(help="Zone of naive times, e.g. Europe/Amsterdam.")],
    signals: Annotated[
        Path | None, typer.Option(help="What was measured: interval_start,signal,value.")
    ] = None,
    drivers: Annotated[Path | None, typer.Option(help="What is known ahead: date,driver,value.")] = None,
    special_days: Annotated[Path | None, typer.Option(help="date,name or an ICS calendar.")] = None,
    hours: Annotated[Path | None, typer.Option(help="queue,weekday,opens,closes[,valid_from].")] = None,
    queue_map: Annotated[
        Path | None, typer.Option(help="Queues renamed, merged, split: queue,into,date[,share].")
    ] = None,
    missing: Annotated[Literal["zero", "unknown"], typer.Option(help="What an absent row means.")] = "zero",
    by: Annotated[Literal["queue", "topic", "channel"], typer.Option(help="One series per what.")] = "queue",
    models: Annotated[str | None, typer.Option(help="Catalogue names with commas, or all.")] = None,
    horizon: Annotated[str, typer.Option(help="7d or 8w.")] = "7d",
    cutoffs: Annotated[int, typer.Option(min=1, help="How many, evenly over the last 45 %.")] = 10,
    cutoff: Annotated[list[str] | None, typer.Option(help="A moment (ISO 8601); may be repeated.")] = None,
    intraday: Annotated[bool, typer.Option("--intraday", help="Also every 30 open minutes.")] = False,
    granularity: Annotated[
        Literal["interval", "hour", "day", "week"], typer.Option(help="Score sums.")
    ] = "interval",
    no_social: Annotated[bool, typer.Option("--no-social", help="Leave the signals out.")] = False,
    country: Annotated[
        str, typer.Option(help="Public holidays: NL, US ..; auto: by time zone; none.")
    ] = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    engine: Annotated[
        Literal["local", "dask"], typer.Option(help="dask: also on other machines (DASK_SCHEDULER_ADDRESS).")
    ] = "local",
    draws: Annotated[int, typer.Option(min=50, help="Sample paths.")] = 400,
    out: Annotated[Path | None, typer.Option(help="report.json")] = None,
    forecasts: Annotated[Path | None, typer.Option(help="Every quantile, .csv or .parquet.")] = None,
    plot: Annotated[Path | None, typer.Option(help="A picture of the last cutoff, .html or .png.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Replay the past: forecast from earlier cutoffs as if it were then, and compare with what came."""
    from cli.evaluation_files import Files, read_archive
    from forecast.buckets import Interval
    from forecast.report import Plan, evaluate

    say: Callable[[str], None] = (lambda _: None) if as_json else typer.echo
    grid = Interval.parse(interval)
    files = Files(volumes, signals, drivers, special_days, hours, queue_map)
    archive = read_archive(
        files, interval=grid, tz=timezone, by=by, country=country, absent_is_zero=missing == "zero", say=say
    )
    plan = Plan(
        models=_models(models),
        horizon_days=_days(horizon),
        cutoffs=_cutoffs(cutoff, timezone) if cutoff else cutoffs,
        intraday=intraday,
        granularity=None if granularity == "interval" else Interval.parse(granularity),
        draws=draws,
        social=not no_social,
        keep_forecasts=forecasts is not None or plot is not None,
    )
    with _progress(quiet=as_json) as step:
        report = evaluate(archive, plan, workers=jobs, engine=engine, progress=step)
    report.data.update(_described(files, archive, timezone, grid))
    _write(report, out, forecasts, plot, archive)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), indent=1))
    else:
        _print(report)


def _models(text: str | None) -> tuple[str, ...]:
    from forecast.catalogue import NAMES

    if text is None:
        return DEFAULT_MODELS
    if text == "all":
        return ("champion", *(name for name in NAMES if name != "champion"))
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _days(text: str) -> int:
    """`7d` -> 7, `8w` -> 56."""
    from forecast.errors import InputError

    unit = {"d": 1, "w": 7}.get(text[-1:])
    if unit is None or not text[:-1].isdigit() or int(text[:-1]) == 0:
        raise InputError(
            f"The horizon {text!r} is not a time.", remedy="Write it as 7d or 8w.", field="horizon"
        )
    return int(text[:-1]) * unit


def _cutoffs(texts: list[str], tz: str) -> tuple[pd.Timestamp, ...]:
    """ISO 8601 moments; without an offset they are local in the zone."""
    import pandas as pd

    from forecast.buckets import zone
    from forecast.errors import InputError

    found = []
    for text in texts:
        try:
            moment = pd.Timestamp(text)
        except ValueError:
            raise InputError(
                f"The cutoff {text!r} is not a moment.",
                remedy="Write it as 2026-03-01T08:00.",
                field="cutoff",
            ) from None
        found.append(moment.tz_localize(zone(tz)) if moment.tzinfo is None else moment)
    return tuple(sorted(found))


def _progress(*, quiet: bool) -> Any:
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import Progress

    @contextmanager
    def bar() -> Any:
        if quiet:
            yield None
            return
        with Progress(transient=True, console=Console(stderr=True)) as progress:
            task = progress.add_task("Forecasting the past", total=None)

            def step(done: int, total: int, what: str) -> None:
                progress.update(task, total=total, completed=done, description=what)

            yield step

    return bar()


def _described(files: Any, archive: Archive, tz: str, interval: Interval) -> dict[str, Any]:
    first = min(int(series.offered.ds.min()) for series in archive.series.values())
    last = max(int(series.offered.ds.max()) for series in archive.series.values())
    from forecast.buckets import from_ns

    return {
        "volumes": files.volumes.name,
        "signals": sorted(archive.signals),
        "drivers": sorted(archive.drivers),
        "country": archive.calendar.country,
        "timezone": tz,
        "interval": str(interval),
        "series": sorted(archive.series),
        "from": from_ns(first).tz_convert(tz).isoformat(),
        "to": from_ns(last).tz_convert(tz).isoformat(),
    }


def _write(
    report: Report, out: Path | None, forecasts: Path | None, plot: Path | None, archive: Archive
) -> None:
    if out is not None:
        out.write_text(json.dumps(report.as_dict(), indent=1) + "\n", encoding="utf-8")
    if forecasts is not None:
        frame = report.forecasts()
        if forecasts.suffix == ".parquet":
            frame.to_parquet(forecasts, index=False)
        else:
            frame.to_csv(forecasts, index=False)
    if plot is not None:
        from cli.evaluation_plot import draw

        draw(report, archive, plot)


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    found = report.as_dict()
    console = Console()
    for series in dict.fromkeys(row["series"] for row in found["scores"]):
        table = Table(title=series, title_justify="left")
        for column in (
            "how far ahead",
            "method",
            "n",
            "WAPE %",
            "90 % interval",
            "noise %",
            "bias %",
            "WQL %",
            "vs mean8 %",
        ):
            table.add_column(column, justify="left" if column in ("how far ahead", "method") else "right")
        for row in (row for row in found["scores"] if row["series"] == series):
            low, high = row["wape_interval"]
            table.add_row(
                row["lead_band"],
                row["model"],
                str(row["n"]),
                _percent(row["wape"]),
                f"{_percent(low)}-{_percent(high)}",
                _percent(row["poisson_floor"]),
                _percent(row["bias"]),
                _percent(row["wql"]),
                _percent(row["skill_vs_mean8"]),
            )
        console.print(table)
        for row in (row for row in found["overall"] if row["series"] == series):
            console.print(_all_leads(row))
        console.print(report.sentence(series))
        for row in (row for row in found["evidence"] if row["series"] == series):
            console.print(f"  {row['signal']} {row['lead_band']}: {VERDICTS[row['gate']]}{row['why']}")
        if rows := [row for row in found["aht"] if row["series"] == series]:
            console.print(_handle_table(series, rows))
    for series in dict.fromkeys(row["series"] for row in found["top_five"]):
        rows = [row for row in found["top_five"] if row["series"] == series]
        names = ", ".join(name.removeprefix(series.removesuffix("top five")) for name in rows[0]["reasons"])
        console.print(f"{series}: {names}")
        for row in rows:
            console.print(_all_leads(row))
    for problem in found["problems"]:
        console.print(f"[yellow]{problem}[/yellow]")
    console.print(f"{found['seconds']['total']:.1f} s")


def _all_leads(row: dict[str, Any]) -> str:
    return (
        f"  all leads  {row['model']:<15} WAPE {_percent(row['wape'])} %  WQL {_percent(row['wql'])} %"
        f"  bias {_percent(row['bias'])} %"
    )


def _handle_table(series: str, rows: list[dict[str, Any]]) -> Table:
    """Handling time and workload against the eight-week average, by lead band."""
    from rich.table import Table

    columns = (
        "how far ahead",
        "AHT (s)",
        "WAPE %",
        "mean8 %",
        "in the band %",
        "work WAPE %",
        "work mean8 %",
    )
    table = Table(title=f"{series}: handling time and workload", title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    shares = ("wape", "wape_mean8", "within_80", "workload_wape", "workload_wape_mean8")
    for row in rows:
        table.add_row(row["lead_band"], f"{row['mean_aht']:.0f}", *(_percent(row[name]) for name in shares))
    return table


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
