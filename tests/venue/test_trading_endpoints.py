"""Every endpoint of the venue answers what ccxt asks there; what no other test asks is asked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.venue.trading_client import play_over_tls
from tests.venue.trading_venue import TradingVenue

BTC, SWAP = "BTC/USDT", "BTC/USDT:USDT"

Ask = Callable[[Any], Awaitable[Any]]
READ: dict[str, tuple[str, Ask, Callable[[Any], Any], Any]] = {
    "orders of spot": ("spot", lambda c: c.fetch_orders(BTC), len, 2),
    "open lists": ("spot", lambda c: c.private_get_openorderlist(), len, 0),
    "last price": (
        "spot",
        lambda c: c.public_get_ticker_price({"symbol": "BTCUSDT"}),
        lambda x: x["symbol"],
        "BTCUSDT",
    ),
    "ping of spot": ("spot", lambda c: c.public_get_ping(), dict, {}),
    "fees of spot": ("spot", lambda c: c.fetch_trading_fees(), lambda x: x[BTC]["taker"], 0.001),
    "orders of contracts": ("swap", lambda c: c.fetch_orders(SWAP), len, 2),
    "conditional orders": ("swap", lambda c: c.fetch_orders(SWAP, params={"trigger": True}), len, 1),
    "mark price": ("swap", lambda c: c.fetch_funding_rate(SWAP), lambda x: x["markPrice"], 50_000),
    "ping of contracts": ("swap", lambda c: c.fapipublic_get_ping(), dict, {}),
    "fee of a contract": ("swap", lambda c: c.fetch_trading_fee(SWAP), lambda x: x["taker"], 0.0005),
    "account settings": (
        "swap",
        lambda c: c.fapiprivate_get_accountconfig(),
        lambda x: x["dualSidePosition"],
        False,
    ),
    "balance, version 2": ("swap", lambda c: c.fapiprivatev2_get_balance(), lambda x: x[0]["asset"], "USDT"),
    "balance, version 3": ("swap", lambda c: c.fapiprivatev3_get_balance(), lambda x: x[0]["asset"], "USDT"),
}


async def stage(client: Any, kind: str) -> None:
    symbol = BTC if kind == "spot" else SWAP
    await client.create_order(symbol, "market", "buy", 0.01)
    await client.create_order(symbol, "limit", "buy", 0.01, 49_000)
    if kind == "swap":
        await client.create_order(symbol, "market", "sell", 0.01, None, {"stopLossPrice": 48_000})


@pytest.mark.parametrize("name", READ)
def test_what_is_asked_is_told(trading: TradingVenue, name: str) -> None:
    kind, ask, look, expected = READ[name]

    async def scene(client: Any) -> Any:
        await stage(client, kind)
        return await ask(client)

    assert look(play_over_tls(trading, scene, kind)) == expected


@pytest.mark.parametrize(("kind", "trigger"), [("spot", False), ("swap", False), ("swap", True)])
def test_all_orders_of_a_symbol_are_cancelled_at_once(
    trading: TradingVenue, kind: str, trigger: bool
) -> None:
    async def scene(client: Any) -> Any:
        await stage(client, kind)
        symbol, params = BTC if kind == "spot" else SWAP, {"trigger": True} if trigger else {}
        before = len(await client.fetch_open_orders(symbol, params=params))
        await client.cancel_all_orders(symbol, params)
        return before, len(await client.fetch_open_orders(symbol, params=params))

    assert play_over_tls(trading, scene, kind) == (1, 0)
