"""The section `staffing:` of config.yaml: what is promised to customers, asked of agents, what an hour costs, and how sure a plan is to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from forecast.errors import InputError
from forecast.models.base import QUANTILES
from forecast.staffing.needs import Targets
from store.section import Section

STRICTER_IF_LESS = frozenset({"answer_seconds", "max_occupancy", "concurrency", "response_hours"})
OTHERS = frozenset({"quantile", "rate", "blended"})  # what a plan is made with, but no target of the line
Clock = Literal["clock", "open"]


class Promise(Section):
    """What differs for one queue or planning group; what is left out is as for all."""

    service_level: float | None = Field(None, ge=0, lt=1)
    answer_seconds: float | None = Field(None, ge=0, le=86_400)
    patience_seconds: float | None = Field(None, gt=0, le=86_400)
    shrinkage: float | None = Field(None, ge=0, lt=1)
    max_occupancy: float | None = Field(None, gt=0, le=1)
    min_agents: float | None = Field(None, ge=0, le=100_000)
    concurrency: int | None = Field(None, ge=1, le=20)
    slowdown: float | None = Field(None, ge=0, le=1)
    response_hours: float | None = Field(None, gt=0, le=2000)
    response_share: float | None = Field(None, gt=0, le=1)
    response_clock: Clock | None = None
    blended: bool | None = None
    rate: float | None = Field(None, ge=0, le=10_000)
    quantile: float | None = Field(None, gt=0, lt=1)


class Staffing(Section):
    """Targets of all queues, and of some by their name.

    concurrency, slowdown: chats an agent holds at once, and how far they slow each other, 0 .. 1
    response_hours: None is as the backlog's target (`backlog.target_hours`, or a queue's own `answer_hours`)
    blended: one group takes calls, chats and mail together; rate: euros for an hour that is paid for (gross)
    quantile: the probability that what comes stays below the plan
    """

    service_level: float = Field(0.8, ge=0, lt=1)
    answer_seconds: float = Field(20.0, ge=0, le=86_400)
    patience_seconds: float | None = Field(None, gt=0, le=86_400)
    shrinkage: float = Field(0.3, ge=0, lt=1)
    max_occupancy: float = Field(0.9, gt=0, le=1)
    min_agents: float = Field(0.0, ge=0, le=100_000)
    concurrency: int = Field(1, ge=1, le=20)
    slowdown: float = Field(0.0, ge=0, le=1)
    response_hours: float | None = Field(None, gt=0, le=2000)
    response_share: float = Field(0.9, gt=0, le=1)
    response_clock: Clock = "clock"
    blended: bool = False
    rate: float | None = Field(None, ge=0, le=10_000)
    quantile: float = Field(0.5, gt=0, lt=1)
    queues: dict[str, Promise] = Field(default_factory=dict)

    def _facts(self, name: str) -> dict[str, Any]:
        usual = {key: getattr(self, key) for key in Promise.model_fields}
        own = self.queues.get(name)
        told = {} if own is None else own.model_dump(exclude_none=True)
        return {**usual, **told}

    def _chosen(self, group: str, queues: Sequence[str], answer_hours: Mapping[str, float]) -> dict[str, Any]:
        """Every fact of a group: its own where it is named, else the strictest of its queues."""
        named = [group] if group in self.queues else list(queues) or [group]
        facts = [self._facts(name) for name in named]
        for name, one in zip(named, facts, strict=True):
            if one["response_hours"] is None:
                asked = [answer_hours[each] for each in (name, *queues) if each in answer_hours]
                one["response_hours"] = (
                    answer_hours.get(name) if name in answer_hours else min(asked, default=None)
                )
        return {key: _strictest(key, facts) for key in Promise.model_fields}

    def of(
        self, group: str, queues: Sequence[str], answer_hours: Mapping[str, float] | None = None
    ) -> tuple[Targets, float]:
        """Targets and quantile of a planning group: its own where it is named, else the strictest of its queues.

        answer_hours: by when an answer of each queue is in time, where `response_hours` is not given
        """
        chosen = self._chosen(group, queues, answer_hours or {})
        told = {
            key: value
            for key, value in chosen.items()
            if key not in OTHERS and not (key == "response_hours" and value is None)
        }
        return Targets(**told), nearest_quantile(chosen["quantile"])

    def rate_of(self, group: str, queues: Sequence[str]) -> float | None:
        """Euros for an hour that is paid for: the group's own, else that of the dearest of its queues; None without."""
        found: float | None = self._chosen(group, queues, {})["rate"]
        return found

    def blended_of(self, group: str, queues: Sequence[str]) -> bool:
        """Do its agents take all channels together? The group's own word, else only where all of its queues say so."""
        return bool(self._chosen(group, queues, {})["blended"])


def _strictest(key: str, facts: Sequence[Mapping[str, Any]]) -> Any:
    """The value that asks for most agents.

    To wait for ever (no patience) asks for more than to hang up, hours by the clock for more than open hours, channels
    apart for more than channels together; of rates the dearest counts, and a queue without one has none to add.
    """
    values = [one[key] for one in facts]
    known = [value for value in values if value is not None]
    if not known or (key == "patience_seconds" and None in values):
        return None
    if key == "response_clock":
        return "clock" if "clock" in known else "open"
    if key == "blended":
        return all(known)
    return min(known) if key in STRICTER_IF_LESS else max(known)


def nearest_quantile(quantile: float) -> float:
    """The quantile as forecasts are kept; InputError for one that is not."""
    found = next((kept for kept in QUANTILES if abs(kept - quantile) < 1e-9), None)
    if found is None:
        raise InputError(
            f"The forecast keeps no quantile {quantile:g}.",
            remedy=f"Use one of {', '.join(f'{kept:g}' for kept in QUANTILES)}.",
            field="quantile",
        )
    return found
