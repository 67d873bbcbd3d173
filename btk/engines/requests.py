"""Requests: what the loop asks of the strategy; a driver performs them, inline or beside other work.

Each covers a run of ticks, so that a replay pays one request for many minutes and a live tick is a run of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import isawaitable
from typing import Any

import msgspec

from btk.core.market import Market


class Answer(msgspec.Struct, frozen=True):
    """What the strategy said at `tick_ms`; `error` where it raised; `late`: it has not returned yet."""

    tick_ms: int
    value: Any = None
    error: BaseException | None = None
    late: bool = False


class Ask:
    """Call `method(market)` at each of `ticks` until it answers something other than None."""

    __slots__ = ("market", "method", "ticks")

    def __init__(self, method: Callable[[Market], Any], market: Market, ticks: Iterable[int]) -> None:
        self.method = method
        self.market = market
        self.ticks = ticks

    def perform(self) -> Answer | None:
        """The first answer, or None when there was none at any tick."""
        method, market = self.method, self.market
        try:
            for market.now_ms in self.ticks:
                value = method(market)
                if value is not None:
                    return Answer(market.now_ms, value)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a strategy may raise anything; it becomes an error event
            return Answer(market.now_ms, error=error)
        return None

    async def perform_async(self) -> Answer | None:
        """The same, for methods that are `async`."""
        method, market = self.method, self.market
        try:
            for market.now_ms in self.ticks:
                value = method(market)
                if isawaitable(value):
                    value = await value
                if value is not None:
                    return Answer(market.now_ms, value)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a strategy may raise anything; it becomes an error event
            return Answer(market.now_ms, error=error)
        return None


class Watch:
    """Call `hook(market, *args)` at each of `ticks`; stop after the tick at which a command was given."""

    __slots__ = ("args", "hook", "market", "ticks")

    def __init__(
        self, hook: Callable[..., Any], market: Market, args: tuple[Any, ...], ticks: Iterable[int]
    ) -> None:
        self.hook = hook
        self.market = market
        self.args = args
        self.ticks = ticks

    def perform(self) -> Answer:
        """The last tick it came to."""
        hook, market, args = self.hook, self.market, self.args
        try:
            for market.now_ms in self.ticks:
                hook(market, *args)
                if market._desk is not None:
                    break
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a strategy may raise anything; it becomes an error event
            return Answer(market.now_ms, error=error)
        return Answer(market.now_ms)

    async def perform_async(self) -> Answer:
        """The same, for hooks that are `async`."""
        hook, market, args = self.hook, self.market, self.args
        try:
            for market.now_ms in self.ticks:
                value = hook(market, *args)
                if isawaitable(value):
                    await value
                if market._desk is not None:
                    break
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a strategy may raise anything; it becomes an error event
            return Answer(market.now_ms, error=error)
        return Answer(market.now_ms)


class Ahead:
    """These questions will be put in this order; a driver may begin with them all at once."""

    __slots__ = ("asks",)

    def __init__(self, asks: Sequence[Ask]) -> None:
        self.asks = asks


Request = Ask | Watch | Ahead
