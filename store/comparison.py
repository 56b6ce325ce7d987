"""The last comparison of forecasts made elsewhere with ours, kept as the outcome of its run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from store.runs import begin_run, finish_run, list_runs
from store.settings import Settings

if TYPE_CHECKING:
    from forecast.comparison import Compared  # it brings the models, which the start of the API does without

JOB, LEASE_SECONDS, RECENT = "compare", 3600.0, 20


def save_comparison(
    session: Session, settings: Settings, found: Sequence[Compared], *, now: dt.datetime, code_version: str
) -> bool:
    """Keep a comparison as the outcome of a run; False while another one is being made."""
    run = begin_run(
        session,
        JOB,
        now=now,
        lease_seconds=LEASE_SECONDS,
        config_hash=settings.fingerprint(),
        code_version=code_version,
        cutoff=now,
    )
    if run is None:
        return False
    done = {"done": {"queues": len(found)}, "problems": [], "comparison": list(found)}
    finish_run(session, run.id, now=now, state="done", outcome=done)
    return True


def load_comparison(session: Session) -> tuple[dt.datetime | None, list[dict[str, Any]]]:
    """When the last comparison was made, and its queues as `Compared` has them; None and none before the first."""
    run = next((one for one in list_runs(session, RECENT, job=JOB) if "comparison" in one.outcome), None)
    return (None, []) if run is None else (run.started_at, list(run.outcome["comparison"]))
