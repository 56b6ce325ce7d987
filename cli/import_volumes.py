"""`forecall import volumes` and `forecall import maps ...`: contacts per interval, and how their files are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import console
from cli.console import AsJson
from cli.data import DateOrder, DryRun, File, Mode, Strict, Timezone, _load, importing

if TYPE_CHECKING:
    from forecast.contacts.preview import Preview

maps = typer.Typer(
    no_args_is_help=True, help="What was said of a file, remembered for the next one with its header."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the group `import`, which is part of the application."""
    importing.command()(volumes)
    importing.add_typer(maps, name="maps")


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
    missing: Annotated[
        Literal["zero", "unknown"] | None,
        typer.Option(
            help="What an absent row of its queues says; without it as before, at first zero.",
            show_default=False,
        ),
    ] = None,
    date_order: DateOrder = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="OUR=THEIRS: which column is what, such as offered=Aanbod.", show_default=False
        ),
    ] = None,
    queue: Annotated[
        str | None, typer.Option(help="The queue of all rows, where no column tells it.", show_default=False)
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(help="The channel of all rows, where no column tells it.", show_default=False),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Of a workbook; else the first one with a table.", show_default=False)
    ] = None,
    decimal: Annotated[
        str | None,
        typer.Option(help="The decimal mark, . or , where the file leaves it open.", show_default=False),
    ] = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Contacts per queue and interval. With --dry-run it shows what would be loaded."""
    from forecast.contacts.reading import AUTO, Reading
    from store.imports.volumes import import_volumes

    reading = Reading(
        timezone, date_order, interval, layout, _mapping(columns or []), queue, channel, sheet, decimal
    )
    with console.progress(file.name, quiet=as_json) as step:
        _load(
            import_volumes, file, dry_run, strict, as_json, now=console.now(), mode=mode, look=dry_run,
            reading=None if reading == AUTO else reading, missing=missing, progress=step,
        )  # fmt: skip


def _mapping(pairs: list[str]) -> dict[str, str]:
    """`offered=Aanbod`, ... -> {our name: column of the file}; InputError for anything else."""
    from forecast.errors import InputError

    mapping: dict[str, str] = {}
    for pair in pairs:
        ours, sign, theirs = pair.partition("=")
        if not sign or not ours.strip() or not theirs.strip():
            raise InputError(
                f"--map {pair!r} is not OUR=THEIRS.",
                remedy='Write it as --map "offered=Aanbod".',
                field="columns",
            )
        mapping[ours.strip().casefold().replace(" ", "_").replace("-", "_")] = theirs.strip()
    return mapping


def show_preview(preview: Preview) -> None:
    """What would be loaded, as tables on stdout."""
    sheet = f", sheet {preview.sheet!r}" if preview.sheet else ""
    row = f"header in row {preview.header_row}" if preview.header_row else "no header row"
    dates = f", dates {preview.date_order}" if preview.date_order else ""
    typer.echo(
        f"Layout: {preview.layout}{sheet}, {row}. Steps of {preview.interval}, times in {preview.timezone}{dates}."
    )
    console.show(
        [{"ours": ours, "column of the file": theirs} for ours, theirs in preview.columns.items()],
        ("ours", "column of the file"),
        empty="",
    )
    if preview.unused:
        typer.echo(f"Not used: {', '.join(preview.unused)}.")
    if preview.totals:
        typer.echo(
            f"Left out as sums: {len(preview.totals)} row(s), {', '.join(map(str, preview.totals[:12]))}."
        )
    queues = [
        {
            "queue": one.queue, "channel": one.channel, "rows": f"{one.rows:,}", "first": one.first, "last": one.last,
            "offered": f"{one.offered:,.0f}", "per interval": f"{one.mean:,.2f}",
        }
        for one in preview.queues
    ]  # fmt: skip
    names = ("queue", "channel", "rows", "first", "last", "offered", "per interval")
    console.show(queues[:50], names, empty="No queue.")
    if len(queues) > 50:
        typer.echo(f"and {len(queues) - 50} more queues.")
    rows = [{name: value for name, value in one.items() if name != "ds"} for one in preview.first_rows]
    console.show(rows, tuple(dict.fromkeys(name for one in rows for name in one)), empty="No row.")
    if preview.changes is not None:
        held = preview.changes
        typer.echo(
            f"Against what is held: {held.new:,} new, {held.changed:,} changed, {held.same:,} the same."
        )


@maps.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every remembered mapping, the latest first."""
    from store.column_maps import described, list_column_maps

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        held = list_column_maps(session)
    if as_json:
        console.print_json(held)
        return
    rows = [
        {
            "kind": one.kind, "header": one.header[:12], "settled with": one.name, "on": f"{one.used_at:%Y-%m-%d}",
            "read as": described(one.reading),
        }
        for one in held
    ]  # fmt: skip
    columns = ("kind", "header", "settled with", "on", "read as")
    console.show(
        rows, columns, empty="Nothing is remembered: forecall import volumes FILE --map offered=COLUMN."
    )


@maps.command()
def forget(
    header: Annotated[str, typer.Argument(help="The header's key, or how it begins.", show_default=False)],
    kind: Annotated[str, typer.Option(help="The kind of file.")] = "volumes",
    as_json: AsJson = False,
) -> None:
    """Forget one: the next file with this header is read as it tells itself."""
    from store.column_maps import forget_column_map

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        forget_column_map(session, kind, header)
        session.commit()
    if as_json:
        console.print_json({"kind": kind, "header": header, "forgotten": True})
    else:
        typer.echo(f"Forgotten: {header} of {kind}.")
