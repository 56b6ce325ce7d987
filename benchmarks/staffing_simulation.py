"""Contact by contact, with SimPy: calls, chats, mail and a group that takes calls and mail. It knows no formula of a queue.

Used by `./dev bench staffing` (long) and by the tests (short). All times in seconds, all random numbers from `seed`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy

from forecast.arrays import Floats
from forecast.staffing.chat import work_rate

Steps = Generator[simpy.Event, Any, None]
HOUR = 3600.0


@dataclass(frozen=True)
class LineRun:
    """Shares of the contacts offered; asa: seconds; busy: agents' worth of work done at a time."""

    service_level: float
    abandonment: float
    asa: float
    waits: float
    busy: float

    @property
    def values(self) -> Floats:
        """As an array, for means and errors over runs."""
        return np.array([self.service_level, self.abandonment, self.asa, self.waits, self.busy])


@dataclass
class _Chat:
    """work: seconds left, for an agent who holds no other."""

    came: float
    work: float
    patience: float


@dataclass
class _Agent:
    """Holds up to k chats; each gets on at 1 / (1 + slowdown (held - 1))."""

    env: simpy.Environment
    slowdown: float
    chats: list[_Chat] = field(default_factory=list)
    since: float = 0.0
    epoch: int = 0

    def advance(self) -> None:
        """Do the work of the time since the last look."""
        if self.chats:
            pace = work_rate(len(self.chats), self.slowdown) / len(self.chats)
            for one in self.chats:
                one.work -= (self.env.now - self.since) * pace
        self.since = self.env.now


@dataclass
class _House:
    """Agents, who waits for them, and what was seen."""

    env: simpy.Environment
    agents: list[_Agent]
    concurrency: int
    line: deque[_Chat] = field(default_factory=deque)
    waited: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    work: float = 0.0

    def arrive(self, chat: _Chat) -> None:
        """To the agent who holds least, or into the line."""
        least = min(self.agents, key=lambda one: len(one.chats))
        if len(least.chats) < self.concurrency:
            self.begin(least, chat)
            return
        self.line.append(chat)
        if np.isfinite(chat.patience):
            self.env.process(self._lose_patience(chat))

    def begin(self, agent: _Agent, chat: _Chat) -> None:
        """An agent takes a chat."""
        agent.advance()
        self.waited.append(self.env.now - chat.came)
        self.work += chat.work
        agent.chats.append(chat)
        self._plan(agent)

    def _plan(self, agent: _Agent) -> None:
        agent.epoch += 1
        if agent.chats:
            self.env.process(self._finish(agent, agent.epoch))

    def _finish(self, agent: _Agent, epoch: int) -> Steps:
        pace = work_rate(len(agent.chats), agent.slowdown) / len(agent.chats)
        first = min(agent.chats, key=lambda one: one.work)
        yield self.env.timeout(max(first.work, 0.0) / pace)
        if agent.epoch != epoch:  # something came between
            return
        agent.advance()
        agent.chats.remove(first)
        while self.line and len(agent.chats) < self.concurrency:
            self.begin(agent, self.line.popleft())
        self._plan(agent)

    def _lose_patience(self, chat: _Chat) -> Steps:
        yield self.env.timeout(chat.patience)
        if chat in self.line:
            self.line.remove(chat)
            self.lost.append(chat.patience)


def run_line(
    *,
    load: float,
    agents: int,
    aht: float,
    contacts: int,
    seed: int,
    answer_seconds: float = 20.0,
    patience: float | None = None,
    concurrency: int = 1,
    slowdown: float = 0.0,
) -> LineRun:
    """Poisson contacts of `load` erlangs, exponential handling; the first tenth is not counted."""
    rng, env = np.random.default_rng(seed), simpy.Environment()
    house = _House(env, [_Agent(env, slowdown) for _ in range(agents)], concurrency)
    gaps, works = rng.exponential(aht / load, contacts), rng.exponential(aht, contacts)
    stays = np.full(contacts, np.inf) if patience is None else rng.exponential(patience, contacts)
    settled: list[tuple[int, int, float, float]] = []

    def source() -> Steps:
        for number, (gap, work, stay) in enumerate(
            zip(gaps.tolist(), works.tolist(), stays.tolist(), strict=True)
        ):
            yield env.timeout(gap)
            if number == contacts // 10:
                settled.append((len(house.waited), len(house.lost), house.work, env.now))
            house.arrive(_Chat(env.now, work, stay))
        settled.append((len(house.waited), len(house.lost), house.work, env.now))

    env.process(source())
    env.run()
    (answered, lost, work, begin), (_, _, all_work, stop) = settled
    waited, gone = np.array(house.waited[answered:]), len(house.lost) - lost
    offered = len(waited) + gone
    return LineRun(
        float((waited <= answer_seconds).sum()) / offered,
        gone / offered,
        float(waited.mean()),
        float((waited > 0).sum() + gone) / offered,
        (all_work - work) / (stop - begin),
    )


@dataclass(frozen=True)
class MailRun:
    """came, in_time: contacts by interval [n]; waiting: at the end of each; level: of the calls, where there are any."""

    came: Floats
    in_time: Floats
    waiting: Floats
    level: float

    @property
    def share(self) -> float:
        """In time, of all that came."""
        return float(self.in_time.sum() / max(self.came.sum(), 1.0))


