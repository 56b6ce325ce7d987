"""A simulated world: what a company saw, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.buckets import index
from forecast.days import Calendar
from forecast.simulate import answers, channels, contacts, hidden, mailings, mentions
from forecast.simulate import incidents as bursts
from forecast.simulate import posts as people
from forecast.simulate.company import Company
from forecast.simulate.kernels import Floats
from forecast.simulate.mentions import Mention
from forecast.simulate.strength import links_frame
from forecast.simulate.timeline import Timeline

FAR_AHEAD = 400  # days for which public holidays are listed


@dataclass(frozen=True)
class Truth:
    """What was planted; nothing of it is shown to a model.

    links:      [queue, topic, regime, lag_minutes, strength, snr]; lag_minutes > 0: posts lead the queue's contacts, < 0: they
                lag; snr: signal to noise in an hour (`strength.signal_to_noise`)
    incidents:  [kind, topic, onset, calls, posts, rise_minutes, decay_minutes, region, arriving]; `calls` wanted, `arriving`
                expected in open hours (the rest is lost or comes later than the simulation)
    rates:      [queue, ds, rate, base_rate, incident_rate, driver_rate, common_rate, answer_rate]: expected contacts per half
                hour for who knows everything but the noise, to three days beyond the end; rate = base_rate + incident_rate +
                answer_rate. Of base_rate, letters and invoices make driver_rate and hidden drivers common_rate (which may
                be below 0); answer_rate are calls after slow answers. What could be known at a cutoff: `oracle.py`
    effects:    [driver, target, working_day, per_thousand]
    posts:      [id, language, topic, mood, cause, incident]: as each post of a customer should be scored
    shift:      local date of the level shift; factors in the company
    common:     [driver, ds, fast, slow, value]: hidden drivers by half hour
    channel_shifts: [queue, into, date, complete, share]: local dates on which each begins and is complete
    backlog:    [ds, arrived, capacity, backlog, overdue, broken]: e-mails by half hour, where answers are slow
    """

    company: str
    links: pd.DataFrame
    incidents: pd.DataFrame
    rates: pd.DataFrame
    effects: pd.DataFrame
    posts: pd.DataFrame
    shift: str
    common: pd.DataFrame
    channel_shifts: pd.DataFrame
    backlog: pd.DataFrame


@dataclass(frozen=True)
class World:
    """What the company recorded up to `end`, in the frames of `forecast/frames.py`, and the truth.

    volumes:       volumes[queue, channel, topic, ds, offered, handled, abandoned, aht_seconds], open half hours only
    mentions:      rows in the format of a mention file, times in ISO 8601, by created_at
    drivers:       drivers[driver, ds, value, known_at], past and announced
    special_days:  days[date, name, kind], `date` as midnight UTC
    hours:         hours[queue, weekday, opens, closes]
    signals:       signals[signal, ds, value, kind]: the e-mail backlog, where answers are slow; else empty
    time:          the half hours and days simulated
    """

    company: Company
    end: pd.Timestamp
    volumes: pd.DataFrame
    mentions: list[Mention]
    drivers: pd.DataFrame
    special_days: pd.DataFrame
    hours: pd.DataFrame
    signals: pd.DataFrame
    time: Timeline
    truth: Truth


def simulate(company: Company, *, days: int, end: pd.Timestamp, seed: int = 7, ongoing: bool = True) -> World:
    """A world over `days` local days and the day of `end` (aware) up to `end`; the same seed gives the same world.

    With `ongoing` a big outage has begun shortly before the end: posts show it, the calls are about to come.
    """
    time = Timeline.of(company, days=days, end=end, seed=seed)
    drivers = mailings.drivers_frame(company, time)
    common = hidden.paths(company, time)
    plain = contacts.base_rates(company, time)
    expected = _expected(company, plain, drivers, common, time)
    incidents, burst = _incident_rates(company, plain, time, ongoing=ongoing)
    offered, lost, made = _drawn(company, expected, burst, time)
    posts = people.draw(
        company,
        time,
        incidents=incidents,
        drivers=drivers,
        abandoned=lost,
        common=common,
        unanswered=made.posts,
    )
    rows, labels = mentions.rows(company, time, posts)
    return World(
        company=company,
        end=pd.Timestamp(end).tz_convert("UTC"),
        volumes=contacts.volumes_frame(company, offered, lost, plain, time),
        mentions=rows,
        drivers=drivers,
        special_days=_special_days(company, time),
        hours=contacts.hours_frame(company),
        signals=answers.signals_frame(company, made, time),
        time=time,
        truth=Truth(
            company=company.name,
            links=links_frame(company, plain, time),
            incidents=incidents,
            rates=_rates(expected, burst, made, time),
            effects=mailings.effects_frame(company),
            posts=labels,
            shift=str(np.datetime64(int(time.days[0]) + int(company.shift.at_share * days), "D")),
            common=common,
            channel_shifts=channels.frame(company, time),
            backlog=answers.backlog_frame(made, time),
        ),
    )


@dataclass(frozen=True)
class Expected:
    """Expected contacts per queue [n] without incidents and slow answers: of the calendar, of drivers known ahead, and
    what hidden drivers add to the first (below 0 where they take away); all after channel shifts."""

    calendar: contacts.Rates
    driver: contacts.Rates
    common: contacts.Rates

    def base(self, queue: str) -> Floats:
        """[n] what the queue's counts are drawn from before drivers: the calendar and the hidden."""
        return self.calendar[queue] + self.common[queue]


