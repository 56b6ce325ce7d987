"""A small filled database: a simulated company, its posts counted, a real forecast, and an evaluation's rows.

Volumes, posts and forecasts are made by the product's own code. The rows of the evaluation are written here, because
computing them takes minutes: what they say is plausible, and the tests only ask that the page says the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Interval
from forecast.simulate import World, energy_supplier, simulate
from forecast.social.signals import build_signals
from forecast.vintage import Archive
from jobs.predict import save
from store.archive import load_archive
from store.days import save_days, save_hours
from store.decisions import save_decisions
from store.forecasts import create_version, publish_version
from store.looking_ahead import look_ahead
from store.queues import Queue, save_queue
from store.runs import begin_run, finish_run
from store.scores import save_report
from store.settings import Models, Settings
from store.signals import save_signals
from store.volumes import save_volumes

NOW = dt.datetime(2026, 3, 10, 9, 42, tzinfo=dt.UTC)  # a Tuesday, 10:42 in Amsterdam
TZ = "Europe/Amsterdam"
DECIDED = dt.datetime(2026, 3, 8, 23, 30, tzinfo=dt.UTC)  # Monday 9 March in Amsterdam
QUEUES = ("phone_outage", "phone_billing", "email_billing")
DAYS = 66
BANDS = ("0-1h", "1-4h", "4-24h", "1-3d", "3-7d", "7-14d", "14-28d", "28-56d")


def fill(sessions: sessionmaker[Session], *, now: dt.datetime = NOW, draws: int = 100) -> None:
    """Everything both pages need, as it stood at `now`."""
    world = simulate(energy_supplier(), days=DAYS, end=pd.Timestamp(now).floor("30min"), seed=7)
    with sessions() as session:
        _contacts(session, world, now)
        _posts(session, world)
        session.commit()
        archive = load_archive(session, country="NL", queues=QUEUES)
        models = Models(champion="level_profile", draws=draws)
        last = pd.Timestamp(now).floor("30min")
        midnight = last.tz_convert(TZ).normalize()
        for cutoff, days in ((midnight - pd.Timedelta(days=3), 4), (midnight, 56), (last, 2)):
            _forecast(session, archive, cutoff.tz_convert("UTC"), days, Settings(models=models))
        _evaluation(session, now)
        session.commit()


def _contacts(session: Session, world: World, now: dt.datetime) -> None:
    volumes = world.volumes[world.volumes["queue"].isin(QUEUES)]
    for name, first in volumes.groupby("queue").first().iterrows():
        save_queue(session, Queue(str(name), first["channel"], first["topic"], Interval.HALF_HOUR, TZ))
    known_at = volumes["ds"] + pd.Timedelta(minutes=30)
    volumes = volumes.drop(columns=["channel", "topic"]).assign(known_at=known_at, assumed=True)
    save_volumes(session, volumes[volumes["known_at"] <= now], upload_id=None)
    save_hours(session, world.hours[world.hours["queue"].isin(QUEUES)])
    save_days(session, world.special_days[["date", "name", "kind"]])


def _posts(session: Session, world: World) -> None:
    truth = world.truth.posts.set_index("id")
    posts = [row for row in world.mentions if row["id"] in truth.index]
    labels = truth.loc[[row["id"] for row in posts]]
    created = pd.DatetimeIndex(pd.to_datetime([row["created_at"] for row in posts], utc=True)).as_unit("ns")
    scored = pd.DataFrame(
        {
            "source": [row["source"] for row in posts],
            "id": [row["id"] for row in posts],
            "created_at": created,
            "known_at": created,
            "sentiment": np.where(labels["mood"] == "negative", -0.5, 0.1),
            "label": labels["mood"].tolist(),
            "topics": [(topic,) for topic in labels["topic"]],
            "direction": ["in"] * len(posts),
            "repost_of": pd.Series([row.get("repost_of") for row in posts], dtype=object),
        }
    )
    signals = build_signals(scored, interval=Interval.HALF_HOUR, tz=TZ, asof=world.end)
    save_signals(session, signals, interval=Interval.HALF_HOUR, tz=TZ)


def _forecast(
    session: Session, archive: Archive, cutoff: pd.Timestamp, days: int, settings: Settings
) -> None:
    made = cutoff.to_pydatetime() + dt.timedelta(minutes=2)
    version = create_version(session, run_id=None, cutoff=cutoff.to_pydatetime(), now=made)
    for name in QUEUES:
        ahead = look_ahead(archive, settings, name, cutoff, days=days)
        save(session, version, queue=name, forecast=ahead)
    publish_version(session, version, made)


def _evaluation(session: Session, now: dt.datetime) -> None:
    run = begin_run(session, "select", now=now, lease_seconds=60, config_hash="c", code_version="1")
    assert run is not None
    save_report(session, run.id, {"scores": scores(), "evidence": evidence()})
    save_decisions(session, evidence(), decided_at=DECIDED, run_id=run.id)
    finish_run(session, run.id, now=now, state="done", outcome={"abridged": True})


def scores(queues: Sequence[str] = QUEUES) -> list[dict[str, Any]]:
    """Rows as `forecall evaluate` reports them: the published choice and the eight-week average."""
    found = []
    for number, queue in enumerate(queues):
        floor = (0.25, 0.11, 0.16)[number]
        for place, band in enumerate(BANDS):
            own, bar = floor * (1.12 + 0.07 * place), floor * (1.42 + 0.05 * place)
            for model, wape in (("champion", own), ("mean8", bar)):
                found.append(_score(queue, model, band, wape, floor, bar, place))
    return found


def _score(
    queue: str, model: str, band: str, wape: float, floor: float, bar: float, place: int
) -> dict[str, Any]:
    return {
        "series": queue,
        "model": model,
        "lead_band": band,
        "n": 320 - 36 * place,
        "mean_volume": round((0.64 / floor) ** 2, 1),
        "wape": wape,
        "poisson_floor": floor,
        "bias": 0.031 - 0.009 * place,
        "wape_interval": [wape * 0.93, wape * 1.08],
        "calibration": {
            "0.1": {"below": 0.07, "at_or_below": 0.11},
            "0.9": {"below": 0.87, "at_or_below": 0.9 - 0.01 * place},
        },
        "skill_vs_mean8": 1 - wape / bar,
    }


LEADS: dict[str, dict[str, Any]] = {
    "phone_outage": {"leads_by_minutes": 30, "leads_lower": 21, "leads_upper": 36, "regime": "posts lead"},
    "phone_billing": {"leads_by_minutes": -900, "leads_lower": -990, "leads_upper": -810, "regime": "posts lag"},
}  # fmt: skip


def evidence() -> list[dict[str, Any]]:
    """Rows of evidence: posts run ahead of the outage calls, behind billing, and say nothing yet of the e-mails."""
    found = []
    table = {
        "phone_outage": [(0.081, 0.040, 0.123, 412), (0.046, 0.011, 0.082, 412), (0.004, -0.012, 0.019, 409)],
        "phone_billing": [(-0.004, -0.02, 0.01, 398), (0.002, -0.013, 0.017, 398), (0.001, -0.02, 0.02, 395)],
        "email_billing": [(0.0, 0.0, 0.0, 24), (0.0, 0.0, 0.0, 24), (0.0, 0.0, 0.0, 24)],
    }
    for queue, bands in table.items():
        topic = queue.split("_")[1]
        lead = LEADS.get(queue, {})
        for band, (lift, lower, upper, n) in zip(BANDS, bands, strict=False):
            for signal, share in ((f"posts:{topic}", 1.0), (f"negative:{topic}", 0.6), ("posts", 0.2)):
                verdict = "not enough history" if n < 200 else "open" if share * lower > 0.004 else "shut"
                sizes = {"lift": share * lift, "lower": share * lower, "upper": share * upper, "n": n}
                why = f"not enough history: {n} of about 200 forecasts to compare" if n < 200 else ""
                row = {"series": queue, "signal": signal, "lead_band": band, "leads_by_minutes": None, **lead}
                found.append({**row, **sizes, "gate": verdict, "why": why})
    return found
