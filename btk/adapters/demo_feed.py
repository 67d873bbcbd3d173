"""The demo exchange as it goes on: its minutes are computed as they close, its clock is this machine's at the start."""

from __future__ import annotations

from typing import Self

from btk.adapters.demo_exchange import DemoExchange
from btk.model.errors import DataError, NotRecorded
from btk.model.quotes import OrderBook, PublicTrade
from btk.ports import Host


class DemoFeed:
    """Needs no network."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._ahead_ms = host.wall_ms() - host.monotonic() * 1000
        self.source = DemoExchange(host.wall_ms())
        self._known: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def exchange_ms(self) -> int:
        """The wall clock's time when the feed was made, and what has passed since."""
        return int(self._host.monotonic() * 1000 + self._ahead_ms)

    def known_ms(self, symbol: str) -> int:
        """The moment up to which the minutes of a symbol are known."""
        return self._known.get(symbol, 0)

    async def fetch(self, symbol: str, from_ms: int, until_ms: int) -> None:
        """Let the market go on until then."""
        if until_ms > await self.exchange_ms():
            raise DataError(f"{symbol}: the minutes until {until_ms} are not closed yet")
        self.source.go_on(until_ms)
        self._known[symbol] = until_ms

    async def order_book(self, symbol: str) -> OrderBook:
        """There is none."""
        raise NotRecorded("the demo exchange has no order book: its minutes are computed")

    async def trades(self, symbol: str) -> tuple[PublicTrade, ...]:
        """There are none."""
        raise NotRecorded("the demo exchange has no single trades: its minutes are computed")
