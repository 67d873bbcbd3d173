"""The unmodified ccxt client at the venue that trades: over TLS on loopback, or in one process on a set clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import ccxt.async_support

from tests.venue.trading_clock import VenueClock
from tests.venue.trading_nouns import Filters, Listing
from tests.venue.trading_transport import VenueSession
from tests.venue.trading_venue import TradingVenue

WINDOW_MS = 5_000


def stocked_venue(clock: VenueClock) -> TradingVenue:
    """Bitcoin at 50 000 and ether at 2 000, and an account with 100 000 USDT on either market."""
    venue = TradingVenue(clock)
    for base, price in (("BTC", 50_000), ("ETH", 2_000)):
        venue.spot.list_symbol(Listing(f"{base}USDT", base, Decimal(price)))
    filters = Filters(step=Decimal("0.001"), smallest=Decimal("0.001"), most_algo_orders=10)
    for base, price in (("BTC", 50_000), ("ETH", 2_000)):
        venue.contracts.list_symbol(Listing(f"{base}USDT", base, Decimal(price), filters=filters))
    venue.spot.wallet.deposit("USDT", 100_000)
    venue.contracts.cash = Decimal(100_000)
    return venue


def settings_of(venue: TradingVenue, kind: str = "spot") -> dict[str, Any]:
    """What a careful caller gives ccxt; `kind` is `spot` or `swap`."""
    return {
        "apiKey": venue.key.api_key,
        "secret": venue.key.secret,
        "timeout": 10_000,
        "enableRateLimit": False,
        "aiohttp_trust_env": True,
        "options": {
            "defaultType": kind,
            "fetchCurrencies": False,
            "fetchMargins": False,
            "fetchMarkets": {"types": ["spot" if kind == "spot" else "linear"]},
            "include_OS_certificates": True,
            "recvWindow": WINDOW_MS,
            "fetchOpenOrders": {"warnWithoutSymbol": False},
        },
    }


@asynccontextmanager
async def client_over_tls(venue: TradingVenue, kind: str = "spot", **extra: Any) -> AsyncIterator[Any]:
    """Led to the venue by the environment alone."""
    client = ccxt.async_support.binance({**settings_of(venue, kind), **extra})
    try:
        yield client
    finally:
        client.timeout_on_exit = 0
        await client.close()


def play_over_tls(
    venue: TradingVenue, scene: Callable[[Any], Awaitable[Any]], kind: str = "spot", **extra: Any
) -> Any:
    """What a scene with that client comes to."""

    async def played() -> Any:
        async with client_over_tls(venue, kind, **extra) as client:
            return await scene(client)

    return asyncio.run(played())


def seated_client(
    venue: TradingVenue,
    kind: str = "spot",
    wait: Callable[[float], Awaitable[None]] | None = None,
    latency_ms: int = 0,
) -> Any:
    """In one process: no sockets, and the venue's true time is the client's too."""
    session = VenueSession(venue, wait, latency_ms)
    client = ccxt.async_support.binance({**settings_of(venue, kind), "session": session})
    client.milliseconds = venue.clock.true_ms
    return client
