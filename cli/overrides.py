"""`forecall override ...`: manual adjustments on top of the forecast: add, list, remove, and what they were worth."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.audit import who
from cli.console import AsJson

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from store.overrides import Kept
    from store.settings import Settings

override = typer.Typer(no_args_is_help=True, help="Manual adjustments on top of the forecast.")
LISTED = ("id", "state", "queue", "what", "from", "until", "reason", "author", "expires")
WORTH = ("name", "adjustments", "days", "helped", "weeks", "error without", "error with", "what it says")
QueueName = Annotated[str | None, typer.Option("--queue", help="One queue; else all.", show_default=False)]
Since = Annotated[
    str | None, typer.Option("--from", help="From this moment, such as 2026-11-02.", show_default=False)
]
Until = Annotated[str | None, typer.Option("--until", help="Until before this moment.", show_default=False)]


class Measure(StrEnum):
    """What is changed."""

    VOLUME = "volume"
    AHT = "aht"


class Kind(StrEnum):
    """How it is changed."""

    PERCENT = "percent"
    ABSOLUTE = "absolute"
    TOTAL = "total"


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(override, name="override", rich_help_panel="Forecast")


@override.command()
def add(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="percent; absolute: more or fewer; total: of each day (aht: seconds per contact)."
        ),
    ],
    value: Annotated[
        float, typer.Argument(help="Negative ones after `--`: override add ... -- percent -10.")
    ],
    since: Annotated[str, typer.Option("--from", help="The first moment, such as 2026-11-02.")],
    until: Annotated[str, typer.Option("--until", help="Until before this moment.")],
    reason: Annotated[str, typer.Option(help="Why; it stands beside the figures.")],
    queue: QueueName = None,
    channel: Annotated[str, typer.Option(help="Queues of this channel.")] = "",
    topic: Annotated[str, typer.Option(help="A contact reason of the queue.")] = "",
    measure: Annotated[Measure, typer.Option(help="Contacts, or seconds per contact.")] = Measure.VOLUME,
    expires: Annotated[str | None, typer.Option(help="From then on it counts no more.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change the forecast of a span: forecall override add total 4200 --queue Outage --from 2026-11-02 --until 2026-11-03 --reason "price letter"."""
    from forecast.buckets import to_ns
    from forecast.overriding import Override
    from store.override_effects import load_effects
    from store.overrides import add_override, told

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        tz = _zone(session, config, queue)
        span = {"start": to_ns(console.moment(since, tz)), "end": to_ns(console.moment(until, tz))}
        wanted = Override(
            0,
            queue or "",
            channel,
            topic,
            str(measure),
            str(kind),
            value,
            **span,
            reason=reason,
            author=who(),
        )
        end = None if expires is None else console.moment(expires, tz).to_pydatetime()
        kept, new = add_override(session, wanted, now=now, expires_at=end)
        found = load_effects(session, kept.override, now=now)
        session.commit()
    if as_json:
        queues = [vars(one) for one in found.queues]
        total = {"before": found.total.before, "after": found.total.after}
        console.print_json(
            {**told(kept), "new": new, **total, "queues": queues, "warnings": list(found.warnings)}
        )
        return
    console.warn(found.warnings)
    number = kept.override.id
    typer.echo(f"{number}: {_what(kept)}{'' if new else ' (held already)'}.")
    if found.total.before is not None and found.total.after is not None:
        unit = "contacts in the range" if measure is Measure.VOLUME else "seconds per contact"
        typer.echo(f"{found.total.before:,.1f} {unit} become {found.total.after:,.1f}.")
    typer.echo(f"Take it off with `forecall override remove {number}`.")


