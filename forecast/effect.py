"""Did the fix work? What came after a change, against what would have come without it.

    placebos (`counterfactual.py`) ─► log ratio, its interval ─► verdict, contacts a day, hours, FTE, has it come back?

The interval is that of Student's t around the log ratio, with the root mean square of what the same procedure was off by on
days before the change, and as many degrees of freedom as such spans lie there side by side. Where too little of a year lies
before the change to know a season, it allows for one. Something is claimed only where the interval leaves out zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t as student

from forecast.buckets import day_start, local_day
from forecast.counterfactual import first_day, last_day, placebos
from forecast.errors import InputError, NotEnoughHistory
from forecast.handling import Handling
from forecast.placebos import ENOUGH_BLOCKS, SEASON_DAYS, WEEK, Placebos
from forecast.reason_series import by_reason, series_of
from forecast.vintage import Archive, Snapshot

LEVEL = 0.95  # of the interval, two-sided
LEAST_DAYS = 14  # since the change
MOST_DAYS = 182  # beyond, what is expected without the change is no more than a guess
WINDOW = 14  # days at the beginning and at the end, whose difference tells whether it comes back
AHT_DAYS = 56  # before the change

Verdict = Literal["fewer contacts", "more contacts", "no change shown", "not enough history"]
Back = Literal["no", "partly", "yes", "cannot be told yet", "nothing to come back"]


@dataclass(frozen=True)
class Range:
    """An estimate with its interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Worth:
    """How work is counted. week_hours: of one FTE; productive: share of them spent on contacts."""

    week_hours: float = 36.0
    productive: float = 0.7


@dataclass(frozen=True)
class Effect:
    """What a change did.

    verdict, why: and a sentence; first, last: local days counted, ISO 8601; days: of them open and known
    expected: contacts without the change, by the forecast then and the controls; forecast: by the forecast alone
    change: share of `expected`, negative is fewer; avoided: contacts on an open day, positive is fewer
    hours, fte: saved in a week; None where no handling time is known
    come_back: and a sentence; controls: reasons compared with, and their weight
    shared: by how much those came out above their forecast, a share; placebos: spans before the change that speak
    notes: what to know before believing it
    """

    verdict: Verdict
    why: str
    first: str = ""
    last: str = ""
    days: int = 0
    came: float = 0.0
    expected: Range | None = None
    forecast: float | None = None
    change: Range | None = None
    avoided: Range | None = None
    hours: Range | None = None
    fte: Range | None = None
    come_back: Back = "cannot be told yet"
    come_back_why: str = ""
    controls: Mapping[str, float] | None = None
    shared: float | None = None
    placebos: int = 0
    notes: tuple[str, ...] = ()


def effect_of(
    archive: Archive,
    topic: str,
    *,
    since: int,
    now: int,
    queue: str | None = None,
    until: int | None = None,
    fixed: Collection[str] = (),
    worth: Worth | None = None,
) -> Effect:
    """What a change at `since` did to a reason, in one queue or in all; since, now, until are moments, ns.

    fixed: other reasons that were changed at about the same time, which are compared with for that reason not.
    NotFound for a reason without contacts, InputError for a change or an end that lies ahead.
    """
    if since >= now or (until is not None and until <= since):
        what, where = ("change", "since") if since >= now else ("end of the span", "until")
        raise InputError(
            f"The {what} must lie {'in the past' if where == 'since' else 'after the change'}.",
            remedy="Give another date.",
            field=where,
        )
    target, then, seen = series_of(archive, topic, queue), archive.at(since), archive.at(now)
    target = tuple(name for name in target if len(seen.series(name).offered))
    if not target:
        return Effect("not enough history", "Not enough history: no contacts of this reason are known yet.")
    end = None if until is None else local_day(until, archive.series[target[0]].tz)
    others = {reason: names for reason, names in by_reason(archive).items() if reason not in {topic, *fixed}}
    return effect(then, seen, target, others, until=end, worth=worth)


