"""The sign-in page: a name and a password, or a key pasted once, become a session cookie that scripts cannot read."""

from __future__ import annotations

import datetime as dt
import html
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.auth import same_origin
from api.deps import Db, Now
from api.rate_limits import Attempts, address_of
from api.seals import COOKIE, Seal
from forecast.errors import InputError
from store.keys import find_key
from store.settings import Settings
from store.users import LONGEST, check_password, name_of

router = APIRouter(include_in_schema=False)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">{head}<title>Sign in - Forecall</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 12vh auto; padding: 0 1rem; color: #1c2733; }}
label {{ display: block; margin-top: .8rem; }}
input, button, .company {{ font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; margin-top: .3rem; }}
button {{ background: #1864ab; color: #fff; border: 0; border-radius: 4px; cursor: pointer; margin-top: 1.2rem; }}
.company {{ display: block; text-align: center; border: 1px solid #1864ab; border-radius: 4px; color: #1864ab; }}
.or {{ margin: 1.2rem 0 0; color: #5b6875; }}
.wrong {{ color: #b02a1f; }}
</style>
</head>
<body>
<main>
<h1>Forecall</h1>
{said}
{form}
</main>
</body>
</html>
"""
FORM = """{company}<form method="post" action="/sign-in">
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" autofocus>
<label for="password">Your password</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<p class="or">or</p>
<label for="key">Your key</label>
<input id="key" name="key" type="password" autocomplete="off">
<input type="hidden" name="next" value="{then}">
<button type="submit">Sign in</button>
</form>
<p>You stay signed in for {hours:g} hours. <code>forecall users create</code> makes a user,
<code>forecall keys create</code> a key.</p>"""
COMPANY = '<p><a class="company" href="/sign-in/company?next={then}">Use your company account</a></p><p class="or">or</p>'


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> HTMLResponse:
    """The form."""
    return page(request, "", next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    session: Db,
    now: Now,
    key: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """A key, or a name and password, that are right -> the cookie, and on to the page that was asked for."""
    if not same_origin(request):
        return page(request, "Please sign in from this page.", "/", 403)
    if not key.strip() and not name.strip():
        return page(request, "Fill in your name and password, or a key.", next, 401)
    attempts: Attempts = request.app.state.attempts
    who = "" if key.strip() else _counted(name)
    wait = attempts.begin(who, address_of(request.scope), now)
    if wait:
        said = f"Too many attempts failed. Try again in {_span(wait)}."
        refused = page(request, said, next, 429)
        refused.headers["Retry-After"] = str(wait)
        return refused
    if key.strip():
        found = find_key(session, key.strip())
        subject = None if found is None or found.state(now) != "live" else f"key-{found.id}"
        wrong = "This key is not valid. Check that it was copied whole, and that it has not expired."
    else:
        user = check_password(session, name, password[: LONGEST + 1])
        subject = None if user is None else f"user-{user.id}-{user.mark}"
        wrong = "This name and password do not belong together."
    if subject is None:
        return page(request, wrong, next, 401)
    attempts.succeed(who, address_of(request.scope))
    answer = RedirectResponse(own(next), 303, headers={"Cache-Control": "no-store"})
    let_in(request, answer, subject, now)
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """Forget the session."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def let_in(request: Request, answer: Response, subject: str, now: dt.datetime) -> None:
    """Put the session of a key or user (see `Seal`) into the answer."""
    settings: Settings = request.app.state.settings
    seal: Seal = request.app.state.seal
    lasts = dt.timedelta(hours=settings.access.session_hours)
    answer.set_cookie(
        COOKIE,
        seal.write(subject, now + lasts),
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )


def is_secure(request: Request) -> bool:
    """Do browsers come by https? By the address they use, where a proxy does not tell."""
    settings: Settings = request.app.state.settings
    return request.url.scheme == "https" or settings.access.public_url.startswith("https://")


def page(request: Request, said: str, then: str, status: int = 200) -> HTMLResponse:
    """The form, with a sentence on what was wrong."""
    settings: Settings = request.app.state.settings
    target = html.escape(own(then))
    company = COMPANY.format(then=target) if request.app.state.company is not None else ""
    form = FORM.format(company=company, then=target, hours=settings.access.session_hours)
    line = f'<p class="wrong" role="alert">{html.escape(said)}</p>' if said else ""
    return HTMLResponse(PAGE.format(head="", said=line, form=form), status, headers=HEADERS)


def onward(then: str) -> HTMLResponse:
    """A page that goes on by itself: the browser then counts the next request as ours, and sends the cookie along."""
    target = html.escape(own(then))
    head = f'<meta http-equiv="refresh" content="0;url={target}">'
    body = f'<p>You are signed in. <a href="{target}">Go on</a></p>'
    return HTMLResponse(PAGE.format(head=head, said="", form=body), headers=HEADERS)


def own(path: str) -> str:
    """A path of ours, or the first page: never another host."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe and len(path) <= 2000 else "/"


def _counted(name: str) -> str:
    """The name under which attempts are counted: however it is spelt, the one it would be looked up by."""
    try:
        return name_of(name)
    except InputError:  # nobody has such a name
        return name.strip().lower()[:LONGEST]


def _span(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds" if seconds != 1 else "1 second"
    return f"{-(-seconds // 60)} minutes"
