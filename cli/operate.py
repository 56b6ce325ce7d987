"""`forecall serve | scheduler | run | config | db | doctor`: running Forecall."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson
from cli.keys import show_first_key
from cli.quality import data

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from sqlalchemy.orm import Session, sessionmaker

    from store.settings import Settings

config_group = typer.Typer(no_args_is_help=True, help="The configuration.")
db_group = typer.Typer(no_args_is_help=True, help="The database.")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(rich_help_panel="Run")(serve)
    app.command(rich_help_panel="Run")(scheduler)
    app.command(rich_help_panel="Run")(run)
    app.add_typer(config_group, name="config", rich_help_panel="Operate")
    app.add_typer(db_group, name="db", rich_help_panel="Operate")
    doctors = typer.Typer(invoke_without_command=True)
    doctors.callback()(doctor)
    doctors.command()(data)
    app.add_typer(doctors, name="doctor", rich_help_panel="Operate")


def serve(
    with_scheduler: Annotated[
        bool, typer.Option("--with-scheduler", help="Run the jobs in here too.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Else api.host.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Else api.port.", show_default=False)] = None,
) -> None:
    """The API and the dashboard."""
    config = console.settings()
    console.set_up_logging(config)
    with console.open_sessions(config) as sessions:
        show_first_key(sessions)
        beside = None
        if with_scheduler:
            from jobs.scheduler import background

            beside = background(config, sessions)
            beside.start()
        try:
            serve_app(config, sessions, host or config.api.host, config.api.port if port is None else port)
        finally:
            if beside is not None:
                beside.shutdown(wait=True)


def serve_app(
    config: Settings,
    sessions: sessionmaker[Session],
    host: str,
    port: int,
    *,
    ahead: pd.Timedelta | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C. ConfigError where the port is taken. ahead: what the served clock differs by."""
    import uvicorn

    from api.app import create_app
    from cli.server import Server, ready_calendar

    def clock() -> dt.datetime:
        now = console.now() if ahead is None else console.now() + ahead
        return now.to_pydatetime()

    require_free(host, port)
    app = create_app(config, sessions, clock=clock)
    served = uvicorn.Config(app, host=host, port=port, log_level=config.logging.level, access_log=False)
    Server(served, lambda: ready_calendar(config, clock())).run()


def require_free(host: str, port: int) -> None:
    """ConfigError unless somebody could listen there."""
    import socket

    from forecast.errors import ConfigError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise ConfigError(
            f"The address {host}:{port} cannot be used: {error.strerror or error}.",
            remedy="Choose another with --port.",
            field="api.port",
        ) from None


def scheduler() -> None:
    """The jobs, on the schedule of config.yaml, until they are stopped."""
    from jobs.scheduler import run_forever

    config = console.settings()
    console.set_up_logging(config)
    with console.open_sessions(config) as sessions:
        run_forever(config, sessions)


def run(
    job: Annotated[str, typer.Argument(help="ingest, signals, select, select_full, predict or retain.")],
    as_json: AsJson = False,
) -> None:
    """One job now."""
    from functools import partial

    from jobs.ledger import FAILED, execute, find_job

    work = find_job(job)
    config = console.settings()
    with console.open_sessions(config) as sessions, console.progress(f"Running {job}", quiet=as_json) as step:
        if job == "predict":
            from jobs.predict import forecast_all

            work = partial(forecast_all, progress=step)
        outcome = execute(job, sessions, config, console.now(), job=work)
    if outcome is None:
        typer.echo(f"{job} runs already in another process; nothing was done.", err=True)
        raise typer.Exit(1)
    console.warn(outcome.problems)
    if as_json:
        console.print_json({"job": job, "state": outcome.state, **outcome.as_dict()})
    else:
        told = ", ".join(
            f"{what} {value:,}" if isinstance(value, int) else f"{what} {value}"
            for what, value in outcome.done.items()
        )
        typer.echo(f"{job}: {outcome.state}{f' ({told})' if told else ''}.")
    if outcome.state == FAILED:
        raise typer.Exit(1)


@config_group.command("check")
def check_config(as_json: AsJson = False) -> None:
    """Read the configuration and the environment, and say whether all of it can be used."""
    from jobs.scheduler import check_schedule

    config = console.settings()
    check_schedule(config)
    if as_json:
        console.print_json(
            config.model_dump(mode="json", exclude={"database": {"url"}, "social": {"author_key"}})
        )
    else:
        typer.echo(f"The configuration is in order (fingerprint {config.fingerprint()}).")


@db_group.command()
def upgrade() -> None:
    """Make the tables, or bring them to this version of Forecall."""
    from store.database import SCHEMA, connect
    from store.database import upgrade as bring

    engine = connect(console.settings().database.url)
    try:
        bring(engine)
    finally:
        engine.dispose()
    typer.echo(f"The database has schema {SCHEMA}.")


@db_group.command()
def backup(file: Annotated[Path, typer.Argument(show_default=False)]) -> None:
    """Copy the SQLite database to a new file, also while it is in use."""
    from store.database import backup as copy
    from store.database import connect

    engine = connect(console.settings().database.url)
    try:
        copy(engine, file)
    finally:
        engine.dispose()
    typer.echo(f"Wrote {file} ({file.stat().st_size / 1e6:,.1f} MB).")


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Is all well? Configuration, database, age of the data, age of the forecast, what failed last."""
    if context.invoked_subcommand is not None:
        return
    from cli.examination import examine

    findings = examine()
    if as_json:
        console.print_json(findings)
    else:
        marks: dict[Any, str] = {True: "ok", False: "NOT OK", None: "note"}
        console.show(
            [{**one, "state": marks[one["ok"]]} for one in findings], ("what", "state", "found"), empty=""
        )
    if any(one["ok"] is False for one in findings):
        raise typer.Exit(1)
