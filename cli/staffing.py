"""`forecall staffing ...`: agents needed from the published forecast, and the gap to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from store.staffing_gap import GroupGap

staffing_group = typer.Typer(no_args_is_help=True, help="Agents needed, and the gap to a staffing plan.")
DAYS = 14
COLUMNS = ("group", "start", "contacts", "needed net", "planned net", "gap net", "gap gross", "service level")
SUMS = ("group", "day", "needed hours", "planned hours", "short net", "over net", "short gross", "over gross")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(staffing_group, name="staffing", rich_help_panel="Forecast")


@staffing_group.callback()
def staffing() -> None:
    """Agents needed, and the gap to a staffing plan."""


@staffing_group.command("gap")
def show_gap(
    group: Annotated[
        str | None, typer.Option(help="One planning group or queue; else all.", show_default=False)
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="From then on; else today.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(help=f"Until before then; else {DAYS} days on.", show_default=False)
    ] = None,
    quantile: Annotated[
        float | None, typer.Option(help="Staffed for; else as configured.", show_default=False)
    ] = None,
    by_interval: Annotated[
        bool, typer.Option("--intervals", help="Each interval, not only the days.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Agents planned less agents needed, net and gross, by day in agent hours; what is short and what is over stay apart."""
    from store.staffing_gap import load_gap

    config = console.settings()
    tz, now = config.company.timezone, console.now()
    begin = now.tz_convert(tz).normalize().tz_convert("UTC") if from_ is None else console.moment(from_, tz)
    stop = _later(begin, tz) if until is None else console.moment(until, tz)
    with console.open_sessions(config) as sessions, sessions() as session:
        found, notes = load_gap(
            session,
            config,
            start=begin.to_pydatetime(),
            end=stop.to_pydatetime(),
            group=group,
            quantile=quantile,
        )
    if as_json:
        rows = {"intervals": [row for one in found for row in _rows(one)]} if by_interval else {}
        console.print_json({"days": [row for one in found for row in _days(one)], **rows, "notes": notes})
        return
    empty = "There is nothing to compare: import a plan and publish a forecast first."
    if by_interval:
        console.show([_plain(row) for one in found for row in _rows(one)], COLUMNS, empty=empty)
    console.show([_plain(row) for one in found for row in _days(one)], SUMS, empty=empty)
    console.warn(notes)


def _later(begin: Any, tz: str) -> Any:
    import pandas as pd

    return (begin.tz_convert(tz) + pd.DateOffset(days=DAYS)).tz_convert("UTC")


def _rows(found: GroupGap) -> list[dict[str, Any]]:
    from forecast.buckets import from_ns

    gap, columns = found.gap, ("contacts", "needed_net", "planned_net", "net", "gross", "reached")
    parts = [getattr(gap, name).tolist() for name in columns]
    rows = []
    for ds, *values in zip(gap.ds.tolist(), *parts, strict=True):
        told = [None if value != value else value for value in values]
        if told[0] or told[1] or told[2]:
            start = f"{from_ns(ds).tz_convert(found.tz):%Y-%m-%d %H:%M%z}"
            rows.append(dict(zip(COLUMNS, [found.group, start, *told], strict=True)))
    return rows


def _days(found: GroupGap) -> list[dict[str, Any]]:
    import numpy as np

    return [
        dict(
            zip(
                SUMS,
                [
                    found.group,
                    str(np.datetime64(one.day, "D")),
                    one.needed_net,
                    one.planned_net,
                    one.under_net,
                    one.over_net,
                    one.under_gross,
                    one.over_gross,
                ],
                strict=True,
            )
        )
        for one in found.days
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Names of others are neither markup nor a command to the terminal."""
    from rich.markup import escape

    from forecast.outlook_words import line

    return {**row, "group": escape(line(str(row["group"])))}
