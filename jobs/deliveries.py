"""Sends peak warnings: to a webhook, Slack, Teams, or by e-mail. Each message is claimed first, so that it goes out once.
What posts and signs here is shared with the events of `push.py`.

    claim (committed) ─► send ─► delivered (committed)

Without a crash a message is sent exactly once, however many processes there are. A process that dies between claim and
send, or loses the connection while the answer is awaited, leaves a claim that runs out: the message is then sent anew,
since a warning that never comes is worse than one that comes twice (at least once, and once unless something breaks).
A message has an id that stays the same, by which a receiver tells the second: `webhook-id`, and `Message-ID` of a letter.

The signature is that of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, specification): headers
webhook-id, webhook-timestamp (seconds) and webhook-signature, `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import httpx2
import tenacity

from forecast.errors import ForecallError
from jobs import alert_messages
from jobs.alert_messages import Message
from store.alert_settings import Email, Slack, TargetSettings, Teams, Webhook, held_in

TIMEOUT = 15.0  # seconds for one answer
TRIES, LONGEST_WAIT = 3, 20.0  # within one run; the next one goes on
AGENT = "forecall"
ANSWER_BYTES = 4_096  # of an answer that are read
GONE = 410
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
Sleep: TypeAlias = Callable[[float], None]


class NotSent(ForecallError):
    """A message that was refused or reached nobody. arrived: it may have come in, nobody knows; busy: may pass by itself.

    gone: the receiver says that it is there no more (410); wait: seconds it asks for
    """

    def __init__(self, said: str, *, remedy: str = "", busy: bool = False, arrived: bool = False) -> None:
        super().__init__(said, remedy=remedy)
        self.busy, self.arrived, self.gone = busy, arrived, False
        self.wait: float | None = None


class Address(Protocol):
    """Where something is posted to: its name in the settings, and the variable that holds the address."""

    @property
    def name(self) -> str: ...

    @property
    def url_env(self) -> str: ...


@dataclass(frozen=True)
class Wire:
    """How messages reach the world; replaced in tests. clock: seconds since the epoch, for the signature."""

    client: httpx2.Client
    sleep: Sleep = time.sleep
    clock: Callable[[], float] = time.time


def wire() -> Wire:
    """The usual one. No redirect is followed: a POST would become a GET, and a secret address be told elsewhere."""
    return Wire(httpx2.Client(timeout=TIMEOUT, follow_redirects=False, headers={"user-agent": AGENT}))


def send(target: TargetSettings, message: Message, wire: Wire, *, owner: str = "") -> str:
    """One message to one target, tried again while it is busy; '' or what of it did not arrive.

    owner: the address of who looks after the contact reason. NotSent where nobody got it, ConfigError without its secrets.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_passes),
        wait=_pause,
        stop=tenacity.stop_after_attempt(TRIES),
        sleep=wire.sleep,
        reraise=True,
    )
    found: str = retrying(_once, target, message, wire, owner)
    return found


def _passes(error: BaseException) -> bool:
    """Busy, and certain not to have taken the message."""
    return isinstance(error, NotSent) and error.busy and not error.arrived


def _pause(state: tenacity.RetryCallState) -> float:
    failed = state.outcome.exception() if state.outcome else None
    asked = failed.wait if isinstance(failed, NotSent) else None
    return min(2.0 ** (state.attempt_number - 1) if asked is None else asked, LONGEST_WAIT)


def _once(target: TargetSettings, message: Message, wire: Wire, owner: str) -> str:
    match target:
        case Email():
            return _letter(target, message, owner)
        case Webhook():
            body = packed(alert_messages.webhook(message))
            post(target, body, wire, signed(target.secret_env, target.name, message.id, body, wire))
        case Slack():
            post(target, packed(alert_messages.slack(message)), wire, {})
        case Teams():
            post(target, packed(alert_messages.teams(message)), wire, {})
    return ""


def signed(secret_env: str, name: str, id: str, body: bytes, wire: Wire) -> dict[str, str]:
    """The headers of a message: its id, and where a secret is named the signature. ConfigError where it is not set."""
    secret = held_in(secret_env, name)
    return {"webhook-id": id, **(signature(secret, id, int(wire.clock()), body) if secret else {})}


