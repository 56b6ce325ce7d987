"""What every command shares: the context of a call, how results and errors are shown.

Only typer, and what it brings, is imported at the top: `forecall --help` must be quick.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

    from store.settings import Settings

Step = Callable[[int, int | None, str], None]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@dataclass
class Call:
    """The global options of one call, and what is made of them once."""

    config: Path | None = None
    debug: bool = False


CALL = Call()
CLIENTS = "httpx", "httpx2", "httpcore", "httpcore2"  # loggers that write addresses down
FURTHEST = 731  # days; models.long_days allows no more


def settings() -> Settings:
    """The settings of this call, or ConfigError."""
    from store.settings import load_settings

    return load_settings(CALL.config)


def engine_of(config: Settings, *, make: bool = True) -> Engine:
    """The database, ready for use. A SQLite file that is not there yet is made, as long as its folder is there."""
    from store.database import check, connect, upgrade

    engine = connect(config.database.url)
    file = engine.url.database
    if make and engine.dialect.name == "sqlite" and file and not Path(file).exists():
        upgrade(engine)
    check(engine)
    return engine


@contextmanager
def open_sessions(config: Settings) -> Iterator[sessionmaker[Session]]:
    """Sessions on the database of the settings; closed at the end."""
    from store.database import sessions

    engine = engine_of(config)
    try:
        yield sessions(engine)
    finally:
        engine.dispose()


def now() -> pd.Timestamp:
    """This moment in UTC: the edge reads the clock, nobody else does."""
    import pandas as pd

    return pd.Timestamp.now("UTC").floor("us")


def moment(text: str, tz: str) -> pd.Timestamp:
    """ISO 8601 -> a moment in UTC; InputError for anything else.

    Without an offset it is local in `tz`: the first of a repeated hour, moved on from a missing one, as the API reads it.
    """
    import pandas as pd

    from forecast.buckets import zone
    from forecast.errors import InputError

    try:
        read = pd.Timestamp(text)
        if pd.isna(read):
            raise InputError("The moment is empty.", remedy="Write it as 2026-03-01T08:00.", field="cutoff")
        local = read.floor("us").to_pydatetime()
        if local.tzinfo is None:  # a datetime of the first fold, which pandas would not settle by itself
            local = local.replace(tzinfo=zone(tz))
        return pd.Timestamp(local.astimezone(dt.UTC))
    except (ValueError, OverflowError):
        raise InputError(
            f"The moment {text!r} cannot be read.", remedy="Write it as 2026-03-01T08:00.", field="cutoff"
        ) from None


def days(text: str) -> int:
    """`7d` -> 7, `8w` -> 56, `18m` -> 548; InputError for anything else."""
    from forecast.errors import InputError

    unit = {"d": 1.0, "w": 7.0, "m": 365.25 / 12}.get(text[-1:])
    if unit is None or not text[:-1].isdigit() or not 0 < round(int(text[:-1]) * unit) <= FURTHEST:
        raise InputError(
            f"The horizon {text!r} is not a time of one day to two years.",
            remedy="Write it as 7d, 8w or 18m.",
            field="horizon",
        )
    return round(int(text[:-1]) * unit)


def console() -> Console:
    """For words to the user: on stderr, so that stdout holds results alone."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def warn(sentences: Sequence[str], *, most: int = 10) -> None:
    """Sentences on stderr; of very many the first ones and their number."""
    for sentence in sentences[:most]:
        typer.secho(f"! {sentence}", err=True, fg="yellow")
    if len(sentences) > most:
        typer.secho(f"! and {len(sentences) - most:,} more.", err=True, fg="yellow")


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """Rows as a table on stdout, or the sentence where there are none."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        typer.echo(empty)
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def print_json(value: Any) -> None:
    """A result as JSON on stdout."""
    from store.plain import plain

    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=1))


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Step]:
    """A bar on stderr that is gone when it is done; `step(done, of, what)` moves it. Nothing where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total, name: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def step(done: int, total: int | None, name: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{what}: {name}" if name else what)

        yield step


def set_up_logging(config: Settings) -> None:
    """Log lines of the long-running commands on stderr, for people or as JSON.

    The clients' own lines of requests are left out at every level: they hold whole addresses, and that of a webhook is a secret.
    """
    import logging

    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    if config.logging.format == "json":
        form = '{"at": "%(asctime)s", "level": "%(levelname)s", "logger": "%(name)s", "event": %(quoted)s}'

        class Quoting(logging.Filter):
            def filter(self, record: logging.LogRecord) -> bool:
                record.quoted = json.dumps(record.getMessage(), ensure_ascii=False)
                return True

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(form))
    if config.logging.format == "json":
        handler.addFilter(Quoting())
    logging.basicConfig(level=config.logging.level.upper(), handlers=[handler], force=True)
    for client in CLIENTS:
        logging.getLogger(client).setLevel(logging.WARNING)
