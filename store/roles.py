"""Roles: names for the sets of scopes that people hold.

viewer    sees the pages
planner   changes the plan: adjustments, locks, the calendar
analyst   a planner who also loads data and starts jobs and back-tests
admin     everything, and who may do what
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias, get_args

from forecast.errors import InputError

Role: TypeAlias = Literal["viewer", "planner", "analyst", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
SCOPES_OF: Mapping[Role, tuple[str, ...]] = {
    "viewer": ("read",),
    "planner": ("read", "plan"),
    "analyst": ("read", "write", "plan"),
    "admin": ("admin",),
}


def scopes_of(role: str) -> tuple[str, ...]:
    """The scopes of a role; InputError for a role nobody has."""
    for name, scopes in SCOPES_OF.items():
        if name == role:
            return scopes
    raise InputError(f"There is no role {role!r}.", remedy=f"Use {', '.join(ROLES)}.", field="role")


def role_of(scopes: Collection[str]) -> Role | None:
    """The widest role whose scopes are all held; None for who may not even look (a key that only writes)."""
    if "admin" in scopes:
        return "admin"
    held = [role for role, wanted in SCOPES_OF.items() if set(wanted) <= set(scopes)]
    return held[-1] if held else None
