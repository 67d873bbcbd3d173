"""An event loop whose time jumps to whatever is due next, and the venue's clock on it: waits cost nothing."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple, Unpack

from tests.venue.trading_clock import VenueClock

T = TypeVar("T")
Given = TypeVarTuple("Given")


class NothingLeft(RuntimeError):
    """Everybody waits for somebody else."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeft("no task of the loop is ready or waits for a time")
        self._jump(max(0.0, timeout))
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Single-threaded: what is meant for a thread is done at once."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Jumping(self._jump))

    def time(self) -> float:
        return self._now

    def run_in_executor(
        self, executor: Any, func: Callable[[Unpack[Given]], T], *args: *Given
    ) -> asyncio.Future[T]:
        async def at_once() -> T:
            return func(*args)

        return self.create_task(at_once())

    def _jump(self, seconds: float) -> None:
        self._now += seconds


class LoopClock(VenueClock):
    """The true time is `start_ms` and what the loop has let pass; what is late is done at its moment."""

    def __init__(self, loop: VirtualLoop, start_ms: int) -> None:
        super().__init__(lambda: start_ms + round(loop.time() * 1000))
        self._loop = loop

    def call_at(self, due_ms: int, act: Callable[[], object]) -> None:
        super().call_at(due_ms, act)
        self._loop.call_later(max(0, due_ms - self.true_ms()) / 1000, self.settle)


def run_virtual(start_ms: int, main: Callable[[LoopClock], Coroutine[Any, Any, T]]) -> T:
    """Like `asyncio.run`, with a venue's clock in hand."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(main(LoopClock(loop, start_ms)))
