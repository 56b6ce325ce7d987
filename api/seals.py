"""What a browser keeps for us: signed (HMAC-SHA256), with an end, and without a secret in it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

COOKIE = "forecall_session"


class Seal:
    """Signed texts: `subject.expiry.signature`. A subject is of letters, figures, `-`, `_` and `=`.

    Subjects of sessions: `key-ID` or `user-ID-MARK`, where the mark changes with the password.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, subject: str, until: dt.datetime) -> str:
        """A signed text, good until then."""
        body = f"{subject}.{int(until.timestamp())}"
        return f"{body}.{self._sign(body)}"

    def read(self, sealed: str, now: dt.datetime) -> str | None:
        """The subject, or None for a text that is not ours, was changed or ran out."""
        body, _, signature = sealed.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(body).encode()):
            return None
        subject, _, until = body.partition(".")
        return subject if int(until) > now.timestamp() else None

    def _sign(self, body: str) -> str:
        return hmac.new(self._secret, body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
