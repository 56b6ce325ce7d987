"""A company in which every text that others write is an attack: a hundred of them, as posts, reasons, phrases, names, remarks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.alerts import Surge
from forecast.buckets import DAY, Grid, Interval, index, to_ns
from forecast.models.base import BANDS, QUANTILES
from forecast.overriding import Override
from store.alerts import raise_alert
from store.causes import Cause, add_cause
from store.days import save_days
from store.drivers import save_drivers
from store.forecasts import create_version, publish_version, save_forecast
from store.mentions import save_mentions
from store.overrides import add_override
from store.queues import Queue, save_queue
from store.runs import begin_run, finish_run
from store.scores import save_report
from store.signals import save_signals
from store.staffing import save_staffing
from store.volumes import save_volumes
from tests.browser.filled import NOW, TZ

SCRIPT = "window.__hits=(window.__hits||0)+1"
BARE = (
    "<script>{}</script>", "<img src=x onerror={}>", "<svg onload={}>", "<svg><script>{}</script></svg>", "<body onload={}>",
    "<iframe srcdoc='<script>parent.{}</script>'>", "<iframe src=javascript:{}>", "<a href=javascript:{}>open</a>", "<details open ontoggle={}>",
    "<input autofocus onfocus={}>", "<video><source onerror={}></video>", "<audio src=x onerror={}>", "<object data=javascript:{}>",
    "<embed src=javascript:{}>", "<math><mi xlink:href=javascript:{}>x</mi></math>", "<marquee onstart={}>", "<select autofocus onfocus={}>",
    "<form action=javascript:{}><button>go</button></form>", "<link rel=stylesheet href=javascript:{}>", "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<style>@import 'javascript:{}'</style>", "<div style=animation-name:x onanimationstart={}>", "<img src=javascript:{}>", "<base href=javascript:{}//>",
    "javascript:{}", "{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "<%= {} %>", "<b onmouseover={}>bold</b>", "<template><script>{}</script></template>",
    "<p onclick={}>x", "<image href=x onerror={}>", "<svg><animate onbegin={} attributeName=x dur=1s>", "<textarea autofocus onfocus={}>",
)  # fmt: skip
AROUND = ("{}", "\"'>{}", "</script></title></textarea></style>{}")
ATTACKS = [around.format(one.format(SCRIPT)) for around in AROUND for one in BARE][:100]
FIRST = to_ns(NOW) // DAY  # a day since 1970: midnight UTC, near enough


def attack(session: Session) -> None:
    """A hundred queues, reasons and posts, and a remark, event, driver, warning and cause of each kind."""
    for number, text in enumerate(ATTACKS):
        save_queue(session, Queue(text, text if number % 7 == 3 else "phone", text, Interval.HOUR, TZ))
    _contacts(session)
    _posts(session)
    _forecast(session)
    _found(session)
    _plans(session)


def _contacts(session: Session) -> None:
    grid = Grid.days(FIRST - 70, FIRST, Interval.HOUR, TZ)
    grid = grid.take(grid.ds < to_ns(NOW) - 3600 * 10**9)
    ds = index(grid.ds)
    for text in ATTACKS[:12]:
        volumes = pd.DataFrame(
            {"queue": text, "ds": ds, "offered": 10.0 + grid.slot % 7, "known_at": ds + pd.Timedelta(hours=1)}
        )
        save_volumes(session, volumes, upload_id=None)


def _posts(session: Session) -> None:
    moment = pd.Timestamp(NOW)
    created = pd.DatetimeIndex([moment - pd.Timedelta(minutes=7 * number) for number in range(len(ATTACKS))])
    scored = pd.DataFrame(
        {
            "source": [text[:40] if number % 9 == 0 else "mastodon" for number, text in enumerate(ATTACKS)],
            "id": [f"post-{number}" for number in range(len(ATTACKS))],
            "created_at": created,
            "known_at": created,
            "text": ATTACKS,
            "author": ATTACKS[::-1],
            "url": [f"javascript:{SCRIPT}" if number % 2 else f"https://example.com/{text}" for number, text in enumerate(ATTACKS)],
            "brand": ["own"] * len(ATTACKS),
            "language": ["en"] * len(ATTACKS),
            "sentiment": -0.8,
            "label": "negative",
            "topics": [(text,) for text in ATTACKS],
            "direction": "in",
        }
    )  # fmt: skip
    save_mentions(session, scored)
    grid = Grid.days(FIRST - 14, FIRST, Interval.HOUR, TZ)
    grid = grid.take(grid.ds < to_ns(NOW) - 3600 * 10**9)
    for text in (*ATTACKS[:20], "all"):
        for signal in ("posts", "negative", ATTACKS[3]):
            rows = pd.DataFrame(
                {
                    "signal": signal,
                    "topic": text,
                    "ds": index(grid.ds),
                    "value": 3.0,
                    "known_at": index(grid.ds) + pd.Timedelta(hours=1),
                }
            )
            save_signals(session, rows, interval=Interval.HOUR, tz=TZ)


def _forecast(session: Session) -> None:
    cutoff = NOW - dt.timedelta(hours=1)
    version = create_version(session, run_id=None, cutoff=cutoff, now=cutoff)
    spread = np.concatenate([[0.0], np.array(QUANTILES) - 0.5])
    steps = {
        Interval.HOUR: ("interval", "hour"),
        Interval.DAY: ("day",),
        Interval.WEEK: ("week",),
        Interval.MONTH: ("month",),
    }
    for step, words in steps.items():
        grid = Grid.days(FIRST - 1, FIRST + 27, step, TZ)
        values = 40.0 + 10 * spread[None, :] + np.zeros((len(grid), 1))
        for word in words:
            for text in ATTACKS[:12]:
                save_forecast(session, version, text, word, grid.ds, values)
                save_forecast(session, version, f"{text}/{ATTACKS[1]}", word, grid.ds, values / 2)
    publish_version(session, version, cutoff)


def _found(session: Session) -> None:
    """What the evaluation, the gate and the warnings say of them, and a digest with phrases."""
    run = begin_run(session, "select", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
    digest = begin_run(session, "digest", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
    if run is None or digest is None:
        raise RuntimeError("the ledger is taken")
    rows = {"scores": _scores(ATTACKS[:12]), "evidence": _evidence(ATTACKS[:12])}
    save_report(session, run.id, rows)
    finish_run(session, run.id, now=NOW, state="done", outcome={"problems": ATTACKS[:10]})
    week = {"owner": ATTACKS[2], "email": "a@example.com", "language": "en", "subject": ATTACKS[4], "text": "\n".join(ATTACKS[:50]),
            "begin": "2026-03-02", "until": "2026-03-09", "topics": ATTACKS[:5]}  # fmt: skip
    finish_run(session, digest.id, now=NOW, state="done", outcome={"digests": [week], "note": ATTACKS[5]})
    for text in ATTACKS[:4]:
        now = to_ns(NOW)
        surge = Surge(
            text,
            ATTACKS[0],
            f"posts:{text}",
            now - DAY // 24,
            now + DAY // 48,
            now + DAY // 8,
            210.0,
            130.0,
            300.0,
            3.4,
            40,
            0.95,
            False,
        )
        raise_alert(session, surge, now=NOW)


def _scores(queues: Sequence[str]) -> list[dict[str, object]]:
    return [
        {"series": queue, "model": model, "lead_band": band, "n": 40, "mean_volume": 12.0, "wape": 0.1, "poisson_floor": 0.05, "mase": 0.8, "bias": 0.0,
         "wql": 0.1, "wape_interval": [0.09, 0.11], "skill_vs_mean8": 0.2, "calibration": {}}
        for queue in queues for band, _, _ in BANDS for model in ("champion", "mean8", ATTACKS[6])
    ]  # fmt: skip


def _evidence(queues: Sequence[str]) -> list[dict[str, object]]:
    return [
        {"series": queue, "signal": f"posts:{queue}", "lead_band": band, "leads_by_minutes": 30, "lift": 0.03, "lower": 0.01, "upper": 0.05,
         "gate": "open", "n": 400, "why": ATTACKS[7]}
        for queue in queues for band, _, _ in BANDS
    ]  # fmt: skip


def _plans(session: Session) -> None:
    tomorrow = (pd.Timestamp(NOW).normalize() + pd.Timedelta(days=1)).tz_localize(None)
    begin = to_ns(NOW) + DAY
    for number, text in enumerate(ATTACKS[:12]):
        changed = Override(
            0,
            text,
            "",
            "",
            "volume",
            "percent",
            5.0,
            begin,
            begin + DAY // 12,
            ATTACKS[number + 1],
            ATTACKS[number + 2],
        )
        add_override(session, changed, now=NOW)
        add_cause(
            session, Cause(topic=text, cause=text, queue=text, owner=text, changed=text, author=text), now=NOW
        )
    date = pd.DatetimeIndex([tomorrow.tz_localize("UTC")] * 5)
    save_days(
        session, pd.DataFrame({"date": date, "name": ATTACKS[:5], "queue": ATTACKS[:5], "kind": "recurring"})
    )
    ahead = pd.DatetimeIndex(
        [pd.Timestamp(NOW).normalize() + pd.Timedelta(days=day) for day in range(-30, 10)]
    )
    for text in ATTACKS[:3]:
        save_drivers(session, pd.DataFrame({"driver": text, "ds": ahead, "value": 1000.0, "queue": text}))
    grid = Grid.days(FIRST, FIRST + 1, Interval.HOUR, TZ)
    for text in ATTACKS[:4]:
        save_staffing(
            session,
            pd.DataFrame({"group": text, "ds": index(grid.ds), "agents": 4.0, "gross": 0.0}),
            upload_id=None,
        )
