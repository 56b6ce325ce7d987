"""Settings: one file with every knob, overridden by the environment, unknown names refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from forecast.days import OpeningHours
from forecast.errors import ConfigError
from forecast.frames import HOURS, check
from store.alert_settings import Slack
from store.settings import Settings, load_settings, setting_names

CONFIG = Path(__file__).parents[2] / "config.yaml"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("FORECALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    return file


def leaves(values: dict[str, Any], before: str = "") -> list[str]:
    names = []
    for name, value in values.items():
        names += leaves(value, f"{before}{name}.") if isinstance(value, dict) and value else [before + name]
    return names


def test_the_file_and_the_program_have_the_same_knobs_in_the_same_order() -> None:
    assert leaves(yaml.safe_load(CONFIG.read_text())) == setting_names()


def test_the_file_and_the_program_have_the_same_defaults() -> None:
    assert load_settings(CONFIG) == load_settings() == Settings()


def test_every_knob_has_a_comment() -> None:
    for line in CONFIG.read_text().splitlines():
        knob = line.strip() and not line.startswith("#") and not line.split("#")[0].rstrip().endswith(":")
        assert not knob or " # " in line or line.strip().startswith("schedule"), line


def test_a_setting_left_out_keeps_its_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "api:\n  port: 9000\nsocial:\n"))
    assert (settings.api.port, settings.api.host, settings.social.sector) == (9000, "127.0.0.1", "energy")


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECALL_API__PORT", "9100")
    monkeypatch.setenv("FORECALL_SOCIAL__LANGUAGES", '["de"]')
    monkeypatch.setenv("FORECALL_SOCIAL__PRIVACY__KEEP_TEXT_DAYS", "7")
    settings = load_settings(write(tmp_path, "api:\n  port: 9000\n  host: 0.0.0.0\n"))
    assert (settings.api.port, settings.api.host) == (9100, "0.0.0.0")
    assert (settings.social.languages, settings.social.privacy.keep_text_days) == (("de",), 7)


def test_the_environment_may_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECALL_CONFIG", str(write(tmp_path, "company: {timezone: Asia/Tokyo}")))
    assert load_settings().company.timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: {horizon_days: 92}", r"models\.horizon_days cannot be used: .* less than or equal to 91"),
        ("models: {long_days: -1}", r"models\.long_days cannot be used"),
        ("models: {long_day: 7}", r"unknown setting models\.long_day\. Did you mean models\.long_days\?"),
        ("api:\n  prot: 1", r"unknown setting api\.prot\. Did you mean api\.port\?"),
        ("apis:\n  port: 1", r"unknown setting apis\. Did you mean api\?"),
        ("port: 1", r"unknown setting port\. Did you mean api\.port\?"),
        ("queues:\n  - {nam: a}", r"unknown setting queues\.nam\. Did you mean queues\.name\?"),
        ("api: 3", "api is a section"),
        ("api: {port: many}", r"setting api\.port cannot be used"),
        ("company: {timezone: Europe/Amsterdm}", "Did you mean Europe/Amsterdam"),
        ("social: {interval: 20min}", "Use 15min, 30min"),
        ("schedule: {predict: hourly}", "five parts"),
        ("queues:\n  - {name: a, hours: {someday: '8:00-9:00'}}", "names no weekdays"),
        ("queues:\n  - {name: a, hours: {mon: '18:00-9:00'}}", "end before they begin"),
        ("- a\n- b", "no list of settings"),
        ("a: [", "is not YAML"),
        ("social: {author_key: x}", "FORECALL_SOCIAL__AUTHOR_KEY"),
        (
            "social: {sources: [{kind: feed, name: news, urls: [a]}, {kind: x_counts, name: x, query: q}, "
            "{kind: mastodon, name: news, hashtags: [q]}]}",
            "social.sources cannot be used: .*two sources have the name news",
        ),
    ],
)
def test_what_cannot_be_used_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "alerts: {targets: [{kind: slack, name: floor, url_env: 'https://hooks.example/T0/SECRET'}]}",
        "alerts: {targets: [{kind: webhook, name: a, url_env: A_URL, secret_env: 'whsec_SECRET=='}]}",
        "social: {sources: [{kind: mastodon, name: m, hashtags: [q], token_env: 'Bearer SECRET'}]}",
    ],
)
def test_a_secret_put_where_its_variable_should_stand_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="no name of an environment variable") as failed:
        load_settings(write(tmp_path, text))
    assert "SECRET" not in str(failed.value)
    with pytest.raises(ValueError) as refused:
        Slack(kind="slack", name="floor", url_env="https://hooks.example/T0/SECRET")
    assert "SECRET" not in str(refused.value)


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml")


def test_an_unknown_name_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECALL_DATABASE_URL", "sqlite://")
    with pytest.raises(ConfigError, match="Did you mean FORECALL_DATABASE__URL"):
        load_settings()


def test_a_list_that_is_no_json_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECALL_SOCIAL__LANGUAGES", "nl")
    with pytest.raises(ConfigError, match="Write lists as JSON"):
        load_settings()


def test_the_fingerprint_follows_what_shapes_results_and_holds_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = load_settings().fingerprint()
    monkeypatch.setenv("FORECALL_API__PORT", "9100")
    monkeypatch.setenv("FORECALL_SOCIAL__AUTHOR_KEY", "much entropy")
    monkeypatch.setenv("FORECALL_DATABASE__URL", "sqlite:///other.db")
    assert load_settings().fingerprint() == plain
    assert "much entropy" not in repr(load_settings())
    monkeypatch.setenv("FORECALL_MODELS__SEED", "2")
    assert load_settings().fingerprint() != plain


def test_opening_hours_of_queues_keep_their_contract(tmp_path: Path) -> None:
    text = "queues:\n  - {name: a, hours: {mon-wed: '08:00-12:00, 13:00-17:00', sun: '0:00-24:00'}}\n  - {name: b}"
    hours = check(load_settings(write(tmp_path, text)).hours(), HOURS)
    assert len(hours) == 7
    assert hours.iloc[-1].tolist() == ["a", 6, "0:00", "24:00"]
    assert OpeningHours.from_frame(hours).rows[-1] == (6, 0, 1440, 0)
    assert load_settings(CONFIG).hours().empty
