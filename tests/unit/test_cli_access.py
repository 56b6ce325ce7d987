"""Keys, users and the audit from the command line; the one key of the first start."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cli.audit import who
from cli.keys import lifetime, show_first_key
from forecast.errors import InputError
from store.database import connect, sessions, upgrade
from store.keys import find_key
from store.roles import role_of
from tests.unit.conftest import Run

PASSWORD = "correct horse battery\n"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password comes from the input, as in a script."""
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD * 3))


def listed(run: Run, *words: str) -> Any:
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_key_may_expire_and_the_list_shows_when_and_the_last_use(run: Run) -> None:
    made = listed(run, "keys", "create", "tool", "--expires", "90d", "--scope", "plan")
    run("keys", "create", "other")
    first, second = listed(run, "keys", "list")
    assert first["expires_at"] == made["expires_at"] and second["expires_at"] is None
    _, out, _ = run("keys", "list")
    assert "expires" in out and "last used" in out and out.count("never") == 3


def test_a_time_that_is_none_is_refused(run: Run) -> None:
    assert (lifetime("12w").days, lifetime("1y").days) == (84, 365)
    for text in ("", "d", "0d", "90", "-1d", "11y", "9x", "\u0663d"):
        with pytest.raises(InputError, match="no time"):
            lifetime(text)
    assert run("keys", "create", "tool", "--expires", "soon")[0] == 1
    assert listed(run, "keys", "list") == []


@pytest.mark.usefixtures("typed")
def test_a_role_is_a_name_for_scopes_and_can_be_changed(run: Run) -> None:
    assert listed(run, "users", "create", "Anna", "--role", "planner")["scopes"] == ["read", "plan"]
    assert run("users", "role", "anna", "analyst")[0] == 0
    (user,) = listed(run, "users", "list")
    assert (user["role"], user["scopes"]) == ("analyst", ["read", "write", "plan"])
    assert run("users", "role", "anna", "boss")[0] == run("users", "role", "nobody", "viewer")[0] == 1
    code, _, err = run("users", "create", "ben", "--role", "viewer", "--scope", "plan")
    assert code == 1 and "--role or --scope" in err


def test_who_holds_more_than_a_role_has_that_role(run: Run) -> None:
    assert [role_of(scopes) for scopes in (["read"], ["read", "write"], ["read", "plan"], ["admin"], ["write"])] == [
        "viewer", "viewer", "planner", "admin", None]  # fmt: skip


@pytest.mark.usefixtures("typed")
def test_users_are_made_listed_given_a_password_and_disabled(run: Run) -> None:
    assert listed(run, "users", "create", "Anna", "--scope", "plan")["name"] == "anna"
    assert run("users", "create", "anna")[0] == 1
    assert run("users", "password", "anna")[0] == 0
    assert run("users", "disable", "anna")[0] == 0
    (user,) = listed(run, "users", "list")
    assert (user["name"], user["scopes"], user["state"]) == ("anna", ["plan"], "disabled")
    assert run("users", "disable", "ben")[0] == 1
    acts = [one["act"] for one in listed(run, "audit", "list", "--act", "user")]
    assert acts == ["user.disable", "user.password", "user.create"]


def test_what_commands_do_to_keys_stands_in_the_audit_without_the_key(run: Run) -> None:
    made = listed(run, "keys", "create", "tool")
    run("keys", "revoke", "tool")
    rows = listed(run, "audit", "list")
    assert [(one["who"], one["act"]) for one in rows] == [(who(), "key.revoke"), (who(), "key.create")]
    assert made["key"] not in json.dumps(rows)
    assert "key.create" in run("audit", "list")[1]


def test_verify_tells_a_whole_audit_from_one_that_was_changed(run: Run, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        run("keys", "create", name)
    code, out, _ = run("audit", "verify")
    assert code == 0 and out.startswith("All seals hold: 3 rows")
    with sqlite3.connect(tmp_path / "forecall.db") as raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute("UPDATE audit SET who = 'eve' WHERE id = 2")
    raw.close()
    code, out, _ = run("audit", "verify")
    assert code == 1 and "row 2 does not hold" in out


def test_the_first_start_shows_one_key_on_the_terminal_and_the_second_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}")
    upgrade(engine)
    make = sessions(engine)
    show_first_key(make)
    out = capsys.readouterr()
    secret = next(word for word in out.err.split() if word.startswith("fc_"))
    assert out.out == "" and out.err.count(secret) == 1
    with make() as session:
        key = find_key(session, secret)
        assert key is not None and key.scopes == ("admin",)
    show_first_key(make)
    assert capsys.readouterr().err == ""
    engine.dispose()
