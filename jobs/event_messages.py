"""An event as a webhook gets it, and what the jobs tell of themselves.

The envelope is that of Standard Webhooks: `type`, `timestamp` and `data` (github.com/standard-webhooks/standard-webhooks,
specification, "Payload structure"); `id` is the one of the header webhook-id, the same however often it is sent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from store.events import Event, tell
from store.runs import list_runs


def message_id(event: Event) -> str:
    """The id a receiver knows a second sending by. The time is in it: a restored database gives its numbers anew."""
    return f"forecall-event-{event.id}-{int(event.at.timestamp())}"


def compose(event: Event) -> dict[str, Any]:
    """The body of a webhook. data: the event's own number beside what was told."""
    return {
        "type": event.kind,
        "id": message_id(event),
        "timestamp": event.at.isoformat(),
        "data": {"event_id": event.id, **event.body},
    }


def tell_failure(session: Session, job: str) -> int | None:
    """Tell that the latest run of a job failed; None where it did not, or the one before failed too and was told.

    What went wrong stands in the ledger and is not told along: it may name a file.
    """
    runs = [run for run in list_runs(session, 3, job=job) if run.finished_at is not None]
    if not runs or runs[0].state != "failed" or (len(runs) > 1 and runs[1].state == "failed"):
        return None
    run = runs[0]
    body = {"job": job, "run_id": run.id, "started_at": run.started_at, "url": f"/v1/runs?job={job}"}
    return tell(session, "run.failed", body, now=run.finished_at or run.started_at)
