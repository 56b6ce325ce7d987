"""What late answers bring: contacts that a queue gets because another one answers too late, per contact answered late.

    excess of an open day = sum over lags (open days) of  late contacts x worth  + noise

The excess is a day's contacts less the mean of the same weekday's last eight; the late contacts are compared with theirs in
the same way, so what the past average holds of their effect already is not lost. Wild days are brought in (Huber). The
interval is of Newey & West (1987, Econometrica 55:703-708); beside it the same is asked of the late contacts moved to other
weeks, which bring nothing: an effect is told only where it is three standard errors above zero and stands out from these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats

WEEKS = 8
LAGS = 4  # open days, the day itself included
LEAST_DAYS = 120  # open days to compare
LEAST_LATE = 20  # days with late contacts
TAME = 3.0  # deviations beyond which a day's excess is brought in
REACH = 28  # lags of the interval
BAND = 1.96  # standard errors: 95 %
SURE = 3.0  # standard errors above zero, since several queues are asked
APART = 30  # open days, at least, by which placebos are moved
PLACEBOS = 0.95  # of them are passed


@dataclass(frozen=True)
class Created:
    """Contacts of `queue` per contact of `late_queue` that was not answered in time, with a 95 % interval.

    shown: is it more than chance brings? why: what is missing, '' where shown; by_lag: per open day later; days: compared
    """

    queue: str
    late_queue: str
    per_late: float
    lower: float
    upper: float
    by_lag: tuple[float, ...]
    days: int
    shown: bool
    why: str


def estimate(
    queue: str, late_queue: str, totals: Floats, left: Flags, late: Floats, *, first_day: int
) -> Created:
    """totals: float[d] contacts of the queue per local day; left: bool[d] closed, special or odd days; late: float[d] contacts
    of the other queue whose target passed that day."""
    days = np.flatnonzero(~left)
    if len(days) < LEAST_DAYS:
        return _too_little(queue, late_queue, len(days), 0)
    gathered = _gathered(late, days)
    weekday = (first_day + days + 3) % 7
    columns = np.stack([np.r_[np.zeros(lag), gathered[: len(gathered) - lag]] for lag in range(LAGS)], axis=1)
    tame = _tame(totals[days], weekday)
    y, enough = _beside(tame, weekday)
    x = np.stack([_beside(column, weekday)[0] for column in columns.T], axis=1)
    enough[:LAGS] = False
    y, x = y[enough], x[enough]
    if len(y) < LEAST_DAYS or (gathered[enough] > 0).sum() < LEAST_LATE:
        return _too_little(queue, late_queue, len(y), int((gathered[enough] > 0).sum()))
    worth, error, by_lag = _fit(y, x)
    passed = _placebos(y, x, worth / error)
    lower, upper = worth - BAND * error, worth + BAND * error
    why = "" if worth > SURE * error and passed >= PLACEBOS else "not shown: no more than chance brings"
    return Created(queue, late_queue, worth, lower, upper, tuple(by_lag.tolist()), len(y), not why, why)


def _too_little(queue: str, late_queue: str, days: int, late: int) -> Created:
    why = f"not enough history: {days} of about {LEAST_DAYS} open days, {late} of about {LEAST_LATE} with late answers"
    return Created(queue, late_queue, 0.0, 0.0, 0.0, (0.0,) * LAGS, days, False, why)


def _gathered(late: Floats, days: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """Late contacts by open day: those of closed days go to the next one, when people can call."""
    if len(days) == 0:
        return np.zeros(0)
    place = np.searchsorted(days, np.arange(len(late)))
    inside = place < len(days)
    return np.bincount(place[inside], weights=late[inside], minlength=len(days)).astype(np.float64)


def _beside(values: Floats, weekday: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Floats, Flags]:
    """values[i] per open day -> less the mean of the same weekday's eight before, and where there are eight."""
    out, enough = np.zeros(len(values)), np.zeros(len(values), dtype=bool)
    for each in range(7):
        mine = np.flatnonzero(weekday == each)
        if len(mine) <= WEEKS:
            continue
        sums = np.r_[0.0, np.cumsum(values[mine])]
        out[mine[WEEKS:]] = values[mine[WEEKS:]] - (sums[WEEKS:-1] - sums[: -WEEKS - 1]) / WEEKS
        enough[mine[WEEKS:]] = True
    return out, enough


def _tame(totals: Floats, weekday: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """Totals no further than `TAME` deviations from the median of the same weekday's days around."""
    out = totals.copy()
    for each in range(7):
        mine = np.flatnonzero(weekday == each)
        if len(mine) < 3:
            continue
        padded = np.pad(totals[mine], 4, mode="reflect" if len(mine) > 4 else "edge")
        middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
        rest = totals[mine] - middle
        reach = TAME * max(1.4826 * float(np.median(np.abs(rest))), 1.0)
        out[mine] = middle + np.clip(rest, -reach, reach)
    return out


def _fit(y: Floats, x: Floats) -> tuple[float, float, Floats]:
    """Sum of the coefficients, its standard error (Bartlett weights), and each coefficient."""
    gram = np.linalg.inv(x.T @ x + 1e-9 * np.eye(x.shape[1]) * max(1.0, float(np.trace(x.T @ x))))
    beta = gram @ x.T @ y
    scores = x * (y - x @ beta)[:, None]
    meat = scores.T @ scores
    for lag in range(1, min(REACH, len(y) - 1) + 1):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (REACH + 1)) * (cross + cross.T)
    variance = float((gram @ meat @ gram).sum())
    return float(beta.sum()), max(float(np.sqrt(max(variance, 0.0))), 1e-9), beta


def _placebos(y: Floats, x: Floats, score: float) -> float:
    """Share of moved late contacts, round the history, that stand out less."""
    moves = range(APART, len(y) - APART, 3)
    scores = [worth / error for worth, error, _ in (_fit(y, np.roll(x, by, axis=0)) for by in moves)]
    return float(np.mean(np.array(scores) < score)) if scores else 0.0
