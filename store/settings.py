"""Settings: `config.yaml`, overridden by the environment. Every knob is there with a comment; its default is here too.

An unknown name is refused with the nearest right one, in the file as in the environment: a setting that is silently
not read is worse than none.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from forecast.buckets import zone
from forecast.days import minutes
from forecast.errors import ConfigError, InputError
from store.access_settings import Access
from store.alert_settings import Alerts
from store.backlog_settings import BacklogSettings
from store.calendar_settings import CalendarSettings
from store.contact_settings import Contacts
from store.demand_settings import Demand, Demands
from store.push_settings import Push
from store.section import Section, usable
from store.social_settings import Social
from store.staffing_settings import Staffing

PREFIX = "FORECALL_"
FILE = "config.yaml"
OUTSIDE = frozenset({"FORECALL_CONFIG", "FORECALL_DB_PASSWORD"})  # of the environment, but no setting
INTERVAL_DAYS = 91  # days forecast by interval, at most: 13 weeks; beyond, days go on
NOBODY_KNOWS = (
    *(
        "other",
        "overig",
        "overige",
        "onbekend",
        "unknown",
        "geen reden",
        "no reason",
        "n.v.t.",
        "n/a",
        "leeg",
        "empty",
    ),
    *("sonstiges", "unbekannt", "autre", "autres", "inconnu", "not specified", "niet ingevuld"),
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Database(Section):
    url: str = "sqlite:///forecall.db"


class Company(Section):
    timezone: str = "Europe/Amsterdam"
    country: str | None = "NL"
    region: str | None = None

    @field_validator("timezone")
    @classmethod
    def known(cls, value: str) -> str:
        return usable(zone, value)


class QueueFacts(Section):
    """What the files do not tell of a queue. hours: `{mon-fri: "08:00-20:00"}`; without it they are inferred."""

    name: str
    channel: Literal["phone", "email", "chat", "social"] = "phone"
    topic: str = "all"
    hours: dict[str, str] | None = None
    answer_hours: float | None = Field(None, gt=0, le=2000)
    demand: Demand = Demand()
    country: str | None = None
    region: str | None = None

    @field_validator("hours")
    @classmethod
    def readable(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        return None if value is None else usable(lambda hours: list(_hours("", hours)), value)


class Reason(Section):
    """Who looks after a contact reason, and where its answer stands."""

    owner: str = ""
    email: str = ""
    faq: str = ""


class Effect(Section):
    """How the work that a fix saves is counted."""

    week_hours: float = Field(36.0, gt=0, le=80)
    productive: float = Field(0.7, gt=0, le=1)


class Repeats(Section):
    """When a contact counts as a repeat of an earlier one."""

    window_days: float = Field(7.0, gt=0, le=92)


class Models(Section):
    candidates: tuple[str, ...] = Field(("level_profile", "dhr", "boosted"), min_length=1)
    compared: tuple[str, ...] = ("prophet",)
    champion: str = "champion"
    horizon_days: int = Field(56, ge=1, le=INTERVAL_DAYS)
    long_days: int = Field(548, ge=0, le=731)
    draws: int = Field(500, ge=50)
    seed: int = 1


class Schedule(Section):
    ingest: str = "*/5 * * * *"
    signals: str = "*/5 * * * *"
    care: str = "*/5 * * * *"
    backlog: str = "*/30 * * * *"
    predict: str = "*/30 * * * *"
    alert: str = "*/5 * * * *"
    push: str = "* * * * *"
    select: str = "15 2 * * *"
    select_full: str = "30 3 * * sun"
    retain: str = "45 1 * * *"
    digest: str = "0 7 * * mon"
    demand: str = "0 1 * * *"

    @field_validator("*")
    @classmethod
    def five_parts(cls, value: str) -> str:
        if value and len(value.split()) != 5:
            raise ValueError("a schedule has five parts: minute hour day month weekday")
        return value


class Api(Section):
    host: str = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65535)
    publish: Literal["auto", "manual"] = "auto"
    cors_origins: tuple[str, ...] = ()
    open_dashboard: bool = False
    open_scopes: tuple[Literal["read", "plan", "write"], ...] = ("read",)


class Logging(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(BaseSettings):
    """All settings. Use `load_settings`: it reads the file and refuses unknown names."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )
    database: Database = Database()
    company: Company = Company()
    calendar: CalendarSettings = CalendarSettings()
    queues: tuple[QueueFacts, ...] = ()
    social: Social = Social()
    contacts: Contacts = Contacts()
    reasons: dict[str, Reason] = Field(default_factory=dict)
    reasons_unknown: tuple[str, ...] = NOBODY_KNOWS
    alerts: Alerts = Alerts()
    push: Push = Push()
    effect: Effect = Effect()
    backlog: BacklogSettings = BacklogSettings()
    staffing: Staffing = Staffing()
    repeats: Repeats = Repeats()
    models: Models = Models()
    schedule: Schedule = Schedule()
    api: Api = Api()
    access: Access = Access()
    logging: Logging = Logging()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    def fingerprint(self) -> str:
        """A hash of what shapes results, for the ledger: no address, no secret, no logging."""
        shaping = self.model_dump_json(
            exclude={
                "database": True,
                "api": True,
                "access": True,
                "logging": True,
                "social": {"author_key"},
                "alerts": {"targets"},
                "push": True,
            }
        )
        return hashlib.sha256(shaping.encode()).hexdigest()[:16]

    def demands(self) -> Demands:
        """What of each queue's contacts is no demand of its own, by queue."""
        return {queue.name: queue.demand for queue in self.queues}

    def hours(self) -> pd.DataFrame:
        """-> hours[queue, weekday, opens, closes] of the queues that give theirs, as `frames.HOURS` has them."""
        rows = [
            row for queue in self.queues if queue.hours is not None for row in _hours(queue.name, queue.hours)
        ]
        hours = pd.DataFrame(rows, columns=["queue", "weekday", "opens", "closes"])
        return hours.astype({"weekday": "int64"})


