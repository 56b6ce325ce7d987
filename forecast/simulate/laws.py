"""The laws of a simulated company: what each block of its data file says. `energy.yaml` explains each knob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from forecast.simulate.kernels import FORBID, Delay

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
    """The law of incidents of one topic: when, how many calls and posts, how they rise and decay."""

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
    ongoing: Ongoing | None = None


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
class Hidden:
    """A common driver nobody sees: an AR(1) of some hours and one of some days, of variance 1 together.

    `queues` and `topics`: how much a standard deviation of it adds to contacts and posts, on the log scale.
    """

    __pydantic_config__ = FORBID
    name: str
    memory_hours: float
    memory_days: float
    fast_share: float
    queues: Mapping[str, float]
    topics: Mapping[str, float]


@dataclass(frozen=True)
class ChannelShift:
    """From a share of the history on, a share of a queue's contacts comes to another queue, after a ramp."""

    __pydantic_config__ = FORBID
    queue: str
    into: str
    at_share: float
    share: float
    ramp_days: int


@dataclass(frozen=True)
class SlowAnswers:
    """E-mails that wait: who has waited longer than promised calls or posts in part, by a delay.

    slack:   capacity of an ordinary week over its expected e-mails; week_sd: its spread (log scale, by week)
    calls:   share of the disappointed who call a queue; posts: share who post on a topic
    """

    __pydantic_config__ = FORBID
    queue: str
    weekdays: tuple[int, ...]
    opens: str
    closes: str
    slack: float
    week_sd: float
    promise_hours: float
    calls: Mapping[str, float]
    posts: Mapping[str, float]
    kernel: tuple[Delay, ...]
