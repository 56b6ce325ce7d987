"""`forecall demo`: a simulated company end to end, by the same imports and jobs that a user's data take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session, sessionmaker

    from forecast.report import Plan, Report
    from forecast.simulate import Company
    from jobs.ledger import Job
    from store.causes import Cause
    from store.settings import Settings

CLOCK = 10  # the hour at which the company's clock stands
MARK = ".forecall-demo"  # in the folder: it is ours and may be made anew
LEAST_DAYS = 70


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Start here")(demo)


@dataclass
class Stages:
    """How long each stage took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, what: str) -> Iterator[console.Step]:
        """One stage: a bar while it runs, a line when it is done."""
        began = time.perf_counter()
        with console.progress(what) as step:
            yield step
        self.seconds[what] = time.perf_counter() - began
        typer.echo(f"  {what:<44} {self.seconds[what]:5.1f} s", err=True)


def demo(
    days: Annotated[int, typer.Option(min=LEAST_DAYS, max=2000, help="Days of history.")] = 300,
    port: Annotated[int, typer.Option(help="Where to serve.")] = 8765,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve API and dashboard at the end.")
    ] = True,
    full: Annotated[bool, typer.Option("--full", help="All methods on all queues; takes minutes.")] = False,
    folder: Annotated[Path, typer.Option(help="Where everything goes; made anew each time.")] = Path(
        "forecall-demo"
    ),
    company: Annotated[
        str, typer.Option(help="Which company: energy (Dutch and English) or telecom (ten languages).")
    ] = "energy",
) -> None:
    """A simulated company: contacts and posts in, a forecast, evidence and a dashboard out."""
    from cli.demo_register import causes
    from cli.demo_summary import peak_warnings, summary
    from cli.operate import require_free, serve_app
    from forecast.simulate import company as simulated

    who = simulated(company)
    if serve:
        require_free("127.0.0.1", port)
    stages = Stages()
    now = company_clock(who.zone)
    config = prepare(folder, port, full, who)
    typer.echo(f"{who.name}, simulated; its clock stands at {now:%A %d %B %Y, %H:%M}.", err=True)
    with console.open_sessions(config) as sessions:
        paths = simulate(stages, folder, days, now, who)
        load(stages, sessions, config, paths, now)
        report = work(stages, sessions, config, now, full)
        tell(stages, sessions, config, now, causes(who, paths["truth"]))
        key = admin_key(sessions, now)
        told = peak_warnings(sessions, now.tz_convert("UTC"))
        typer.echo("\n".join(summary(report, paths["truth"], folder, told, abridged=not full)))
        typer.echo(f"API key (all rights; shown once): {key}")
        typer.echo(f"Made in {sum(stages.seconds.values()):.0f} s.")
        if serve:
            typer.echo(f"Open http://127.0.0.1:{port}/ (API: /docs). Stop with Ctrl-C.")
            serve_app(config, sessions, "127.0.0.1", port, ahead=now - console.now())


def company_clock(zone: str) -> pd.Timestamp:
    """The latest weekday, ten o'clock in the company's zone, that is past: aware, in UTC's reckoning of that zone."""
    import pandas as pd

    local = console.now().tz_convert(zone)
    moment = local.normalize() + pd.Timedelta(hours=CLOCK)
    while moment > local or moment.weekday() > 4:
        moment = (moment.normalize() - pd.Timedelta(hours=12)).normalize() + pd.Timedelta(hours=CLOCK)
    return moment


