"""The audit cannot be rewritten without showing it; keys end, passwords are kept as hashes, one first key is made."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound, StoreError
from store import users
from store.audit import FIRST, _seal, load_audit, newest_seal, record, verify
from store.database import sessions
from store.keys import create_first_key, create_key, find_key, list_keys, revoke_key
from store.last_use import note_uses
from store.tables import AuditRow, UserRow
from tests import builders as b

NOW = b.NOON
MINUTE = dt.timedelta(minutes=1)
PASSWORD = "correct horse battery"


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # what is tested is what is done with it


def add(session: Session, name: str, *scopes: str, password: str = PASSWORD) -> users.User:
    return users.create_user(session, name, password, scopes or ["read"], now=NOW, hasher=CHEAP)


def check(session: Session, name: str, password: str = PASSWORD) -> users.User | None:
    return users.check_password(session, name, password, hasher=CHEAP)


def write(session: Session, *acts: str, who: str = "anna") -> None:
    for number, act in enumerate(acts):
        at = NOW + number * MINUTE
        record(session, now=at, who=who, act=act, subject=f"override {number}", body={"percent": number})


def alone(engine: Engine) -> Session:
    return sessions(engine)()


def test_a_change_is_kept_as_it_was_told_the_latest_first(session: Session) -> None:
    said = {"value": 1.5, "until": NOW, "queues": ("a", "b"), "none": None, "é\x00": float("nan")}
    record(session, now=NOW, who="anna", act="override.add", subject="override 12", body=said)
    write(session, "key.create", who="ben\x00")
    newest, first = load_audit(session)
    assert (first.at, first.who, first.act, first.subject) == (NOW, "anna", "override.add", "override 12")
    assert first.body == {
        "value": 1.5,
        "until": NOW.isoformat(),
        "queues": ["a", "b"],
        "none": None,
        "é\x00": None,
    }
    assert newest.who == "ben" and newest.id == first.id + 1
    assert verify(session) is None and newest_seal(session) == (2, newest.digest)


def test_an_empty_audit_is_whole(session: Session) -> None:
    assert verify(session) is None and load_audit(session) == [] and newest_seal(session) == (0, FIRST)


def test_the_audit_is_asked_for_by_who_act_subject_and_time(session: Session) -> None:
    write(session, "override.add", "override.remove", "overrides.other", "key_x.create")
    write(session, "lock.add", who="ben")

    def acts(**asked: Any) -> list[str]:
        return [one.act for one in load_audit(session, **asked)]

    assert acts(who="ben") == ["lock.add"]
    assert acts(act="override") == ["override.remove", "override.add"] and acts(act="override.add") == [
        "override.add"
    ]
    assert acts(act="key%") == acts(act="ke_") == []
    assert acts(subject="override 1") == ["override.remove"] and len(acts(subject="override")) == 5
    assert acts(start=NOW + 2 * MINUTE, end=NOW + 3 * MINUTE) == ["overrides.other"]
    assert acts(before=3, limit=1) == ["override.remove"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET who = 'eve' WHERE id = 2", "DELETE FROM audit WHERE id = 2"]
)
def test_the_database_refuses_to_change_or_take_out_a_row(engine: Engine, statement: str) -> None:
    with alone(engine) as session:
        write(session, "a.b", "a.c", "a.d")
        session.commit()
    with alone(engine) as session, pytest.raises((DatabaseError, StoreError), match="append-only"):
        session.execute(text(statement))
    with alone(engine) as session:
        assert verify(session) is None and len(load_audit(session)) == 3


def test_postgresql_does_not_empty_the_audit_either(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with alone(engine) as session, pytest.raises(DatabaseError, match="append-only"):
        session.execute(text("TRUNCATE audit"))


def without_triggers(session: Session) -> None:
    """As somebody does who owns the database."""
    if session.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER audit_no_{act}"))
    else:
        session.execute(text("DROP TRIGGER audit_sealed ON audit"))


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET who = 'eve' WHERE id = 2", 2),
        ("UPDATE audit SET body = '{}' WHERE id = 3", 3),
        ("UPDATE audit SET id = 9 WHERE id = 4", 9),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("DELETE FROM audit WHERE id = 1", 2),
    ],
)
def test_what_goes_past_the_triggers_breaks_a_seal(session: Session, statement: str, broken: int) -> None:
    write(session, "a.b", "a.c", "a.d", "a.e")
    without_triggers(session)
    session.execute(text(statement))
    assert verify(session) == broken


def test_a_row_that_is_sealed_anew_breaks_the_next_one(session: Session) -> None:
    write(session, "a.b", "a.c")
    without_triggers(session)
    forged = _seal(FIRST, 1, NOW, "eve", "a.b", "override 0", '{"percent":0}')
    session.execute(update(AuditRow).where(AuditRow.id == 1).values(who="eve", digest=forged))
    assert verify(session) == 2


def together(*works: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=30)
    assert failed == []


def test_writers_at_once_keep_one_chain(engine: Engine) -> None:
    def work() -> None:
        for _ in range(8):
            with alone(engine) as session:
                session.execute(select(AuditRow.id)).all()  # what was read before is no ground to stand on
                write(session, "a.b")
                session.commit()

    together(work, work, work)
    with alone(engine) as session:
        assert verify(session) is None and newest_seal(session)[0] == 24


def test_a_change_that_is_rolled_back_leaves_no_record_and_no_gap(engine: Engine) -> None:
    for keep in (True, False, True):
        with alone(engine) as session:
            write(session, "a.b")
            if keep:
                session.commit()
    with alone(engine) as session:
        assert [one.id for one in load_audit(session)] == [2, 1] and verify(session) is None


def test_a_key_ends_when_it_was_said_to(session: Session) -> None:
    secret = create_key(session, "tool", ["read"], now=NOW, expires_at=NOW + MINUTE)
    key = find_key(session, secret)
    assert key is not None and (key.expires_at, key.used_at) == (NOW + MINUTE, None)
    assert [key.state(at) for at in (NOW, NOW + MINUTE)] == ["live", "expired"]
    assert revoke_key(session, "tool", now=NOW) == [key.id]
    assert find_key(session, secret) is None and list_keys(session)[0].state(NOW) == "revoked"
    with pytest.raises(InputError, match="expired already"):
        create_key(session, "late", ["read"], now=NOW, expires_at=NOW)


def test_last_use_goes_forward_by_the_minute(session: Session) -> None:
    create_key(session, "tool", ["read"], now=NOW)
    for at, shown in ((NOW + 90 * dt.timedelta(seconds=1), NOW + MINUTE), (NOW, NOW + MINUTE)):
        note_uses(session, {("key", 1): at, ("user", 7): at})
        assert list_keys(session)[0].used_at == shown


def test_noting_a_use_waits_for_no_other_writer(engine: Engine) -> None:
    with alone(engine) as session:
        create_key(session, "tool", ["read"], now=NOW)
        session.commit()
    with alone(engine) as writer, alone(engine) as other:
        note_uses(writer, {("key", 1): NOW})
        began = dt.datetime.now()
        with pytest.raises(StoreError, match="locked"):
            note_uses(other, {("key", 1): NOW + MINUTE})
        assert dt.datetime.now() - began < dt.timedelta(seconds=3)  # the database of the tests waits ten
        other.rollback()
        writer.commit()
        note_uses(other, {("key", 1): NOW + MINUTE})
        assert list_keys(other)[0].used_at == NOW + MINUTE


def test_the_first_start_makes_one_key_and_two_at_once_make_one(engine: Engine) -> None:
    made: list[str | None] = []

    def start() -> None:
        with alone(engine) as session:
            made.append(create_first_key(session, now=NOW))
            session.commit()

    together(start, start, start)
    assert len([one for one in made if one]) == 1
    with alone(engine) as session:
        assert [key.scopes for key in list_keys(session)] == [("admin",)]
        revoke_key(session, 1, now=NOW)
        assert create_first_key(session, now=NOW) is None  # there was one


def test_where_there_is_a_user_no_first_key_is_made(session: Session) -> None:
    add(session, "anna", "admin")
    assert create_first_key(session, now=NOW) is None


def test_a_password_is_kept_as_argon2id_and_opens_for_its_own_name(session: Session) -> None:
    made = add(session, " Anna@Example.com ", "plan", "read")
    assert (made.name, made.scopes, made.state) == ("anna@example.com", ("read", "plan"), "live")
    held = session.execute(select(UserRow.password)).scalar_one()
    assert held is not None and held.startswith("$argon2id$") and PASSWORD not in held
    assert check(session, "ANNA@example.com") == made
    for name, password in (
        ("anna@example.com", PASSWORD + "x"),
        ("ben", PASSWORD),
        ("", ""),
        ("a\x00", "\ud800"),
    ):
        assert check(session, name, password) is None


def test_the_library_s_own_costs_are_argon2id() -> None:
    made = PasswordHasher()
    assert made.type.name == "ID" and made.memory_cost >= 64 * 1024 and made.time_cost >= 3


def test_an_accent_may_be_typed_in_two_ways(session: Session) -> None:
    add(session, "anna", password="caf\u00e9 under bridges")
    assert check(session, "anna", "cafe\u0301 under bridges") is not None


@pytest.mark.parametrize(
    ("name", "password", "scopes", "field"),
    [
        ("anna", "short", ["read"], "password"),
        ("anna", "x" * 1001, ["read"], "password"),
        ("annamariaannamaria", "AnnaMariaAnnaMaria", ["read"], "password"),
        ("  ", PASSWORD, ["read"], "name"),
        ("a\nb", PASSWORD, ["read"], "name"),
        ("anna", PASSWORD, ["root"], "scopes"),
        ("anna", PASSWORD, [], "scopes"),
        ("BEN", PASSWORD, ["read"], "name"),
    ],
)
def test_a_user_that_cannot_be_is_refused(
    session: Session, name: str, password: str, scopes: list[str], field: str
) -> None:
    add(session, "ben")
    with pytest.raises(InputError) as refused:
        users.create_user(session, name, password, scopes, now=NOW)
    assert refused.value.field == field


def test_a_name_nobody_has_is_checked_as_long_as_one_that_is_there(session: Session) -> None:
    add(session, "anna")
    add(session, "gone")
    users.disable_user(session, "gone", now=NOW)
    users.save_company_user(session, "iss sub", "carl", ["read"], now=NOW)
    check(session, "nobody")
    verified: list[str] = []

    class Counted(PasswordHasher):
        def verify(self, hash: Any, password: Any) -> Any:
            verified.append(hash.split("$")[3])  # the costs
            return super().verify(hash, password)

    counted = Counted(time_cost=1, memory_cost=8, parallelism=1)
    for name in ("anna", "nobody", "gone", "carl", "\n"):
        assert users.check_password(session, name, "wrong password", hasher=counted) is None
    assert len(verified) == 5 and len(set(verified)) == 1


def test_a_hash_of_lower_costs_is_made_anew_at_the_next_right_password(session: Session) -> None:
    def held() -> str:
        return str(session.execute(select(UserRow.password)).scalar_one())

    add(session, "anna")
    before, dearer = held(), PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    assert users.check_password(session, "anna", "wrong password", hasher=dearer) is None
    assert held() == before
    assert users.check_password(session, "anna", PASSWORD, hasher=dearer) is not None
    assert "m=16,t=2" in held()
    assert users.check_password(session, "anna", PASSWORD, hasher=dearer) is not None


def test_another_password_changes_the_mark_and_disabling_ends_the_use(session: Session) -> None:
    made = add(session, "anna")
    changed = users.set_password(session, "Anna", "a quiet river under")
    assert changed.mark != made.mark
    assert check(session, "anna") is None
    assert users.disable_user(session, "anna", now=NOW).state == "disabled"
    assert users.disable_user(session, "anna", now=NOW + MINUTE).disabled_at == NOW
    assert check(session, "anna", "a quiet river under") is None
    for unknown in (
        lambda: users.set_password(session, "ben", PASSWORD),
        lambda: users.disable_user(session, "ben", now=NOW),
    ):
        with pytest.raises(NotFound):
            unknown()


def test_an_account_of_the_company_is_one_user_and_takes_nobody_s_name(session: Session) -> None:
    add(session, "anna", "admin")
    made, done = users.save_company_user(session, "iss 1", "Anna", ["read"], now=NOW)
    assert (made.name, made.scopes, done) == ("anna (2)", ("read",), "create")
    again, done = users.save_company_user(session, "iss 1", "Anna", ["read"], now=NOW)
    assert (again, done) == (made, "")
    more, done = users.save_company_user(session, "iss 1", "Other", ["plan"], now=NOW)
    assert (more.id, more.name, more.scopes, done) == (made.id, "anna (2)", ("plan",), "scopes")
    assert check(session, "anna (2)", "") is None
    with pytest.raises(InputError, match="account of the company"):
        users.set_password(session, "anna (2)", PASSWORD)
