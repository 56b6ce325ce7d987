"""`forecall lock ...` and `forecall versions ...`: plans frozen and measured; versions listed, published and compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
from cli.audit import who
from cli.console import AsJson

if TYPE_CHECKING:
    from store.locks import Lock
    from store.plan_accuracy import Measured

locks = typer.Typer(no_args_is_help=True, help="Freeze weeks as the plan, and see how good they were.")
versions = typer.Typer(no_args_is_help=True, help="Versions of the forecast: list, publish, compare.")
Number = Annotated[int, typer.Argument(metavar="ID", show_default=False)]
Queues = Annotated[
    list[str] | None, typer.Option("--queue", help="May be repeated; else all.", show_default=False)
]
First = Annotated[str | None, typer.Option(help="The first local day, 2026-03-30.", show_default=False)]
Last = Annotated[str | None, typer.Option(help="The last local day, included.", show_default=False)]
LOCKS = ("id", "days", "queues", "label", "author", "made", "state")
VERSIONS = ("id", "kind", "state", "shown", "made", "published", "label")
MEASURED = (
    "queue", "what stood", "days", "day deviation %", "week deviation %", "bias %", "within 10 % (of intervals)",
    "possible", "hours short (net)", "hours over (net)",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add both groups to the application."""
    app.add_typer(locks, name="lock", rich_help_panel="Forecast")
    app.add_typer(versions, name="versions", rich_help_panel="Forecast")


