"""Patience: a question that may be asked again is asked again, a little later each time, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from btk.core.order_course import pause_ms
from btk.model.errors import Transient, Unknown

T = TypeVar("T")
TRIES = 5


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer; the last error where there is none after 1, 2, 4 and 8 seconds. Not for what changes anything."""
    for tries in range(1, TRIES):
        try:
            return await ask()
        except (Transient, Unknown):
            await asyncio.sleep(pause_ms(tries) / 1000)
    return await ask()
