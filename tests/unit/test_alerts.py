"""Peak warnings: when they are raised, told anew and ended, what is still in time, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from forecast.alert_sentence import sentence
from forecast.alerts import (
    HOUR,
    MINUTE,
    Act,
    Alert,
    Came,
    Measure,
    Rules,
    Surge,
    choose,
    follow,
    in_time,
    judge,
    phrases,
    promised,
    reopened,
    same_burst,
    what_came,
    worth_raising,
    worth_telling,
)
from forecast.buckets import to_ns
from store.alert_settings import Alerts
from store.settings import load_settings
from tests.worlds import archive, series

TZ = "Europe/Amsterdam"


def at(clock: str, day: str = "2026-03-05") -> int:
    return to_ns(pd.Timestamp(f"{day} {clock}", tz=TZ))


SURGE = Surge("Outage", "outage", "posts:outage", at("07:10"), at("10:00"), at("12:00"), 210.4, 130.2, 299.8, 3.42, 41, 0.93, False)  # fmt: skip
NOW = at("07:30")
MEASURES = (Measure("IVR message", 5), Measure("partner", 180), Measure("breaks", 30), Measure("training", 60))  # fmt: skip


def raised(surge: Surge = SURGE, now: int = NOW) -> Alert:
    return Alert(1, surge, surge, surge, now, now)


def test_the_sentence_says_since_when_how_much_more_and_when_the_contacts_come() -> None:
    said = sentence(SURGE, tz=TZ, channel="phone", now=NOW)
    assert said == (
        "since 07:10, 3.4 times the usual posts about outage; +210 calls (130-300) between 10:00 and 12:00"
    )
    assert sentence(SURGE, tz=TZ, channel="phone", now=NOW, language="nl") == (
        "sinds 07:10 3,4 keer zoveel berichten als gebruikelijk over outage; "
        "+210 telefoontjes (130-300) tussen 10:00 en 12:00"
    )


def test_the_sentence_names_the_day_where_it_is_another_and_no_reason_where_there_is_none() -> None:
    late = replace(SURGE, topic="all", times_usual=float("inf"), start=at("08:00", "2026-03-06"), stop=at("09:00", "2026-03-06"))  # fmt: skip
    said = sentence(late, tz=TZ, channel="email", now=NOW)
    assert "41 posts where there are usually none" in said and "about" not in said
    assert said.endswith("+210 e-mails (130-300) between Fri 08:00 and Fri 09:00")


def test_the_sentence_says_in_how_many_such_cases_contacts_follow_where_that_is_not_sure() -> None:
    unsure = replace(SURGE, sureness=0.62)
    said = sentence(unsure, tz=TZ, channel="phone", now=NOW)
    assert said.endswith("between 10:00 and 12:00; in 6 of 10 such cases calls follow")
    said = sentence(unsure, tz=TZ, channel="phone", now=NOW, language="nl")
    assert said.endswith("12:00; in 6 van de 10 zulke gevallen volgen er telefoontjes")
    assert "of 10" not in sentence(unsure, tz=TZ, channel="phone", now=NOW, live=False)


def test_measures_shrink_as_time_passes() -> None:
    def left(clock: str) -> list[str]:
        return [one.name for one in in_time(MEASURES, SURGE.start, at(clock))]

    assert left("07:00") == ["IVR message", "breaks", "training", "partner"]
    assert left("07:01") == ["IVR message", "breaks", "training"]
    assert left("09:15") == ["IVR message", "breaks"]
    assert left("09:55") == ["IVR message"]
    assert left("09:56") == left("11:00") == []
    lists = [set(left(f"{hour:02}:{minute:02}")) for hour in range(6, 12) for minute in range(0, 60, 5)]
    assert all(later <= earlier for earlier, later in pairwise(lists))


def test_a_small_an_unsure_a_past_and_an_ended_surge_raise_nothing() -> None:
    rules = Rules(least_extra=20, least_sure=0.8)
    assert worth_raising(SURGE, NOW, rules)
    assert worth_raising(replace(SURGE, extra=10.0, sureness=0.25), NOW, Rules())
    for other in (
        replace(SURGE, extra=19.9),
        replace(SURGE, sureness=0.79),
        replace(SURGE, over=True),
        replace(SURGE, stop=NOW),
    ):
        assert not worth_raising(other, NOW, rules)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (replace(SURGE, extra=210.4 * 1.33), False),
        (replace(SURGE, extra=210.4 * 1.34), True),
        (replace(SURGE, extra=210.4 * 0.66), True),
        (replace(SURGE, start=SURGE.start + HOUR - 1, posts=90), False),
        (replace(SURGE, start=SURGE.start - HOUR), True),
        (replace(SURGE, stop=SURGE.stop + HOUR), True),
    ],
)
def test_a_warning_is_told_anew_where_the_size_changed_by_a_third_or_the_time_by_an_hour(
    new: Surge, told: bool
) -> None:
    assert worth_telling(SURGE, new, NOW) is told
    later = follow(raised(), new, NOW + MINUTE)
    assert later.surge == new and later.updates == int(told)
    assert later.occasion == ("update-1" if told else "raised")


def test_small_steps_add_up_against_what_was_told() -> None:
    alert = raised()
    for step in range(1, 5):
        alert = follow(alert, replace(SURGE, extra=210.4 * 1.1**step), NOW + step * MINUTE)
    assert alert.updates == 1 and alert.told.extra == pytest.approx(210.4 * 1.1**4)


def test_a_second_look_changes_nothing() -> None:
    alert = raised()
    assert follow(alert, SURGE, NOW + MINUTE) is alert


def test_a_warning_ends_when_the_storm_does_or_its_time_is_over() -> None:
    over = follow(raised(), replace(SURGE, over=True, extra=0.0), at("09:00"))
    assert (over.live, over.why, over.ended_at, over.occasion) == (False, "over", at("09:00"), "ended-0")
    assert over.surge == SURGE  # what it was stays to be read
    assert follow(raised(), SURGE, SURGE.stop).why == "passed"
    assert follow(raised(), None, SURGE.stop).why == "passed"


def test_a_detector_that_hesitates_does_not_end_it_and_one_that_stays_silent_does() -> None:
    silent = follow(raised(), None, NOW)
    assert silent.live and follow(silent, None, NOW) is silent
    assert follow(silent, SURGE, NOW + MINUTE).missing is None
    assert follow(silent, None, NOW + 29 * MINUTE).live
    assert follow(silent, None, NOW + 30 * MINUTE).why == "gone"


def test_a_burst_that_goes_on_after_its_end_takes_up_the_same_warning() -> None:
    ended = follow(raised(), None, SURGE.stop)
    longer = replace(SURGE, stop=SURGE.stop + HOUR)
    assert same_burst(ended, longer)
    assert not same_burst(ended, replace(longer, onset=SURGE.stop + MINUTE))
    again = reopened(ended, longer, SURGE.stop + MINUTE)
    assert again.live and again.id == ended.id and again.occasion == "update-1"
    assert again.promise == SURGE  # what was said after the contacts began is no forecast


def test_what_is_said_once_the_contacts_come_is_not_what_a_warning_is_judged_by() -> None:
    early = follow(raised(), replace(SURGE, extra=400.0, low=300.0), at("09:59"))
    late = follow(early, replace(SURGE, extra=900.0, low=700.0), at("10:30"))
    assert late.told.extra == 900 and late.promise.extra == 400 and late.shown == late.surge


def test_that_fewer_are_still_to_come_once_they_come_is_no_news() -> None:
    alert = raised()
    for minutes, left in ((10, 190.0), (60, 90.0), (110, 5.0)):
        alert = follow(alert, replace(SURGE, extra=left), SURGE.start + minutes * MINUTE)
    assert alert.updates == 0 and alert.surge.extra == 5.0
    assert not worth_telling(SURGE, replace(SURGE, stop=SURGE.stop - HOUR), SURGE.start)
    assert worth_telling(SURGE, replace(SURGE, stop=SURGE.stop + HOUR), SURGE.start)
    said = sentence(alert.surge, tz=TZ, channel="phone", now=at("11:50"))
    assert said.endswith("+5 calls (130-300) still to come until 12:00")
    ended = follow(alert, None, SURGE.stop)
    assert ended.shown == SURGE
    assert "between 10:00 and 12:00" in sentence(ended.shown, tz=TZ, channel="phone", now=SURGE.stop, live=False)  # fmt: skip


def test_what_came_already_is_part_of_the_size_and_a_storm_that_grows_while_it_comes_is_news() -> None:
    earlier = SURGE.start - MINUTE
    assert not worth_telling(SURGE, replace(SURGE, extra=120.0, already=90.0), earlier)
    assert worth_telling(SURGE, replace(SURGE, extra=120.0, already=0.0), earlier)
    assert not worth_telling(SURGE, replace(SURGE, extra=150.0, already=100.0), SURGE.start)
    assert worth_telling(SURGE, replace(SURGE, extra=200.0, already=100.0), SURGE.start)


def test_a_warning_given_late_promises_nothing_of_what_came_before() -> None:
    assert promised(SURGE, at("11:00")).start == at("11:00")
    assert promised(SURGE, NOW) == SURGE


@pytest.mark.parametrize(
    ("extra", "outcome"),
    [(0.0, "false alarm"), (-40.0, "false alarm"), (12.8, "false alarm"), (13.0, "too small"), (130.1, "too small"),
     (130.2, "hit"), (500.0, "hit")],
)  # fmt: skip
def test_a_warning_is_held_against_what_came(extra: float, outcome: str) -> None:
    assert judge(SURGE, Came(extra, usual=100.0), acted=False) == outcome


def test_an_incident_with_an_act_is_never_a_false_alarm_whatever_came() -> None:
    for came in (None, Came(-50.0, 100.0), Came(0.0, 100.0), Came(20.0, 100.0), Came(300.0, 100.0)):
        assert judge(SURGE, came, acted=True) == "acted on"
    for act in ("picked_up", "IVR message", "result"):
        ended = replace(raised(), ended_at=NOW, came=Came(0.0, 100.0), acts=(Act(NOW, "Anna", act, ""),))
        assert ended.outcome == "acted on"
    assert judge(SURGE, None, acted=False) == "not known yet"
    assert raised().outcome is None


def test_of_several_signals_the_surest_that_goes_on_speaks() -> None:
    over = replace(SURGE, signal="negative:outage", sureness=0.99, over=True)
    weak = replace(SURGE, signal="posts", sureness=0.5)
    other = replace(SURGE, topic="billing", signal="posts:billing")
    assert choose([over, weak, SURGE, other]) == {("Outage", "outage"): SURGE, ("Outage", "billing"): other}


def test_what_came_is_counted_beyond_the_usual_and_unknown_while_part_of_it_is() -> None:
    flat = series(lambda grid: np.where(grid.day == 19772, 50.0, 20.0), days=49, hours=None)
    held = archive(flat)
    day = int(flat.offered.ds[flat.offered.value == 50.0].min())
    surge = replace(SURGE, series="calls", onset=day, start=day + 10 * HOUR, stop=day + 12 * HOUR)
    came = what_came(held.at(surge.stop).history("calls"), surge)
    assert came == Came(extra=60.0, usual=40.0)
    assert what_came(held.at(surge.stop - 1).history("calls"), surge) is None
    first = int(flat.offered.ds.min())
    early = replace(surge, onset=first, start=first + 10 * HOUR, stop=first + 12 * HOUR)
    assert what_came(held.at(early.stop).history("calls"), early) is None  # no week before is known


def posts(count: int) -> pd.DataFrame:
    """Every day two posts on something else, and `count` people who write of a smell of gas in the last hour."""
    now = pd.Timestamp("2026-03-05 07:30", tz=TZ).tz_convert("UTC").as_unit("ns")
    rows = [("mooi weer vandaag", now - pd.Timedelta(days=day, minutes=20 * n), ("other",)) for day in range(10) for n in (1, 2)]  # fmt: skip
    rows += [("rare gaslucht in onze straat", now - pd.Timedelta(minutes=n + 1), ("outage",)) for n in range(count)]  # fmt: skip
    text, created, topics = zip(*rows, strict=True)
    return pd.DataFrame({"text": text, "language": "nl", "created_at": pd.DatetimeIndex(created), "topics": topics,
                         "author": [str(n) for n in range(len(rows))]}).astype({"language": object})  # fmt: skip


def test_phrases_are_of_the_burst_and_of_no_fewer_people_than_may_be_shown() -> None:
    now = pd.Timestamp("2026-03-05 07:30", tz=TZ)
    said = phrases(posts(30), SURGE, now=now, tz=TZ, least=5)
    assert said and all("gaslucht" in phrase for phrase in said)
    assert phrases(posts(30), replace(SURGE, topic="billing"), now=now, tz=TZ, least=5) == ()
    assert phrases(posts(30), SURGE, now=now, tz=TZ, least=31) == ()


def test_the_settings_that_the_page_shows_load(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/warnings.md").read_text("utf-8")
    block = page.split("## Settings\n\n")[1].split("\n\n**Measures**")[0]
    (tmp_path / "config.yaml").write_text(dedent(block), "utf-8")
    found = load_settings(tmp_path / "config.yaml")
    assert [target.kind for target in found.alerts.targets] == ["slack", "teams", "webhook", "email"]
    assert found.alerts.measures == Alerts().measures and found.reasons["outage"].owner == "Network desk"


@pytest.mark.parametrize(
    "targets",
    [
        [{"kind": "slack", "name": "a", "url_env": "A"}, {"kind": "teams", "name": "a", "url_env": "B"}],
        [{"kind": "pigeon", "name": "a"}],
        [{"kind": "slack", "name": "a", "url": "https://hooks.example.org/secret"}],
        [{"kind": "email", "name": "a", "sender": "x@y.z\nBcc: q@r.s", "host": "h"}],
    ],
)
def test_targets_that_cannot_be_told_apart_or_hold_a_secret_are_refused(
    targets: list[dict[str, str]],
) -> None:
    with pytest.raises(ValidationError):
        Alerts.model_validate({"targets": targets})
