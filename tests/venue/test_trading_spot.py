"""The spot endpoints of the venue, as the unmodified ccxt client finds them over TLS on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.server import VenueServer
from tests.venue.trading_client import client_over_tls, stocked_venue
from tests.venue.trading_clock import running_clock
from tests.venue.trading_nouns import Wish
from tests.venue.trading_venue import TradingVenue

BTC = "BTC/USDT"
ID = "b7c0" + "0" * 27 + "1"

Scene = Callable[[Any], Awaitable[Any]]


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    venue.trading = stocked_venue(running_clock())
    yield venue.trading
    venue.trading = None


def play(trading: TradingVenue, scene: Scene) -> Any:
    async def played() -> Any:
        async with client_over_tls(trading) as client:
            return await scene(client)

    return asyncio.run(played())


def buy(client: Any, amount: float = 0.01, **params: Any) -> Awaitable[Any]:
    return client.create_order(BTC, "market", "buy", amount, None, params)


def test_markets_carry_the_filters(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        return (await client.load_markets())[BTC]

    market = play(trading, scene)
    assert market["precision"]["price"] == 0.01
    assert market["precision"]["amount"] == 0.00001
    assert market["limits"]["cost"]["min"] == 5


def test_time_is_the_venues_own(trading: TradingVenue) -> None:
    trading.clock.skew_ms = 60_000

    async def scene(client: Any) -> Any:
        before = client.milliseconds()
        return await client.fetch_time() - before

    assert 59_000 < play(trading, scene) < 70_000


def test_a_market_order_is_filled_and_pays_its_fee_in_what_it_bought(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        order = await buy(client, clientOrderId=ID)
        return order, await client.fetch_balance()

    order, balance = play(trading, scene)
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
        play(trading, scene)


def test_a_market_order_with_a_price_is_taken_as_a_cost(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        return await client.create_order(BTC, "market", "buy", 0.01, 40_000)

    assert play(trading, scene)["filled"] == 0.008


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

    placed, waiting, locked, found, trades = play(trading, scene)
    assert (placed["status"], waiting[0]["clientOrderId"], locked) == ("open", ID, 490)
    assert (found["status"], found["average"]) == ("closed", 49_000)
    assert [(trade["order"], trade["takerOrMaker"]) for trade in trades] == [(placed["id"], "maker")]


def test_a_cancelled_order_names_the_cancel_and_ours_in_info(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        return await client.cancel_order(None, BTC, {"origClientOrderId": ID})

    cancelled = play(trading, scene)
    assert cancelled["status"] == "canceled"
    assert cancelled["clientOrderId"] != ID
    assert cancelled["info"]["origClientOrderId"] == ID
    assert trading.spot.wallet.balances["USDT"].locked == 0


@pytest.mark.parametrize("ask", ["fetch_order", "cancel_order"])
def test_an_order_that_never_was_is_not_found(trading: TradingVenue, ask: str) -> None:
    async def scene(client: Any) -> Any:
        await getattr(client, ask)(None, BTC, {"origClientOrderId": ID})

    with pytest.raises(told.OrderNotFound):
        play(trading, scene)


def test_a_client_id_is_taken_while_its_order_is_open_and_free_after(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        with pytest.raises(told.InvalidOrder, match="Duplicate order sent"):
            await buy(client, clientOrderId=ID)
        await client.cancel_order(None, BTC, {"origClientOrderId": ID})
        return [await buy(client, clientOrderId=ID), await buy(client, clientOrderId=ID)]

    assert [order["status"] for order in play(trading, scene)] == ["closed", "closed"]


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

    placed, found = play(trading, scene)
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
        play(trading, scene)


def test_an_attached_stop_is_refused_as_rubbish(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client, stopLoss={"triggerPrice": 49_000})

    with pytest.raises(told.BadRequest, match="-1104"):
        play(trading, scene)
    assert not trading.spot.book.orders


def test_a_thin_market_ends_a_market_order_partly_filled(trading: TradingVenue) -> None:
    trading.spot.thin("BTCUSDT", "0.004")

    async def scene(client: Any) -> Any:
        return await buy(client)

    order = play(trading, scene)
    assert (order["status"], order["filled"]) == ("expired", 0.004)
    assert trading.spot.wallet.balances["USDT"].locked == 0


def test_a_resting_order_can_be_filled_in_parts(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        placed = await client.create_order(BTC, "limit", "buy", 0.01, 49_000)
        trading.spot.fill(trading.spot.book.orders[int(placed["id"])], "0.003")
        return await client.fetch_order(placed["id"], BTC)

    order = play(trading, scene)
    assert (order["status"], order["filled"], order["remaining"]) == ("open", 0.003, 0.007)


def oco(**changes: Any) -> dict[str, Any]:
    """A target above and a stop below for what 0.01 bitcoin bought."""
    return {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "quantity": "0.00999",
        "listClientOrderId": "list-1",
        "aboveType": "LIMIT_MAKER",
        "abovePrice": "52000",
        "aboveClientOrderId": "above-1",
        "belowType": "STOP_LOSS",
        "belowStopPrice": "48000",
        "belowClientOrderId": "below-1",
        **changes,
    }


def test_an_oco_locks_the_balance_once_and_its_orders_end_each_other(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        placed = await client.private_post_orderlist_oco(oco())
        with pytest.raises(told.InsufficientFunds):
            await client.create_order(BTC, "market", "sell", 0.001)
        asked = await client.private_get_orderlist({"origClientOrderId": "list-1"})
        trading.spot.move("BTCUSDT", 47_900)
        stop = await client.fetch_order(None, BTC, {"origClientOrderId": "below-1"})
        target = await client.fetch_order(None, BTC, {"origClientOrderId": "above-1"})
        return placed, asked, stop, target, await client.fetch_balance()

    placed, asked, stop, target, balance = play(trading, scene)
    assert asked["orderListId"] == placed["orderListId"]
    assert asked["listOrderStatus"] == "EXECUTING"
    assert (stop["status"], stop["average"], target["status"]) == ("closed", 47_900, "expired")
    assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (0, 0)


def test_cancelling_one_leg_cancels_the_list(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.private_post_orderlist_oco(oco())
        await client.cancel_order(None, BTC, {"origClientOrderId": "below-1"})
        return await client.fetch_open_orders(BTC), await client.fetch_balance()

    waiting, balance = play(trading, scene)
    assert waiting == []
    assert balance["BTC"]["free"] == 0.00999


def test_a_list_is_cancelled_by_its_own_id(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.private_post_orderlist_oco(oco())
        return await client.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list-1"})

    assert play(trading, scene)["listOrderStatus"] == "ALL_DONE"


def test_a_list_on_the_wrong_side_of_the_price_is_refused(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.private_post_orderlist_oco(oco(belowStopPrice="51000"))

    with pytest.raises(told.InvalidOrder, match="relationship of the prices"):
        play(trading, scene)


def test_a_list_that_never_was_is_not_found(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.private_get_orderlist({"origClientOrderId": "list-1"})

    with pytest.raises(told.OrderNotFound):
        play(trading, scene)


def test_the_pair_of_an_otoco_expires_when_the_fee_left_less(trading: TradingVenue) -> None:
    pair = {
        f"pending{name[0].upper()}{name[1:]}": value
        for name, value in oco().items()
        if name[:5] in ("above", "below")
    }
    working = {
        "workingType": "LIMIT",
        "workingSide": "BUY",
        "workingPrice": "50000",
        "workingQuantity": "0.01",
    }
    request = {"symbol": "BTCUSDT", **working, **pair, "pendingSide": "SELL", "workingTimeInForce": "GTC"}

    async def scene(client: Any) -> Any:
        whole = await client.private_post_orderlist_otoco({**request, "pendingQuantity": "0.01"})
        less = {**request, "pendingQuantity": "0.00999", "workingClientOrderId": "working-2"}
        fitting = await client.private_post_orderlist_otoco({**less, "listClientOrderId": "list-2"})
        return whole, fitting

    whole, fitting = play(trading, scene)
    assert [report["status"] for report in whole["orderReports"]] == ["FILLED", "EXPIRED", "EXPIRED"]
    assert [report["status"] for report in fitting["orderReports"]] == ["FILLED", "NEW", "NEW"]


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

    found, waiting = play(trading, scene)
    assert found["status"] == "canceled"
    assert [order["clientOrderId"] for order in waiting] == ["web_1"]


def test_a_halted_symbol_takes_no_order(trading: TradingVenue) -> None:
    trading.spot.halt("BTCUSDT")
    with pytest.raises(told.MarketClosed):
        play(
            trading,
            lambda client: client.private_post_order(
                {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            ),
        )


def test_the_rights_of_the_key_are_told(trading: TradingVenue) -> None:
    trading.key.can_withdraw = True
    rights = play(trading, lambda client: client.sapi_get_account_apirestrictions())
    assert rights["enableWithdrawals"] is True


def test_a_wrong_secret_is_refused(trading: TradingVenue) -> None:
    trading.key.secret = "another"

    async def scene(client: Any) -> Any:
        client.secret = "fakesecret"
        await client.fetch_balance()

    with pytest.raises(told.AuthenticationError, match="-1022"):
        play(trading, scene)


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

    play(trading, scene)


@pytest.mark.parametrize("skew_ms", [-2_000, 6_000])
def test_a_clock_too_far_off_is_refused_until_it_is_measured(trading: TradingVenue, skew_ms: int) -> None:
    trading.clock.skew_ms = skew_ms

    async def scene(client: Any) -> Any:
        await client.load_markets()
        with pytest.raises(told.InvalidNonce, match="-1021"):
            await buy(client)
        await client.load_time_difference()
        return await buy(client)

    assert play(trading, scene)["status"] == "closed"


def test_used_weight_is_told_and_too_much_of_it_ends_in_a_pause(trading: TradingVenue) -> None:
    trading.weight_limit = 25

    async def scene(client: Any) -> Any:
        await client.public_get_exchangeinfo()
        used = client.last_response_headers["X-MBX-USED-WEIGHT-1M"]
        with pytest.raises(told.DDoSProtection):
            await client.public_get_exchangeinfo()
        return used, client.last_response_headers["Retry-After"]

    used, pause = play(trading, scene)
    assert used == "20"
    assert int(pause) > 0


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
        play(trading, lambda client: client.private_post_order(request))


def test_only_five_conditional_orders_a_symbol(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        for step in range(6):
            await client.create_order(BTC, "STOP_LOSS", "sell", 0.001, None, {"stopPrice": 49_000 - step})

    with pytest.raises(told.BadRequest, match="MAX_NUM_ALGO_ORDERS"):
        play(trading, scene)


def test_the_price_is_told(trading: TradingVenue) -> None:
    trading.spot.book.listings["BTCUSDT"].spread = Decimal(10)

    async def scene(client: Any) -> Any:
        return await client.fetch_ticker(BTC), await client.fetch_bids_asks([BTC])

    ticker, sides = play(trading, scene)
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == (50_000, 49_995, 50_005)
    assert sides[BTC]["ask"] == 50_005
