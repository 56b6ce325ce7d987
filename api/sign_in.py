"""The sign-in page: a name and a password, or a key pasted once, become a session cookie that scripts cannot read."""

from __future__ import annotations

import datetime as dt
import html
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.auth import same_origin
from api.dashboard.parts import CODE
from api.dashboard.words import Words, language_of
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
<html lang="{language}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{head}<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ground: #f4f6f8; --surface: #fff; --ink: #1b2733; --muted: #55626f; --line: #8a96a3;
  --accent: #175a94; --on: #fff; --warn: #a3360f; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ground: #0f161d; --surface: #17202a; --ink: #e6ebf0; --muted: #a3b0bc;
  --line: #6b7885; --accent: #7dbcf0; --on: #0f161d; --warn: #ffab8f; }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 0; background: var(--ground); color: var(--ink); }}
main {{ box-sizing: border-box; max-width: 25rem; margin: 11vh auto 2rem; padding: 2rem; background: var(--surface);
  border-radius: 14px; box-shadow: 0 2px 18px rgba(20, 35, 50, .08); }}
h1 {{ font-size: 1.5rem; letter-spacing: -.02em; margin: 0; }}
.lead {{ color: var(--muted); margin: .2rem 0 1.2rem; }}
label {{ display: block; margin-top: .9rem; font-weight: 550; }}
input, button, .company {{ font: inherit; width: 100%; box-sizing: border-box; padding: .6rem .7rem; margin-top: .3rem; border-radius: 8px; }}
input {{ border: 1px solid var(--line); background: var(--surface); color: var(--ink); }}
button {{ background: var(--accent); color: var(--on); border: 0; font-weight: 600; cursor: pointer; margin-top: 1.4rem; }}
.company {{ display: block; text-align: center; border: 1px solid var(--accent); color: var(--accent); }}
a {{ color: var(--accent); }}
.or, .small {{ color: var(--muted); }}
.or {{ margin: 1.1rem 0 0; }}
.small {{ font-size: .87rem; margin-top: 1.2rem; }}
.wrong {{ color: var(--warn); font-weight: 550; }}
</style>
</head>
<body>
<main>
<h1>Forecall</h1>
<p class="lead">{lead}</p>
{said}
{form}
</main>
</body>
</html>
"""
FORM = """{company}<form method="post" action="/sign-in">
<label for="name">{your_name}</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" autofocus>
<label for="password">{your_password}</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<p class="or">{or_}</p>
<label for="key">{your_key}</label>
<input id="key" name="key" type="password" autocomplete="off">
<input type="hidden" name="next" value="{then}">
<button type="submit">{sign_in}</button>
</form>
<p class="small">{stay}</p>"""
COMPANY = '<p><a class="company" href="/sign-in/company?next={then}">{company_account}</a></p><p class="or">{or_}</p>'


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
        return page(request, "sign_in_from_here", "/", 403)
    if not key.strip() and not name.strip():
        return page(request, "sign_in_fill", next, 401)
    attempts: Attempts = request.app.state.attempts
    who = "" if key.strip() else _counted(name)
    wait = attempts.begin(who, address_of(request.scope), now)
    if wait:
        said, n = _wait(wait)
        refused = page(request, said, next, 429, n=n)
        refused.headers["Retry-After"] = str(wait)
        return refused
    if key.strip():
        found = find_key(session, key.strip())
        subject = None if found is None or found.state(now) != "live" else f"key-{found.id}"
        wrong = "sign_in_wrong_key"
    else:
        user = check_password(session, name, password[: LONGEST + 1])
        subject = None if user is None else f"user-{user.id}-{user.mark}"
        wrong = "sign_in_wrong"
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


def page(request: Request, said: str, then: str, status: int = 200, **values: object) -> HTMLResponse:
    """The form in the browser's language. said: the text of what was wrong, by its key; '' where nothing was."""
    settings: Settings = request.app.state.settings
    words = Words(language_of(request.headers.get("accept-language", "")))
    target = html.escape(own(then))
    keys = ("your_name", "your_password", "your_key", "company_account")
    texts = {key: html.escape(words(f"sign_in_{key}")) for key in keys}
    texts |= {
        "or_": html.escape(words("sign_in_or")),
        "sign_in": html.escape(words("sign_in")),
        "then": target,
    }
    company = COMPANY.format(**texts) if request.app.state.company is not None else ""
    stay = with_code(words("sign_in_stay", hours=words.number(settings.access.session_hours)))
    form = FORM.format(company=company, stay=stay, **texts)
    line = f'<p class="wrong" role="alert">{html.escape(words(said, **values))}</p>' if said else ""
    return HTMLResponse(_framed(words, head="", said=line, form=form), status, headers=HEADERS)


def onward(request: Request, then: str) -> HTMLResponse:
    """A page that goes on by itself: the browser then counts the next request as ours, and sends the cookie along."""
    words = Words(language_of(request.headers.get("accept-language", "")))
    target = html.escape(own(then))
    head = f'<meta http-equiv="refresh" content="0;url={target}">'
    body = f'<p><a href="{target}">{html.escape(words("sign_in_onward"))}</a></p>'
    return HTMLResponse(_framed(words, head=head, said="", form=body), headers=HEADERS)


def _framed(words: Words, **parts: str) -> str:
    title, lead = html.escape(words("sign_in_title")), html.escape(words("sign_in_lead"))
    return PAGE.format(language=words.language, title=title, lead=lead, **parts)


def with_code(text: str) -> str:
    """A text of ours in which `commands` stand as code, as HTML."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))


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


def _wait(seconds: int) -> tuple[str, int]:
    """The text that says how long to wait, and its number."""
    if seconds == 1:
        return "sign_in_wait_second", 1
    return ("sign_in_wait_seconds", seconds) if seconds < 90 else ("sign_in_wait_minutes", -(-seconds // 60))
