"""Ticks: when the next one is due, and which minutes are known then; recorded ones at once, live ones when they close."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from btk.engines.catch_up import FRESH_MS
from btk.engines.exchange_clock import ExchangeClock
from btk.model.dates import format_date
from btk.model.errors import Fatal, Transient, Unknown
from btk.model.intervals import MINUTE_MS, floor_to
from btk.ports import MarketFeed

SETTLE_MS = 1_000
"""What an exchange is given to finish a minute after its close."""
LAST_CALL_MS = 15_000
"""So long after its close a minute is asked for within its own tick; later it is caught up on at the next."""
BETWEEN_CALLS_SECONDS = 2.0
MOST_CALLS = 8

MOST_BEHIND_MS = 2 * MINUTE_MS
"""A clock that says it is longer before what a run has seen is wrong, or was."""

MOST_SKEW_MS = 10_000
"""A wall clock that is farther off is worth an alarm; nothing is decided by it."""


class Ticks(Protocol):
    """The ticks of a run in order."""

    async def next(self, after_ms: int, wake: asyncio.Event) -> int | None:
        """The next tick to go to, as late as possible where several have passed; None: woken, or there is none."""

    async def known(self, tick_ms: int, leaving: asyncio.Event) -> dict[str, int]:
        """By symbol, the moment up to which its minutes are known at a tick; `leaving`: no more is waited for."""

    def troubles(self) -> dict[str, str]:
        """What is wrong with the exchange's candles and clock, by subject."""


class ReplayTicks:
    """Every minute of a frame, as fast as they are asked for."""

    def __init__(self, symbols: Sequence[str], first_ms: int, last_ms: int) -> None:
        self._symbols = symbols
        self._first_ms = first_ms
        self._last_ms = last_ms

    async def next(self, after_ms: int, wake: asyncio.Event) -> int | None:
        """The minute after."""
        tick_ms = max(after_ms + MINUTE_MS, self._first_ms)
        return None if tick_ms > self._last_ms or wake.is_set() else tick_ms

    async def known(self, tick_ms: int, leaving: asyncio.Event) -> dict[str, int]:
        """All are."""
        return dict.fromkeys(self._symbols, tick_ms)

    def troubles(self) -> dict[str, str]:
        """None."""
        return {}


class LiveTicks:
    """The minutes of a feed as they close; `since` is the first minute of each symbol that has to be known."""

    def __init__(self, feed: MarketFeed, clock: ExchangeClock, since: dict[str, int]) -> None:
        self._feed = feed
        self._clock = clock
        self._since = since
        self._silent: dict[str, str] = {}
        self._reached_ms = 0

    async def next(self, after_ms: int, wake: asyncio.Event) -> int | None:
        """The newest minute that has closed; waits for it where `after_ms` is the newest, but no longer than a minute."""
        self._reached_ms = after_ms
        soon_ms = max(self._clock.now_ms(), 0) + MINUTE_MS + SETTLE_MS
        await self._clock.wait_until(min(after_ms + MINUTE_MS + SETTLE_MS, soon_ms), wake)
        tick_ms = floor_to(self._clock.now_ms() - SETTLE_MS, MINUTE_MS)
        return tick_ms if tick_ms > after_ms and not wake.is_set() else None

    async def known(self, tick_ms: int, leaving: asyncio.Event) -> dict[str, int]:
        """All that can be had within the tick; who is silent is asked again until then."""
        behind = list(self._since)
        for again in range(MOST_CALLS):
            if again:
                await self._clock.pause(BETWEEN_CALLS_SECONDS, leaving)
            await unless_set(leaving, asyncio.gather(*(self._fetch(symbol, tick_ms) for symbol in behind)))
            behind = [symbol for symbol in behind if self._feed.known_ms(symbol) < tick_ms]
            if not behind or leaving.is_set() or self._clock.now_ms() > tick_ms + LAST_CALL_MS:
                break
        for symbol in behind:
            self._silent.setdefault(symbol, "the exchange has no newer candle")
        return {symbol: min(self._feed.known_ms(symbol), tick_ms) for symbol in self._since}

    def why(self, symbol: str) -> str:
        """Why a symbol's newest minutes are not known."""
        return self._silent.get(symbol, "")

    def troubles(self) -> dict[str, str]:
        """Symbols whose newest candle is stale, a clock that cannot be asked, a machine whose own clock is wrong."""
        now_ms, clock = self._clock.now_ms(), self._clock
        found = {
            f"candles of {symbol}": f"the newest is stale, so nothing is opened: {why}"
            for symbol, why in self._silent.items()
            if now_ms - self._feed.known_ms(symbol) >= FRESH_MS
        }
        if now_ms < self._reached_ms - MOST_BEHIND_MS:
            found["run clock"] = (
                f"the exchange says it is {format_date(now_ms)}, but the run has come to"
                f" {format_date(self._reached_ms)}: nothing is decided until then; where the run's clock was wrong,"
                " leave it (SIGTERM) and start it again with --set-back"
            )
        if clock.lost:
            found["exchange clock"] = f"it could not be measured again: {clock.lost}"
        if abs(clock.skew_ms) > MOST_SKEW_MS:
            found["machine clock"] = (
                f"it is {clock.skew_ms / 1000:+.0f} s off the exchange's; set it, with NTP"
            )
        return found

    async def _fetch(self, symbol: str, tick_ms: int) -> None:
        self._silent.pop(symbol, None)
        try:
            await self._feed.fetch(symbol, self._since[symbol], tick_ms)
        except (Transient, Unknown, Fatal) as error:
            self._silent[symbol] = str(error)


async def unless_set(leaving: asyncio.Event, work: asyncio.Future[Any]) -> None:
    """Wait for some work; once `leaving` is set it is given up."""
    left = asyncio.ensure_future(leaving.wait())
    try:
        await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        left.cancel()
        work.cancel()
