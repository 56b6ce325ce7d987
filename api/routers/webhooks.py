"""GET /v1/webhooks: how each stands; POST .../replay: send anew; POST .../test: send a test message."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api import moments
from api.auth import Who
from api.deps import Config, Db, Now
from api.event_schemas import HookTestOut, ReplayIn, ReplayOut, WebhookOut
from api.openapi import READ, responses
from api.schemas import Page
from forecast.errors import InputError, NotFound
from store.audit import record
from store.events import TEST, load_event, tell
from store.hook_deliveries import load_standings, replay_events, wake
from store.push_settings import WANTED, PushTarget
from store.settings import Settings

router = APIRouter(tags=["events"])
Name = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)


@router.get("/v1/webhooks", responses=READ)
def list_webhooks(session: Db, config: Config) -> Page[WebhookOut]:
    """The webhooks of `push.targets`: what was delivered, waits or was given up, and what is wrong."""
    targets = config.push.targets
    found = load_standings(session, [one.name for one in targets])
    rows = [
        WebhookOut(
            name=one.name,
            events=list(one.events or WANTED),
            signed=bool(one.secret_env),
            **vars(found[one.name]),
        )
        for one in targets
    ]
    return Page(rows=rows)


@router.post("/v1/webhooks/{name}/replay", status_code=202, responses=CHANGE)
def replay_webhook(session: Db, now: Now, config: Config, who: Who, name: Name, asked: ReplayIn) -> ReplayOut:
    """Send events anew, also those that arrived or were given up, each with the id it had. It begins within a minute."""
    target = _target(config, name)
    if (asked.since is None) == (asked.event_id is None):
        raise InputError("Give `since` or `event_id`.", remedy="One of the two, not both.", field="since")
    if asked.event_id is not None:
        load_event(session, asked.event_id)  # NotFound where there is none
    since = moments.optional(asked.since, config.company.timezone, "since")
    queued = replay_events(session, target, now=now, since=since, event_id=asked.event_id)
    wake(session, name, now=now)
    said = {**asked.model_dump(exclude_none=True), "queued": queued}
    record(session, now=now, who=who, act="webhook.replay", subject=f"webhook {name}", body=said)
    return ReplayOut(webhook=name, queued=queued)


@router.post("/v1/webhooks/{name}/test", status_code=202, responses=CHANGE)
def test_webhook(session: Db, now: Now, config: Config, who: Who, name: Name) -> HookTestOut:
    """Queue an event `webhook.test` for this webhook alone, and try at once what waits before it."""
    _target(config, name)
    wake(session, name, now=now)
    record(session, now=now, who=who, act="webhook.test", subject=f"webhook {name}", body={})
    return HookTestOut(webhook=name, event_id=tell(session, TEST, {"webhook": name, "who": who}, now=now))


def _target(config: Settings, name: str) -> PushTarget:
    found = next((one for one in config.push.targets if one.name == name), None)
    if found is None:
        raise NotFound(
            f"There is no webhook {name!r}.", remedy="See GET /v1/webhooks for those there are.", field="name"
        )
    return found
