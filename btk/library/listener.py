"""One listener: what waits for it, and the thread in which it is told, one payload after the other."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from inspect import isawaitable
from queue import SimpleQueue
from typing import Any, NamedTuple, Protocol

from btk.model.told import Told

MOST_WAITING = 10_000
LOOK_SECONDS = 0.05


class Report(Protocol):
    """Told what went wrong with a listener, at which payload; `waits`: the caller has time."""

    def __call__(self, listener: Listener, payload: Told, message: str, waits: bool) -> None:
        """Something went wrong."""


class Wish(NamedTuple):
    """Call `callback`, plain or async, with payloads for which `where` holds; with `once` only with the first."""

    callback: Callable[[Any], Any]
    where: Callable[[Any], bool] | None = None
    once: bool = False


class Listener:
    """`leave` is called when it hears no more, `report` when it failed or was told less than there was."""

    def __init__(self, name: str, wish: Wish, leave: Callable[[Listener], None], report: Report) -> None:
        self.name = name
        self._wish = wish
        self._leave = leave
        self._report = report
        self._waiting: SimpleQueue[Told | threading.Event | None] = SimpleQueue()
        self._open = True
        self._lost = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether it is as far behind as it may be."""
        return self._waiting.qsize() >= MOST_WAITING

    def put(self, payload: Told) -> None:
        """Tell it when its turn comes."""
        if self._lost:
            lost, self._lost = self._lost, 0
            self._report(self, payload, f"it was {MOST_WAITING} behind and has lost {lost}", waits=False)
        if self._thread is None:
            self._start()
        self._waiting.put(payload)

    def lose(self, payload: Told) -> None:
        """It is too far behind to be told this."""
        if not self._lost:
            words = f"it is {MOST_WAITING} behind and loses what comes until it is not"
            self._report(self, payload, words, waits=False)
        self._lost += 1

    def settle(self, until: float) -> None:
        """Come back when it has heard everything so far, or at a time of the monotonic clock; at once in its thread."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        heard = threading.Event()
        self._waiting.put(heard)
        while not heard.wait(LOOK_SECONDS) and thread.is_alive() and time.monotonic() < until:
            pass

    def close(self) -> None:
        """Hear no more: no call begins after this."""
        self._open = False
        self._leave(self)
        self._waiting.put(None)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        with asyncio.Runner() as runner:
            while (item := self._waiting.get()) is not None:
                if isinstance(item, threading.Event):
                    item.set()
                elif self._open:
                    self._tell(item, runner)

    def _tell(self, payload: Told, runner: asyncio.Runner) -> None:
        wish = self._wish
        try:
            if wish.where is not None and not wish.where(payload):
                return
            if wish.once:
                self.close()
            answer = wish.callback(payload)
            if isawaitable(answer):
                runner.run(_awaited(answer))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a listener may raise anything; it stops nobody else
            self._report(self, payload, f"{type(error).__name__}: {error}", waits=True)


async def _awaited(answer: Any) -> None:
    await answer
