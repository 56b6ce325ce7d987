"""Agents who hold several chats at once: the share of time in which all of them are full, then Erlang C or A as on the phone.

A chat takes an exponential time of mean `aht` where its agent holds it alone, and 1 + slowdown (j - 1) times as long while
the agent holds j; so an agent who holds j does d(j) = j / (1 + slowdown (j - 1)) times the work of one who holds one.
slowdown 0: chats do not slow each other; 1: the agent shares out one attention, and j chats take j times as long. A new
chat goes to the agent who holds least, and waits where all of n agents hold k (concurrency). With m chats in the house,
spread evenly over the agents, work is done at the rate

    D(m) = (n - r) d(q) + r d(q + 1),  m = q n + r;   D(m) = n d(k) where m >= n k

which makes a birth and death chain. Sending each chat to the least busy is optimal for a d that bends down, and the
spread is even in the limit of many agents: Storm, Berkelmans & Bekker (2024), "Diffusion-based staffing for multitasking
service systems with many servers", Math. of Operations Research 49(4). That the number of chats held is what slows the
service: Luo & Zhang (2013), "Staffing and control of instant messaging contact centers", Operations Research 61(2).

D is straight between q n and (q + 1) n, so that the chances of m there are those of a Poisson number, moved, and their sum
is a difference of two gamma tails: k cells cost what k cells of Erlang B cost, whatever n. Where all are full, work is done
at the constant rate n d(k), as by so many agents on the phone: all that comes after B is Erlang C or A with that number.

With few agents chats that end leave the spread uneven, and a little less is done than D says: see docs/benchmarks/staffing.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.arrays import Floats
from forecast.staffing.erlang import ErlangA, ErlangC, cells, log_erlang_b
from forecast.staffing.tails import log_between, log_poisson, log_upper

NO_GAIN = 0.999  # a slowdown from here on is 1: the last agent-thousandth is not worth a tail with a mean of billions


def work_rate(held: int, slowdown: float) -> float:
    """d(j): the work of an agent who holds so many chats, in that of one who holds one."""
    return held / (1 + _exact(slowdown) * (held - 1)) if held else 0.0


def chat_line(
    load: npt.ArrayLike,
    aht: npt.ArrayLike,
    agents: npt.ArrayLike,
    patience: float | None,
    *,
    concurrency: int,
    slowdown: float,
) -> ErlangC | ErlangA:
    """What chats and agents meet; load: chats an interval x aht / its seconds; arrays that broadcast.

    asa, service level: until an agent takes the chat. occupancy: work done, of what the agents do when they are full.
    """
    a, seconds, n = cells(load, aht, agents)
    full = n * work_rate(concurrency, slowdown)
    some = (a > 0) & (n > 0)
    log_b = np.zeros(a.shape)
    log_b[some] = log_all_full(a[some], n[some], concurrency, slowdown)
    return (
        ErlangC(a, seconds, full, log_b) if patience is None else ErlangA(a, seconds, full, patience, log_b)
    )


def log_all_full(load: Floats, agents: Floats, concurrency: int, slowdown: float) -> Floats:
    """log B [n]: the share of time in which all agents hold k chats, where nobody waits; load > 0, agents > 0."""
    if slowdown == 0:
        return log_erlang_b(load, agents * concurrency)
    total, _ = _log_sums(load, agents, concurrency, slowdown)
    return np.asarray(-total)


def _log_sums(load: Floats, agents: Floats, concurrency: int, slowdown: float) -> tuple[Floats, Floats]:
    """(log of the sum of all weights, log of the weight of m = n) [n], the weight of m = n k being 1."""
    top = np.zeros(len(load))
    total = np.full(len(load), -np.inf)
    for held in range(concurrency - 1, 0, -1):
        states, down = _segment(load, agents, held, slowdown)
        total = np.logaddexp(total, top + states)
        top = top + down
    return np.logaddexp(total, top + log_upper(agents, load) - log_poisson(agents, load)), top


def _segment(load: Floats, agents: Floats, held: int, slowdown: float) -> tuple[Floats, Floats]:
    """The states held n + 1 .. (held + 1) n: (log of the sum of their weights, log of the weight of held n) [n], the last one's being 1."""
    rate = work_rate(held, slowdown)
    gain = work_rate(held + 1, slowdown) - rate
    if gain < 1e-12:  # all of them are left at the same rate
        step = np.log(agents * rate / load)  # of a weight to the one below
        return _log_geometric(step, agents), agents * step
    low, mean = agents * rate / gain, load / gain
    last = log_poisson(low + agents, mean)
    return log_between(low, low + agents, mean) - last, log_poisson(low, mean) - last


def _log_geometric(step: Floats, count: Floats) -> Floats:
    """log(1 + e^s + e^2s + .. of so many summands) [n]."""
    size = np.abs(step)
    small = size < 1e-12
    safe = np.where(small, 1.0, size)
    spread = np.log(np.expm1(-safe * count) / np.expm1(-safe))
    return np.where(small, np.log(count), spread + np.where(step > 0, (count - 1) * size, 0.0))


def share_idle(
    load: npt.ArrayLike,
    aht: npt.ArrayLike,
    agents: npt.ArrayLike,
    patience: float | None,
    *,
    concurrency: int,
    slowdown: float,
) -> Floats:
    """Mean share of the agents [n] who hold no chat at all.

    sum over m < n of (1 - m/n) P(m), where P(m) is Poisson up to m = n: pois(m; a) P(n) / pois(n; a).
    """
    a, seconds, n = cells(load, aht, agents)
    some = (a > 0) & (n > 0) & (seconds > 0)
    found = np.where(a == 0, 1.0, np.where(np.isnan(a) | np.isnan(n), np.nan, 0.0))
    a, n, seconds = a[some], n[some], seconds[some]
    total, at_n = _log_sums(a, n, concurrency, slowdown)
    waits = chat_line(a, seconds, n, patience, concurrency=concurrency, slowdown=slowdown).waiting
    below = -np.expm1(-total)  # of the time in which nobody waits and not all are full
    with np.errstate(divide="ignore", invalid="ignore"):
        unfull = np.where(below > 0, (1 - waits) / below, 0.0)
        log_p = at_n - total - log_poisson(n, a)
    whole = np.exp(log_p + log_upper(np.maximum(n - 1, 0.0), a))
    shifted = np.where(n >= 2, np.exp(log_p + log_upper(np.maximum(n - 2, 0.0), a)), 0.0)
    found[some] = np.clip((whole - a / n * shifted) * unfull, 0.0, 1.0)
    return found


def _exact(slowdown: float) -> float:
    return 1.0 if slowdown > NO_GAIN else slowdown
