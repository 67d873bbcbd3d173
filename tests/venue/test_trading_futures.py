"""The contract endpoints of the venue, as the unmodified ccxt client finds them over TLS on loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_client import play_over_tls
from tests.venue.trading_venue import TradingVenue

BTC = "BTC/USDT:USDT"
ID = "b7c0" + "0" * 27 + "1"
STOP = "b7c0" + "0" * 27 + "2"


def play(trading: TradingVenue, scene: Callable[[Any], Awaitable[Any]]) -> Any:
    return play_over_tls(trading, scene, "swap")


def market(client: Any, side: str, amount: float = 0.01, **params: Any) -> Awaitable[Any]:
    return client.create_order(BTC, "market", side, amount, None, params)


def stop(client: Any, side: str, trigger: float, **params: Any) -> Awaitable[Any]:
    asked = {"stopLossPrice": trigger, "reduceOnly": True, "clientOrderId": STOP, **params}
    return client.create_order(BTC, "market", side, 0.01, None, asked)


def target(client: Any, side: str, trigger: float, **params: Any) -> Awaitable[Any]:
    asked = {"takeProfitPrice": trigger, "reduceOnly": True, **params}
    return client.create_order(BTC, "market", side, 0.01, None, asked)


@pytest.mark.parametrize(("side", "told_side", "sign"), [("buy", "long", 1), ("sell", "short", -1)])
def test_a_market_order_opens_a_position(trading: TradingVenue, side: str, told_side: str, sign: int) -> None:
    async def scene(client: Any) -> Any:
        order = await market(client, side, clientOrderId=ID)
        trading.contracts.move("BTCUSDT", 51_000)
        return order, await client.fetch_positions([BTC]), await client.fetch_balance()

    order, [position], balance = play(trading, scene)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 0.01, 50_000)
    assert order["clientOrderId"] == ID
    assert (position["side"], position["contracts"], position["entryPrice"]) == (told_side, 0.01, 50_000)
    assert (position["unrealizedPnl"], position["hedged"]) == (10 * sign, False)
    assert balance["USDT"]["total"] == 99_999.75 + 10 * sign


def test_a_position_is_closed_reduce_only_and_never_turned(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await market(client, "buy")
        closed = await market(client, "sell", 0.03, reduceOnly=True)
        return closed, await client.fetch_positions([BTC]), await client.fetch_my_trades(BTC)

    closed, positions, trades = play(trading, scene)
    assert (closed["filled"], positions) == (0.01, [])
    assert [trade["info"]["realizedPnl"] for trade in trades] == ["0.00000000", "0.00000000"]


def test_reduce_only_without_a_position_is_refused(trading: TradingVenue) -> None:
    with pytest.raises(told.InvalidOrder, match="-2022"):
        play(trading, lambda client: market(client, "sell", reduceOnly=True))


@pytest.mark.parametrize(("side", "exit_side", "trigger"), [("buy", "sell", 49_000), ("sell", "buy", 51_000)])
def test_a_stop_is_conditional_and_becomes_another_order(
    trading: TradingVenue, side: str, exit_side: str, trigger: int
) -> None:
    async def scene(client: Any) -> Any:
        await market(client, side)
        placed = await stop(client, exit_side, trigger)
        plain = await client.fetch_open_orders(BTC)
        conditional = await client.fetch_open_orders(BTC, params={"trigger": True})
        trading.contracts.move("BTCUSDT", trigger)
        after = await client.fetch_order(None, BTC, {"clientOrderId": STOP, "trigger": True})
        actual = await client.fetch_order(after["info"]["actualOrderId"], BTC)
        return placed, plain, conditional, after, actual, await client.fetch_positions([BTC])

    placed, plain, conditional, after, actual, positions = play(trading, scene)
    assert (placed["status"], placed["clientOrderId"], placed["triggerPrice"]) == ("open", STOP, trigger)
    assert (plain, [order["clientOrderId"] for order in conditional]) == ([], [STOP])
    assert (after["status"], after["filled"]) == ("closed", 0)
    assert (actual["status"], actual["filled"], actual["average"]) == ("closed", 0.01, trigger)
    assert positions == []


def test_the_survivor_of_a_pair_stays_until_it_is_cancelled(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await market(client, "buy")
        await stop(client, "sell", 49_000)
        await target(client, "sell", 51_000)
        trading.contracts.move("BTCUSDT", 51_000)
        left = await client.fetch_open_orders(BTC, params={"trigger": True})
        await client.cancel_order(None, BTC, {"clientOrderId": STOP, "trigger": True})
        return left, await client.fetch_open_orders(BTC, params={"trigger": True})

    left, none = play(trading, scene)
    assert [order["clientOrderId"] for order in left] == [STOP]
    assert none == []


def test_a_conditional_order_is_not_found_without_the_flag(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await market(client, "buy")
        await stop(client, "sell", 49_000)
        await client.fetch_order(None, BTC, {"clientOrderId": STOP})

    with pytest.raises(told.OrderNotFound, match="-2013"):
        play(trading, scene)


@pytest.mark.parametrize(("ask", "code"), [("fetch_order", "-2013"), ("cancel_order", "-2011")])
@pytest.mark.parametrize("trigger", [True, False])
def test_an_order_that_never_was_is_not_found(
    trading: TradingVenue, ask: str, code: str, trigger: bool
) -> None:
    async def scene(client: Any) -> Any:
        await getattr(client, ask)(None, BTC, {"clientOrderId": ID, "trigger": trigger})

    with pytest.raises(told.OrderNotFound, match=code):
        play(trading, scene)


@pytest.mark.parametrize(("kind", "trigger"), [(stop, 50_000), (target, 50_000)])
def test_an_order_that_would_trigger_at_once_is_refused(
    trading: TradingVenue, kind: Callable[..., Awaitable[Any]], trigger: int
) -> None:
    async def scene(client: Any) -> Any:
        await market(client, "buy")
        await kind(client, "sell", trigger)

    with pytest.raises(told.OrderImmediatelyFillable, match="-2021"):
        play(trading, scene)


def test_a_closing_stop_is_alone_on_its_side(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await market(client, "buy")
        closing = {"stopLossPrice": 49_000, "closePosition": True}
        await client.create_order(BTC, "market", "sell", 0.01, None, closing)
        with pytest.raises(told.ExchangeError, match="-4130"):
            await client.create_order(BTC, "market", "sell", 0.01, None, closing)
        trading.contracts.move("BTCUSDT", 48_000)
        return await client.fetch_positions([BTC])

    assert play(trading, scene) == []


def test_a_client_id_is_taken_while_its_order_is_open(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        with pytest.raises(told.ExchangeError, match="-4116"):
            await market(client, "buy", clientOrderId=ID)
        await client.cancel_order(None, BTC, {"clientOrderId": ID})
        return await market(client, "buy", clientOrderId=ID)

    assert play(trading, scene)["status"] == "closed"


def test_a_stop_at_the_order_endpoint_is_sent_away(trading: TradingVenue) -> None:
    request = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01"}
    with pytest.raises(told.ExchangeError, match="-4120"):
        play(trading, lambda client: client.fapiprivate_post_order({**request, "stopPrice": "49000"}))


def test_leverage_and_margin_mode_are_set_and_read_back(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.set_leverage(1, BTC)
        await client.set_margin_mode("isolated", BTC)
        with pytest.raises(told.OperationRejected, match="No need to change margin type"):
            await client.set_margin_mode("isolated", BTC)
        return await client.fetch_margin_mode(BTC), await client.fetch_leverage(BTC)

    mode, leverage = play(trading, scene)
    assert mode["marginMode"] == "isolated"
    assert leverage["longLeverage"] == 1


def test_leverage_one_needs_the_whole_margin(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.set_leverage(1, BTC)
        await market(client, "buy", 2.5)

    with pytest.raises(told.InsufficientFunds, match="-2019"):
        play(trading, scene)


def test_hedge_mode_is_told_and_refuses_orders_of_one_way(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.load_markets()
        before = await client.fetch_position_mode(BTC)
        await client.set_position_mode(True, BTC)
        with pytest.raises(told.OperationRejected, match="-4061"):
            await market(client, "buy")
        await market(client, "buy", hedged=True)
        await market(client, "sell", 0.02, hedged=True)
        return before["hedged"], await client.fetch_positions([BTC])

    before, positions = play(trading, scene)
    assert before is False
    assert [(each["side"], each["contracts"]) for each in positions] == [("long", 0.01), ("short", 0.02)]


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ({"type": "MARKET", "quantity": "0.0001"}, told.BadRequest, "-1111"),
        ({"type": "LIMIT", "price": "50000.001", "quantity": "0.01"}, told.BadRequest, "-4014"),
        ({"type": "LIMIT", "price": "1000", "quantity": "0.001"}, told.InvalidOrder, "-4164"),
        ({"type": "MARKET", "quantity": "0"}, told.BadRequest, "-4003"),
    ],
)
def test_filters_are_checked_as_the_venue_words_them(
    trading: TradingVenue, request_: dict[str, str], error: type[Exception], message: str
) -> None:
    request = {"symbol": "BTCUSDT", "side": "BUY", "timeInForce": "GTC", **request_}
    with pytest.raises(error, match=message):
        play(trading, lambda client: client.fapiprivate_post_order(request))


def test_a_post_only_order_that_would_take_is_refused(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.create_order(BTC, "limit", "buy", 0.01, 50_001, {"postOnly": True})

    with pytest.raises(told.OrderNotFillable, match="-5022"):
        play(trading, scene)


def test_a_halted_symbol_takes_no_order(trading: TradingVenue) -> None:
    trading.contracts.halt("BTCUSDT")

    async def scene(client: Any) -> Any:
        listed = (await client.load_markets())[BTC]
        with pytest.raises(told.BadRequest, match="-4140"):
            await client.fapiprivate_post_order(
                {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            )
        return listed

    assert play(trading, scene)["active"] is False


@pytest.mark.parametrize(("act", "prefix"), [("liquidate", "autoclose-"), ("close_by_hand", "web_")])
def test_a_position_can_go_without_us(trading: TradingVenue, act: str, prefix: str) -> None:
    async def scene(client: Any) -> Any:
        await market(client, "buy")
        getattr(trading.contracts, act)("BTCUSDT")
        return await client.fetch_positions([BTC]), await client.fetch_orders(BTC)

    positions, orders = play(trading, scene)
    assert positions == []
    assert orders[-1]["clientOrderId"].startswith(prefix)


def test_a_limit_order_is_filled_in_parts(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        placed = await client.create_order(BTC, "limit", "buy", 0.01, 49_000, {"clientOrderId": ID})
        order = trading.contracts.book.orders[int(placed["id"])]
        trading.contracts.fill(order, Decimal("0.004"))
        part = await client.fetch_order(None, BTC, {"clientOrderId": ID})
        trading.contracts.move("BTCUSDT", 48_999)
        return part, await client.fetch_order(placed["id"], BTC)

    part, whole = play(trading, scene)
    assert (part["status"], part["filled"]) == ("open", 0.004)
    assert (whole["status"], whole["filled"], whole["average"]) == ("closed", 0.01, 49_000)


def test_the_price_is_told(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        ticker = await client.fetch_ticker(BTC)
        return ticker["last"], (await client.fetch_bids_asks([BTC]))[BTC]["bid"], await client.fetch_time()

    last, bid, now = play(trading, scene)
    assert (last, bid) == (50_000, 50_000)
    assert now > 0
