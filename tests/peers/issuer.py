"""An OpenID Connect issuer on loopback: discovery, keys, and a token endpoint that checks what RFC 6749 and 7636 ask.

Where a browser would be asked who it is, the test says so: `consent` turns the address it was sent to into a code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.peers.serving import Serving

CLIENT, SECRET = "forecall", "s:cr t"


@dataclass
class Issuer(Serving):
    """claims: of the next token, over the usual ones; None takes one away. way: how a client says who it is."""

    now: int
    claims: dict[str, Any] = field(default_factory=dict)
    way: str = "client_secret_basic"
    calls_itself: str = ""
    signs_with: Any = None
    algorithm: str = "ES256"
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.codes: dict[str, dict[str, str]] = {}
        self.rotate()

    def rotate(self) -> None:
        """Another key; the one before is no longer published."""
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig"}, private=True)

    def consent(self, address: str) -> dict[str, str]:
        """The browser came, and said who it is -> what it brings back."""
        given = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        assert given["response_type"] == "code" and given["client_id"] == CLIENT
        assert given["code_challenge_method"] == "S256" and "openid" in given["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = given
        return {"code": code, "state": given["state"], "iss": self.url}

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            named = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            told = {name: self.url + where for name, where in named.items()}
            ways = {"token_endpoint_auth_methods_supported": [self.way]}
            return 200, {"issuer": self.calls_itself or self.url, **told, **ways}
        if path == "/keys":
            strange = {"kty": "XYZ", "kid": "of tomorrow"}
            return 200, {"keys": [strange, self.key.as_dict(private=False)]}
        return 404, {}

    def token(self, form: dict[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if base64.urlsafe_b64encode(challenge).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if self.way == "client_secret_basic":
            name, _, secret = base64.b64decode(basic.removeprefix("Basic ")).decode().partition(":")
            name, secret = unquote(name), unquote(secret)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        if (name, secret) != (CLIENT, SECRET if self.way != "none" else ""):
            return 401, {"error": "invalid_client"}
        usual = {"iss": self.url, "sub": "a-1", "aud": CLIENT, "iat": self.now, "exp": self.now + 300}
        claims = {**usual, "nonce": asked["nonce"], "preferred_username": "Anna", **self.claims}
        kept = {name: value for name, value in claims.items() if value is not None}
        return 200, {"id_token": self.sign(kept), "access_token": "x", "token_type": "Bearer"}

    def sign(self, claims: dict[str, Any]) -> str:
        if self.algorithm == "none":
            parts = (json.dumps(one).encode() for one in ({"alg": "none"}, claims))
            return ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts) + "."
        key = self.signs_with or self.key
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return str(jwt.encode(header, claims, key, algorithms=[self.algorithm]))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                self._say(*issuer.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {name: one[0] for name, one in parse_qs(body).items()}
                issuer.asked.append(self.path)
                self._say(*issuer.token(form, self.headers.get("authorization", "")))

            def _say(self, status: int, said: dict[str, Any]) -> None:
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def shared_secret() -> OctKey:
    """The client's secret as a key: it signs nothing that proves anything."""
    return OctKey.import_key(SECRET.encode().ljust(32, b" "))
