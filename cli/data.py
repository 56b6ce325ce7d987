"""`forecall import ...` and `forecall uploads ...`: files in, and out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import console
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
uploads = typer.Typer(no_args_is_help=True, help="The files that were imported; each can be taken out again.")


def register(app: typer.Typer) -> None:
    """Add both groups to the application."""
    app.add_typer(importing, name="import", rich_help_panel="Data")
    app.add_typer(uploads, name="uploads", rich_help_panel="Data")


@importing.command()
def volumes(
    file: File,
    layout: Annotated[
        Literal["auto", "tidy", "genesys", "connect"], typer.Option(help="Whose columns.")
    ] = "auto",
    timezone: Timezone = None,
    interval: Annotated[
        str | None,
        typer.Option(help="15min, 30min, 1h, 1d; a longer one than the file's sums.", show_default=False),
    ] = None,
    mode: Mode = "revision",
    missing: Annotated[Literal["zero", "unknown"], typer.Option(help="What an absent row means.")] = "zero",
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Contacts per queue and interval."""
    from forecast.errors import InputError
    from store.imports.volumes import import_volumes

    if missing == "unknown":
        raise InputError(
            "Absent rows cannot be stored as unknown yet.",
            remedy="Import them as zero, or measure them with forecall evaluate --missing unknown.",
            field="missing",
        )
    options = {
        "layout": layout,
        "timezone": timezone,
        "interval": interval,
        "mode": mode,
        "date_order": date_order,
    }
    _load(import_volumes, file, dry_run, strict, as_json, now=console.now(), **options)


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
    timezone: Timezone = None,
    date_order: DateOrder = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Days unlike others: events that come again, and outliers that do not."""
    from store.imports.days import import_days

    options = {"timezone": timezone, "date_order": date_order}
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
    """Opening hours: queue,weekday,opens,closes[,valid_from]."""
    from store.imports.hours import import_hours

    options = {"timezone": timezone, "date_order": date_order}
    _load(import_hours, file, dry_run, strict, as_json, now=console.now(), **options)


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


def _load(
    work: Callable[..., Imported], file: Path, dry_run: bool, strict: bool, as_json: bool, **options: Any
) -> None:
    """Import in one transaction: all good rows, or with `strict` and a bad row none."""
    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        found = work(session, config, file, **options)
        refused = strict and bool(found.problems)
        if not refused and not dry_run:
            session.commit()
    console.warn([*found.problems, *found.warnings])
    if as_json:
        console.print_json({**vars(found), "stored": not refused and not dry_run})
    else:
        done = "Nothing was stored" if refused or dry_run else f"Imported {found.name}"
        upload = f" (upload {found.upload_id})" if found.upload_id and not (refused or dry_run) else ""
        typer.echo(f"{done}{upload}: {found.summary}")
    if refused:
        raise typer.Exit(1)


@uploads.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every imported file, the latest first."""
    from store.uploads import list_uploads

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        rows = [{**vars(one), "at": f"{one.at:%Y-%m-%d %H:%M} UTC"} for one in list_uploads(session)]
    if as_json:
        console.print_json(rows)
    else:
        columns = ("id", "kind", "name", "mode", "at", "rows", "state")
        console.show(rows, columns, empty="Nothing was imported yet: forecall import volumes FILE.")


@uploads.command()
def remove(upload_id: Annotated[int, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Take a file out again: what lay beneath it comes back, known from now on."""
    from store.uploads import remove_upload

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        changed = remove_upload(session, upload_id, now=console.now().to_pydatetime())
        session.commit()
    if as_json:
        console.print_json({"id": upload_id, "changed": changed})
    else:
        typer.echo(f"Upload {upload_id} was taken out; {changed:,} values changed.")
