"""`forecall uploads ...`: the files that were imported are layers; each can be looked at, taken out and put back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import console
from cli.audit import note
from cli.console import AsJson

uploads = typer.Typer(
    no_args_is_help=True, help="The files that were imported; each can be taken out and put back."
)
Number = Annotated[int, typer.Argument(metavar="ID", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(uploads, name="uploads", rich_help_panel="Data")


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
def show(upload_id: Number, as_json: AsJson = False) -> None:
    """What a file holds, by queue (or signal, driver, group), and how much of it is in force now."""
    from store.uploads import load_shares, load_upload

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        upload = load_upload(session, upload_id)
        shares = load_shares(session, upload)
    if as_json:
        console.print_json({**vars(upload), "holds": [vars(one) for one in shares]})
        return
    gone = f", taken out on {upload.removed_at:%Y-%m-%d %H:%M} UTC" if upload.removed_at else ""
    typer.echo(
        f"Upload {upload.id}: {upload.name} ({upload.kind}, {upload.mode}), loaded on {upload.at:%Y-%m-%d %H:%M} UTC{gone}; "
        f"{upload.rows:,} rows."
    )
    rows: list[dict[str, Any]] = [
        {
            "name": one.name, "intervals": f"{one.buckets:,}", "in force now": f"{one.in_force:,}",
            "first (UTC)": f"{one.first:%Y-%m-%d %H:%M}", "last (UTC)": f"{one.last:%Y-%m-%d %H:%M}",
        }
        for one in shares
    ]  # fmt: skip
    columns = ("name", "intervals", "in force now", "first (UTC)", "last (UTC)")
    console.show(rows, columns, empty="It holds no values of its own.")


@uploads.command()
def remove(upload_id: Number, as_json: AsJson = False) -> None:
    """Take a file out again: what lay beneath it comes back, known from now on."""
    from store.uploads import remove_upload

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        changed = remove_upload(session, upload_id, now=console.now().to_pydatetime())
        note(session, "upload.remove", f"upload {upload_id}", {"changed": changed})
        session.commit()
    _say(upload_id, "was taken out", changed, as_json)


@uploads.command()
def restore(upload_id: Number, as_json: AsJson = False) -> None:
    """Put a file back that was taken out: its values come back to their old place, known from now on."""
    from store.uploads import restore_upload

    with console.open_sessions(console.settings()) as sessions, sessions() as session:
        changed = restore_upload(session, upload_id, now=console.now().to_pydatetime())
        note(session, "upload.restore", f"upload {upload_id}", {"changed": changed})
        session.commit()
    _say(upload_id, "was put back", changed, as_json)


def _say(upload_id: int, done: str, changed: int, as_json: bool) -> None:
    if as_json:
        console.print_json({"id": upload_id, "changed": changed})
    else:
        typer.echo(f"Upload {upload_id} {done}; {changed:,} values changed.")