def signature(secret: str, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that prove who sent `body`, and when. A secret of the form whsec_BASE64 is decoded first."""
    signed = b".".join([id.encode(), str(timestamp).encode(), body])
    made = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
    return {"webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{made}"}


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def packed(body: dict[str, Any]) -> bytes:
    """JSON as it is sent, and signed."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def post(target: Address, body: bytes, wire: Wire, headers: dict[str, str]) -> None:
    """One JSON message over HTTP, once; NotSent unless the answer is 2xx. The address may be a secret: no error names it.

    Of an answer no more is read than is needed: neither an endless one nor one that drips keeps us.
    """
    url = held_in(target.url_env, target.name)
    kind = {"content-type": "application/json; charset=utf-8"}
    try:
        with wire.client.stream("POST", url, content=body, headers={**kind, **headers}) as answer:
            _judge(answer, target, _begun(answer), url)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        said = f"{target.name}: what stands in {target.url_env} is no web address."
        raise NotSent(said, remedy="Begin it with https://.") from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        said = f"{target.name}: it cannot be reached ({type(error).__name__})."
        raise NotSent(said, remedy="It is tried again.", busy=True) from None
    except httpx2.HTTPError as error:
        said = f"{target.name}: no answer came ({type(error).__name__}), so the message may have arrived."
        raise NotSent(said, remedy="It is sent again in a while.", busy=True, arrived=True) from None


def _begun(answer: httpx2.Response) -> str:
    """The first characters of an answer, '' where none come. The status is what counts: it is here already."""
    held, until = b"", time.monotonic() + TIMEOUT
    try:
        for part in answer.iter_bytes():
            held += part
            if len(held) > ANSWER_BYTES or time.monotonic() > until:
                break
    except httpx2.HTTPError:
        pass
    return held[:ANSWER_BYTES].decode(errors="replace")


def _judge(answer: httpx2.Response, target: Address, text: str, url: str) -> None:
    if 200 <= answer.status_code < 300:
        return
    if answer.status_code in BUSY:
        busy = NotSent(
            f"{target.name}: it answers {answer.status_code}.", remedy="It is tried again.", busy=True
        )
        named = answer.headers.get("retry-after", "").strip()
        busy.wait = float(named) if named.isdecimal() else None
        raise busy
    said = " ".join(text[:400].split())[:120]
    if any(part in text for part in _secrets(url)):
        said = ""  # it repeats the address
    refused = NotSent(
        f"{target.name}: it answers {answer.status_code}{f' ({said})' if said else ''}.",
        remedy=f"Check the address in {target.url_env}.",
    )
    refused.gone = answer.status_code == GONE
    raise refused


def _secrets(url: str) -> list[str]:
    """The address, and what in it may be secret: parts of its path, values of its query, its name and password."""
    address = httpx2.URL(url)
    values = [value for _, value in address.params.multi_items()]
    written = [pair.rpartition("=")[2] for pair in address.query.decode("ascii").split("&")]
    parts = [*address.path.split("/"), *values, *written, address.username, address.password]
    return [url, *(one for one in parts if len(one) > 3)]


def _letter(target: Email, message: Message, owner: str) -> str:
    """By SMTP; '' or a sentence on the addresses that were refused."""
    to = tuple(dict.fromkeys([*target.to, *([owner] if target.to_owner and owner else [])]))
    if not to:
        raise NotSent(
            f"{target.name}: there is nobody to write to.", remedy="Give `to`, or an e-mail of the reason."
        )
    letter = alert_messages.email(message, sender=target.sender, to=to)
    taken = False
    try:
        with _reached(target) as server:
            refused = server.send_message(letter)
            taken = True
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(target, error.recipients) from None
    except (OSError, smtplib.SMTPException) as error:
        if not taken:  # else it was taken, whatever was said at the farewell
            raise _not_taken(target, error) from None
    return str(_refused(target, refused)) if refused else ""


def _reached(target: Email) -> smtplib.SMTP:
    """As `_open`; whatever fails here, no message was handed over."""
    try:
        return _open(target)
    except smtplib.SMTPResponseException as error:
        raise _not_taken(target, error) from None
    except (OSError, smtplib.SMTPException) as error:
        said = f"{target.name}: {target.host} cannot be reached ({type(error).__name__})."
        raise NotSent(said, remedy="Check host, port and security.", busy=True) from None


def _not_taken(target: Email, error: Exception) -> NotSent:
    if isinstance(error, smtplib.SMTPResponseException):
        said = f"{target.name}: {target.host} answers {error.smtp_code}."
        return NotSent(said, remedy="Check its settings.", busy=error.smtp_code < 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent(f"{target.name}: {target.host} does not take these addresses.", remedy="Check them.")
    said = (
        f"{target.name}: {target.host} fell silent ({type(error).__name__}), so the message may have arrived."
    )
    return NotSent(said, remedy="It is sent again in a while.", busy=True, arrived=True)


def _open(target: Email) -> smtplib.SMTP:
    """A connection that is encrypted as the settings say, and signed in where they name an account."""
    user, password = held_in(target.username_env, target.name), held_in(target.password_env, target.name)
    if target.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            target.host, target.port, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(target.host, target.port, timeout=TIMEOUT)
    try:
        if target.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if user:
            server.login(user, password)
    except BaseException:
        server.close()
        raise
    return server


def _refused(target: Email, addresses: dict[str, tuple[int, bytes]]) -> NotSent:
    codes = {code for code, _ in addresses.values()}
    said = f"{target.name}: {target.host} refuses {', '.join(sorted(addresses))} ({min(codes)})."
    return NotSent(said, remedy="Check the addresses.", busy=all(code < 500 for code in codes))
