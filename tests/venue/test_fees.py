"""Fees in the coins of the market, or in a third currency: what a trade earned is what the account is richer by."""

from __future__ import annotations

from decimal import Decimal

import pytest

from btk.model.events import ClosedEvent
from btk.model.trade import Trade
from tests.venue.broker_seat import Kind
from tests.venue.story import Act, Stage, Told, told
from tests.venue.test_adversity import every_leg, moves, probe
from tests.venue.trading_nouns import Listing

BNB_PRICE = 500


def fees_in(asset: str, deposit: int | str) -> Act:
    def pay_otherwise(stage: Stage) -> None:
        stage.market.list_symbol(Listing("BNBUSDT", "BNB", Decimal(BNB_PRICE)))
        stage.market.fee_asset = asset
        stage.venue.spot.wallet.deposit(asset, deposit)

    return pay_otherwise


def the_trade(seen: Told) -> Trade:
    (closed,) = seen.of(ClosedEvent)
    assert seen.audit.violations == []
    return closed.trade


def paid_in(seen: Told, asset: str) -> float:
    return float(sum(trade.fee for trade in seen.stage.market.book.trades if trade.fee_asset == asset))


def test_a_fee_of_the_sale_in_base_currency_counts_at_the_price_of_the_sale() -> None:
    seen = told("spot", probe("long"), moves("long", (200, 1_100)), [(0.0, fees_in("BTC", 1))])
    trade, price = the_trade(seen), seen.stage.market.book.trades[-1].price
    assert seen.stage.held < 1
    assert trade.pnl_cost == pytest.approx(seen.stage.earned + (seen.stage.held - 1) * float(price), abs=1e-6)
    assert trade.fee_cost == pytest.approx(2.02, abs=0.01)


def test_where_only_our_own_coins_are_there_the_fee_of_the_sale_is_paid_of_what_it_brought() -> None:
    seen = told("spot", probe("long"), moves("long", (200, 1_100)), [(0.0, fees_in("BTC", 0))])
    assert the_trade(seen).pnl_cost == pytest.approx(seen.stage.earned, abs=1e-6)


@every_leg
def test_fees_in_a_third_currency_count_at_its_price(kind: Kind, side: str) -> None:
    seen = told(kind, probe(side), moves(side, (200, 1_100)), [(0.0, fees_in("BNB", 1))])
    trade, paid = the_trade(seen), paid_in(seen, "BNB") * BNB_PRICE
    assert paid > 0.9
    assert trade.pnl_cost == pytest.approx(seen.stage.earned - paid, abs=1e-6)
    assert trade.fee_cost == pytest.approx(paid, abs=1e-6)
    assert trade.note == ""


def test_a_third_currency_that_no_market_prices_is_named_in_the_note() -> None:
    def pay_without_a_price(stage: Stage) -> None:
        fees_in("BNB", 1)(stage)
        stage.venue.spot.book.listings["BNBUSDT"].base = "OLD"

    seen = told("spot", probe("long"), moves("long", (200, 1_100)), [(0.0, pay_without_a_price)])
    assert the_trade(seen).note == "fees in BNB are not in it"
    assert the_trade(seen).pnl_cost == pytest.approx(seen.stage.earned, abs=1e-6)