def effect(
    then: Snapshot,
    now: Snapshot,
    target: Sequence[str],
    controls: Mapping[str, Sequence[str]],
    *,
    until: int | None = None,
    worth: Worth | None = None,
) -> Effect:
    """What came on the series of a reason since `then`, against what would have come.

    then, now: the archive at the change, and now; controls: other reasons and their series
    until: local day before which the span ends; without it as far as contacts are known, `MOST_DAYS` at most
    """
    first, known = first_day(then, target[0]), last_day(now, target)
    last = min(known, known if until is None else until - 1, first + MOST_DAYS - 1)
    if last - first + 1 < LEAST_DAYS:
        days = max(0, last - first + 1)
        return Effect(
            "not enough history",
            f"Not enough history: {days} days since the change, at least {LEAST_DAYS} are needed.",
        )
    try:
        found = placebos(then, now, target, controls, last=last)
    except NotEnoughHistory as error:
        return Effect("not enough history", f"Not enough history: {error}", _date(first), _date(last))
    return _told(found, then, now, target, first, worth or Worth())


def _told(
    found: Placebos, then: Snapshot, now: Snapshot, target: Sequence[str], first: int, worth: Worth
) -> Effect:
    length = found.length
    forecast, came = (float(each[-1]) for each in found.target.sums(0, length))
    open_days = int((~np.isnan(found.target.came[-1]) & (found.target.expected[-1] > 0)).sum())
    if open_days < LEAST_DAYS / 2 or forecast <= 0:
        return Effect(
            "not enough history",
            "Not enough history: too few days since the change have contacts to compare.",
            _date(first),
            _date(first + length - 1),
        )
    shift, ratio = float(found.shift(0, length)[-1]), _ratio(found, 0, length)
    usual, margin = forecast * np.exp(shift), ratio.value - ratio.lower
    expected = Range(usual, usual * np.exp(-margin), usual * np.exp(margin))
    avoided = _each(expected, lambda contacts: (contacts - came) / open_days)
    change = _each(ratio, lambda log: float(np.expm1(log)))
    hours = _hours(then, target, first, avoided, WEEK * open_days / length)
    back, back_why = _come_back(found, ratio)
    verdict = _verdict(ratio)
    return Effect(
        verdict=verdict,
        why=_why(verdict, change, found),
        first=_date(first),
        last=_date(first + length - 1),
        days=open_days,
        came=came,
        expected=expected,
        forecast=forecast,
        change=change,
        avoided=avoided,
        hours=hours,
        fte=hours and _each(hours, lambda hour: hour / (worth.week_hours * worth.productive)),
        come_back=back,
        come_back_why=back_why,
        controls=dict(zip(found.controls, found.weights.round(3).tolist(), strict=True)),
        shared=float(np.expm1(shift)) if found.controls else None,
        placebos=found.spread(length)[1],
        notes=_notes(found, then, now, target),
    )


def _ratio(found: Placebos, begin: int, stop: int) -> Range:
    """Log of came over expected, days begin .. stop-1 after the change."""
    value = float(found.apart(begin, stop)[-1])
    spread, freedom = found.spread(stop - begin)
    spread = float(np.sqrt(spread**2 + found.later(begin, stop - begin)))
    margin = float(student.ppf((1 + LEVEL) / 2, freedom)) * spread
    return Range(value, value - margin, value + margin)


def _each(range_: Range, made: Callable[[float], float]) -> Range:
    return Range(float(made(range_.value)), float(made(range_.lower)), float(made(range_.upper)))


def _verdict(ratio: Range) -> Verdict:
    if ratio.upper < 0:
        return "fewer contacts"
    return "more contacts" if ratio.lower > 0 else "no change shown"