@override.command("list")
def list_(
    queue: QueueName = None,
    since: Since = None,
    until: Until = None,
    every: Annotated[bool, typer.Option("--all", help="Also removed and expired ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """The manual adjustments in force."""
    from store.overrides import load_overrides, told

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        start, end = _span(session, config, queue, since, until)
        held = load_overrides(session, queue=queue, start=start, end=end, active_at=None if every else now)
        tz = {one.override.id: _zone(session, config, one.override.queue or None) for one in held}
    if as_json:
        console.print_json(
            [{**told(one), "state": one.state(now), "removed_by": one.removed_by} for one in held]
        )
        return
    rows = [_row(one, now, tz[one.override.id]) for one in held]
    console.show(rows, LISTED, empty="No manual adjustment is in force." if not every else "There is none.")


@override.command()
def remove(
    number: Annotated[int, typer.Argument(metavar="ID", show_default=False)],
    why: Annotated[str, typer.Option(help="Kept in the audit.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take an adjustment off the forecast; what was shown with it stays as it was."""
    from store.overrides import remove_override, told

    now = console.now().to_pydatetime()
    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        gone = remove_override(session, number, now=now, who=who(), why=why)
        session.commit()
    if as_json:
        console.print_json({**told(gone), "state": gone.state(now)})
    else:
        typer.echo(f"Taken off: {_what(gone)}.")


@override.command("value")
def value_(
    queue: QueueName = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Did people improve the forecast? With and without each adjustment, on its days that are over (90 days back)."""
    import datetime as dt

    from store.override_values import load_values

    config, now = console.settings(), console.now().to_pydatetime()
    with console.open_sessions(config) as sessions, sessions() as session:
        start, end = _span(session, config, queue, since, until)
        end = min(end or now, now)
        start = start or end - dt.timedelta(days=90)
        found = load_values(session, config, now=now, queue=queue, start=start, end=end)
    groups = {
        "all": (found.total,),
        "authors": found.authors,
        "reasons": found.reasons,
        "overrides": found.overrides,
    }
    if as_json:
        rows = {
            name: [{**vars(one), "verdict": one.verdict, "sentence": one.sentence} for one in each]
            for name, each in groups.items()
        }
        console.print_json({**rows, "all": rows["all"][0]})
        return
    for name, each in groups.items():
        if found.total.days and each:
            typer.echo(name.capitalize())
            console.show([_worth(one) for one in each], WORTH, empty="")
    if not found.total.days:
        typer.echo("No adjustment has a day that is over and known.")


def _worth(one: Any) -> dict[str, Any]:
    from rich.markup import escape

    return {
        "name": escape(one.name), "adjustments": one.overrides, "days": one.days, "helped": one.helped,
        "weeks": one.weeks, "error without": one.error_without, "error with": one.error_with,
        "what it says": one.sentence,
    }  # fmt: skip


def _what(kept: Kept) -> str:
    """`+10 % of the contacts of Outage`."""
    one = kept.override
    of = "the contacts" if one.measure == "volume" else "the handling time"
    unit = "" if one.measure == "volume" else " seconds"
    change = {
        "percent": f"{one.value:+g} % on", "absolute": f"{one.value:+g}{unit} on", "total": f"{one.value:g}{unit} as",
    }[one.kind]  # fmt: skip
    scope = [part for part in (one.queue or "every queue", one.channel, one.topic) if part]
    return f"{change} {of} of {', '.join(scope)}"


def _row(kept: Kept, now: dt.datetime, tz: str) -> dict[str, Any]:
    from rich.markup import escape

    from forecast.buckets import from_ns, zone

    one = kept.override
    first, last = (f"{from_ns(at).tz_convert(zone(tz)):%Y-%m-%d %H:%M}" for at in (one.start, one.end))
    expires = "" if kept.expires_at is None else f"{kept.expires_at.astimezone(zone(tz)):%Y-%m-%d %H:%M}"
    return {
        "id": one.id, "state": kept.state(now), "queue": escape(one.queue or "all"), "what": escape(_what(kept)),
        "from": first, "until": last, "reason": escape(" ".join(one.reason.split())), "author": escape(one.author),
        "expires": expires,
    }  # fmt: skip


def _zone(session: Session, config: Settings, queue: str | None) -> str:
    from store.queues import load_queue

    return config.company.timezone if queue is None else load_queue(session, queue).tz


def _span(
    session: Session, config: Settings, queue: str | None, since: str | None, until: str | None
) -> tuple[dt.datetime | None, dt.datetime | None]:
    tz = _zone(session, config, queue)
    start, end = (
        None if text is None else console.moment(text, tz).to_pydatetime() for text in (since, until)
    )
    return start, end
