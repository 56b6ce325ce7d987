"""`forecall sources list | check NAME`: the systems that contacts are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    from forecast.contacts.sources.base import Page

group = typer.Typer(no_args_is_help=True, help="The systems that contacts are read from (contacts.sources).")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(group, name="sources", rich_help_panel="Data")


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """Each configured system, and up to when its contacts are counted."""
    from store.contact_counts import load_cover
    from store.cursors import load_cursor

    config = console.settings()
    rows: list[dict[str, Any]] = []
    with console.open_sessions(config) as sessions, sessions() as session:
        for source in config.contacts.sources:
            cover = load_cover(session, source.name)
            read = load_cursor(session, f"contacts:{source.name}") is not None
            until = _shown(cover.until) if cover.until else ""
            rows.append({"name": source.name, "kind": source.kind, "read": read, "counted_until": until})
    if as_json:
        console.print_json(rows)
    else:
        columns = ("name", "kind", "read", "counted_until")
        console.show(rows, columns, empty="No system is configured yet: see docs/contact_sources.md.")


@group.command()
def check(
    name: Annotated[str, typer.Argument(help="Of a system under contacts.sources.", show_default=False)],
    pages: Annotated[int, typer.Option(min=1, max=100, help="Pages to read at most.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Read what is new there and show it; nothing is stored, nothing is marked as read."""
    from jobs.contacts import look

    config = console.settings()
    with console.open_sessions(config) as sessions, sessions() as session:
        seen, more = look(session, config, name, console.now(), pages=pages)
        session.rollback()
    rows, left, problems = _by_queue(seen), _left(seen), [one for page in seen for one in page.problems]
    if as_json:
        facts = {"name": name, "pages": len(seen), "more": more, "left_out": left, "problems": problems}
        console.print_json({**facts, "queues": rows})
        return
    console.warn([*problems, *(f"{count:,} {why}." for why, count in sorted(left.items()))])
    columns = ("queue", "told", "contacts", "first", "last")
    console.show(rows, columns, empty="Nothing new is told there.")
    rest = " There is more; the job `ingest` reads all of it." if more else ""
    typer.echo(f"{name}: {len(seen)} page(s) read, nothing stored.{rest}")


def _by_queue(pages: list[Page]) -> list[dict[str, Any]]:
    """What the pages tell, queue by queue."""
    import pandas as pd

    told: list[dict[str, Any]] = []
    for page in pages:
        known = {(one.queue, one.id): one for one in page.contacts}
        told += [
            {"queue": one.queue, "told": "one by one", "n": 1, "at": one.at, "id": one.id}
            for one in known.values()
        ]
        if page.volumes is not None:
            rows = zip(page.volumes["queue"], page.volumes["ds"], page.volumes["offered"], strict=True)
            told += [
                {"queue": queue, "told": "counted", "n": n, "at": ds, "id": None} for queue, ds, n in rows
            ]
    if not told:
        return []
    frame = pd.DataFrame(told)
    single = frame["id"].notna()
    frame = pd.concat([frame[single].drop_duplicates(["queue", "id"]), frame[~single]])
    return [
        {
            "queue": queue,
            "told": how,
            "contacts": int(mine["n"].sum()),
            "first": f"{mine['at'].min():%Y-%m-%d %H:%M} UTC",
            "last": f"{mine['at'].max():%Y-%m-%d %H:%M} UTC",
        }
        for (queue, how), mine in frame.groupby(["queue", "told"])
    ]


def _left(pages: list[Page]) -> dict[str, int]:
    from collections import Counter

    left = Counter[str]()
    for page in pages:
        left.update(page.left_out)
    return dict(left)


def _shown(ns: int) -> str:
    from forecast.buckets import from_ns

    return f"{from_ns(ns):%Y-%m-%d %H:%M} UTC"
