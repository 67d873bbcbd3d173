"""One gate for all requests of this process to one venue: pauses it asked for, its budget, and who goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from enum import IntEnum

from btk.adapters.ccxt_client import told_seconds
from btk.adapters.venue_pause import VenuePause
from btk.model.errors import Transient

_TOO_MANY, _BANNED = 429, 418
_UNTOLD_SECONDS = {_TOO_MANY: 10.0, _BANNED: 120.0}
_SPREAD_SECONDS = 0.25
_WINDOW_SECONDS = 60.0
_USED_WEIGHT = "x-mbx-used-weight-1m"


class Priority(IntEnum):
    """Who goes first when requests have to queue."""

    SAFETY = 0
    ORDER = 1
    RECONCILE = 2
    READ = 3


# The share of the venue's budget from which on a priority waits; stops and closes never do.
_BUDGET_SHARE = {Priority.RECONCILE: 0.95, Priority.READ: 0.8}


class Held(Transient):
    """Nothing was sent: the venue wants to be left alone for `seconds`, longer than this request may wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing was sent: the exchange wants no request for {seconds:.0f} s")
        self.seconds = seconds


INHERITED_SECONDS = 300.0
"""A wall clock that was set back must not hold a start for longer."""


class RequestGate:
    """`weight_limit` is the venue's budget a minute, 0 for none; `places` how many requests may be on the way at once.

    Seconds are of a clock that never steps. `shared` tells other processes of pauses; a new one begins in the pause
    that is on, up to `INHERITED_SECONDS` of it.
    """

    def __init__(
        self,
        weight_limit: int = 0,
        places: int = 8,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        shared: VenuePause | None = None,
    ) -> None:
        self._weight_limit = weight_limit
        self._free = places
        self._monotonic = monotonic
        self._sleep = sleep
        self._shared = shared
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tickets = itertools.count()
        inherited = shared.left_seconds() if shared is not None else 0.0
        self._until = monotonic() + min(inherited, INHERITED_SECONDS)
        self._used = 0
        self._used_until = 0.0

    @asynccontextmanager
    async def turn(self, priority: Priority, patience_seconds: float = 10.0) -> AsyncIterator[None]:
        """A request's turn; `Held` when that is further away than `patience_seconds`."""
        await self._pause_over(priority, patience_seconds)
        await self._place(priority)
        try:
            # A pause may have begun while this one stood in the queue.
            await self._pause_over(priority, patience_seconds)
            yield
        finally:
            self._free += 1
            self._admit()

    def pause_seconds(self) -> float:
        """For how long nothing at all may be sent; 0 when there is no pause."""
        return max(0.0, self._until - self._monotonic())

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """What an answer says about the budget, and whether it asks for a pause."""
        told = {name.lower(): value for name, value in headers.items()}
        used = told.get(_USED_WEIGHT, "")
        if used.isdigit():
            self._used, self._used_until = int(used), self._monotonic() + _WINDOW_SECONDS
        after = told.get("retry-after")
        if status in _UNTOLD_SECONDS or (after is not None and status >= 400):
            self._pause(told_seconds(after) or _UNTOLD_SECONDS.get(status, _UNTOLD_SECONDS[_TOO_MANY]))

    def _pause(self, seconds: float) -> None:
        self._until = max(self._until, self._monotonic() + seconds)
        if self._shared is not None:
            # Told, and asked at a start alone: its clock is the wall's, which could hold our stops when it steps back.
            self._shared.extend(seconds)

    async def _pause_over(self, priority: Priority, patience_seconds: float) -> None:
        while (left := max(self.pause_seconds(), self._budget_seconds(priority))) > 0:
            if left > patience_seconds:
                raise Held(left)
            patience_seconds -= left
            await self._sleep(left + random.uniform(0, _SPREAD_SECONDS))

    def _budget_seconds(self, priority: Priority) -> float:
        share = _BUDGET_SHARE.get(priority)
        if share is None or not self._weight_limit or self._used < share * self._weight_limit:
            return 0.0
        return max(0.0, self._used_until - self._monotonic())

    async def _place(self, priority: Priority) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._tickets), place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._free += 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._free and self._waiting:
            _, _, place = heapq.heappop(self._waiting)
            if not place.done():
                self._free -= 1
                place.set_result(None)
