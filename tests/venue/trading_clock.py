"""The venue's time: set by the test, or running; what is due later is done at its moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class VenueClock:
    """`now_ms` is what the venue believes, `skew_ms` ahead of `true_ms`; `source` tells the true time."""

    def __init__(self, source: Callable[[], int]) -> None:
        self.skew_ms = 0
        self._source = source
        self._held_ms: int | None = None
        self._due: list[tuple[int, int, Callable[[], object]]] = []
        self._turns = count()

    def true_ms(self) -> int:
        return self._source() if self._held_ms is None else self._held_ms

    def now_ms(self) -> int:
        return self.true_ms() + self.skew_ms

    def call_at(self, due_ms: int, act: Callable[[], object]) -> None:
        """Done by the first `settle` at or after that true time, with the clock at `due_ms`."""
        heappush(self._due, (due_ms, next(self._turns), act))

    def settle(self) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= self._source():
            due_ms, _, act = heappop(self._due)
            self._held_ms = due_ms
            try:
                act()
            finally:
                self._held_ms = None


class SetClock(VenueClock):
    """Time that only the test moves."""

    def __init__(self, now_ms: int) -> None:
        super().__init__(lambda: self._now_ms)
        self._now_ms = now_ms

    def advance(self, ms: int) -> None:
        """Time passes; what falls due on the way is done at its moment."""
        end_ms = self._now_ms + ms
        while self._due and self._due[0][0] <= end_ms:
            self._now_ms = max(self._now_ms, self._due[0][0])
            self.settle()
        self._now_ms = end_ms


def running_clock() -> VenueClock:
    """The time of this machine, for clients that have no other."""
    return VenueClock(lambda: time.time_ns() // 1_000_000)