def _expected(
    company: Company, plain: contacts.Rates, drivers: pd.DataFrame, common: pd.DataFrame, time: Timeline
) -> Expected:
    extra = {
        name: contacts.spread(mailings.extra(company, drivers, name, time), plain[name], time)
        for name in plain
    }
    moved = {name: hidden.factor(hidden.on_queue(company, name), common) for name in plain}
    with_hidden = {name: rate if (by := moved[name]) is None else rate * by for name, rate in plain.items()}
    calendar = channels.shifted(company, plain, plain, time)
    total = channels.shifted(company, with_hidden, plain, time)
    return Expected(
        calendar,
        channels.shifted(company, extra, plain, time),
        {name: total[name] - calendar[name] for name in plain},
    )


def _drawn(
    company: Company, expected: Expected, burst: contacts.Rates, time: Timeline
) -> tuple[dict[str, Floats], dict[str, Floats], answers.Created]:
    """-> contacts offered and given up per queue [n], and what slow answers made of them."""
    driver = expected.driver
    base = {queue.name: expected.base(queue.name) for queue in company.queues}
    offered = {
        queue.name: contacts.offered(
            company, queue, base[queue.name], driver[queue.name], burst[queue.name], time
        )
        for queue in company.queues
    }
    made = answers.created(company, offered, expected.calendar, time)
    for queue, rate in made.calls.items():
        offered[queue] = offered[queue] + time.stream(f"{queue} unanswered").poisson(rate)
    lost = {
        queue.name: contacts.abandoned(
            company, queue, offered[queue.name], base[queue.name] + driver[queue.name] / 2, time
        )
        for queue in company.queues
    }
    return offered, lost, made


def _incident_rates(
    company: Company, base: contacts.Rates, time: Timeline, *, ongoing: bool
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    incidents = bursts.draw(company, time, ongoing=ongoing)
    burst = {name: np.zeros(len(time.grid)) for name in base}
    arriving = np.zeros(len(incidents))
    for link in company.links:
        if link.regime == "leads":
            law = bursts.law_of(company, link)
            rate, each = bursts.rates(law, incidents, link, base[link.queue] > 0, time)
            burst[link.queue] = burst[link.queue] + rate
            arriving += each
    return incidents.assign(arriving=np.round(arriving, 1)), burst


def _rates(expected: Expected, burst: contacts.Rates, made: answers.Created, time: Timeline) -> pd.DataFrame:
    ds = index(time.grid.ds)
    none = np.zeros(len(ds))
    frames = []
    for name in expected.calendar:
        base = expected.base(name) + expected.driver[name]
        answer = made.calls.get(name, none)
        columns = {
            "queue": name,
            "ds": ds,
            "rate": base + burst[name] + answer,
            "base_rate": base,
            "incident_rate": burst[name],
            "driver_rate": expected.driver[name],
            "common_rate": expected.common[name],
            "answer_rate": answer,
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


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
