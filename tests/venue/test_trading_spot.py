"""The spot endpoints of the venue, as the unmodified ccxt client finds them over TLS on loopback."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_client import play_over_tls
from tests.venue.trading_nouns import Wish
from tests.venue.trading_venue import TradingVenue

BTC = "BTC/USDT"
ID = "b7c0" + "0" * 27 + "1"


def buy(client: Any, amount: float = 0.01, **params: Any) -> Awaitable[Any]:
    return client.create_order(BTC, "market", "buy", amount, None, params)


def test_markets_carry_the_filters(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        return (await client.load_markets())[BTC]

    market = play_over_tls(trading, scene)
    assert market["precision"]["price"] == 0.01
    assert market["precision"]["amount"] == 0.00001
    assert market["limits"]["cost"]["min"] == 5


def test_time_is_the_venues_own(trading: TradingVenue) -> None:
    trading.clock.skew_ms = 60_000

    async def scene(client: Any) -> Any:
        before = client.milliseconds()
        return await client.fetch_time() - before

    assert 59_000 < play_over_tls(trading, scene) < 70_000


def test_a_market_order_is_filled_and_pays_its_fee_in_what_it_bought(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        order = await buy(client, clientOrderId=ID)
        return order, await client.fetch_balance()

    order, balance = play_over_tls(trading, scene)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 0.01, 50_000)
    assert order["clientOrderId"] == ID
    assert order["fee"] == {"cost": 0.00001, "currency": "BTC"}
    assert balance["BTC"]["free"] == 0.00999
    assert balance["USDT"]["free"] == 99_500


def test_what_was_ordered_cannot_be_sold_again(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.create_order(BTC, "market", "sell", 0.01)

    with pytest.raises(told.InsufficientFunds):
        play_over_tls(trading, scene)


def test_a_market_order_with_a_price_is_taken_as_a_cost(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        return await client.create_order(BTC, "market", "buy", 0.01, 40_000)

    assert play_over_tls(trading, scene)["filled"] == 0.008


def test_a_limit_order_rests_is_found_by_its_own_id_and_is_filled_when_the_price_comes(
    trading: TradingVenue,
) -> None:
    async def scene(client: Any) -> Any:
        placed = await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        waiting = await client.fetch_open_orders(BTC)
        locked = (await client.fetch_balance())["USDT"]["used"]
        trading.spot.move("BTCUSDT", 48_900)
        found = await client.fetch_order(None, BTC, {"origClientOrderId": ID})
        return placed, waiting, locked, found, await client.fetch_my_trades(BTC)

    placed, waiting, locked, found, trades = play_over_tls(trading, scene)
    assert (placed["status"], waiting[0]["clientOrderId"], locked) == ("open", ID, 490)
    assert (found["status"], found["average"]) == ("closed", 49_000)
    assert [(trade["order"], trade["takerOrMaker"]) for trade in trades] == [(placed["id"], "maker")]


def test_a_cancelled_order_names_the_cancel_and_ours_in_info(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        return await client.cancel_order(None, BTC, {"origClientOrderId": ID})

    cancelled = play_over_tls(trading, scene)
    assert cancelled["status"] == "canceled"
    assert cancelled["clientOrderId"] != ID
    assert cancelled["info"]["origClientOrderId"] == ID
    assert trading.spot.wallet.balances["USDT"].locked == 0


@pytest.mark.parametrize("ask", ["fetch_order", "cancel_order"])
def test_an_order_that_never_was_is_not_found(trading: TradingVenue, ask: str) -> None:
    async def scene(client: Any) -> Any:
        await getattr(client, ask)(None, BTC, {"origClientOrderId": ID})

    with pytest.raises(told.OrderNotFound):
        play_over_tls(trading, scene)


def test_a_client_id_is_taken_while_its_order_is_open_and_free_after(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        with pytest.raises(told.InvalidOrder, match="Duplicate order sent"):
            await buy(client, clientOrderId=ID)
        await client.cancel_order(None, BTC, {"origClientOrderId": ID})
        return [await buy(client, clientOrderId=ID), await buy(client, clientOrderId=ID)]

    assert [order["status"] for order in play_over_tls(trading, scene)] == ["closed", "closed"]


@pytest.mark.parametrize("kind", ["STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"])
def test_a_conditional_order_waits_for_its_price(trading: TradingVenue, kind: str) -> None:
    trigger = 49_000 if "STOP" in kind else 51_000
    price = trigger - 10 if "LIMIT" in kind else None

    async def scene(client: Any) -> Any:
        await buy(client)
        placed = await client.create_order(
            BTC, kind, "sell", 0.009, price, {"stopPrice": trigger, "clientOrderId": ID}
        )
        trading.spot.move("BTCUSDT", trigger)
        return placed, await client.fetch_order(None, BTC, {"origClientOrderId": ID})

    placed, found = play_over_tls(trading, scene)
    assert placed["triggerPrice"] in (None, trigger)
    assert (found["status"], found["filled"], found["average"]) == ("closed", 0.009, trigger)


@pytest.mark.parametrize(
    ("kind", "price", "params", "message"),
    [
        ("STOP_LOSS", None, {"stopPrice": 50_500}, "Stop price would trigger immediately"),
        ("LIMIT_MAKER", 49_000, {}, "Order would immediately match and take"),
    ],
)
def test_an_order_that_would_fill_at_once_where_it_must_not_is_refused(
    trading: TradingVenue, kind: str, price: float | None, params: dict[str, Any], message: str
) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.create_order(BTC, kind, "sell", 0.009, price, params)

    with pytest.raises(told.OrderImmediatelyFillable, match=message):
        play_over_tls(trading, scene)


def test_an_attached_stop_is_refused_as_rubbish(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client, stopLoss={"triggerPrice": 49_000})

    with pytest.raises(told.BadRequest, match="-1104"):
        play_over_tls(trading, scene)
    assert not trading.spot.book.orders


def test_a_thin_market_ends_a_market_order_partly_filled(trading: TradingVenue) -> None:
    trading.spot.thin("BTCUSDT", "0.004")

    async def scene(client: Any) -> Any:
        return await buy(client)

    order = play_over_tls(trading, scene)
    assert (order["status"], order["filled"]) == ("expired", 0.004)
    assert trading.spot.wallet.balances["USDT"].locked == 0


def test_a_resting_order_can_be_filled_in_parts(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        placed = await client.create_order(BTC, "limit", "buy", 0.01, 49_000)
        trading.spot.fill(trading.spot.book.orders[int(placed["id"])], "0.003")
        return await client.fetch_order(placed["id"], BTC)

    order = play_over_tls(trading, scene)
    assert (order["status"], order["filled"], order["remaining"]) == ("open", 0.003, 0.007)


def test_outside_hands_trade_and_cancel_beside_us(trading: TradingVenue) -> None:
    trading.spot.place(
        Wish("BTCUSDT", "BUY", "LIMIT", "web_1", Decimal("0.1"), Decimal(45_000), owner="hand")
    )

    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        ours = trading.spot.book.find("BTCUSDT", None, ID)
        assert ours is not None
        trading.spot.cancel(ours, by="hand")
        found = await client.fetch_order(None, BTC, {"origClientOrderId": ID})
        return found, await client.fetch_open_orders(BTC)

    found, waiting = play_over_tls(trading, scene)
    assert found["status"] == "canceled"
    assert [order["clientOrderId"] for order in waiting] == ["web_1"]


def test_a_halted_symbol_takes_no_order(trading: TradingVenue) -> None:
    trading.spot.halt("BTCUSDT")
    with pytest.raises(told.MarketClosed):
        play_over_tls(
            trading,
            lambda client: client.private_post_order(
                {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            ),
        )


def test_only_five_conditional_orders_a_symbol(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        for step in range(6):
            await client.create_order(BTC, "STOP_LOSS", "sell", 0.001, None, {"stopPrice": 49_000 - step})

    with pytest.raises(told.BadRequest, match="MAX_NUM_ALGO_ORDERS"):
        play_over_tls(trading, scene)


def test_the_price_is_told(trading: TradingVenue) -> None:
    trading.spot.book.listings["BTCUSDT"].spread = Decimal(10)

    async def scene(client: Any) -> Any:
        return await client.fetch_ticker(BTC), await client.fetch_bids_asks([BTC])

    ticker, sides = play_over_tls(trading, scene)
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == (50_000, 49_995, 50_005)
    assert sides[BTC]["ask"] == 50_005


@pytest.mark.parametrize(
    ("amount", "price", "error", "message"),
    [
        ("0.000013", "50000", told.InvalidOrder, "LOT_SIZE"),
        ("0.01", "50000.001", told.InvalidOrder, "PRICE_FILTER"),
        ("0.00001", "50000", told.BadRequest, "NOTIONAL"),
        ("101", None, told.InvalidOrder, "MARKET_LOT_SIZE"),
    ],
)
def test_filters_are_checked_as_the_venue_words_them(
    trading: TradingVenue, amount: str, price: str | None, error: type[Exception], message: str
) -> None:
    request = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT" if price else "MARKET", "quantity": amount}
    request |= {"price": price, "timeInForce": "GTC"} if price else {}
    with pytest.raises(error, match=message):
        play_over_tls(trading, lambda client: client.private_post_order(request))
