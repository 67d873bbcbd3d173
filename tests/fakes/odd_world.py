"""A machine and an exchange on which clocks and candles go wrong: the doors `Host` and `MarketFeed`, without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Self

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.adapters.recent_minutes import RecentMinutes
from btk.model.bars import Bars
from btk.model.errors import BtkError
from btk.model.intervals import MINUTE_MS


class OddHost:
    """True time goes by when somebody waits; `plan` has what happens so many seconds after `start_ms`.

    `wall_off_ms` is how wrong the wall clock is. `pauses` are the lengths of all waiting.
    """

    def __init__(self, start_ms: int, plan: Mapping[float, Callable[[], object]]) -> None:
        self.start_ms = start_ms
        self.passed = 0.0
        self.wall_off_ms = 0
        self.pauses: list[float] = []
        self._plan = dict(plan)

    @property
    def true_ms(self) -> int:
        """What time it is."""
        return self.start_ms + round(self.passed * 1000)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def wall_ms(self) -> int:
        return self.true_ms + self.wall_off_ms

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        self.pauses.append(seconds)
        self.passed += seconds
        for at in sorted(at for at in self._plan if at <= self.passed):
            self._plan.pop(at)()
        await asyncio.sleep(0)

    def sleep(self, seconds: float) -> None:
        """The whole machine does, or SIGSTOP has the process."""
        self.passed += seconds


class OddFeed:
    """Minutes that close by the host's true time. `silent` symbols have none after a moment, `broken` ones raise.

    `hangs`: no answer comes. Nothing is kept
    that is older than `oldest_ms`. `clock_off_ms` is how wrong the exchange's clock is; `calls` counts what it was asked.
    """

    def __init__(self, host: OddHost, minutes: Mapping[str, Bars]) -> None:
        self.source = RecentMinutes("test")
        self.clock_off_ms = 0
        self.silent: dict[str, int] = {}
        self.broken: dict[str, BtkError] = {}
        self.clock_error: BtkError | None = None
        self.hangs = False
        self.oldest_ms = 0
        self.calls = 0
        self._host = host
        self._minutes = minutes

    async def __aenter__(self) -> Self:
        self.calls += 1
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def exchange_ms(self) -> int:
        self.calls += 1
        if self.clock_error is not None:
            raise self.clock_error
        return self._host.true_ms + self.clock_off_ms

    def known_ms(self, symbol: str) -> int:
        return self.source.known_ms(symbol)

    async def fetch(self, symbol: str, from_ms: int, until_ms: int) -> None:
        self.calls += 1
        while self.hangs:
            await self._host.pause(1.0, asyncio.Event())
        if symbol in self.broken:
            raise self.broken[symbol]
        if not self.known_ms(symbol):
            self.source.begin(symbol, from_ms)
        held = self._minutes[symbol]
        closed_ms = self._host.true_ms // MINUTE_MS * MINUTE_MS
        end_ms = min(until_ms, closed_ms, held.end_ms, self.silent.get(symbol, until_ms))
        start_ms = self.known_ms(symbol)
        if start_ms < end_ms:
            first_ms = max(start_ms, self.oldest_ms)
            part = held.between(first_ms, end_ms)
            times = np.arange(first_ms, end_ms, MINUTE_MS)
            self.source.learn(symbol, CandleRows(times, np.stack(part.columns)), end_ms)
