"""Orders of which one ends another, on spot: OCO, OTOCO and replacements, over TLS on loopback."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_client import play_over_tls
from tests.venue.trading_venue import TradingVenue

BTC = "BTC/USDT"
ID = "b7c0" + "0" * 27 + "1"


def buy(client: Any, amount: float = 0.01, **params: Any) -> Awaitable[Any]:
    return client.create_order(BTC, "market", "buy", amount, None, params)


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

    placed, asked, stop, target, balance = play_over_tls(trading, scene)
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

    waiting, balance = play_over_tls(trading, scene)
    assert waiting == []
    assert balance["BTC"]["free"] == 0.00999


def test_a_list_is_cancelled_by_its_own_id(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.private_post_orderlist_oco(oco())
        return await client.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list-1"})

    assert play_over_tls(trading, scene)["listOrderStatus"] == "ALL_DONE"


def test_a_list_on_the_wrong_side_of_the_price_is_refused(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await buy(client)
        await client.private_post_orderlist_oco(oco(belowStopPrice="51000"))

    with pytest.raises(told.InvalidOrder, match="relationship of the prices"):
        play_over_tls(trading, scene)


def test_a_list_that_never_was_is_not_found(trading: TradingVenue) -> None:
    async def scene(client: Any) -> Any:
        await client.private_get_orderlist({"origClientOrderId": "list-1"})

    with pytest.raises(told.OrderNotFound):
        play_over_tls(trading, scene)


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

    whole, fitting = play_over_tls(trading, scene)
    assert [report["status"] for report in whole["orderReports"]] == ["FILLED", "EXPIRED", "EXPIRED"]
    assert [report["status"] for report in fitting["orderReports"]] == ["FILLED", "NEW", "NEW"]


def replaced(trading: TradingVenue, trigger: int, mode: str = "STOP_ON_FAILURE") -> Any:
    """A stop moved in one request, from 48 000 to the trigger."""

    async def scene(client: Any) -> Any:
        await buy(client)
        await client.create_order(
            BTC, "STOP_LOSS", "sell", 0.009, None, {"stopPrice": 48_000, "clientOrderId": ID}
        )
        request = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.009"}
        request |= {"stopPrice": str(trigger), "cancelReplaceMode": mode, "cancelOrigClientOrderId": ID}
        return await client.private_post_order_cancelreplace(request)

    return play_over_tls(trading, scene)


def test_a_stop_is_moved_in_one_request(trading: TradingVenue) -> None:
    assert replaced(trading, 49_000)["newOrderResult"] == "SUCCESS"
    assert [order.wish.trigger for order in trading.spot.book.open_orders()] == [49_000]


def test_half_of_a_replacement_leaves_nothing_in_its_place(trading: TradingVenue) -> None:
    with pytest.raises(told.BadResponse, match="-2021"):
        replaced(trading, 51_000)
    assert trading.spot.book.open_orders() == []
