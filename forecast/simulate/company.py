"""A simulated company, as read from a data file such as `energy.yaml`, where each knob is explained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from forecast.errors import ConfigError, NotFound
from forecast.simulate.kernels import FORBID, Link
from forecast.simulate.laws import (
    Abandon,
    ChannelShift,
    Effect,
    Hidden,
    Incidents,
    Invoices,
    Letters,
    Noise,
    Outlier,
    Posts,
    Queue,
    Shift,
    SlowAnswers,
    Texts,
)

HERE = Path(__file__).parent
COMPANIES = ("energy", "telecom")


@dataclass(frozen=True)
class Company:
    """A simulated company: everything that is true about it. Rates are per half hour, times in minutes.

    Everything from `sector` on may be left out: the starter list of topics and the wording its posts take, incidents of
    further topics, hidden drivers, channel shifts, and e-mails that are answered slowly.
    """

    __pydantic_config__ = FORBID
    name: str
    brand: str
    handle: str
    zone: str
    country: str
    queues: tuple[Queue, ...]
    noise: Noise
    shift: Shift
    outlier: Outlier
    abandon: Abandon
    letters: Letters
    invoices: Invoices
    effects: tuple[Effect, ...]
    incidents: Incidents
    links: tuple[Link, ...]
    posts: Posts
    texts: Texts
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    names: tuple[str, ...]
    agents: tuple[str, ...]
    sector: str = "energy"
    also: tuple[Incidents, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    channel_shifts: tuple[ChannelShift, ...] = ()
    slow_answers: SlowAnswers | None = None

    @property
    def bursts(self) -> tuple[Incidents, ...]:
        """The laws of incidents, the first of which knows the storm at the end; each has a topic of its own."""
        return (self.incidents, *self.also)


def load_company(path: Path) -> Company:
    """Read a company from a YAML file laid out like `energy.yaml`; ConfigError names the first knob that is wrong."""
    import yaml
    from pydantic import TypeAdapter, ValidationError

    try:
        loaded = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return TypeAdapter(Company).validate_python(loaded)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path.name}: {where}: {first['msg']}.",
            remedy="See the comments in forecast/simulate/energy.yaml.",
            field=where,
        ) from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(
            f"The company file {path} cannot be read: {error}.", remedy="Give a YAML file."
        ) from None


@lru_cache(maxsize=8)
def company(name: str) -> Company:
    """One of the companies that come along, by its name; NotFound names them."""
    if name not in COMPANIES:
        raise NotFound(
            f"There is no simulated company {name!r}.",
            remedy=f"Take {' or '.join(COMPANIES)}.",
            field="company",
        )
    return load_company(HERE / f"{name}.yaml")


def energy_supplier() -> Company:
    """The demo's company, from `energy.yaml`."""
    return company("energy")
