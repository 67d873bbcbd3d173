"""The machine a live run is on: its clocks, and waiting by the one that never goes back."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress


class ThisHost:
    """Seconds of `monotonic` go on while the machine sleeps, where the system has such a clock."""

    _CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def monotonic(self) -> float:
        """Seconds since the machine was started."""
        return time.clock_gettime(self._CLOCK)

    def wall_ms(self) -> int:
        """What the wall clock says, UTC milliseconds."""
        return time.time_ns() // 1_000_000

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        """Come back after so long, or when `wake` is set."""
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), seconds)
