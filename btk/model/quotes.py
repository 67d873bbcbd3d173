"""What an exchange shows at this moment: its order book and its last trades; live only."""

from __future__ import annotations

from typing import Literal

import msgspec


class OrderBook(msgspec.Struct, frozen=True, kw_only=True):
    """The best offers as (price in quote currency, quantity in base currency), the best one first; `at_ms` UTC."""

    symbol: str
    at_ms: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]


class PublicTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade between strangers; `side` is that of whoever came later."""

    at_ms: int
    price: float
    quantity: float
    side: Literal["buy", "sell"] | None
