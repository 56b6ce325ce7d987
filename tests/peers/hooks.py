"""A receiver of webhooks on loopback: it keeps what it was sent, and answers as told."""

from __future__ import annotations

import json
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers.serving import Serving


class Hooks(Serving):
    """got: (path, headers in lower case, body) of every request. answers: statuses given first, then 200.

    slow: seconds an answer takes; retry_after: the header told with any other status than 200
    """

    SERVER = ThreadingHTTPServer

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: deque[int] = deque()
        self.slow = 0.0
        self.retry_after = ""

    def bodies(self, path: str) -> list[Any]:
        """The bodies that came in at a path, as JSON."""
        return [json.loads(body) for at, _, body in self.got if at == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                hooks.got.append(
                    (self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                )
                time.sleep(hooks.slow)
                status = hooks.answers.popleft() if hooks.answers else 200
                try:
                    self.send_response(status)
                    if hooks.retry_after and status != 200:
                        self.send_header("retry-after", hooks.retry_after)
                    self.send_header("content-length", "2")
                    self.end_headers()
                    self.wfile.write(b"ok")
                except OSError:  # the client gave up
                    return

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler
