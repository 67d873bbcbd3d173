"""A trade at a real exchange is told with what was really paid, and says what of that it does not count."""

from __future__ import annotations

import msgspec
import pytest

from btk.core.brokered import Scene, closed_lot
from btk.core.facts import Exit
from btk.core.lot import Executed, Lot
from btk.core.rules import Rules, Terms
from btk.model.trade import Trade
from tests.core.order_samples import SPOT
from tests.core.position_samples import Buy, a_position

SCENE = Scene(0, 110.0, SPOT, Terms("BTC", "probe", "test", Rules()))
BOUGHT = Executed(quantity=1.0, cost=100.0, fee_quote=0.5)
SOLD = Executed(quantity=1.0, cost=110.0, fee_quote=0.25)


def told(entered: Executed, left: Executed, note: str = "", **fee_prices: float) -> Trade:
    lot = Lot(entered=entered, left=left, complete=True)
    exit = Exit(110.0, 0, 0, "user", note=note)
    return closed_lot(a_position(Buy(100.0)), lot, exit, SCENE._replace(fee_prices=fee_prices)).trade


def test_a_profit_is_what_the_orders_brought_less_what_they_cost() -> None:
    trade = told(BOUGHT, SOLD)
    assert (trade.pnl_cost, trade.fee_cost, trade.note) == (9.25, 0.75, "")
    assert trade.pnl_pct == pytest.approx(9.25)


def test_fees_in_a_third_currency_count_at_its_price_and_those_without_one_are_named() -> None:
    entered = msgspec.structs.replace(BOUGHT, fee_quote=0.0, fees_other={"BNB": 0.01})
    left = msgspec.structs.replace(SOLD, fee_quote=0.0, fees_other={"BNB": 0.01, "ABC": 1.0})
    assert told(entered, left).note == "fees in ABC, BNB are not in it"
    assert told(entered, left, "enough").note == "enough; fees in ABC, BNB are not in it"
    assert told(entered, left).pnl_cost == 10.0
    priced = told(entered, left, BNB=50.0)
    assert (priced.pnl_cost, priced.fee_cost, priced.note) == (9.0, 1.0, "fees in ABC are not in it")
