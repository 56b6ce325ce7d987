"""Events, webhooks and asked-for jobs as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from api.queries import In, Paged, When
from api.schemas import Out, Page, RunOut
from store.push_settings import Wanted
from store.run_requests import Askable

CHOSEN = "Repeated or joined by commas; all without it."
Kind = Wanted | Literal["webhook.test"]


def _apart(value: object) -> object:
    """`a,b` is a and b, in a list or alone."""
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list | tuple) and all(isinstance(one, str) for one in texts):
        return [part for text in texts for part in text.split(",")]
    return value


Kinds = Annotated[
    list[Kind],
    BeforeValidator(_apart),
    Field(max_length=50),
]
EventId = Annotated[int, Field(ge=0, lt=2**53)]


class EventQuery(Paged):
    kinds: Kinds = Field([], description=CHOSEN)
    after: EventId = Field(0, description="Those with a greater id: the last one you have.")
    since: When | None = Field(None, description="Told at this moment or later.")


class StreamQuery(In):
    kinds: Kinds = Field([], description=CHOSEN)
    after: EventId | None = Field(
        None, description="As the header `Last-Event-ID`, for those who cannot send one; the header counts."
    )


class EventOut(Out):
    """Something that happened. `body` holds ids, queues and moments, and in `url` where to read the rest."""

    id: int = Field(description="Greater than that of every event told before.", examples=[412])
    kind: str = Field(examples=["forecast.published"])
    at: AwareDatetime
    body: dict[str, Any] = Field(examples=[{"version": 88, "queues": 12, "url": "/v1/forecasts?version=88"}])


class WebhookOut(Out):
    """How a webhook of `push.targets` stands, over the events that are still kept. Its address is shown nowhere."""

    name: str = Field(examples=["wfm"])
    events: list[str] = Field(description="The kinds it is told of.")
    signed: bool = Field(description="Is a secret named for it?")
    delivered: int
    pending: int = Field(description="Waiting, or being sent.")
    given_up: int = Field(description="After all tries; `replay` sends them anew.")
    delivered_at: AwareDatetime | None = Field(description="When one last arrived.")
    next_try: AwareDatetime | None = Field(description="Of the first that waits.")
    problem: str = Field(description="What is wrong with the first that waits, else with the last given up.")


class ReplayIn(In):
    """What is sent anew: one event, or all that were told from a moment on. Give one of the two."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"since": "2026-03-02T08:00"}, {"event_id": 412}]}
    )
    since: When | None = None
    event_id: Annotated[int, Field(ge=1, lt=2**53)] | None = None


class ReplayOut(Out):
    """What was queued. It is sent within a minute, each event with the id it had."""

    webhook: str = Field(examples=["wfm"])
    queued: int = Field(description="Events; without those being sent at this moment.", examples=[3])


class HookTestOut(Out):
    """A test message that was queued. `GET /v1/webhooks` shows what became of it."""

    webhook: str = Field(examples=["wfm"])
    event_id: int = Field(examples=[413])


class RunIn(In):
    """The job to run. `retain` cannot be asked for: when old data go is for the settings to say."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"job": "predict"}]})
    job: Askable


class RequestOut(Out):
    """A job that was asked for."""

    id: int
    job: str = Field(examples=["predict"])
    asked_at: AwareDatetime
    who: str = Field(description="Who asked first.")
    state: Literal["waiting", "taken"]
    note: str = Field(description="Why it still waits, where that is known.")
    url: str = Field(description="Where to look.", examples=["/v1/runs/requests/7"])


class RequestDetail(RequestOut):
    """With the run that does it, once there is one."""

    run: RunOut | None


class RunPage(Page[RunOut]):
    """Runs, and beside them what was asked for and waits."""

    requests: list[RequestOut]
