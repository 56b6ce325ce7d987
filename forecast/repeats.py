"""Repeat contacts: the same customer again within some days on the same reason, by whatever channel.

    contacts[customer, at, topic, queue, channel, outcome] ─► first contacts and repeats ─► shares, with intervals

Where a reason is not known, the same queue stands in for it. A caller who hung up has had no contact yet, so neither that
attempt nor the redial after it is a repeat. A contact that was handed on (transferred, overflowed, called back) and goes on
within some hours is one contact, the later row of the two.

What a log cannot tell is left out and said: contacts without a customer; those so early that what came before is not in
the log; and, of first contacts, those whose days for a repeat are not over. Intervals: Wilson (1927), Probable inference,
the law of succession, and statistical inference, JASA 22:209-212, 95 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, column_ns

UNKNOWN = frozenset({"", "all"})  # reasons that say nothing
NO_CONTACT = frozenset({"abandoned"})
HANDED_ON = frozenset({"transferred", "overflowed", "callback"})
GOES_ON = DAY // 6  # a contact handed on goes on within four hours
Z = 1.959964
HOUR = DAY // 24


@dataclass(frozen=True)
class Share:
    """count out of `of`, with the 95 % interval of its share."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval; None where nothing was counted."""
        if not self.of:
            return None
        share, n = self.count / self.of, self.of
        middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return max(0.0, float(middle - half)), min(1.0, float(middle + half))


@dataclass(frozen=True)
class Pair:
    """A first contact by one channel that was followed by another contact, by the same or another channel."""

    first: str
    then: str
    count: int
    hours: float


@dataclass(frozen=True)
class Row:
    """One reason (or all). None: too few customers to be shown.

    contacts, customers: those whose past is in the log; repeats: share of these contacts
    resolved: share of first contacts that no repeat followed, of those whose days for it are over; open: first contacts left
    out because they are not; channels: by channel of the first contact, the share that a repeat followed
    hours: median hours from a first contact to the repeat
    """

    topic: str
    contacts: int
    customers: int
    repeats: Share
    resolved: Share
    open: int
    hours: float | None
    channels: dict[str, Share] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Repeats:
    """total: None where too few customers; hidden: reasons with too few customers to be shown.

    covered: of all contacts of the span, those whose customer is known; early: contacts whose past is not in the log
    moments[topic, queue, ds]: repeats of what is shown, for other figures
    """

    total: Row | None
    reasons: tuple[Row, ...]
    hidden: int
    covered: Share
    early: int
    moments: pd.DataFrame


@dataclass(frozen=True)
class Linked:
    """Contacts that count, in order of time: at ns[n]; before: place of the contact each repeats, -1 for a first one."""

    rows: pd.DataFrame
    at: Ns
    before: Ns

    @property
    def followed(self) -> Ns:
        """int64[n]: place of the first repeat of each contact, -1 without one."""
        found = np.full(len(self.at), -1, dtype=np.int64)
        later = np.flatnonzero(self.before >= 0)[::-1]
        found[self.before[later]] = later  # the earliest is written last
        return found


def real_contacts(contacts: pd.DataFrame) -> pd.DataFrame:
    """contacts (`frames.CONTACTS`) -> those that took place, in order of time: none abandoned, of those handed on the last."""
    rows = contacts.assign(
        **{name: _texts(contacts, name) for name in ("customer", "topic", "channel", "outcome")}
    )
    rows = rows[~rows["outcome"].isin(NO_CONTACT)].sort_values(["at", "source", "id"], ignore_index=True)
    at, customer = column_ns(rows["at"]), pd.factorize(rows["customer"])[0]
    order = np.lexsort((np.arange(len(rows)), customer))
    soon = np.zeros(len(rows), dtype=bool)
    same = customer[order][1:] == customer[order][:-1]
    soon[order[:-1]] = same & (np.diff(at[order]) <= GOES_ON)
    known = (rows["customer"] != "").to_numpy(dtype=bool)
    gone_on = rows["outcome"].isin(HANDED_ON).to_numpy(dtype=bool) & soon & known
    return rows[~gone_on].reset_index(drop=True)


def linked(contacts: pd.DataFrame, *, window_days: float) -> Linked:
    """Real contacts -> those of known customers, each with the latest contact before it that it repeats."""
    rows = contacts[contacts["customer"] != ""].reset_index(drop=True)
    at = column_ns(rows["at"])
    who = pd.factorize(rows["customer"])[0]
    told = ~rows["topic"].isin(UNKNOWN).to_numpy(dtype=bool)
    reason, queue = pd.factorize(rows["topic"])[0], pd.factorize(rows["queue"])[0]
    every = np.ones(len(rows), dtype=bool)
    by_reason = np.where(told, _latest(who, reason, told), -1)
    # a contact without a reason repeats any of its queue; one with a reason also one of its queue that has none
    by_queue = np.where(told, _latest(who, queue, ~told), _latest(who, queue, every))
    before = np.maximum(by_reason, by_queue)
    near = (before >= 0) & (at - at[np.maximum(before, 0)] <= window_days * DAY)
    return Linked(rows, at, np.where(near, before, -1))


def _latest(who: Ns, what: Ns, counts: Flags) -> Ns:
    """Rows in order of time [n] -> place of the latest row before each, of the same two, that counts; -1 where none is."""
    order = np.lexsort((np.arange(len(who)), what, who))
    place = np.where(counts[order], np.arange(len(order)), -1)
    last = np.concatenate([[-1], np.maximum.accumulate(place)[:-1]]) if len(order) else place
    fine = last >= 0
    mine, other = order, order[np.maximum(last, 0)]
    fine &= (who[mine] == who[other]) & (what[mine] == what[other])
    found = np.full(len(who), -1, dtype=np.int64)
    found[mine] = np.where(fine, other, -1)
    return found


