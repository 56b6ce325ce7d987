"""The parameters of a simulated company, as read from a data file such as `energy.yaml`, where each knob is explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from forecast.errors import ConfigError

Floats = npt.NDArray[np.float64]
HERE = Path(__file__).parent
FORBID = {"extra": "forbid"}
Profile = Mapping[int, float]


@dataclass(frozen=True)
class Hours:
    """Opening hours on some weekdays (Monday = 0), as `08:00` and `24:00`."""

    __pydantic_config__ = FORBID
    weekdays: tuple[int, ...]
    opens: str
    closes: str


@dataclass(frozen=True)
class Season:
    """One cosine a year on the log scale."""

    __pydantic_config__ = FORBID
    amplitude: float
    peak_day: int


@dataclass(frozen=True)
class Queue:
    """A queue: expected contacts per half hour and what multiplies them."""

    __pydantic_config__ = FORBID
    name: str
    channel: str
    topic: str
    hours: tuple[Hours, ...]
    per_half_hour: float
    profile: Mapping[str, Profile]
    weekday: tuple[float, ...]
    season: Season
    month_end: float
    holiday: float
    day_after: float
    aht_seconds: float


@dataclass(frozen=True)
class Noise:
    """What no forecast can know."""

    __pydantic_config__ = FORBID
    law: Literal["gamma", "lognormal"]
    bucket_cv: float
    common_day_sd: float
    queue_day_sd: float
    intraday_sd: float
    intraday_phi: float
    level_sd: float
    level_phi: float
    queue_day_sd_by_queue: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Shift:
    """A level shift, once, at a share of the history."""

    __pydantic_config__ = FORBID
    at_share: float
    factors: Mapping[str, float]


@dataclass(frozen=True)
class Outlier:
    """A day that will not come again."""

    __pydantic_config__ = FORBID
    at_share: float
    name: str
    channel: str
    factor: float


@dataclass(frozen=True)
class Abandon:
    """When a caller gives up."""

    __pydantic_config__ = FORBID
    floor: float
    slope: float
    slack: float
    most: float
    memory: float


@dataclass(frozen=True)
class Letters:
    """Price letters in waves."""

    __pydantic_config__ = FORBID
    every_days: int
    jitter_days: int
    sizes: tuple[int, int]
    days: int
    announced_days: int
    ahead_days: int
    ahead_size: int


@dataclass(frozen=True)
class Invoices:
    """Monthly invoice runs."""

    __pydantic_config__ = FORBID
    day_of_month: int
    runs: int
    size: int
    announced_days: int


@dataclass(frozen=True)
class Effect:
    """Extra contacts of a queue, or posts of a topic (`posts:TOPIC`), per 1000 of a driver, by working day after."""

    __pydantic_config__ = FORBID
    driver: str
    target: str
    per_thousand: float
    kernel: tuple[float, ...]


@dataclass(frozen=True)
class Ongoing:
    """The storm that has begun shortly before the end."""

    __pydantic_config__ = FORBID
    minutes_before_end: float
    calls: float
    posts: float
    decay_minutes: float


@dataclass(frozen=True)
class Incidents:
    """The law of incidents: when, how many calls and posts, how they rise and decay."""

    __pydantic_config__ = FORBID
    topic: str
    per_week: float
    calls_median: float
    calls_sigma: float
    big_share: float
    big_factor: float
    posts_per_call: float
    posts_sigma: float
    rise_minutes: float
    decay_minutes: tuple[float, float]
    cv: float
    closed_retry: float
    retry_minutes: float
    news_per_week: float
    news_posts: float
    ongoing: Ongoing


@dataclass(frozen=True)
class Delay:
    """A gamma delay, one part of a kernel."""

    __pydantic_config__ = FORBID
    weight: float
    mean_minutes: float
    sd_minutes: float


@dataclass(frozen=True)
class Link:
    """What ties the posts on a topic to a queue: the planted truth."""

    __pydantic_config__ = FORBID
    queue: str
    topic: str
    regime: Literal["leads", "lags", "unrelated", "common"]
    kernel: tuple[Delay, ...] = ()
    strength: float = 0.0

    @property
    def lag_minutes(self) -> float:
        """Mean head start of the posts in minutes: above 0 they lead, below 0 they lag."""
        mean = sum(part.weight * part.mean_minutes for part in self.kernel)
        return -mean if self.regime == "lags" else mean

    def weights(self, step_minutes: float) -> Floats:
        """-> [k] share of the delay in each step, from 0 on; sums to 1. The gamma densities are summed on 20 points a step."""
        reach = max(part.mean_minutes + 6 * part.sd_minutes for part in self.kernel)
        steps = int(reach / step_minutes) + 1
        minutes = (np.arange(steps * 20) + 0.5) * step_minutes / 20
        share = np.zeros(len(minutes))
        for part in self.kernel:
            scale = part.sd_minutes**2 / part.mean_minutes
            log = (part.mean_minutes / scale - 1) * np.log(minutes) - minutes / scale
            density = np.exp(log - log.max())
            share += part.weight * density / density.sum()
        folded: Floats = share.reshape(steps, 20).sum(axis=1)
        return np.asarray(folded / folded.sum(), dtype=np.float64)


@dataclass(frozen=True)
class PostTopic:
    """Posts a day on a topic in quiet times, and the shares of their moods."""

    __pydantic_config__ = FORBID
    per_day: float
    moods: Mapping[str, float]


@dataclass(frozen=True)
class Posts:
    """What people write, when, where, and what is answered."""

    __pydantic_config__ = FORBID
    topics: Mapping[str, PostTopic]
    incident_moods: Mapping[str, float]
    rhythm: Profile
    weekday: tuple[float, ...]
    awake: Profile
    day_sd: float
    day_phi: float
    bucket_cv: float
    languages: Mapping[str, float]
    language_given: float
    sources: Mapping[str, float]
    authors: int
    repost_share: float
    incident_repost_share: float
    repost_minutes: float
    reply_share: float
    reply_minutes: float
    reply_hours: tuple[int, int]


@dataclass(frozen=True)
class Texts:
    """How untidy people write: probabilities per post."""

    __pydantic_config__ = FORBID
    opener: float
    closer: float
    hashtag: float
    emoji: float
    typo: float
    lower: float
    shout: float
    plain_brand: float
    region: float


@dataclass(frozen=True)
class Company:
    """A simulated company: everything that is true about it. Rates are per half hour, times in minutes."""

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


@lru_cache(maxsize=1)
def energy_supplier() -> Company:
    """The demo's company, from `energy.yaml`."""
    return load_company(HERE / "energy.yaml")
