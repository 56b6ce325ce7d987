"""`./dev bench staffing`: the formulae beside pyworkforce, beside a simulation, and how fast they are."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.staffing_pages import page
from benchmarks.staffing_simulation import run_line, run_mail
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.staffing.chat import chat_line
from forecast.staffing.needs import Targets, agents_needed
from forecast.staffing.plan import Demand, needed

TZ = "Europe/Amsterdam"
MONDAY = int(np.datetime64("2026-03-02", "D").astype(np.int64))
AHT, SECONDS = 300.0, 1800.0
Row = dict[str, Any]
LINES = (  # load, agents, chats at once, slowdown, patience
    (20.0, 23, 1, 0.0, None),
    (20.0, 19, 1, 0.0, 120.0),
    (100.0, 106, 1, 0.0, None),
    (14.0, 7, 3, 0.0, None),
    (9.0, 7, 2, 0.3, None),
    (18.0, 11, 3, 0.3, None),
    (18.0, 9, 3, 0.3, 180.0),
    (40.0, 23, 3, 0.2, None),
    (100.0, 58, 3, 0.3, None),
    (4.0, 4, 2, 0.5, None),
)
MAILS = (
    (60, 8.0, 0.9),
    (500, 8.0, 0.9),
    (500, 24.0, 0.9),
    (500, 4.0, 0.8),
    (2_000, 4.0, 0.9),
    (500, 4.0, 1.0),
)


def run(out: Path, *, runs: int = 12, contacts: int = 20_000) -> None:
    """Write staffing.json and staffing.md."""
    rows: dict[str, list[Row]] = {
        "pyworkforce": _pyworkforce(),
        "line": [_line(*cell, runs=runs, contacts=contacts) for cell in LINES],
        "mail": [_mail(*cell, runs=runs) for cell in MAILS],
        "blended": _blended(runs),
        "erlang_for_mail": _erlang_for_mail(runs),
        "speed": _speed(),
    }
    (out / "staffing.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (out / "staffing.md").write_text(page(rows), encoding="utf-8")
    print(page(rows))


def _pyworkforce() -> list[Row]:
    """Positions of Erlang C on a grid of loads, handling times and targets, and why they differ."""
    if find_spec("pyworkforce") is None:
        return []
    erlang_c = import_module("pyworkforce.queuing").ErlangC

    made: list[Row] = []
    for limit in (1.0, 0.9):
        same = more = fewer = above = 0
        for load in (0.3, 1.0, 2.5, 5.0, 10.0, 20.5, 47.0, 99.0, 150.0):
            for aht in (120.0, 300.0, 600.0):
                for level, answer in ((0.3, 600.0), (0.5, 60.0), (0.8, 20.0), (0.95, 10.0)):
                    peer = erlang_c(
                        transactions=load * 30 / (aht / 60),
                        aht=aht / 60,
                        asa=answer / 60,
                        interval=30,
                        shrinkage=0.0,
                    )
                    theirs = peer.required_positions(service_level=level, max_occupancy=limit)[
                        "raw_positions"
                    ]
                    ours = int(agents_needed(load, aht, Targets(level, answer, max_occupancy=limit))[0])
                    same += ours == theirs
                    more += ours > theirs
                    fewer += ours < theirs
                    above += ours < theirs and theirs == round(load + 1)
        made.append(
            {
                "max_occupancy": limit,
                "same": same,
                "ours_more": more,
                "ours_fewer": fewer,
                "first_step": above,
            }
        )
    return made


def _mean(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def _line(
    load: float, agents: int, k: int, slowdown: float, patience: float | None, *, runs: int, contacts: int
) -> Row:
    seen = np.array(
        [
            run_line(
                load=load,
                agents=agents,
                aht=AHT,
                contacts=contacts,
                seed=round(1_000 * load) + 100 * agents + seed,
                patience=patience,
                concurrency=k,
                slowdown=slowdown,
            ).values
            for seed in range(runs)
        ]
    )
    met = chat_line(load, AHT, agents, patience, concurrency=k, slowdown=slowdown)
    (level, error), (asa, asa_error) = _mean(seen[:, 0]), _mean(seen[:, 2])
    return {
        "load": load,
        "agents": agents,
        "at_once": k,
        "slowdown": slowdown,
        "patience": patience,
        "level_said": float(met.service_level(20.0)[0]),
        "level": level,
        "level_error": error,
        "lost_said": float(met.abandonment[0]),
        "lost": float(seen[:, 1].mean()),
        "asa_said": float(met.asa[0]),
        "asa": asa,
        "asa_error": asa_error,
    }


def demand(channel: str, a_day: float, aht: float, days: int) -> Demand:
    """Open from 8 to 18, every day, busiest in the middle."""
    grid = Grid.days(MONDAY, MONDAY + days - 1, Interval.HALF_HOUR, TZ)
    hour = grid.slot / 2
    open_ = (hour >= 8) & (hour < 18)
    shape = np.where(open_, 1 + np.sin((hour - 8) / 10 * np.pi), 0.0)
    contacts = shape / shape[grid.day == MONDAY].sum() * a_day
    return Demand(channel, channel, grid.ds, contacts, np.full(len(grid), aht), open=open_)


def _mail(a_day: float, hours: float, occupancy: float, *, runs: int) -> Row:
    one = demand("email", a_day, 360.0, 5)
    targets = Targets(response_hours=hours, max_occupancy=occupancy)
    need = needed([one], targets, interval=Interval.HALF_HOUR, tz=TZ)
    seen = [
        run_mail(
            contacts=one.contacts,
            aht=360.0,
            agents=need.net,
            seconds=SECONDS,
            response_hours=hours,
            seed=seed,
            occupancy=occupancy,
        )
        for seed in range(runs)
    ]
    share, error = _mean(np.array([each.share for each in seen]))
    return {
        "a_day": a_day,
        "hours": hours,
        "occupancy": occupancy,
        "agents": float(need.net.max()),
        "said": float(np.nansum(need.in_time * one.contacts) / one.contacts.sum()),
        "share": share,
        "error": error,
        "waiting_said": float(need.backlog[::48].mean() + need.backlog[27::48].mean()) / 2,
        "waiting": float(
            np.mean([(each.waiting[::48].mean() + each.waiting[27::48].mean()) / 2 for each in seen])
        ),
    }


def _blended(runs: int) -> list[Row]:
    rows = []
    for calls, mails in ((700, 300), (1_500, 600)):
        phone, mail = demand("phone", calls, AHT, 2), demand("email", mails, 360.0, 2)
        targets = Targets(max_occupancy=1.0, response_hours=24)
        both = needed([phone, mail], targets, interval=Interval.HALF_HOUR, tz=TZ, blended=True)
        apart = needed([phone, mail], targets, interval=Interval.HALF_HOUR, tz=TZ)
        seen = [
            run_mail(
                contacts=mail.contacts,
                aht=360.0,
                agents=both.net,
                seconds=SECONDS,
                response_hours=24,
                seed=seed,
                calls=phone.contacts,
            )
            for seed in range(runs)
        ]
        (level, error), (waiting, waiting_error) = (
            _mean(np.array(each)) for each in ([one.level for one in seen], [one.waiting[35] for one in seen])
        )
        rows.append(
            {
                "calls": calls,
                "mails": mails,
                "hours_apart": float(apart.net.sum() / 2),
                "hours": float(both.net.sum() / 2),
                "level_said": float(np.average(both.service_level, weights=phone.contacts)),
                "level": level,
                "level_error": error,
                "waiting_said": float(both.backlog[35]),
                "waiting": waiting,
                "waiting_error": waiting_error,
            }
        )
    return rows


def _erlang_for_mail(runs: int) -> list[Row]:
    """Agents for mail by Erlang C in each interval, 80 % in 20 s or in the hours promised, beside the backlog model."""
    one = demand("email", 500, 360.0, 5)
    rows, load = [], one.contacts * 360.0 / SECONDS
    for hours in (4.0, 24.0):
        targets = Targets(response_hours=hours, response_share=0.9)
        plans = {
            "Erlang C, 80 % within 20 s": agents_needed(load, 360.0, targets),
            "Erlang C, 90 % within the hours": agents_needed(load, 360.0, Targets(0.9, hours * 3600)),
            "load of the interval / 0.9": np.ceil(load / 0.9),
            "backlog, level": needed([one], targets, interval=Interval.HALF_HOUR, tz=TZ).net,
            "backlog, as late as allowed": needed(
                [one], targets, interval=Interval.HALF_HOUR, tz=TZ, shape="late"
            ).net,
        }
        for name, agents in plans.items():
            seen = [
                run_mail(
                    contacts=one.contacts,
                    aht=360.0,
                    agents=agents,
                    seconds=SECONDS,
                    response_hours=hours,
                    seed=seed,
                    occupancy=0.9,
                ).share
                for seed in range(max(runs // 3, 2))
            ]
            rows.append(
                {
                    "hours": hours,
                    "plan": name,
                    "agent_hours": float(agents.sum() / 2),
                    "peak": float(agents.max()),
                    "share": float(np.mean(seen)),
                }
            )
    return rows


def _speed() -> list[Row]:
    """A million cells, as ratios to one gamma function over as many cells, in turn; median of three."""
    from scipy.special import gammaincc

    rng, count = np.random.default_rng(1), 1_000_000
    load = np.exp(rng.uniform(np.log(0.1), np.log(300.0), count))
    aht = rng.uniform(120.0, 600.0, count)
    agents, chats = np.ceil(load + np.sqrt(load)), Targets(concurrency=3, slowdown=0.2)
    tasks: dict[str, Callable[[], object]] = {
        "one gamma function": lambda: gammaincc(agents, load),
        "phone, Erlang C: service level of given agents": lambda: chat_line(
            load, aht, agents, None, concurrency=1, slowdown=0.0
        ).service_level(20.0),
        "phone, Erlang A: service level of given agents": lambda: chat_line(
            load, aht, agents, 120.0, concurrency=1, slowdown=0.0
        ).service_level(20.0),
        "chat, three at once: service level of given agents": lambda: chat_line(
            load, aht, agents / 2, None, concurrency=3, slowdown=0.2
        ).service_level(20.0),
        "phone, Erlang C: agents needed": lambda: agents_needed(load, aht, Targets()),
        "phone, Erlang A: agents needed": lambda: agents_needed(load, aht, Targets(patience_seconds=120.0)),
        "chat, three at once: agents needed": lambda: agents_needed(load, aht, chats, chats=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(3):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - started)
    middle = {name: median(values) for name, values in seconds.items()}
    return [
        {"what": name, "seconds": value, "ratio": value / middle["one gamma function"]}
        for name, value in middle.items()
    ]
