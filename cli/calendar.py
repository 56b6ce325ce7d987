"""`forecall days ...` and `forecall calendar fetch`: days unlike others, by date, by rule, and from a service."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from forecast.day_rules import DayRule

days = typer.Typer(
    no_args_is_help=True, help="Days unlike others: by rule, to leave out of history, weeks with a name."
)
calendar = typer.Typer(no_args_is_help=True, help="What a service knows of the calendar.")
ForQueue = Annotated[str, typer.Option("--queue", help="Of one queue alone.", show_default=False)]
Name = Annotated[str, typer.Argument(help="What the days are called.", show_default=False)]
From = Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; 2000 without it.", show_default=False)]  # fmt: skip
First = Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="FROM", show_default=False)]
Last = Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="UNTIL", show_default=False)]
EPOCH = dt.date(1970, 1, 1)


def register(app: typer.Typer) -> None:
    """Add both groups to the application."""
    app.add_typer(days, name="days", rich_help_panel="Data")
    app.add_typer(calendar, name="calendar", rich_help_panel="Data")


@days.command()
def add(
    name: Name,
    monthly: Annotated[int | None, typer.Option(help="Every month on this day, 1 to 31.", show_default=False)] = None,
    yearly: Annotated[str | None, typer.Option(help="Every year on this day: 12-05.", show_default=False)] = None,
    last_working_day: Annotated[bool, typer.Option("--last-working-day", help="Of every month.")] = False,
    on: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="On this day alone.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option(help="By an RRULE (RFC 5545).", show_default=False)] = None,
    moves: Annotated[Literal["stays", "next", "previous"], typer.Option(help="Where a day goes that falls on a weekend or public holiday: a working day.")] = "stays",
    queue: ForQueue = "",
    since: From = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Days that come again, whose effect is learnt: forecall days add "Invoice run" --monthly 25 --moves next."""
    from forecast.day_rules import DayRule, first_day, rule_of
    from forecast.errors import InputError
    from forecast.recurrence import days_rule

    if on is not None:
        if monthly or yearly or last_working_day or rule:
            raise InputError("A day comes again, or it does not.", remedy="Give --on alone.", field="on")
        text, way, first = days_rule(1), None, on.date()
    else:
        text, way = rule_of(monthly=monthly, yearly=yearly, last_working_day=last_working_day, rule=rule)
        first = first_day(text, since.date() if since else None)
    _keep(DayRule(name, text, (first - EPOCH).days, moves=way or moves, queue=queue), as_json)


@days.command("leave-out")
def leave_out(
    first: First,
    last: Last,
    queue: ForQueue = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "left out of history",
    as_json: AsJson = False,
) -> None:
    """Days that teach nothing and do not come again: an outage, a strike, a move."""
    _span(reason, first, last, "once", queue, as_json)


@days.command()
def period(name: Name, first: First, last: Last, queue: ForQueue = "", as_json: AsJson = False) -> None:
    """Weeks with a name that come again, such as a sale: their effect on the level is learnt where the past supports it."""
    _span(name, first, last, "period", queue, as_json)


@days.command("list")
def list_(
    queue: ForQueue = "",
    start: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], show_default=False)] = None,
    end: Annotated[dt.datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], show_default=False)] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """The days in force in a span (a year from today without one), public and school holidays among them."""
    from forecast.errors import InputError
    from store.special_days import load_special_days

    config = console.settings()
    first = start.date() if start else console.now().date()
    last = end.date() if end else first + dt.timedelta(days=365)
    if last < first:
        raise InputError(f"{last} lies before {first}.", remedy="Give a later --until.", field="until")
    with console.open_sessions(config) as sessions, sessions() as session:
        _require(session, queue)
        found = load_special_days(session, config, start=first, end=last, queue=queue or None)
    rows = [
        {**vars(one), "date": str(one.date), "until": str(one.until), "id": one.rule or (str(one.date) if one.origin == "date" else None)}
        for one in found
    ]  # fmt: skip
    if as_json:
        console.print_json(rows)
    else:
        shown = ("id", "date", "until", "name", "kind", "origin", "queue")
        console.show(rows, shown, empty="There is no special day in that span.")


@days.command()
def remove(
    number: Annotated[
        str, typer.Argument(metavar="ID", help="As `forecall days list` shows it.", show_default=False)
    ],
    queue: ForQueue = "",
    as_json: AsJson = False,
) -> None:
    """Take a rule, a span or a date out again."""
    from forecast.errors import NotFound
    from store.day_rules import remove_rule
    from store.days import remove_days

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        if number.isdecimal() and len(number) <= 15:
            name = remove_rule(session, int(number), now=console.now().to_pydatetime()).name
        elif remove_days(session, date=number, queue=queue):
            name = number
        else:
            raise NotFound(
                f"There is no special day {number!r}.", remedy="See `forecall days list`.", field="id"
            )
        note(session, "special_day.remove", f"special_day {number}", {"name": name, "queue": queue})
        session.commit()
    if as_json:
        console.print_json({"id": number, "removed": name})
    else:
        typer.echo(f"{name} is no special day any more.")


@calendar.command()
def fetch(
    years: Annotated[int, typer.Option(min=1, max=10, help="Years back and two ahead.")] = 3,
    as_json: AsJson = False,
) -> None:
    """School holidays from the service of calendar.school_holidays, as weeks with a name known ahead."""
    from jobs.school_holidays import fetch_school_holidays

    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        outcome = fetch_school_holidays(session, config, console.now(), years=years)
        session.commit()
    console.warn(outcome.problems)
    if as_json:
        console.print_json({"done": dict(outcome.done), "problems": list(outcome.problems)})
    else:
        typer.echo(
            f"{outcome.done['read']} school holidays were read, {outcome.done['new']} are new or have changed."
        )


def _span(name: str, first: dt.datetime, last: dt.datetime, kind: str, queue: str, as_json: bool) -> None:
    from forecast.day_rules import DayRule
    from forecast.errors import InputError
    from forecast.recurrence import days_rule

    count = (last.date() - first.date()).days + 1
    if count < 1:
        raise InputError(
            "The last day lies before the first.", remedy="Give FROM, then UNTIL.", field="until"
        )
    _keep(DayRule(name, days_rule(count), (first.date() - EPOCH).days, kind, queue=queue), as_json)


def _keep(rule: DayRule, as_json: bool) -> None:
    from store.day_rules import add_rule

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        _require(session, rule.queue)
        kept = add_rule(session, rule, now=console.now().to_pydatetime())
        note(session, "special_day.add", f"special_day {kept.id}", vars(rule))
        session.commit()
    if as_json:
        console.print_json({**vars(kept), "since": kept.date})
    else:
        typer.echo(f"{kept.name} is kept as number {kept.id} ({kept.kind}, {kept.rule}).")


def _require(session: Session, queue: str) -> None:
    from store.queues import require_queues

    if queue:
        require_queues(session, [queue])
