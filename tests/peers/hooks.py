"""A receiver of webhooks on loopback: it keeps what it was sent, and answers as told."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Hooks:
    """got: (path, headers in lower case, body) of every request. answers: statuses given first, then 200.

    slow: seconds an answer takes; retry_after: the header told with any other status than 200
    """

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: deque[int] = deque()
        self.slow = 0.0
        self.retry_after = ""

    def bodies(self, path: str) -> list[Any]:
        """The bodies that came in at a path, as JSON."""
        return [json.loads(body) for at, _, body in self.got if at == path]

    def __enter__(self) -> Self:
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

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"
