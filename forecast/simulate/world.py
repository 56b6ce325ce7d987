"""A simulated world: what a company saw, and the truth behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecast.buckets import index
from forecast.days import Calendar
from forecast.simulate import contacts, mailings
from forecast.simulate import incidents as bursts
from forecast.simulate import posts as people
from forecast.simulate.company import Company, Floats
from forecast.simulate.timeline import Timeline

FAR_AHEAD = 400  # days for which public holidays are listed
Mention = dict[str, Any]


@dataclass(frozen=True)
class Truth:
    """What was planted; nothing of it is shown to a model.

    links:      [queue, topic, regime, lag_minutes, strength]; lag_minutes > 0: posts lead the queue's contacts, < 0: they lag
    incidents:  [kind, topic, onset, calls, posts, rise_minutes, decay_minutes, region, arriving]; `calls` wanted, `arriving`
                expected in open hours (the rest is lost or comes later than the simulation)
    rates:      [queue, ds, rate, base_rate, incident_rate, driver_rate]: expected contacts per half hour for who knows level,
                calendar, drivers and incidents (the oracle), to three days beyond the end; rate = base_rate + incident_rate,
                and driver_rate is the part of base_rate that letters and invoices make
    effects:    [driver, target, working_day, per_thousand]
    posts:      [id, language, topic, mood, cause, incident]: as each post of a customer should be scored
    shift:      local date of the level shift; factors in the company
    """

    company: str
    links: pd.DataFrame
    incidents: pd.DataFrame
    rates: pd.DataFrame
    effects: pd.DataFrame
    posts: pd.DataFrame
    shift: str


@dataclass(frozen=True)
class World:
    """What the company recorded up to `end`, in the frames of `forecast/frames.py`, and the truth.

    volumes:       volumes[queue, channel, topic, ds, offered, handled, abandoned, aht_seconds], open half hours only
    mentions:      rows in the format of a mention file, times in ISO 8601, by created_at
    drivers:       drivers[driver, ds, value, known_at], past and announced
    special_days:  days[date, name, kind], `date` as midnight UTC
    hours:         hours[queue, weekday, opens, closes]
    """

    company: Company
    end: pd.Timestamp
    volumes: pd.DataFrame
    mentions: list[Mention]
    drivers: pd.DataFrame
    special_days: pd.DataFrame
    hours: pd.DataFrame
    truth: Truth


def simulate(company: Company, *, days: int, end: pd.Timestamp, seed: int = 7, ongoing: bool = True) -> World:
    """A world over `days` local days and the day of `end` (aware) up to `end`; the same seed gives the same world.

    With `ongoing` a big outage has begun shortly before the end: posts show it, the calls are about to come.
    """
    time = Timeline.of(company, days=days, end=end, seed=seed)
    drivers = mailings.drivers_frame(company, time)
    base = contacts.base_rates(company, time)
    driver = {
        queue.name: contacts.spread(
            mailings.extra(company, drivers, queue.name, time), base[queue.name], time
        )
        for queue in company.queues
    }
    incidents, burst = _incident_rates(company, base, time, ongoing=ongoing)
    offered, lost = {}, {}
    for queue in company.queues:
        name = queue.name
        offered[name] = contacts.offered(company, queue, base[name], driver[name], burst[name], time)
        lost[name] = contacts.abandoned(company, queue, offered[name], base[name] + driver[name] / 2, time)
    posts = people.draw(company, time, incidents=incidents, drivers=drivers, abandoned=lost)
    mentions, labels = _mentions(company, time, posts)
    return World(
        company=company,
        end=pd.Timestamp(end).tz_convert("UTC"),
        volumes=contacts.volumes_frame(company, offered, lost, base, time),
        mentions=mentions,
        drivers=drivers,
        special_days=_special_days(company, time),
        hours=contacts.hours_frame(company),
        truth=Truth(
            company=company.name,
            links=_links(company),
            incidents=incidents,
            rates=_rates(base, driver, burst, time),
            effects=mailings.effects_frame(company),
            posts=labels,
            shift=str(np.datetime64(int(time.days[0]) + int(company.shift.at_share * days), "D")),
        ),
    )


def _incident_rates(
    company: Company, base: contacts.Rates, time: Timeline, *, ongoing: bool
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    incidents = bursts.draw(company, time, ongoing=ongoing)
    burst = {name: np.zeros(len(time.grid)) for name in base}
    arriving = np.zeros(len(incidents))
    for link in company.links:
        if link.regime == "leads":
            rate, each = bursts.rates(company, incidents, link, base[link.queue] > 0, time)
            burst[link.queue] = burst[link.queue] + rate
            arriving += each
    return incidents.assign(arriving=np.round(arriving, 1)), burst


def _rates(
    base: contacts.Rates, driver: contacts.Rates, burst: contacts.Rates, time: Timeline
) -> pd.DataFrame:
    ds = index(time.grid.ds)
    frames = [
        pd.DataFrame(
            {
                "queue": name,
                "ds": ds,
                "rate": base[name] + driver[name] + burst[name],
                "base_rate": base[name] + driver[name],
                "incident_rate": burst[name],
                "driver_rate": driver[name],
            }
        )
        for name in base
    ]
    return pd.concat(frames, ignore_index=True)


def _links(company: Company) -> pd.DataFrame:
    rows = [(link.queue, link.topic, link.regime, link.lag_minutes, link.strength) for link in company.links]
    return pd.DataFrame(rows, columns=["queue", "topic", "regime", "lag_minutes", "strength"])


def _special_days(company: Company, time: Timeline) -> pd.DataFrame:
    """Public holidays past and ahead (recurring), and the outlier (once)."""
    days = np.arange(time.days[0], time.days[0] + time.history_days + FAR_AHEAD, dtype=np.int64)
    names = Calendar.of(country=company.country).names(days)
    rows = [(int(day), name, "recurring") for day, name in zip(days, names, strict=True) if name]
    outlier = contacts.outlier_day(company, time)
    rows = [row for row in rows if row[0] != outlier] + [(outlier, company.outlier.name, "once")]
    frame = pd.DataFrame(sorted(rows), columns=["date", "name", "kind"])
    frame["date"] = pd.to_datetime(frame["date"].to_numpy("datetime64[D]").astype("datetime64[ns]"), utc=True)
    return frame


def _mentions(company: Company, time: Timeline, posts: pd.DataFrame) -> tuple[list[Mention], pd.DataFrame]:
    """posts -> mention rows of posts, reposts and replies by time, and the labels of what customers wrote."""
    again = people.reposts(company, time, posts)
    answers = people.replies(company, time, posts)
    everything = pd.concat(
        [posts.assign(role="post"), again.assign(role="repost"), answers.assign(role="reply")]
    )
    order = np.argsort(everything["ns"].to_numpy(), kind="stable")
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(len(order))
    ids = np.array([f"{number:07d}" for number in range(len(order))], dtype=object)[numbers]
    everything = everything.assign(id=ids)
    everything["repost_of"] = _refer(everything.get("of"), ids)
    everything["reply_to"] = _refer(everything.get("to"), ids)
    answered = np.full(len(posts), None, dtype=object)
    answered[answers["to"].to_numpy(np.int64)] = iso(answers["ns"].to_numpy(np.int64))
    everything["replied_at"] = np.concatenate(
        [answered, np.full(len(again) + len(answers), None, dtype=object)]
    )
    ordered = everything.iloc[order]
    given = time.stream("language given").random(len(ordered)) < company.posts.language_given
    labels = ordered[ordered["role"] != "reply"]
    return _rows(ordered, given), labels[
        ["id", "language", "topic", "mood", "cause", "incident"]
    ].reset_index(drop=True)


def _refer(rows: pd.Series | None, ids: Any) -> Any:
    """Row numbers of posts, NaN where none -> their ids, None where none."""
    if rows is None:
        return None
    out = np.full(len(rows), None, dtype=object)
    there = rows.notna().to_numpy()
    out[there] = ids[rows.to_numpy(np.float64)[there].astype(np.int64)]
    return out


def _rows(ordered: pd.DataFrame, given: Any) -> list[Mention]:
    columns: Mapping[str, list[Any]] = {
        "id": ordered["id"].tolist(),
        "source": ordered["source"].tolist(),
        "created_at": iso(ordered["ns"].to_numpy(np.int64)),
        "text": ordered["text"].tolist(),
        "author": ordered["author"].tolist(),
        "language": [text if told else None for text, told in zip(ordered["language"], given, strict=True)],
        "url": ("https://posts.example/" + ordered["source"] + "/" + ordered["id"]).tolist(),
        "reach": ordered["reach"].tolist(),
        "repost_of": ordered["repost_of"].tolist(),
        "reply_to": ordered["reply_to"].tolist(),
        "direction": np.where(ordered["role"] == "reply", "out", "in").tolist(),
        "replied_at": ordered["replied_at"].tolist(),
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def iso(ns: Any) -> list[str]:
    """ns[m] -> ISO 8601 in UTC to the second, rounded down."""
    return [f"{text}Z" for text in np.datetime_as_string(ns.astype("datetime64[ns]").astype("datetime64[s]"))]
