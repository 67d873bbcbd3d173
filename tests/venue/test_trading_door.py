"""The door of the venue over TLS on loopback: keys and their rights, signatures, clocks, weight and fees."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_client import play_over_tls
from tests.venue.trading_faults import is_cancel
from tests.venue.trading_venue import TradingVenue

BTC = "BTC/USDT"
ID = "b7c0" + "0" * 27 + "1"


def buy(client: Any, amount: float = 0.01, **params: Any) -> Awaitable[Any]:
    return client.create_order(BTC, "market", "buy", amount, None, params)


def test_the_rights_of_the_key_are_told(trading: TradingVenue) -> None:
    trading.key.can_withdraw = True
    rights = play_over_tls(trading, lambda client: client.sapi_get_account_apirestrictions())
    assert rights["enableWithdrawals"] is True


def test_a_wrong_secret_is_refused(trading: TradingVenue) -> None:
    trading.key.secret = "another"

    async def scene(client: Any) -> Any:
        client.secret = "fakesecret"
        await client.fetch_balance()

    with pytest.raises(told.AuthenticationError, match="-1022"):
        play_over_tls(trading, scene)


def test_a_revoked_key_looks_like_a_rate_limit_after_the_first_success(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        trading.key.is_revoked = True
        with pytest.raises(told.AuthenticationError, match="-2015"):
            await client.fetch_balance()
        trading.key.is_revoked = False
        await client.fetch_balance()
        trading.key.is_revoked = True
        with pytest.raises(told.DDoSProtection, match="-2015"):
            await client.fetch_balance()

    play_over_tls(trading, scene)


@pytest.mark.parametrize("skew_ms", [-2_000, 6_000])
def test_a_clock_too_far_off_is_refused_until_it_is_measured(trading: TradingVenue, skew_ms: int) -> None:
    trading.clock.skew_ms = skew_ms

    async def scene(client: Any) -> Any:
        await client.load_markets()
        with pytest.raises(told.InvalidNonce, match="-1021"):
            await buy(client)
        await client.load_time_difference()
        return await buy(client)

    assert play_over_tls(trading, scene)["status"] == "closed"


def test_used_weight_is_told_and_too_much_of_it_ends_in_a_pause(trading: TradingVenue) -> None:
    trading.weight_limit = 25

    async def scene(client: Any) -> Any:
        await client.public_get_exchangeinfo()
        used = client.last_response_headers["X-MBX-USED-WEIGHT-1M"]
        with pytest.raises(told.DDoSProtection):
            await client.public_get_exchangeinfo()
        return used, client.last_response_headers["Retry-After"]

    used, pause = play_over_tls(trading, scene)
    assert used == "20"
    assert int(pause) > 0


def test_fees_are_told(trading: TradingVenue) -> None:
    assert play_over_tls(trading, lambda client: client.fetch_trading_fee(BTC))["taker"] == 0.001


def test_the_world_can_act_just_before_a_request_is_heard(trading: TradingVenue) -> None:
    trading.meanwhile(lambda: trading.spot.move("BTCUSDT", 48_000), on=is_cancel)

    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        with pytest.raises(told.OrderNotFound, match="-2011"):
            await client.cancel_order(None, BTC, {"origClientOrderId": ID})
        return await client.fetch_order(None, BTC, {"origClientOrderId": ID})

    assert play_over_tls(trading, scene)["status"] == "closed"


def test_readings_may_not_know_yet_what_was_accepted(trading: TradingVenue) -> None:
    trading.reading_lag_ms = 60_000

    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        with pytest.raises(told.OrderNotFound, match="-2013"):
            await client.fetch_order(None, BTC, {"origClientOrderId": ID})
        blind = await client.fetch_open_orders(BTC)
        trading.reading_lag_ms = 0
        return blind, await client.fetch_open_orders(BTC)

    blind, seeing = play_over_tls(trading, scene)
    assert (len(blind), len(seeing)) == (0, 1)


def test_what_was_heard_can_be_forgotten(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        trading.forget_past()
        await client.fetch_balance()

    play_over_tls(trading, scene)
    assert [heard.request.path for heard in trading.heard] == ["/api/v3/account"]
    assert len(trading.spot.timeline) == 1


def test_the_sandbox_of_spot_is_here_too(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        client.set_sandbox_mode(True)
        return await buy(client)

    assert play_over_tls(trading, scene)["status"] == "closed"
    assert {heard.request.host for heard in trading.heard} == {"testnet.binance.vision"}


@pytest.mark.parametrize(("kind", "symbol"), [("spot", BTC), ("swap", f"{BTC}:USDT")])
def test_demo_trading_is_here_too(trading: TradingVenue, kind: str, symbol: str) -> None:
    async def scene(client: Any) -> Any:
        client.enable_demo_trading(True)
        return await client.create_order(symbol, "market", "buy", 0.01)

    assert play_over_tls(trading, scene, kind)["status"] == "closed"
    assert all(heard.request.host.startswith("demo-") for heard in trading.heard)