def load_settings(path: Path | None = None) -> Settings:
    """Settings from a file and the environment. Without `path`: FORECALL_CONFIG, else ./config.yaml if there, else the defaults.

    ConfigError for a file that is named and missing or unreadable, an unknown name, an impossible value.
    """
    named = path or (Path(os.environ["FORECALL_CONFIG"]) if os.environ.get("FORECALL_CONFIG") else None)
    file = named or Path(FILE)
    values = _read(file) if named or file.is_file() else {}
    _refuse_unknown(values, Settings, str(file))
    for queue in values.get("queues") or []:
        if isinstance(queue, dict):
            _refuse_unknown(queue, QueueFacts, str(file), "queues.")
    if (values.get("social") or {}).get("author_key") is not None:
        raise ConfigError(
            f"{file} holds social.author_key, which is a secret.",
            remedy="Take it out and set FORECALL_SOCIAL__AUTHOR_KEY instead.",
            field="social.author_key",
        )
    _refuse_unknown_environment(os.environ)
    try:
        return Settings(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"The setting {name} cannot be used: {first['msg']}.", remedy=f"See {file}.", field=name
        ) from None
    except SettingsError as error:
        raise ConfigError(
            f"The environment cannot be read: {error}.", remedy="Write lists as JSON."
        ) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"The configuration {file} cannot be read.",
            remedy="Check its name; a copy of config.yaml is a good start.",
            field="config",
        ) from None
    except yaml.YAMLError as error:
        raise ConfigError(
            f"The configuration {file} is not YAML: {' '.join(str(error).split())}.", field="config"
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(
            f"The configuration {file} is no list of settings.",
            remedy="Write `section:` and below it `name: value`.",
        )
    return values


def setting_names(model: type[BaseModel] = Settings, before: str = "") -> list[str]:
    """Every knob by its dotted name, in the order of the file."""
    names = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += setting_names(inner, f"{before}{name}.")
        else:
            names.append(before + name)
    return names


def _refuse_unknown(values: Mapping[str, Any], model: type[BaseModel], file: str, before: str = "") -> None:
    for name, value in values.items():
        if name not in model.model_fields:
            here, all_names = [before + one for one in model.model_fields], setting_names()
            remedy = _nearest(f"{before}{name}", [*here, *all_names])
            raise ConfigError(
                f"{file} has an unknown setting {before}{name}.", remedy=remedy, field=before + str(name)
            )
        inner = model.model_fields[name].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if value is not None and not isinstance(value, dict):
                raise ConfigError(f"{file}: {before}{name} is a section, not a value.", field=before + name)
            _refuse_unknown(value or {}, inner, file, f"{before}{name}.")


def _refuse_unknown_environment(environment: Iterable[str]) -> None:
    known = {PREFIX + name.replace(".", "__").upper() for name in setting_names()}
    sections = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environment:
        upper = name.upper()
        if upper.startswith(PREFIX) and upper not in known | sections | OUTSIDE:
            remedy = _nearest(upper, sorted(known))
            raise ConfigError(f"The environment has an unknown setting {name}.", remedy=remedy, field=name)


def _nearest(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(dict.fromkeys(names)), n=1, cutoff=0.3)
    return f"Did you mean {near[0]}?" if near else "See config.yaml for the names there are."


def _hours(queue: str, hours: Mapping[str, str]) -> Iterable[tuple[str, int, str, str]]:
    """`{mon-fri: "08:00-12:00, 13:00-17:00"}` -> (queue, weekday, opens, closes)."""
    for days, spans in hours.items():
        first, _, last = days.lower().partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise InputError(f"{days!r} names no weekdays.", remedy="Write mon, or mon-fri.", field="hours")
        start, stop = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        for span in filter(None, (part.strip() for part in spans.split(","))):
            opens, _, closes = span.partition("-")
            if minutes(opens) >= minutes(closes):
                raise InputError(
                    f"The hours {span!r} end before they begin.", remedy="Write 08:00-20:00.", field="hours"
                )
            for weekday in range(start, stop + 1 if stop >= start else stop + 8):
                yield queue, weekday % 7, opens.strip(), closes.strip()
