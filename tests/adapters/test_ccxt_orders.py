"""An answer is an order only with an id, a status that is known, and our id on it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from btk.adapters.ccxt_orders import fills_of, order_of, place
from btk.core.order_ids import order_id
from btk.model.orders import OrderRequest
from tests.core.order_samples import KEY

MARKET: dict[str, Any] = {"symbol": "BTC/USDT", "base": "BTC", "quote": "USDT"}
CONTRACT = {**MARKET, "contract": True, "contractSize": 0.01}
ID = order_id(KEY, "s1", "entry")
REQUEST = OrderRequest(client_order_id=ID, symbol="BTCUSDT", side="buy", kind="market", quantity=1.0)


def told(**changes: Any) -> dict[str, Any]:
    """An order as ccxt tells it, filled."""
    plain = {"id": "7", "clientOrderId": ID, "status": "closed", "side": "buy", "type": "market", "info": {}}
    return {**plain, "amount": 1.0, "filled": 1.0, "cost": 100.0, "average": 100.0, **changes}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        {},
        [],
        told(id=None),
        told(id=""),
        told(status=None),
        told(status="something new"),
        told(clientOrderId=None),
        told(clientOrderId="web_1"),
        told(clientOrderId=order_id(KEY, "s2", "entry")),
    ],
)
def test_an_answer_that_lacks_any_proof_is_no_order(answer: Any) -> None:
    assert order_of("binance", MARKET, answer, REQUEST) is None
    assert order_of("binance", MARKET, told(), REQUEST) is not None


def test_after_a_cancelling_our_id_is_the_original_one() -> None:
    order = order_of("binance", MARKET, told(clientOrderId="x", info={"origClientOrderId": ID}), REQUEST)
    assert order is not None
    assert order.client_order_id == ID


def test_an_open_order_that_has_traded_is_partly_filled() -> None:
    order = order_of("binance", MARKET, told(status="open", filled=0.4), REQUEST)
    assert order is not None
    assert (order.status, order.ended) == ("partial", False)


def test_contracts_are_told_in_base_currency() -> None:
    order = order_of("okx", CONTRACT, told(clientOrderId=ID, filled=30.0, amount=50.0), REQUEST)
    assert order is not None
    assert (order.filled, order.quantity) == (0.3, 0.5)


@pytest.mark.parametrize("contracts", [1, 28, 29, 57, 58, 113, 1_005])
def test_as_many_contracts_are_ordered_as_are_meant(contracts: int) -> None:
    class Client:
        id = "okx"
        asked: tuple[Any, ...] = ()

        async def create_order(self, *asked: Any) -> None:
            self.asked = asked

    client, quantity = Client(), float(f"{contracts / 100:.2f}")
    assert asyncio.run(place(client, CONTRACT, msgspec.structs.replace(REQUEST, quantity=quantity))) is None
    assert client.asked[3] == contracts


@pytest.mark.parametrize(
    ("currency", "fees"),
    [("USDT", (0.1, 0.0, 0.0, "")), ("BTC", (0.0, 0.1, 0.0, "")), ("BNB", (0.0, 0.0, 0.1, "BNB"))],
)
def test_a_fee_is_of_one_of_three_kinds(currency: str, fees: tuple[float, float, float, str]) -> None:
    trade = {
        "id": "1",
        "price": 100.0,
        "amount": 1.0,
        "fee": {"cost": 0.1, "currency": currency},
        "timestamp": 5,
    }
    [fill] = fills_of(MARKET, [trade], {"id": "7"})
    assert (fill.fee_quote, fill.fee_base, fill.fee_other, fill.fee_currency) == fees
    assert (fill.order_id, fill.at_ms) == ("7", 5)


def test_a_fee_of_a_contract_takes_nothing_out_of_its_position() -> None:
    fee = {"cost": 0.1, "currency": CONTRACT["base"]}
    [fill] = fills_of(CONTRACT, [{"id": "1", "price": 100.0, "amount": 1.0, "fee": fee, "timestamp": 5}])
    assert (fill.fee_base, fill.fee_other, fill.fee_currency) == (0.0, 0.1, CONTRACT["base"])


def test_trades_are_told_the_oldest_first_and_those_without_an_id_are_not_counted() -> None:
    trades = [{"id": str(at), "price": 1.0, "amount": 1.0, "timestamp": at} for at in (9, 5)]
    fills = fills_of(MARKET, [*trades, {"id": None, "price": 1.0, "amount": 1.0}])
    assert [fill.trade_id for fill in fills] == ["5", "9"]