def _why(verdict: Verdict, change: Range, found: Placebos) -> str:
    against = f"{len(found.controls)} other reasons" if found.controls else "the forecast alone"
    span = f"{100 * change.value:+.0f} % ({100 * change.lower:+.0f} to {100 * change.upper:+.0f})"
    if verdict == "no change shown":
        by = "chance or a season may explain it" if found.seasonless else "chance explains it"
        return f"{span} against {against}: {by}. That is no proof that nothing changed."
    return f"{span} against {against}: more than such a comparison was ever likely to be off before."


def _come_back(found: Placebos, ratio: Range) -> tuple[Back, str]:
    """The last weeks after the change against the first ones."""
    length = found.length
    first = _ratio(found, 0, WINDOW)
    if _verdict(ratio) == _verdict(first) == "no change shown":
        return "nothing to come back", "No change was shown that could come back."
    if length < 2 * WINDOW:
        needed = 2 * WINDOW - length
        return (
            "cannot be told yet",
            f"{needed} more days are needed to compare the last weeks with the first.",
        )
    last = _ratio(found, length - WINDOW, length)
    sign = np.sign(first.value if _verdict(first) != "no change shown" else ratio.value)
    spread, freedom = found.spread(WINDOW)
    between = found.walk * (length - WINDOW) + found.moved(length - WINDOW)
    margin = float(student.ppf(LEVEL, freedom) * np.sqrt(2 * spread**2 + between))
    said = f"{100 * np.expm1(first.value):+.0f} % in the first two weeks, {100 * np.expm1(last.value):+.0f} % in the last two"
    if sign * (last.value - first.value) > margin:
        return "no", f"{said}: it has grown."
    if sign * (first.value - last.value) <= margin:
        return "no", f"{said}: no more than chance."
    still = _verdict(last) != "no change shown" and np.sign(last.value) == sign
    return ("partly", f"{said}: part of it has gone.") if still else ("yes", f"{said}: it has gone again.")


def _hours(
    then: Snapshot, target: Sequence[str], first: int, avoided: Range, open_days: float
) -> Range | None:
    """Hours a week, by the handling time of the last weeks before the change, as known then."""
    seconds = contacts = 0.0
    for name in target:
        handling, tz = _handling(then, name), then.series(name).tz
        if handling is None:
            continue
        ds = np.unique(handling.seconds.ds)
        spent = handling.on(ds[ds >= int(day_start([first - AHT_DAYS], tz)[0])])
        seconds, contacts = seconds + float(spent.seconds.sum()), contacts + float(spent.contacts.sum())
    if contacts <= 0:
        return None
    return _each(avoided, lambda a_day: a_day * open_days * seconds / contacts / 3600)


def _handling(then: Snapshot, name: str) -> Handling | None:
    """What contacts of a series cost; of a reason whose own handling time is not known, those of its queue."""
    series = then.series(name)
    if series.handling is None and series.queue in then.held:
        return then.series(series.queue).handling
    return series.handling


def _notes(found: Placebos, then: Snapshot, now: Snapshot, target: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if not found.controls:
        notes.append("No other reason could be compared with: what changed for all of them looks the same.")
    new = [name for name in target if not len(then.series(name).offered) and len(now.series(name).offered)]
    if new:
        notes.append(f"{', '.join(new)} had no contact before the change and is not counted.")
    parts = [_handling(then, name) is None for name in target]
    if any(parts):
        said = "Hours and FTE need handling times" if all(parts) else "Hours and FTE are by the handling time"
        notes.append(f"{said}{'.' if all(parts) else ' of the queues where it is known.'}")
    if found.seasonless:
        notes.append(
            f"Only {int(found.taught[-1]) // WEEK} weeks lie before the change: a season is not known yet, and the interval "
            f"allows for one. From {SEASON_DAYS // WEEK} weeks on it is narrower."
        )
    seen = found.blocks(found.length)
    if seen < ENOUGH_BLOCKS:
        notes.append(
            f"Only {seen} spans of {found.length} days fit before the change; "
            "the interval comes from shorter ones and is wider for it."
        )
    return tuple(notes)


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
