"""A server on loopback in a thread of its own, from `with` to its end."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self


class Serving:
    """Base of the peers: `_handler` says who answers a connection; SERVER what listens."""

    SERVER: type[socketserver.TCPServer] = socketserver.ThreadingTCPServer

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        """A new class of handlers that know this peer."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._server = self.SERVER(("127.0.0.1", 0), self._handler())
        if isinstance(self._server, socketserver.ThreadingMixIn):
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
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