def prepare(folder: Path, port: int, full: bool, company: Company) -> Settings:
    """An empty folder with a config.yaml of its own -> the settings. A folder that is not the demo's is left alone."""
    import shutil

    import yaml

    from cli.demo_register import reasons
    from forecast.errors import InputError
    from store.settings import load_settings

    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).is_file():
            raise InputError(
                f"The folder {folder} holds something else.",
                remedy="Name another with --folder.",
                field="folder",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    facts: dict[str, Any] = {
        "database": {"url": f"sqlite:///{(folder / 'forecall.db').resolve()}"},
        "company": {"timezone": company.zone, "country": company.country},
        "social": {
            "brands": [
                {"name": company.brand, "handles": [company.handle], "words": [company.brand.lower()]}
            ],
            "languages": list(company.posts.languages),
            "sector": company.sector,
        },
        "api": {"port": port, "open_dashboard": True, "open_scopes": ["read", "plan", "write"]},
        "reasons": reasons(company),
        "logging": {"level": "warning"},
    }
    if not full:
        facts["models"] = {"draws": 300}
    file = folder / "config.yaml"
    file.write_text(
        "# The demo's own configuration: forecall --config " + f"{file} ...\n" + yaml.safe_dump(facts),
        "utf-8",
    )
    return load_settings(file)


def simulate(stages: Stages, folder: Path, days: int, now: pd.Timestamp, company: Company) -> dict[str, Path]:
    """The company's files, and the truth behind them."""
    with stages.stage("Simulating the company"):
        from forecast.simulate import simulate as make
        from forecast.simulate import write

        return write(make(company, days=days, end=now), folder / "files")


def load(
    stages: Stages,
    sessions: sessionmaker[Session],
    config: Settings,
    paths: dict[str, Path],
    now: pd.Timestamp,
) -> None:
    """Import every file as `forecall import` does."""
    with stages.stage("Importing contacts, hours, days and drivers"), sessions() as session:
        from store.imports.days import import_days
        from store.imports.drivers import import_drivers
        from store.imports.hours import import_hours
        from store.imports.signals import import_signals
        from store.imports.volumes import import_volumes

        moment = now.tz_convert("UTC")
        import_volumes(session, config, paths["volumes"], now=moment)
        import_hours(session, config, paths["hours"], now=moment)
        import_days(session, config, paths["special_days"], now=moment)
        import_drivers(session, config, paths["drivers"], now=moment)
        if "signals" in paths:
            import_signals(session, config, paths["signals"], now=moment)
        session.commit()
    with stages.stage("Scoring the posts") as step, sessions() as session:
        from jobs.mentions import import_mentions

        with paths["mentions"].open("rb") as file:
            count = sum(1 for _ in file)
        import_mentions(
            session, config, paths["mentions"], now=moment, progress=lambda done: step(done, count, "")
        )
        session.commit()


def work(
    stages: Stages, sessions: sessionmaker[Session], config: Settings, now: pd.Timestamp, full: bool
) -> Report:
    """The jobs that measure and forecast, as the scheduler would run them at the company's time."""
    from dataclasses import replace

    from jobs import predict, select, signals
    from store.looking_ahead import looking_ahead

    reports: list[Report] = []
    plan, sample = (select.plan(config, cutoffs=10, full=True), None) if full else abridged(config)

    with stages.stage("Counting posts per half hour and topic"):
        run_job("signals", sessions, config, now, signals.run)
    with stages.stage("Replaying the past, forecasting eight weeks") as step:
        plan = replace(plan, also=looking_ahead(config, now.tz_convert("UTC")))

        def compare(session: Session, settings: Settings, moment: pd.Timestamp) -> Any:
            return select.compare(session, settings, plan, sample=sample, keep=reports.append, progress=step)

        def publish(session: Session, settings: Settings, moment: pd.Timestamp) -> Any:
            ready = {part.series: part.made for part in reports[0].parts if part.made is not None}
            return predict.forecast_all(session, settings, moment, ready=ready)

        run_job("select_full", sessions, config, now, compare)
        run_job("predict", sessions, config, now, publish)
    return reports[0]


def tell(
    stages: Stages,
    sessions: sessionmaker[Session],
    config: Settings,
    now: pd.Timestamp,
    known: Sequence[Cause],
) -> None:
    """What follows from the forecast: peak warnings of the storm under way, the register of causes, the weekly digest."""
    from jobs import alert, digest
    from store.causes import add_cause

    with stages.stage("Looking for peaks, writing the digest"):
        run_job("alert", sessions, config, now, alert.run)
        with sessions() as session:
            for cause in known:
                add_cause(session, cause, now=now.tz_convert("UTC").to_pydatetime())
            session.commit()
        run_job("digest", sessions, config, now, digest.run)


def run_job(
    name: str, sessions: sessionmaker[Session], config: Settings, now: pd.Timestamp, job: Job
) -> None:
    """One job to its end, entered in the ledger; ForecallError where it fails."""
    from forecast.errors import ForecallError
    from jobs.ledger import FAILED, execute

    outcome = execute(name, sessions, config, now.tz_convert("UTC"), job=job)
    if outcome is None or outcome.state == FAILED:
        raise ForecallError(f"The job {name} failed.", remedy="; ".join(outcome.problems if outcome else ()))
    console.warn(outcome.problems)


def abridged(config: Settings) -> tuple[Plan, Plan]:
    """Champion and naive bars on three cutoffs; and Prophet on one queue and one cutoff."""
    from forecast.report import Plan

    common: dict[str, Any] = {"horizon_days": 14, "draws": 200, "seed": config.models.seed}
    models = ("mean8", "mean8_open", "champion")
    return (
        Plan(models=models, cutoffs=3, candidates=config.models.candidates, **common),
        Plan(models=("prophet",), cutoffs=1, with_evidence=False, **common),
    )


def admin_key(sessions: sessionmaker[Session], now: pd.Timestamp) -> str:
    """A key with every right, made once and shown once."""
    from store.keys import SCOPES, create_key

    with sessions() as session:
        key = create_key(session, "demo", SCOPES, now=console.now().to_pydatetime())
        session.commit()
    return key
