"""The exchange's time, measured: candles and ticks go by it, waiting by the machine's clock that never goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from btk.model.errors import Transient, Unknown
from btk.ports import Host

MEASURE_EVERY_SECONDS = 300.0
STEP_MS = 2_000
"""The wall clock and the other one have parted by so much since they were compared: one of them was set."""
LONGEST_PAUSE_SECONDS = 1.0
DOUBTFUL_MS = 30_000
"""A measurement that differs so much from what our clocks say is believed only when it is repeated."""
REPEATS, REPEAT_SECONDS = 5, 10.0
"""So often and so far apart: for longer than an exchange stumbles."""


class _Doubted(NamedTuple):
    ahead_ms: float
    times: int


class ExchangeClock:
    """`measure` before `now_ms`. A measurement that fails leaves the last one; `lost` says why then."""

    def __init__(self, host: Host, ask: Callable[[], Awaitable[int]]) -> None:
        self._host = host
        self._ask = ask
        self._ahead_ms = 0.0
        self._measured_at = 0.0
        self._wall_ahead_ms = 0.0
        self._is_measured = False
        self._doubted = _Doubted(0.0, 0)
        self.lost = ""

    async def measure(self) -> None:
        """Ask the exchange; what the answer took on its way makes our time a little late, never early."""
        exchange_ms = await self._ask()
        now = self._host.monotonic()
        ahead_ms = exchange_ms - now * 1000
        if self._is_measured and self._is_doubtful(ahead_ms):
            self.lost = (
                f"it says it is {(ahead_ms - self._ahead_ms) / 1000:+.0f} s off from one moment to the next"
            )
            self._measured_at = now - MEASURE_EVERY_SECONDS + REPEAT_SECONDS
            self._wall_ahead_ms = self._wall_ms()
            return
        self._is_measured, self._measured_at = True, now
        self._ahead_ms = ahead_ms
        self._wall_ahead_ms = self._wall_ms()
        self.lost = ""

    def _is_doubtful(self, ahead_ms: float) -> bool:
        # A tick that is ahead of the market would be the last one until the market has come to it.
        moved_ms = ahead_ms - self._ahead_ms
        # A machine that slept: its wall clock says the same as the exchange.
        slept_ms = self._wall_ms() - self._wall_ahead_ms
        if min(abs(moved_ms), abs(moved_ms - slept_ms)) < DOUBTFUL_MS:
            self._doubted = _Doubted(0.0, 0)
            return False
        same = abs(ahead_ms - self._doubted.ahead_ms) < DOUBTFUL_MS
        self._doubted = _Doubted(ahead_ms, self._doubted.times + 1 if same else 1)
        return self._doubted.times < REPEATS

    def now_ms(self) -> int:
        """The exchange's time now."""
        return int(self._host.monotonic() * 1000 + self._ahead_ms)

    @property
    def skew_ms(self) -> int:
        """How far this machine's wall clock is ahead of the exchange."""
        return self._host.wall_ms() - self.now_ms()

    async def wait_until(self, at_ms: int, wake: asyncio.Event) -> None:
        """Until the exchange's time is `at_ms`, or `wake` is set; in small pieces, each looking at the clocks anew."""
        while not wake.is_set():
            await self._keep_true()
            left_ms = at_ms - self.now_ms()
            if left_ms <= 0:
                return
            await self._host.pause(min(left_ms / 1000, LONGEST_PAUSE_SECONDS), wake)

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        """A little while, whatever any clock says."""
        await self._host.pause(seconds, wake)

    async def _keep_true(self) -> None:
        old = self._host.monotonic() - self._measured_at > MEASURE_EVERY_SECONDS
        if not old and abs(self._wall_ms() - self._wall_ahead_ms) < STEP_MS:
            return
        try:
            await self.measure()
        except (Transient, Unknown) as error:
            self.lost = str(error)
            self._measured_at, self._wall_ahead_ms = self._host.monotonic(), self._wall_ms()

    def _wall_ms(self) -> float:
        return self._host.wall_ms() - self._host.monotonic() * 1000
