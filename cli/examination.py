"""What `forecall doctor` looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli import console

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

    from store.settings import Settings

OLD_DATA_DAYS = 7
OLD_FORECAST_DAYS = 2


def examine() -> list[dict[str, Any]]:
    """-> [{what, ok (None: only a note), found}]; stops at the first thing without which the rest cannot be looked at."""
    from forecast.errors import ForecallError
    from store.database import sessions

    findings: list[dict[str, Any]] = []
    try:
        config = console.settings()
        findings.append(_finding("configuration", True, f"fingerprint {config.fingerprint()}"))
        engine = console.engine_of(config, make=False)
    except ForecallError as error:
        what = "database" if findings else "configuration"
        return [*findings, _finding(what, False, str(error))]
    findings.append(_finding("database", True, f"{engine.dialect.name}, schema in order"))
    try:
        with sessions(engine)() as session:
            findings += _contents(session, config, console.now())
    finally:
        engine.dispose()
    return findings


def _contents(session: Session, config: Settings, now: pd.Timestamp) -> Iterator[dict[str, Any]]:
    import pandas as pd

    from store.forecasts import list_versions
    from store.mentions import count_mentions
    from store.queues import load_queues
    from store.runs import list_runs
    from store.volumes import load_volumes

    queues = load_queues(session)
    yield _finding(
        "queues", bool(queues), f"{len(queues)}" if queues else "none: forecall import volumes FILE"
    )
    volumes = load_volumes(session, start=(now - pd.Timedelta(days=400)).to_pydatetime()) if queues else None
    if volumes is not None:
        last = None if volumes.empty else volumes["ds"].max()
        fresh = last is not None and now - last < pd.Timedelta(days=OLD_DATA_DAYS)
        told = "none in the last 400 days" if last is None else f"up to {last:%Y-%m-%d %H:%M} UTC"
        yield _finding("contacts", fresh, told)
    posts = count_mentions(session)
    yield _finding("posts", None, f"{posts:,}" if posts else "none: the forecast stands on contacts alone")
    yield from _sources(session, config)
    published = [version for version in list_versions(session) if version.published_at is not None]
    if published:
        fresh = now - published[0].cutoff < pd.Timedelta(days=OLD_FORECAST_DAYS)
        yield _finding(
            "forecast", fresh, f"published, made from what was known {published[0].cutoff:%Y-%m-%d %H:%M} UTC"
        )
    else:
        yield _finding("forecast", False, "none is published: forecall run predict")
    latest = {run.job: run for run in reversed(list_runs(session, 200))}
    failed = [
        f"{run.job}: {run.outcome.get('error', 'failed')}" for run in latest.values() if run.state == "failed"
    ]
    yield _finding("jobs", not failed, "; ".join(failed) or f"{len(latest)} ran, none failed at last")


def _sources(session: Session, config: Settings) -> Iterator[dict[str, Any]]:
    """Whether each source can be opened (its key is there), and whether it was ever read."""
    from forecast.errors import ForecallError
    from jobs.sources import line, open_source
    from store.cursors import load_cursor

    for source in config.social.sources:
        what = f"source {source.name}"
        try:
            open_source(source, line(config.company.timezone))
        except ForecallError as error:
            yield _finding(what, False, str(error))
            continue
        read = load_cursor(session, f"source:{source.name}") is not None
        yield _finding(what, None, "was read" if read else "not read yet: forecall run ingest")


def _finding(what: str, ok: bool | None, found: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "found": found}
