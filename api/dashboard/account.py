"""Who is signed in, as what, and the way out: the corner of the header."""

from __future__ import annotations

from typing import Any

from dash import html

from api.auth import Caller
from api.dashboard.parts import aria
from api.dashboard.words import Words
from store.roles import role_of


def account(caller: Caller | None, words: Words) -> Any:
    """A button with the first letter of a name, and what is behind it; nothing where no guard stands before the pages."""
    if caller is None:
        return None
    here = caller.by == "here"
    name = words("account_here") if here else caller.name
    role = words(f"role_{role_of(caller.scopes) or 'none'}")
    letter = html.Span(name[:1].upper(), className="letter", **aria(hidden="true"))
    face = html.Summary(letter, className="icon-button", **aria(label=words("account", name=name, role=role)))
    out: Any = (
        html.A(words("sign_in"), href="/sign-in", className="button")
        if here
        else html.Form(html.Button(words("sign_out"), className="button"), action="/sign-out", method="POST")
    )
    inside = html.Div(
        [html.P(name, className="who"), html.P(role, className="role"), out], className="account-box"
    )
    return html.Details([face, inside], className="account", id="account")
