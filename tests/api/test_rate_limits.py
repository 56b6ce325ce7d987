"""How often somebody may ask, and how long they are told to wait."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from api.rate_limits import ADDRESS, NAME, PAIR, Attempts, Gate, address_of
from store.access_settings import RateLimits
from tests.api.filled import NOW, SETTINGS, Filled, open_app

SECOND = dt.timedelta(seconds=1)


def limited(filled: Filled, **limits: Any) -> Filled:
    access = SETTINGS.access.model_copy(update={"limits": RateLimits(**limits)})
    return open_app(filled.engine, filled.keys, SETTINGS.model_copy(update={"access": access}))


def test_who_reads_too_often_is_told_how_long_to_wait(filled: Filled) -> None:
    client = limited(filled, reads=3).client()
    answers = [client.get("/v1/queues") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (
        refused.json()["detail"] == "There were more than 3 reading requests of this caller within a minute."
    )
    assert "Retry-After" in refused.json()["remedy"]


def test_reads_and_writes_and_callers_are_counted_apart(filled: Filled) -> None:
    app = limited(filled, reads=2, writes=1)
    reader, admin = app.client("read"), app.client("admin")
    assert [reader.get("/v1/queues").status_code for _ in range(3)] == [200, 200, 429]
    assert [admin.post("/v1/keys", json={"name": "x"}).status_code for _ in range(2)] == [200, 429]
    assert [admin.get("/v1/keys").status_code for _ in range(3)] == [200, 200, 429]


def test_a_callback_of_the_pages_is_a_reading_request(filled: Filled) -> None:
    client = limited(filled, writes=1, reads=2).client()
    asked = [client.post("/_dash-update-component", json={}).status_code for _ in range(3)]
    assert asked[-1] == 429 and 429 not in asked[:2]


def test_strangers_are_counted_by_address_and_do_not_shut_out_a_good_key(filled: Filled) -> None:
    app = limited(filled, strangers=2)
    nobody = app.client(None, client=("10.0.0.7", 5))
    tried = [
        nobody.get("/v1/queues", headers={"Authorization": f"Bearer fc_{n}"}).status_code for n in range(3)
    ]
    assert tried == [401, 401, 429]
    assert nobody.get("/v1/queues").status_code == 429
    assert app.client(None, client=("10.0.0.8", 5)).get("/v1/queues").status_code == 401
    assert app.client("read", client=("10.0.0.7", 5)).get("/v1/queues").status_code == 200


def test_the_health_routes_are_free(filled: Filled) -> None:
    client = limited(filled, strangers=1, reads=1).client(None)
    assert {client.get("/healthz").status_code for _ in range(5)} == {200}
    assert 429 not in {client.get("/readyz").status_code for _ in range(5)}


def test_signing_in_is_limited_by_address_beside_its_slowing(filled: Filled) -> None:
    client = limited(filled, sign_ins=2).client(None)
    ours = {"Origin": "http://testserver"}
    asked = [
        client.post("/sign-in", data={"key": filled.keys["read"]}, headers=ours, follow_redirects=False)
        for _ in range(3)
    ]
    assert [one.status_code for one in asked] == [303, 303, 429]


def test_limits_can_be_switched_off(filled: Filled) -> None:
    client = limited(filled, enabled=False, reads=1, strangers=1).client()
    assert {client.get("/v1/queues").status_code for _ in range(4)} == {200}


def test_what_is_asked_generously_is_never_refused() -> None:
    gate = Gate(SETTINGS.access.limits)
    assert [gate.ask("reads", "key 1") for _ in range(5_000)] == [None] * 5_000


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_as_its_subscriber(host: str, counted: str) -> None:
    assert address_of({"type": "http", "client": (host, 5)}) == counted
    assert address_of({"type": "http", "client": None}) == ""


def test_attempts_that_fail_are_slowed_by_twice_as_much_each_time() -> None:
    attempts, now, waits = Attempts(), NOW, []
    for _ in range(PAIR.free + 4):
        wait = attempts.begin("anna", "10.0.0.7", now)
        waits.append(wait)
        now += wait * SECOND
        if wait:
            assert attempts.begin("anna", "10.0.0.7", now) == 0
    assert waits == [0] * PAIR.free + [1, 2, 4, 8]
    assert attempts.begin("ben", "10.0.0.8", now) == 0


def test_what_is_refused_while_waiting_does_not_count(filled: Filled) -> None:
    attempts = Attempts()
    for _ in range(PAIR.free + 50):
        attempts.begin("anna", "a", NOW)
    assert attempts.begin("anna", "a", NOW) == 1


def test_a_right_attempt_frees_the_name_but_not_the_address_of_other_failures() -> None:
    attempts, now = Attempts(), NOW
    for number in range(ADDRESS.free):
        assert attempts.begin(f"name {number}", "a", now) == 0
    assert attempts.begin("mine", "a", now) == 1
    assert attempts.begin("mine", "a", now + SECOND) == 0
    attempts.succeed("mine", "a")
    assert attempts.begin("other", "a", now + SECOND) > 0
    assert attempts.begin("mine", "b", now + SECOND) == 0


def test_a_name_tried_from_everywhere_is_slowed_but_never_shut_for_long() -> None:
    attempts, now = Attempts(), NOW
    for number in range(NAME.free + 30):
        now += attempts.begin("anna", str(number), now) * SECOND
        attempts.begin("anna", str(number), now)
    assert 0 < attempts.begin("anna", "mine", now) <= NAME.longest
    assert attempts.begin("anna", "mine", now + NAME.longest * SECOND) == 0


def test_failures_are_forgotten_after_an_hour_and_never_too_many_are_held() -> None:
    attempts = Attempts()
    for _ in range(PAIR.free):
        attempts.begin("anna", "a", NOW)
    assert attempts.begin("anna", "a", NOW) == 1
    assert attempts.begin("anna", "a", NOW + dt.timedelta(hours=2)) == 0
    for number in range(12_000):
        attempts.begin(f"n{number}", f"a{number}", NOW)
    assert len(attempts._tries) == 10_000