def repeats(
    contacts: pd.DataFrame,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    window_days: float,
    least_customers: int,
    queue: str | None = None,
) -> Repeats:
    """contacts (`frames.CONTACTS`, also `window_days` before and after the span) -> the figures of start <= at < end.

    queue: figures of its contacts alone, which may repeat, and be repeated by, those of other queues
    least_customers: a reason, channel or pair of fewer customers is not shown
    """
    real = real_contacts(contacts)
    inside = _inside(real, start, end, queue)
    keyed = (real["customer"] != "").to_numpy(dtype=bool)
    covered = Share(int((inside & keyed).sum()), int(inside.sum()))
    found = linked(real, window_days=window_days)
    log = column_ns(real["at"])
    window = int(window_days * DAY)
    told = found.at >= (int(log[0]) + window if len(log) else 0)
    ours = _inside(found.rows, start, end, queue)
    over = found.at + window <= (int(log[-1]) if len(log) else 0)
    chosen = ours & told
    table = _table(found, over)
    rows = {
        topic: chosen & (found.rows["topic"] == topic).to_numpy(dtype=bool)
        for topic in _topics(found, chosen)
    }
    shown, hidden = _shown({name: _customers(table, mine) for name, mine in rows.items()}, least_customers)
    total = (
        _row("all", table, chosen, least_customers) if _customers(table, chosen) >= least_customers else None
    )
    public = found.rows["topic"].isin([*shown, *UNKNOWN]).to_numpy(dtype=bool)
    repeated = found.rows.loc[chosen & public & (found.before >= 0), ["topic", "queue", "at"]]
    return Repeats(
        total,
        tuple(_row(name, table, rows[name], least_customers) for name in shown),
        hidden,
        covered,
        int((ours & ~told).sum()),
        repeated.rename(columns={"at": "ds"}).reset_index(drop=True),
    )


def _inside(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, queue: str | None) -> Flags:
    """bool[n]: a contact of the span, and of the queue where one is named."""
    mine = (rows["at"] >= start) & (rows["at"] < end)
    return np.asarray(mine if queue is None else mine & (rows["queue"] == queue), dtype=bool)


def _table(found: Linked, over: Flags) -> pd.DataFrame:
    """Per contact what the figures are made of."""
    followed = found.followed
    gap = np.where(followed >= 0, (found.at[np.maximum(followed, 0)] - found.at) / HOUR, np.nan)
    then = found.rows["channel"].to_numpy(dtype=object)[np.maximum(followed, 0)]
    return pd.DataFrame(
        {
            "customer": found.rows["customer"],
            "channel": found.rows["channel"],
            "then": then,
            "repeat": found.before >= 0,
            "followed": followed >= 0,
            "over": over,
            "hours": gap,
        }
    )


def _topics(found: Linked, chosen: Flags) -> list[str]:
    return sorted({str(one) for one in found.rows.loc[chosen, "topic"]} - UNKNOWN)


def _customers(table: pd.DataFrame, mine: Flags) -> int:
    return int(table.loc[mine, "customer"].nunique())


def _shown(sizes: dict[str, int], least: int) -> tuple[list[str], int]:
    """Names with enough customers; with the few that are hidden so is the next smallest, where the rest of the total would
    tell of fewer than `least`."""
    by_size = sorted(sizes, key=lambda name: (sizes[name], name))
    hidden = [name for name in by_size if sizes[name] < least]
    if hidden and sum(sizes[name] for name in hidden) < least and len(hidden) < len(by_size):
        hidden = by_size[: len(hidden) + 1]
    return [name for name in sizes if name not in hidden], len(hidden)


def _row(topic: str, table: pd.DataFrame, mine: Flags, least: int) -> Row:
    rows = table[mine]
    first = rows[~rows["repeat"]]
    judged = first[first["over"]]
    followed = judged[judged["followed"]]
    groups = {str(name): part for name, part in judged.groupby("channel")}
    shown, _ = _shown({name: int(part["customer"].nunique()) for name, part in groups.items()}, least)
    pairs = {(str(one), str(two)): part for (one, two), part in followed.groupby(["channel", "then"])}
    return Row(
        topic,
        len(rows),
        int(rows["customer"].nunique()),
        Share(int(rows["repeat"].sum()), len(rows)),
        Share(len(judged) - len(followed), len(judged)),
        len(first) - len(judged),
        _median(followed["hours"].to_numpy(dtype=np.float64))
        if followed["customer"].nunique() >= least
        else None,
        {name: Share(int(groups[name]["followed"].sum()), len(groups[name])) for name in shown},
        tuple(_pairs(pairs, least)),
    )


def _pairs(pairs: dict[tuple[str, str], pd.DataFrame], least: int) -> Iterable[Pair]:
    enough = {name: part for name, part in pairs.items() if part["customer"].nunique() >= least}
    for (one, two), part in sorted(enough.items(), key=lambda item: (-len(item[1]), item[0])):
        yield Pair(one, two, len(part), _median(part["hours"].to_numpy(dtype=np.float64)) or 0.0)


def _median(values: Floats) -> float | None:
    return float(np.median(values)) if len(values) else None


def _texts(frame: pd.DataFrame, name: str) -> pd.Series:
    """A text column, '' where it is absent or empty."""
    if name not in frame.columns:
        return pd.Series([""] * len(frame), index=frame.index, dtype=object)
    return frame[name].astype(object).where(frame[name].notna(), "").map(str)
