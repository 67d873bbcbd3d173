"""A machine whose time goes by when somebody waits, as fast as it can, and at whose minutes something happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

MINUTE_SECONDS = 60


class SteppedHost:
    """Implements the door `Host`. `plan` has what happens so many minutes after `start_ms`, half a minute later."""

    def __init__(self, start_ms: int, plan: Mapping[int, Callable[[], object]]) -> None:
        self._start_ms = start_ms
        self._passed = 0.0
        self._plan = dict(plan)

    def monotonic(self) -> float:
        return self._passed

    def wall_ms(self) -> int:
        return self._start_ms + round(self._passed * 1000)

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        self._passed += seconds
        minute, second = divmod(self._passed, MINUTE_SECONDS)
        if second >= MINUTE_SECONDS / 2 and int(minute) in self._plan:
            self._plan.pop(int(minute))()
        await asyncio.sleep(0)
