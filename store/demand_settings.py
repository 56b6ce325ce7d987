"""What of a queue's contacts is no demand of its own: a section of each queue in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field

from forecast.true_demand import Rule
from store.section import Section


class Demand(Section):
    """How a queue's demand is told from what it was offered; see docs/true_demand.md.

    correct: auto corrects by what is known; off leaves the contacts offered as they are
    short_abandon_seconds: hanging up earlier is no demand (counted in the log of contacts)
    redial_minutes: within which somebody who hung up and calls again is the same demand
    redials, transfers, overflow_in, overflow_out, callbacks: whether such contacts are corrected for
    """

    correct: Literal["auto", "off"] = "auto"
    short_abandon_seconds: float = Field(5.0, ge=0, le=60)
    redial_minutes: float = Field(60.0, ge=5, le=240)
    redials: bool = True
    transfers: bool = True
    overflow_in: bool = True
    overflow_out: bool = True
    callbacks: bool = True

    def rule(self, r: float | None = None) -> Rule | None:
        """As `forecast/true_demand.py` has it, with the queue's own estimate of redials; None where nothing is corrected."""
        if self.correct == "off":
            return None
        names = {"redialled": self.redials, "transferred_in": self.transfers, "callbacks": self.callbacks}
        names |= {"overflow_in": self.overflow_in, "overflow_out": self.overflow_out}
        left = frozenset(name for name, corrected in names.items() if not corrected)
        return Rule(self.short_abandon_seconds, self.redial_minutes, left, r)


Demands: TypeAlias = Mapping[str, Demand]  # by queue; a queue without one has the defaults
