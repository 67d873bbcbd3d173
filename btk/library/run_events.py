"""A run as something to iterate over: its opened and closed signals, as they happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from btk.library.background import Background
from btk.library.event_bus import BUS, EventBus
from btk.library.listener import Wish
from btk.model.errors import UsageError
from btk.model.told import Told

R = TypeVar("R")
E = TypeVar("E", bound=Told)


class RunEvents(Generic[R, E]):
    """`for event in ..` or `async for event in ..`: the run begins with the loop and, when the loop is left, is stopped.

    An error that ends the run is raised after its last event. `run` is the run itself: `run.wait()` has its result.
    """

    def __init__(
        self, run: Background[R], begin: Callable[[], None], topic: str, bus: EventBus = BUS
    ) -> None:
        self.run = run
        self._begin = begin
        self._topic = topic
        self._bus = bus

    def __iter__(self) -> Iterator[E]:
        with self._stream() as following:
            while (told := following()) is not None:
                yield told
        self._raise()

    async def __aiter__(self) -> AsyncIterator[E]:
        with self._stream() as following:
            while (told := await asyncio.to_thread(following)) is not None:
                yield told
        self._raise()

    @contextmanager
    def _stream(self) -> Iterator[Callable[[], E | None]]:
        if self.run.has_begun:
            raise UsageError("a run is looped over once; ask for another one")
        told: SimpleQueue[Any] = SimpleQueue()
        wish = Wish(told.put, lambda payload: payload.run_id == self.run.run_id)
        unsubscribe = self._bus.subscribe(self._topic, wish)
        self.run.when_ended(lambda: told.put(None))
        try:
            self._begin()
            yield told.get
        finally:
            unsubscribe()
            # A thread may still be waiting for an event.
            told.put(None)
            if self.run.status == "running":
                self.run.stop()

    def _raise(self) -> None:
        if self.run.error is not None:
            raise self.run.error