@locks.command()
def add(
    week: Annotated[
        str | None, typer.Argument(help="2026-W14; or give --start and --end.", show_default=False)
    ] = None,
    start: First = None,
    end: Last = None,
    queue: Queues = None,
    version: Annotated[str, typer.Option(help="published, latest or the id of a version.")] = "published",
    label: Annotated[str, typer.Option(help="A name for it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Freeze a week, or local days, as the plan: what is shown now stays, whatever is forecast or adjusted later."""
    from store.locks import lock_span

    first, last = _span(week, start, end)
    chosen: str | int = int(version) if version.isdecimal() else version
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        made = lock_span(
            session, first=first, last=last, queues=queue or [], version=chosen, label=label, who=who(),
            now=console.now().to_pydatetime(),
        )  # fmt: skip
        session.commit()
    console.warn(made.notes)
    if as_json:
        before = [_facts(one) for one in made.goes_before]
        console.print_json({**_facts(made.lock), "goes_before": before, "notes": made.notes})
    else:
        typer.echo(
            f"Lock {made.lock.id}: {first} to {last} is the plan now (version {made.lock.version_id})."
        )


@locks.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Released ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The locks, the latest first."""
    from store.locks import list_locks

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        found = list_locks(session, released=everything)
    if as_json:
        console.print_json([_facts(one) for one in found])
        return
    rows = [
        {
            "id": one.id, "days": f"{one.first} to {one.last}", "queues": _safe(", ".join(one.queues) or "all"),
            "label": _safe(one.label), "author": _safe(one.author), "made": f"{one.created_at:%Y-%m-%d %H:%M} UTC",
            "state": "in force" if one.released_at is None else f"released by {_safe(one.released_by)}",
        }
        for one in found
    ]  # fmt: skip
    console.show(rows, LOCKS, empty="Nothing is locked: forecall lock add 2026-W14.")


@locks.command()
def release(lock_id: Number, as_json: AsJson = False) -> None:
    """Take a lock out of force; it and its numbers stay."""
    from store.locks import release_lock

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        found = release_lock(session, lock_id, who=who(), now=console.now().to_pydatetime())
        session.commit()
    if as_json:
        console.print_json(_facts(found))
    else:
        typer.echo(
            f"Lock {lock_id} was released on {found.released_at:%Y-%m-%d %H:%M} UTC; its numbers stay."
        )


@locks.command()
def accuracy(
    lock_id: Annotated[int | None, typer.Argument(metavar="[ID]", show_default=False)] = None,
    start: First = None,
    end: Last = None,
    queue: Queues = None,
    lead: Annotated[str, typer.Option(help="How many days before each day, joined by commas.")] = "28,7,1",
    as_json: AsJson = False,
) -> None:
    """How good a lock was; or without ID what stood T-28, T-7 and T-1 days before each of the last 28 days (--start, --end)."""
    from forecast.errors import InputError
    from store.plan_accuracy import lock_accuracy, plan_accuracy

    config, now = console.settings(), console.now()
    if not all(one.isdecimal() and len(one) < 4 for one in lead.split(",")):
        raise InputError("The days ahead are no numbers.", remedy="Write --lead 28,7,1.", field="lead")
    last = (
        now.tz_convert(config.company.timezone).date() - dt.timedelta(days=1)
        if end is None
        else _date(end, "end")
    )
    first = last - dt.timedelta(days=27) if start is None else _date(start, "start")
    with console.open_sessions(config) as sessions, sessions() as session:
        if lock_id is not None:
            _, found = lock_accuracy(session, config, lock_id, now=now.to_pydatetime())
        else:
            leads = tuple(dict.fromkeys(int(one) for one in lead.split(",")))
            found = plan_accuracy(
                session,
                config,
                first=first,
                last=last,
                queues=queue or [],
                leads=leads,
                now=now.to_pydatetime(),
            )
    if as_json:
        console.print_json(found)
    else:
        console.show([_row(one) for one in found], MEASURED, empty="None of these days is over yet.")


@versions.command("list")
def list_versions(
    kind: Annotated[Literal["forecast", "imported", "plan"] | None, typer.Option(show_default=False)] = None,
    state: Annotated[Literal["draft", "published", "locked"] | None, typer.Option(show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """The versions, the latest first: made here (forecast), made elsewhere (imported), or frozen by a lock (plan)."""
    from store.forecast_versions import KINDS, STATES, newest_version, page_versions

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        kinds, states = [kind] if kind else KINDS, [state] if state else STATES
        found = page_versions(session, kinds=kinds, states=states, limit=limit)
        current = newest_version(session)
    shown = None if current is None else current.id
    if as_json:
        console.print_json([{**vars(one), "current": one.id == shown} for one in found])
        return
    rows = [
        {
            "id": one.id, "kind": one.kind, "state": one.state, "shown": "now" if one.id == shown else "",
            "made": f"{one.cutoff:%Y-%m-%d %H:%M} UTC", "label": _safe(one.label),
            "published": "" if one.published_at is None else f"{one.published_at:%Y-%m-%d %H:%M} UTC",
        }
        for one in found
    ]  # fmt: skip
    console.show(rows, VERSIONS, empty="There is no such version: forecall run predict makes one.")


@versions.command("publish")
def publish_version(version_id: Number, as_json: AsJson = False) -> None:
    """Publish a draft; or an older version again, which is then shown wherever it has a bucket."""
    from forecast.errors import InputError
    from store.forecast_versions import being_written, load_version
    from store.publication import publish

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        if being_written(session, load_version(session, version_id)):
            raise InputError(
                f"The version {version_id} is still being written.",
                remedy="Wait until its run has ended.",
                field="id",
            )
        found = publish(session, version_id, who=who(), now=console.now().to_pydatetime())
        session.commit()
    if as_json:
        console.print_json(vars(found))
    else:
        typer.echo(
            f"Version {version_id} is what is shown, published on {found.published_at:%Y-%m-%d %H:%M} UTC."
        )


@versions.command()
def compare(
    a: Annotated[
        str, typer.Argument(help="published, latest, locked, lock:ID or an id.", show_default=False)
    ],
    b: Annotated[str, typer.Argument(help="So too.", show_default=False)],
    queue: Annotated[str, typer.Option(help="The queue.", show_default=False)],
    granularity: Annotated[Literal["interval", "hour", "day", "week", "month"], typer.Option()] = "day",
    as_json: AsJson = False,
) -> None:
    """Two versions of one queue: what moved, by day (or week, month), and what moved most."""
    from store.version_comparison import compare_versions

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        found = compare_versions(
            session, a=a, b=b, queue=queue, granularity=granularity, now=console.now().to_pydatetime()
        )
    days = [
        {"date": str(_epoch(one.day)), "a": one.a, "b": one.b, "difference": one.difference}
        for one in found.days
    ]
    if as_json:
        parts = [{**vars(one), "difference": one.b - one.a} for one in found.parts]
        console.print_json({"queue": queue, "days": days, "moved": found.moved, "parts": parts})
        return
    console.show(days, ("date", "a", "b", "difference"), empty="There is no bucket that both hold.")
    for sentence in found.moved:
        typer.echo(sentence)


def _span(week: str | None, start: str | None, end: str | None) -> tuple[dt.date, dt.date]:
    from forecast.errors import InputError
    from store.locks import span_of_week

    if week is not None and start is None and end is None:
        return span_of_week(week)
    if week is None and start is not None and end is not None:
        return _date(start, "start"), _date(end, "end")
    raise InputError(
        "It is not said which days to lock.", remedy="Write 2026-W14, or --start and --end.", field="week"
    )


def _date(text: str, field: str) -> dt.date:
    from forecast.errors import InputError

    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = dt.date.min
    if not 1970 < found.year < 2200:
        raise InputError(f"{text[:20]!r} is no day.", remedy="Write 2026-03-30.", field=field)
    return found


def _facts(one: Lock) -> dict[str, Any]:
    facts = {name: value for name, value in vars(one).items() if name not in ("first", "last")}
    return {**facts, "start": str(one.first), "end": str(one.last)}


def _row(one: Measured) -> dict[str, Any]:
    figures, cost = one.figures, one.figures.cost
    stood = f"T-{one.lead_days}" if one.lead_days is not None else f"lock {one.locks[0]}"
    shares = (figures.day_wape, figures.week_wape, figures.bias, figures.within, figures.possible)
    hours = (None, None) if cost is None else (cost.under_net, cost.over_net)
    return dict(
        zip(MEASURED, [_safe(one.queue), stood, figures.days, *_percent(shares), *hours], strict=True)
    )


def _percent(shares: Sequence[float | None]) -> list[str | None]:
    return [None if one is None else f"{100 * one:.1f}" for one in shares]


def _epoch(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)


def _safe(text: str) -> str:
    """Words of others are neither markup nor a command to the terminal."""
    from rich.markup import escape

    from forecast.outlook_words import line

    return escape(line(text))
