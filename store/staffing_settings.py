"""The section `staffing:` of config.yaml: what is promised to customers, asked of agents, and how sure a plan is to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from forecast.errors import InputError
from forecast.models.base import QUANTILES
from forecast.staffing.needs import Targets
from store.section import Section

STRICTER_IF_LESS = frozenset({"answer_seconds", "max_occupancy"})


class Promise(Section):
    """What differs for one queue or planning group; what is left out is as for all."""

    service_level: float | None = Field(None, ge=0, lt=1)
    answer_seconds: float | None = Field(None, ge=0, le=86_400)
    patience_seconds: float | None = Field(None, gt=0, le=86_400)
    shrinkage: float | None = Field(None, ge=0, lt=1)
    max_occupancy: float | None = Field(None, gt=0, le=1)
    min_agents: float | None = Field(None, ge=0, le=100_000)
    quantile: float | None = Field(None, gt=0, lt=1)


class Staffing(Section):
    """Targets of all queues, and of some by their name. quantile: the probability that what comes stays below the plan."""

    service_level: float = Field(0.8, ge=0, lt=1)
    answer_seconds: float = Field(20.0, ge=0, le=86_400)
    patience_seconds: float | None = Field(None, gt=0, le=86_400)
    shrinkage: float = Field(0.3, ge=0, lt=1)
    max_occupancy: float = Field(0.9, gt=0, le=1)
    min_agents: float = Field(0.0, ge=0, le=100_000)
    quantile: float = Field(0.5, gt=0, lt=1)
    queues: dict[str, Promise] = Field(default_factory=dict)

    def _facts(self, name: str) -> dict[str, float | None]:
        usual = {key: getattr(self, key) for key in Promise.model_fields}
        own = self.queues.get(name)
        told = {} if own is None else own.model_dump(exclude_none=True)
        return {**usual, **told}

    def of(self, group: str, queues: Sequence[str]) -> tuple[Targets, float]:
        """Targets and quantile of a planning group: its own where it is named, else the strictest of its queues."""
        named = [group] if group in self.queues else list(queues) or [group]
        facts = [self._facts(name) for name in named]
        chosen = {key: _strictest(key, facts) for key in Promise.model_fields}
        quantile = chosen.pop("quantile")
        return Targets(**chosen), nearest_quantile(quantile or self.quantile)  # type: ignore[arg-type]


def _strictest(key: str, facts: Sequence[Mapping[str, float | None]]) -> float | None:
    """The value that asks for most agents; to wait for ever (no patience) asks for more than to hang up."""
    values = [one[key] for one in facts]
    if None in values:
        return None
    known = [value for value in values if value is not None]
    if key == "patience_seconds":
        return max(known)
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
