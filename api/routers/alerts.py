"""GET /v1/alerts: expected peaks, what can still be done about them and what was; POST .../acknowledge: who did what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session

from api import moments, paging
from api.alert_schemas import ActIn, ActOut, AlertDetail, AlertMeasureOut, AlertOut, AlertQuery, CameOut
from api.auditing import Noted
from api.deps import Config, Db, Now
from api.openapi import READ, READ_NAMED, responses
from api.schemas import Page
from forecast.alert_sentence import sentence
from forecast.alerts import PICKED_UP, RESULT, Alert, Measure, in_time, phrases
from forecast.buckets import from_ns, to_ns
from forecast.errors import InputError
from forecast.social.rising import PAST_DAYS
from store.alerts import load_alert, load_alerts, record_act
from store.mentions import load_scored
from store.queues import Queue, load_queues
from store.settings import Reason, Settings

router = APIRouter(tags=["alerts"])
Number = Annotated[int, Path(ge=1, le=10**15)]


@router.get("/v1/alerts", responses=READ)
def list_alerts(
    session: Db, now: Now, config: Config, query: Annotated[AlertQuery, Query()]
) -> Page[AlertOut]:
    """Peak warnings, the latest first: which queue, when, how many contacts with a band, why, and what is still in time."""
    alerts = load_alerts(session, state=query.state, queues=query.queue)
    page, cursor = paging.cut(query, alerts, lambda row: (-row.raised_at, -row.id), (int, int))
    queues = {queue.name: queue for queue in load_queues(session)}
    return Page(rows=[AlertOut(**_facts(one, queues, config, now)) for one in page], next_cursor=cursor)


@router.get("/v1/alerts/{alert_id}", responses=READ_NAMED)
def get_alert(session: Db, now: Now, config: Config, alert_id: Number) -> AlertDetail:
    """One peak warning, with phrases of its posts while it is live. They need kept texts (`social.privacy.level: kept`)."""
    return _detail(session, load_alert(session, alert_id), config, now)


@router.post("/v1/alerts/{alert_id}/acknowledge", responses=responses(400, 401, 403, 404, 413, 422, 500, 503))
def acknowledge_alert(
    session: Db, now: Now, config: Config, note: Noted, alert_id: Number, told: ActIn
) -> AlertDetail:
    """Keep who picked a warning up, what was done, or with what result; also after it ended. From then on it is no false alarm."""
    known = [PICKED_UP, *(one.name for one in config.alerts.measures), RESULT]
    if told.act not in known:
        raise InputError(f"There is no act {told.act!r}.", remedy=f"Use {', '.join(known)}.", field="act")
    if told.act == RESULT and not told.note.strip():
        raise InputError("A result without a note says nothing.", remedy="Write it in `note`.", field="note")
    record_act(session, alert_id, who=told.who, act=told.act, note=told.note, now=now)
    note("alert.acknowledge", f"alert {alert_id}", told.model_dump(mode="json"))
    return _detail(session, load_alert(session, alert_id), config, now)


def _detail(session: Session, alert: Alert, config: Settings, now: dt.datetime) -> AlertDetail:
    queues = {queue.name: queue for queue in load_queues(session)}
    said = _phrases(session, alert, config, now) if alert.live else ()
    return AlertDetail(**_facts(alert, queues, config, now), phrases=list(said))


def _phrases(session: Session, alert: Alert, config: Settings, now: dt.datetime) -> tuple[str, ...]:
    posts = load_scored(session, start=now - dt.timedelta(days=PAST_DAYS + 1))
    least = config.social.privacy.least_shown
    kept = posts[posts["text"].notna()]
    return phrases(kept, alert.surge, now=now, tz=config.company.timezone, least=least)


def _facts(alert: Alert, queues: Mapping[str, Queue], config: Settings, now: dt.datetime) -> dict[str, Any]:
    """The fields of an AlertOut."""
    surge, at = alert.shown, to_ns(now)
    queue = queues.get(surge.series)
    tz = config.company.timezone if queue is None else queue.tz
    channel = "" if queue is None else queue.channel
    said = {
        name: sentence(surge, tz=tz, channel=channel, now=at, language=language, live=alert.live)
        for name, language in (("sentence", "en"), ("sentence_nl", "nl"))
    }
    measures = tuple(Measure(one.name, one.minutes) for one in config.alerts.measures)
    left = in_time(measures, surge.start, at) if alert.live else ()
    reason = config.reasons.get(surge.topic, Reason())
    return {
        "id": alert.id,
        "state": "live" if alert.live else "ended",
        "queue": surge.series,
        "channel": channel or None,
        "topic": surge.topic,
        "signal": surge.signal,
        **said,
        **_moments("onset", surge.onset, tz),
        **_moments("start", surge.start, tz),
        **_moments("end", surge.stop, tz),
        **{name: round(getattr(surge, name), 2) for name in ("extra", "low", "high")},
        "posts": surge.posts,
        "times_usual": round(surge.times_usual, 2) if np.isfinite(surge.times_usual) else None,
        "sureness": round(surge.sureness, 4),
        "measures": [AlertMeasureOut(name=one.name, minutes=one.minutes) for one in left],
        "owner": reason.owner,
        "faq": reason.faq,
        "raised_at": _utc(alert.raised_at),
        "updated_at": _utc(alert.updated_at),
        "ended_at": None if alert.ended_at is None else _utc(alert.ended_at),
        "ended_because": alert.why or None,
        "outcome": alert.outcome,
        "came": _came(alert),
        "acts": [ActOut(at=_utc(one.at), who=one.who, act=one.act, note=one.note) for one in alert.acts],
    }


def _came(alert: Alert) -> CameOut | None:
    came = alert.came
    return None if came is None else CameOut(extra=round(came.extra, 2), usual=round(came.usual, 2))


def _moments(name: str, ns: int, tz: str) -> dict[str, dt.datetime]:
    moment = _utc(ns)
    return {name: moments.local_of(moment, tz), f"{name}_utc": moment}


def _utc(ns: int) -> dt.datetime:
    return from_ns(ns).floor("us").to_pydatetime()