def run_mail(
    *,
    contacts: Floats,
    aht: float,
    agents: Floats,
    seconds: float,
    response_hours: float,
    seed: int,
    occupancy: float = 1.0,
    calls: Floats | None = None,
    call_aht: float = 300.0,
    answer_seconds: float = 20.0,
) -> MailRun:
    """Mail, Poisson by interval [n], first in first out by so many agents in each [n], who keep 1 - occupancy to themselves.

    calls: contacts by interval [n] that go before, at once: an agent on a mail puts it aside. After the last interval they
    go on as on the last day (24 hours) for as long as it takes, without new calls.
    """
    rng, env = np.random.default_rng(seed), simpy.Environment()
    desk = _Desk(env, agents, seconds)
    mails = _poisson(rng, contacts, seconds)
    works = rng.exponential(aht / occupancy, len(mails))
    answered = np.full(len(mails), np.inf)

    def mail_source() -> Steps:
        for number, (at, work) in enumerate(zip(mails.tolist(), works.tolist(), strict=True)):
            yield env.timeout(at - env.now)
            desk.mails.append([float(number), work])
            desk.look()

    rings = _poisson(rng, calls, seconds) if calls is not None else np.zeros(0)
    talks = rng.exponential(call_aht, len(rings))

    def call_source() -> Steps:
        for at, talk in zip(rings.tolist(), talks.tolist(), strict=True):
            yield env.timeout(at - env.now)
            desk.calls.append((env.now, talk))
            desk.look()

    desk.answered = lambda number: answered.__setitem__(number, env.now)
    env.process(mail_source())
    env.process(call_source())
    env.process(desk.shifts())
    env.run(until=len(contacts) * seconds + 30 * 24 * HOUR)
    place = np.minimum((mails / seconds).astype(int), len(contacts) - 1)
    fine = answered - mails <= response_hours * HOUR
    ends = (np.arange(len(contacts)) + 1) * seconds
    waiting = np.searchsorted(mails, ends) - np.searchsorted(np.sort(answered), ends, side="right")
    came, good = (np.bincount(place, weights=w, minlength=len(contacts)) for w in (np.ones(len(mails)), fine))
    level = float(np.mean(np.array(desk.calls_waited) <= answer_seconds)) if desk.calls_waited else np.nan
    return MailRun(came.astype(np.float64), good.astype(np.float64), waiting.astype(np.float64), level)


def _poisson(rng: np.random.Generator, contacts: Floats, seconds: float) -> Floats:
    """Moments of contacts, so many expected in each interval, ascending."""
    counts = rng.poisson(contacts)
    place = np.repeat(np.arange(len(contacts)), counts)
    return np.sort((place + rng.random(len(place))) * seconds)


@dataclass
class _Desk:
    """Agents by interval; calls before mail, mail put aside for a call and taken up again first."""

    env: simpy.Environment
    agents: Floats
    seconds: float
    calls_waited: list[float] = field(default_factory=list)
    mails: deque[list[float]] = field(default_factory=deque)
    calls: deque[tuple[float, float]] = field(default_factory=deque)
    working: dict[int, tuple[list[float], float, simpy.Process]] = field(default_factory=dict)
    talking: int = 0
    on: int = 0
    names: int = 0
    answered: Callable[[int], None] = field(default=lambda number: None)

    def shifts(self) -> Steps:
        """Set how many are at work, interval by interval; afterwards as on the last day."""
        day, at = int(24 * HOUR // self.seconds), 0
        while True:
            row = at if at < len(self.agents) else len(self.agents) - day + (at - len(self.agents)) % day
            self.on = int(self.agents[row])
            while len(self.working) + self.talking > self.on and self.working:
                self._put_aside()
            self.look()
            yield self.env.timeout(self.seconds)
            at += 1

    def look(self) -> None:
        """Who is free takes a call, then a mail."""
        while self.calls and self.talking < self.on:
            if self.talking + len(self.working) >= self.on:
                self._put_aside()
            came, talk = self.calls.popleft()
            self.calls_waited.append(self.env.now - came)
            self.talking += 1
            self.env.process(self._talk(talk))
        while self.mails and self.talking + len(self.working) < self.on:
            self.names += 1
            mail, name = self.mails.popleft(), self.names
            self.working[name] = (mail, self.env.now, self.env.process(self._write(mail, name)))

    def _put_aside(self) -> None:
        """The mail begun last goes back to the head of the line, with the work it still takes."""
        name = max(self.working)
        mail, since, process = self.working.pop(name)
        process.interrupt()
        self.mails.appendleft([mail[0], mail[1] - (self.env.now - since)])

    def _talk(self, talk: float) -> Steps:
        yield self.env.timeout(talk)
        self.talking -= 1
        self.look()

    def _write(self, mail: list[float], name: int) -> Steps:
        try:
            yield self.env.timeout(max(mail[1], 0.0))
        except simpy.Interrupt:
            return
        del self.working[name]
        self.answered(int(mail[0]))
        self.look()
