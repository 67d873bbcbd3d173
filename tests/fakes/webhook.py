"""A webhook on loopback that takes messages, refuses them, hangs up or never answers, as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

PATIENCE_SECONDS = 30


class Webhook:
    """`status` answers each request with a code; 0 hangs up, `hold()` makes requests wait for `release()`."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.asked = 0
        self.answered = 0
        self.status: Callable[[], int] = lambda: 200
        self._open = threading.Event()
        self._open.set()
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens, for Apprise."""
        return f"json://127.0.0.1:{self._server.server_port}"

    @property
    def lines(self) -> list[str]:
        """Every line of every message that was taken."""
        return [line for body in self.taken for line in body.splitlines()]

    def hold(self) -> None:
        """Let every request wait."""
        self._open.clear()

    def release(self) -> None:
        """Go on."""
        self._open.set()

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Until something about what was asked and taken is so; fails when it does not come to that."""
        with self._news:
            assert self._news.wait_for(true, timeout=PATIENCE_SECONDS), "it did not come to that"

    def _answer(self, message: dict[str, Any]) -> int:
        with self._news:
            self.asked += 1
            self._news.notify_all()
        self._open.wait(PATIENCE_SECONDS)
        status = self.status()
        with self._news:
            self.answered += 1
            if status == 200:
                self.taken.append(message["message"])
            self._news.notify_all()
        return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = webhook._answer(message)
                if not status:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                pass

        return Handler
