"""`forecall report week`: the week on one A4, as PDF, Excel or HTML; `forecall import budget`: what it is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli import console
from cli.console import AsJson
from cli.data import DateOrder, DryRun, File, Mode, Strict, Timezone, _load, importing

COLUMNS = ("queue", "plan", "came", "gap", "hours", "fte")
report = typer.Typer(no_args_is_help=True, help="Reports for people: the week on one page.")


def register(app: typer.Typer) -> None:
    """Add the group to the application, and what reports need to the group `import`."""
    importing.command()(budget)
    app.add_typer(report, name="report", rich_help_panel="Measure")


@report.callback()
def group() -> None:
    """Reports for people: the week on one page."""


@report.command()
def week(
    week: Annotated[
        str | None, typer.Option(help="Such as 2026-W11; else the last that is over.", show_default=False)
    ] = None,
    queue: Annotated[
        list[str] | None, typer.Option(help="A queue, may be repeated; else all.", show_default=False)
    ] = None,
    language: Annotated[Literal["en", "nl"], typer.Option(help="Of the report.")] = "en",
    out: Annotated[
        Path | None,
        typer.Option(help="FILE.pdf, FILE.xlsx or FILE.html; else it is printed.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What was planned, what came, last year, budget; where the gap comes from, in hours, FTE and euros."""
    from forecast.reports.plain import plain
    from forecast.reports.registry import find
    from forecast.reports.tables import total_name
    from forecast.reports.tongue import Tongue
    from store.locks import span_of_week
    from store.week_report import load_report

    layout = None if out is None else find(out.suffix.removeprefix(".").lower())
    monday = None if week is None else span_of_week(week)[0]
    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        found = load_report(
            session, config, monday=monday, queues=queue or (), now=console.now().to_pydatetime()
        )
    tongue = Tongue(language)
    if out is not None and layout is not None:
        out.write_bytes(layout.write(found, tongue))
    told = plain(found, tongue)
    if as_json:
        console.print_json({**told, **({} if out is None else {"file": str(out)})})
        return
    typer.echo(told["sentence"])
    if out is None:
        reach = found.whole.reach
        total = {**told["total"], "queue": total_name(reach.contacts, reach, tongue)}
        console.show([_row(one) for one in (*told["queues"], total)], COLUMNS, empty="")
        console.warn(told["notes"])
    else:
        typer.echo(f"Wrote the week report {told['week']} to {out}.")


def _row(line: dict[str, Any]) -> dict[str, Any]:
    gap = line["gap"]
    return {
        "queue": line["queue"],
        "plan": line["plan"]["contacts"],
        "came": line["actual"]["contacts"],
        "gap": gap["contacts"]["gap"],
        "hours": gap["hours"]["gap"],
        "fte": gap["fte"]["gap"],
    }


def budget(
    file: File,
    timezone: Timezone = None,
    mode: Mode = "revision",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """A budget: date|week|month,queue,offered[,aht_seconds,fte]; a week as 2026-W11, a month as 2026-03."""
    from store.imports.budget import import_budget

    options = {"timezone": timezone, "mode": mode, "date_order": date_order}
    _load(import_budget, file, dry_run, strict, as_json, now=console.now(), **options)
