"""`forecall staffing ...`: agents needed from the published forecast, what agents given reach, and the gap to a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from api.staffing_rows import Ask
    from api.staffing_schemas import StaffingOut
    from store.settings import Settings
    from store.staffing_gap import GroupGap

staffing_group = typer.Typer(no_args_is_help=True, help="Agents needed, and the gap to a staffing plan.")
DAYS = 14
COLUMNS = ("group", "start", "contacts", "needed net", "planned net", "gap net", "gap gross", "service level")
SUMS = ("group", "day", "needed hours", "planned hours", "short net", "over net", "short gross", "over gross")
NEEDED = {
    "group": "group", "date": "day", "contacts": "contacts", "agent_hours_net": "hours net",
    "agent_hours_gross": "hours gross", "peak_net": "peak net", "peak_gross": "peak gross", "cost_euros": "euros",
}  # fmt: skip
HELD = {
    "date": "day", "service_level": "service level", "in_time": "in time", "agent_hours_net": "hours net",
    "under_gross": "short gross", "over_gross": "over gross", "cost_euros": "euros", "holds": "holds",
}  # fmt: skip
Group = Annotated[str | None, typer.Option(help="One planning group, or a queue's own.", show_default=False)]
Queue = Annotated[str | None, typer.Option(help="All of one queue, whoever staffs it.", show_default=False)]
Start = Annotated[str | None, typer.Option(help="From then on; else today.", show_default=False)]
End = Annotated[str | None, typer.Option(help=f"Until before then; else {DAYS} days on.", show_default=False)]
Quantile = Annotated[float | None, typer.Option(help="Staffed for; else as configured.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(staffing_group, name="staffing", rich_help_panel="Forecast")


@staffing_group.callback()
def staffing() -> None:
    """Agents needed, what agents given reach, and the gap to a staffing plan."""


@staffing_group.command("plan")
def show_plan(
    group: Group = None,
    queue: Queue = None,
    start: Start = None,
    end: End = None,
    quantile: Quantile = None,
    granularity: Annotated[
        Literal["interval", "hour", "day"] | None,
        typer.Option(help="Rows per what; on screen day, in a file interval.", show_default=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a CSV file.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Agents needed, net and gross, by interval, hour or day, with agent hours, peak and euros."""
    size = granularity or ("interval" if out is not None or as_json else "day")
    config = console.settings()
    given = {"group": group, "queue": queue, "start": start, "end": end, "quantile": quantile}
    ask, pages = _needed(config, given, size)
    if out is not None:
        from api.staffing_rows import csv_of

        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(csv_of(pages, ask))
        rows = sum(len(one.days if size == "day" else one.rows) for one in pages)
        typer.echo(f"Wrote {rows:,} rows to {out}.")
    elif as_json:
        console.print_json(_whole(pages))
    elif size == "day":
        _show_days(pages)
    else:
        _show_rows(pages)
    if not as_json:
        console.warn(list(dict.fromkeys(note for one in pages for note in one.notes)))


def _needed(config: Settings, given: dict[str, Any], size: str) -> tuple[Ask, list[StaffingOut]]:
    """The answer of GET /v1/staffing, page by page."""
    from api import paging, staffing_rows
    from api.staffing_schemas import StaffingQuery

    query = _read(StaffingQuery, {**given, "granularity": size})
    now = console.now().to_pydatetime()
    ask = staffing_rows.understood(query, now, config.company.timezone)
    pages, place = list[Any](), None
    with console.open_sessions(config) as sessions, sessions() as session:
        while not pages or pages[-1].next_cursor is not None:
            if pages:
                place = paging.read(query, pages[-1].next_cursor, (str, int))
            pages.append(staffing_rows.page(session, config, ask, place, paging.MOST))
    return ask, pages


def _read(model: Any, given: dict[str, Any]) -> Any:
    """What was given as the API reads it; InputError in its words."""
    from pydantic import ValidationError

    from api.errors import refused
    from forecast.errors import InputError

    try:
        return model(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        said = refused({**error.errors()[0], "loc": ("option", *error.errors()[0]["loc"])})
        remedy = "See `forecall staffing --help`."
        raise InputError(said["detail"], remedy=remedy, field=said["field"]) from None


def _whole(pages: list[StaffingOut]) -> dict[str, Any]:
    """Pages as one answer."""
    first = pages[0].model_dump(mode="json", exclude={"next_cursor"})
    for name in ("groups", "days", "rows", "notes"):
        for page in pages[1:]:
            first[name] += [
                one
                for one in page.model_dump(mode="json")[name]
                if name != "groups" or one not in first[name]
            ]
    return {**first, "notes": list(dict.fromkeys(first["notes"]))}


def _show_days(pages: list[StaffingOut]) -> None:
    days = [one.model_dump() for page in pages for one in page.days]
    rows = [_plain({NEEDED[name]: day[name] for name in NEEDED}) for day in days]
    euros = any(day["cost_euros"] is not None for day in days)
    columns = [name for name in NEEDED.values() if euros or name != "euros"]
    console.show(rows, columns, empty="Nothing is forecast by interval: publish a forecast first.")


def _show_rows(pages: list[StaffingOut]) -> None:
    columns = ("group", "start", "contacts", "agents net", "agents gross", "service level", "occupancy")
    fields = ("group", "start", "contacts", "agents_net", "agents_gross", "service_level", "occupancy")
    rows = [one for page in pages for one in page.rows]
    shown = [
        _plain({column: getattr(one, name) for column, name in zip(columns, fields, strict=True)})
        for one in rows
    ]
    shown = [{**row, "start": f"{row['start']:%Y-%m-%d %H:%M%z}"} for row in shown]
    console.show(shown, columns, empty="Nothing is forecast by interval: publish a forecast first.")


@staffing_group.command("check")
def check(
    agents: Annotated[float, typer.Option(min=0, help="So many in every open interval.")],
    group: Group = None,
    queue: Queue = None,
    start: Start = None,
    end: End = None,
    gross: Annotated[bool, typer.Option("--gross/--net", help="With shrinkage in them, or at work.")] = False,
    as_json: AsJson = False,
) -> None:
    """What so many agents reach, and how often the promise to customers holds: on nine days of ten?"""
    from api.staffing_check_rows import check_out, given_of
    from api.staffing_schemas import CheckIn
    from store.staffing_check import load_check

    config = console.settings()
    marked = "gross" if gross else "net"
    told = {"group": group, "queue": queue, "start": start, "end": end, "agents": agents, "marked": marked}
    body, now = _read(CheckIn, told), console.now().to_pydatetime()
    selection, given = given_of(body, now, config.company.timezone)
    with console.open_sessions(config) as sessions, sessions() as session:
        found, notes = load_check(session, config, selection, given, now=now)
    made = check_out(found, selection, notes)
    if as_json:
        console.print_json(made.model_dump(mode="json"))
        return
    days = [{**one.model_dump(), "holds": one.holds.words} for one in made.days]
    columns = [name for key, name in HELD.items() if any(day[key] is not None for day in days)]
    console.show(
        [{HELD[key]: day[key] for key in HELD} for day in days],
        columns,
        empty="Nothing is expected on these days.",
    )
    typer.echo(made.sentence)
    console.warn(made.notes)


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
            now=now.to_pydatetime(),
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
