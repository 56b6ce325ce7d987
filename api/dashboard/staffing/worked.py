"""What teams need, worked out once for all who ask: the page itself, and what being surer costs, ask at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

from forecast.staffing.needs import Targets
from store.staffing_plan import TeamPlan, plan_of
from store.staffing_team import Team


class Worked:
    """Plans of the teams of one choice, by what they are held to: of the last few promises, each at a handful of certainties."""

    MOST = 1000

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, Targets, float], TeamPlan] = OrderedDict()
        self._one = threading.Lock()  # numbers only, so that nothing is won by two at once

    def plan(self, team: Team, quantile: float | None = None) -> TeamPlan:
        """What a team needs at a certainty; at its own without one."""
        level = team.quantile if quantile is None else quantile
        key = (team.name, team.targets, level)
        with self._one:
            if key not in self._held:
                self._held[key] = plan_of(replace(team, quantile=level))
                while len(self._held) > self.MOST:
                    self._held.popitem(last=False)
            return self._held[key]
