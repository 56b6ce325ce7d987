"""The sign-in page: a key is pasted once and becomes a session cookie that scripts cannot read."""

from __future__ import annotations

import html
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.auth import COOKIE, LASTS, Seal, same_origin
from api.deps import Db, Now
from store.keys import find_key

router = APIRouter(include_in_schema=False)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in - Forecall</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem; color: #1c2733; }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; margin-top: .4rem; }}
button {{ background: #1864ab; color: #fff; border: 0; border-radius: 4px; cursor: pointer; }}
.wrong {{ color: #b02a1f; }}
</style>
</head>
<body>
<main>
<h1>Forecall</h1>
{said}
<form method="post" action="/sign-in">
<label for="key">Your key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="{then}">
<button type="submit">Sign in</button>
</form>
<p>A key is made by <code>forecall keys create</code>. It stays signed in for twelve hours.</p>
</main>
</body>
</html>
"""


@router.get("/sign-in")
def sign_in_page(next: str = "/") -> HTMLResponse:
    """The form."""
    return _page("", next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    session: Db,
    now: Now,
    key: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """A key that is valid -> the cookie, and on to the page that was asked for."""
    if not same_origin(request):
        return _page("Please sign in from this page.", "/", 403)
    found = find_key(session, key.strip())
    if found is None:
        return _page("This key is not valid. Check that it was copied whole.", next, 401)
    seal: Seal = request.app.state.seal
    answer = RedirectResponse(_own(next), 303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        seal.write(found.id, now + LASTS),
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """Forget the session."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _page(said: str, then: str, status: int = 200) -> HTMLResponse:
    line = f'<p class="wrong" role="alert">{html.escape(said)}</p>' if said else ""
    return HTMLResponse(PAGE.format(said=line, then=html.escape(_own(then))), status, headers=HEADERS)


def _own(path: str) -> str:
    """A path of ours, or the first page: never another host."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"
