"""`forecall import ...`: files in; `uploads.py` lists them and takes them out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

if TYPE_CHECKING:
    from store.imports.imported import Imported

Mode = Annotated[
    Literal["revision", "correction"],
    typer.Option(
        "--as",
        help="Changed rows: known from now on (revision), or as if always so (correction of a bad import).",
    ),
]
File = Annotated[Path, typer.Argument(help="CSV, Excel (.xlsx) or Parquet.", show_default=False)]
Timezone = Annotated[
    str | None,
    typer.Option(help="Zone of times without an offset; else company.timezone.", show_default=False),
]
DateOrder = Annotated[
    Literal["dmy", "mdy"] | None,
    typer.Option(help="Where a file's dates read both ways.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and report; store nothing.")]
Strict = Annotated[bool, typer.Option("--strict", help="Store nothing and exit 1 when a row is bad.")]

importing = typer.Typer(no_args_is_help=True, help="Read a file into the database.")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(importing, name="import", rich_help_panel="Data")


@importing.command()
def signals(
    file: File,
    timezone: Timezone = None,
    mode: Mode = "revision",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """What was measured outside, per interval: interval_start,signal,value."""
    from store.imports.signals import import_signals

    options = {"timezone": timezone, "mode": mode, "date_order": date_order}
    _load(import_signals, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def mentions(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSONL, CSV, Excel or Parquet; or what Coosto, OBI4wan, Brandwatch, Meltwater or Sprinklr export.",
            show_default=False,
        ),
    ],
    timezone: Timezone = None,
    mode: Mode = "revision",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Posts and messages: id,source,created_at,text. They are scored before they are stored, without names."""
    from jobs.mentions import import_mentions

    with console.progress("Scoring posts", quiet=as_json) as step:
        options: dict[str, Any] = {"timezone": timezone, "mode": mode, "date_order": date_order}
        options["progress"] = lambda rows: step(rows, None, "")
        _load(import_mentions, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def drivers(
    file: File,
    timezone: Timezone = None,
    mode: Mode = "revision",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """What is known ahead, past and future: date,driver,value[,worth] (letters, campaigns; worth: contacts per unit)."""
    from store.imports.drivers import import_drivers

    options = {"timezone": timezone, "mode": mode, "date_order": date_order}
    _load(import_drivers, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command("special-days")
def special_days(
    file: Annotated[
        Path, typer.Argument(help="date,name as CSV or Excel, or a calendar (.ics).", show_default=False)
    ],
    kind: Annotated[
        Literal["recurring", "once", "period"] | None,
        typer.Option(
            help="What rows are that say nothing: days that come again, days to leave out, weeks with a name.",
            show_default=False,
        ),
    ] = None,
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Days unlike others: date,name[,queue,kind,until,region]. Events that come again, days to leave out, school holidays."""
    from store.imports.days import import_days

    options = {"timezone": timezone, "date_order": date_order, "kind": kind}
    _load(import_days, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def hours(
    file: File,
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Opening hours: queue,weekday,opens,closes[,valid_from]; with a date instead of a weekday, that day alone (or closed)."""
    from store.imports.hours import import_hours

    options = {"timezone": timezone, "date_order": date_order}
    _load(import_hours, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def reasons(
    file: File,
    queue: Annotated[
        str | None, typer.Option(help="Of all rows, where no column tells it.", show_default=False)
    ] = None,
    timezone: Timezone = None,
    mode: Mode = "revision",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Contact reasons apart from the totals: date,queue,topic,share|count; or a column per reason. Totals do not change."""
    from store.imports.reasons import import_reasons

    options = {"timezone": timezone, "mode": mode, "date_order": date_order, "queue": queue}
    _load(import_reasons, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def contacts(
    file: File,
    count: Annotated[
        bool, typer.Option("--count", help="Count the volumes of its queues from the file, too.")
    ] = False,
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """One row per contact: contact_time,queue[,id,channel,topic,outcome,customer,...]. Customers are kept as hashes alone."""
    from store.imports.contacts import import_contacts

    options = {"timezone": timezone, "date_order": date_order, "count": count}
    _load(import_contacts, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command("queue-map")
def queue_map(
    file: File,
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Queues renamed, merged and split: queue,into,date[,share]. A queue's moves replace those held; share 0 takes one back."""
    from store.imports.queue_map import import_queue_map

    options = {"timezone": timezone, "date_order": date_order}
    _load(import_queue_map, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def groups(
    file: File,
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Who staffs a queue: queue,group[,site,since,share]. The rows of a queue and date replace those held."""
    from store.imports.groups import import_groups

    options = {"timezone": timezone, "date_order": date_order}
    _load(import_groups, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def staffing(
    file: File,
    marked: Annotated[
        Literal["net", "gross"] | None,
        typer.Option(
            help="Agents at work (net), or before shrinkage is taken off (gross).", show_default=False
        ),
    ] = None,
    timezone: Timezone = None,
    mode: Mode = "revision",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """A staffing plan: interval_start,group,agents; or a row per day and group with the times as columns."""
    from store.imports.staffing import import_staffing

    options = {"timezone": timezone, "mode": mode, "date_order": date_order, "marked": marked}
    _load(import_staffing, file, dry_run, strict, as_json, now=console.now(), **options)


@importing.command()
def forecast(
    file: File,
    made_on: Annotated[
        str | None,
        typer.Option(help="When all of it was made, where no column made_at tells.", show_default=False),
    ] = None,
    ahead: Annotated[
        str | None,
        typer.Option(help="Each week was made so long before it began: 7d, 4w.", show_default=False),
    ] = None,
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """A forecast made elsewhere, to compare ours with: queue,interval_start,offered[,aht_seconds][,made_at]."""
    from store.imports.other_forecasts import import_forecast

    config = console.settings()
    made = None if made_on is None else console.moment(made_on, timezone or config.company.timezone)
    days = None if ahead is None else console.days(ahead)
    options = {"timezone": timezone, "date_order": date_order, "made_on": made, "ahead_days": days}
    _load(import_forecast, file, dry_run, strict, as_json, now=console.now(), **options)


def _load(
    work: Callable[..., Imported], file: Path, dry_run: bool, strict: bool, as_json: bool, **options: Any
) -> None:
    """Import in one transaction: all good rows, or with `strict` and a bad row none."""
    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        found = work(session, config, file, **options)
        refused = strict and bool(found.problems)
        if not refused and not dry_run:
            if found.changed:
                note(
                    session,
                    "upload.load",
                    f"upload {found.upload_id or found.name}",
                    {"kind": found.kind, "rows": found.rows},
                )
            session.commit()
    console.warn([*found.problems, *found.warnings])
    if as_json:
        console.print_json({**vars(found), "stored": not refused and not dry_run})
    else:
        if found.preview is not None:
            from cli.import_volumes import show_preview

            show_preview(found.preview)
        done = "Nothing was stored" if refused or dry_run else f"Imported {found.name}"
        done = found.name if found.summary.startswith("nothing new") else done
        upload = f" (upload {found.upload_id})" if found.upload_id and done.startswith("Imported") else ""
        typer.echo(f"{done}{upload}: {found.summary}")
    if refused:
        raise typer.Exit(1)
