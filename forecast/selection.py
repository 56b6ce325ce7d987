"""The production choice: the champion, chosen and combined inside each cutoff from what was known by then.

The champion is no single pick. Its candidates are weighted per queue and by how far ahead, by their own past
forecasts (`models/combination.py`); a signal joins where the gate is open (`evidence.py`); the N-week averages stand
by for a history that is too short for the candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast import evidence
from forecast.errors import NotEnoughHistory
from forecast.models.base import bands
from forecast.models.dressed import Dressed, FittedDressed
from forecast.models.expected import Learnt
from forecast.models.rates import rates
from forecast.models.split import Split, whole_of
from forecast.vintage import Snapshot

CANDIDATES = ("level_profile", "dhr", "boosted")
STAND_BY = ("mean8_open",)


@dataclass(frozen=True)
class Champion:
    """The candidates combined; the stand-by where none of them can be fitted."""

    candidates: Dressed
    stand_by: Dressed
    name: str = "champion"

    def fit(self, snapshot: Snapshot) -> FittedDressed:
        """Weights, noise and open gates of every series, from the snapshot alone."""
        learnt: dict[str, Learnt] = {}
        for name in snapshot.names:
            try:
                learnt |= self.candidates.fit(snapshot.only(name)).learnt
            except NotEnoughHistory:
                learnt |= self.stand_by.fit(snapshot.only(name)).learnt
        return FittedDressed(self.candidates, learnt)


def champion(candidates: Sequence[str] | None = None, *, social: bool = True) -> Split:
    """The production choice of the given candidates, with or without signals."""
    names = tuple(candidates or CANDIDATES)
    combined = Dressed("champion", rates(names), gate=evidence.gate if social else None)
    stand_by = Dressed("champion", rates(STAND_BY))
    return Split(Champion(combined, stand_by), gate=evidence.gate if social else None)


def chosen(snapshot: Snapshot, name: str, model: Split) -> list[dict[str, Any]]:
    """Per lead band the method with the largest weight, all weights, and the signals in use."""
    queue = whole_of(snapshot, name)
    fitted = model.fit(snapshot.only(name)).wholes[queue]
    if not isinstance(fitted, FittedDressed):
        return []
    learnt = fitted.learnt[queue]
    names = [member.name for member in learnt.members]
    found = []
    for band, begin, _ in bands(snapshot.series(name).interval):
        weights = learnt.weights[:, min(begin // 86_400, learnt.weights.shape[1] - 1)]
        row: dict[str, Any] = {"series": name, "lead_band": band, "model": names[int(np.argmax(weights))]}
        row["weights"] = {rate: round(float(weight), 3) for rate, weight in zip(names, weights, strict=True)}
        row["signals"] = [signal for signal, effect in learnt.effects if effect.band == band]
        found.append(row)
    return found
