"""The matching core keeps its books whatever is asked of it: nothing is lost, locked twice or out of thin air."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venue.trading_client import stocked_venue
from tests.venue.trading_clock import SetClock
from tests.venue.trading_contracts import ContractMarket
from tests.venue.trading_market import SpotMarket
from tests.venue.trading_nouns import ZERO, Refusal, Wish

START_MS = 1_700_000_000_000
CENT = Decimal("0.00000001")

prices = st.integers(45_000, 55_000).map(Decimal)
amounts = st.integers(1, 40).map(lambda number: Decimal(number) / 100)
sides = st.sampled_from(["BUY", "SELL"])
spot_kinds = st.sampled_from(
    ["MARKET", "LIMIT", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"]
)
moves = st.tuples(st.just("move"), prices)
cancels = st.tuples(st.just("cancel"), st.integers(0, 9))
parts = st.tuples(st.just("fill"), st.integers(0, 9))
thins = st.tuples(st.just("thin"), st.none() | amounts)
orders = st.tuples(st.just("place"), spot_kinds, sides, amounts, prices)
pairs = st.tuples(st.just("oco"), amounts, prices, prices)
spot_plays = st.lists(st.one_of(orders, orders, pairs, moves, cancels, parts, thins), max_size=30)
contract_kinds = st.sampled_from(["MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP"])
contract_orders = st.tuples(st.just("place"), contract_kinds, sides, amounts, prices, st.booleans())
contract_plays = st.lists(
    st.one_of(contract_orders, contract_orders, moves, cancels, parts, thins), max_size=30
)


def spot_step(market: SpotMarket, turn: int, step: Any) -> None:
    match step:
        case ("place", kind, side, amount, price):
            limit = price if "LIMIT" in kind else ZERO
            trigger = price if kind.startswith(("STOP", "TAKE")) else ZERO
            market.place(Wish("BTCUSDT", side, kind, f"id-{turn}", amount, limit, trigger))
        case ("oco", amount, above, below):
            # fmt: off
            pair = [Wish("BTCUSDT", "SELL", "LIMIT_MAKER", f"above-{turn}", amount, above),
                    Wish("BTCUSDT", "SELL", "STOP_LOSS", f"below-{turn}", amount, ZERO, below)]
            # fmt: on
            market.place_list(f"list-{turn}", "OCO", pair)
        case _:
            world_step(market, step)


def world_step(market: SpotMarket | ContractMarket, step: Any) -> None:
    waiting = market.book.open_orders() + market.book.open_orders(conditional=True)
    match step:
        case ("move", price):
            market.move("BTCUSDT", price)
        case ("thin", liquidity):
            market.thin("BTCUSDT", liquidity)
        case ("cancel", place) if place < len(waiting):
            market.cancel(waiting[place])
        case ("fill", place) if place < len(waiting):
            order = waiting[place]
            if order.wish.price and not order.waiting and not order.wish.reduce_only:
                market.fill(order, order.remaining / 2)


@settings(max_examples=60, deadline=None)
@given(spot_plays)
def test_spot_balances_are_what_the_fills_made_of_them(play: list[Any]) -> None:
    market = stocked_venue(SetClock(START_MS)).spot
    market.wallet.deposit("BTC", 1)
    for turn, step in enumerate(play):
        with suppress(Refusal):
            spot_step(market, turn, step)
        check_spot_books(market)


def check_spot_books(market: SpotMarket) -> None:
    totals = {"USDT": Decimal(100_000), "BTC": Decimal(1)}
    for trade in market.book.trades:
        sign = 1 if trade.side == "BUY" else -1
        totals["BTC"] += sign * trade.quantity
        totals["USDT"] -= sign * trade.quantity * trade.price
        totals[trade.fee_asset] -= trade.fee
    locked: defaultdict[str, Decimal] = defaultdict(Decimal)
    holds = {id(order.hold): order.hold for order in market.book.open_orders() if order.hold}
    for hold in holds.values():
        locked[hold.asset] += hold.amount
    for asset, total in totals.items():
        balance = market.wallet.balances[asset]
        assert abs(market.wallet.total(asset) - total) < CENT
        assert balance.locked == locked[asset]


@settings(max_examples=60, deadline=None)
@given(contract_plays)
def test_a_position_is_the_sum_of_its_fills_and_cash_what_they_brought(play: list[Any]) -> None:
    market = stocked_venue(SetClock(START_MS)).contracts
    for turn, step in enumerate(play):
        with suppress(Refusal):
            contract_step(market, turn, step)
        check_contract_books(market)


def contract_step(market: ContractMarket, turn: int, step: Any) -> None:
    match step:
        case ("place", kind, side, amount, price, reduce_only):
            limit = price if kind in ("LIMIT", "STOP") else ZERO
            trigger = price if kind not in ("LIMIT", "MARKET") else ZERO
            # fmt: off
            wish = Wish("BTCUSDT", side, kind, f"id-{turn}", amount, limit, trigger, reduce_only=reduce_only)
            # fmt: on
            (market.place_conditional if trigger else market.place)(wish)
        case _:
            world_step(market, step)


def check_contract_books(market: ContractMarket) -> None:
    signed = [trade.quantity if trade.side == "BUY" else -trade.quantity for trade in market.book.trades]
    assert market.position("BTCUSDT").amount == sum(signed, ZERO)
    brought = sum((trade.realized - trade.fee for trade in market.book.trades), ZERO)
    assert abs(market.cash - 100_000 - brought) < CENT
    paid = -sum((trade.price * each for trade, each in zip(market.book.trades, signed, strict=True)), ZERO)
    position = market.position("BTCUSDT")
    realized = sum((trade.realized for trade in market.book.trades), ZERO)
    assert abs(realized - (paid + position.amount * position.entry)) < CENT


def test_a_reduce_only_order_never_opens_anything() -> None:
    market = stocked_venue(SetClock(START_MS)).contracts
    market.place(Wish("BTCUSDT", "BUY", "MARKET", "a", Decimal("0.1")))
    market.place_conditional(
        Wish("BTCUSDT", "SELL", "STOP_MARKET", "b", Decimal("0.3"), ZERO, Decimal(49_000), reduce_only=True)
    )
    market.move("BTCUSDT", 48_000)
    assert market.position("BTCUSDT").amount == 0


def test_a_stop_whose_position_is_gone_is_rejected_when_it_triggers() -> None:
    market = stocked_venue(SetClock(START_MS)).contracts
    market.place(Wish("BTCUSDT", "BUY", "MARKET", "a", Decimal("0.1")))
    stop = market.place_conditional(
        Wish("BTCUSDT", "SELL", "STOP_MARKET", "b", Decimal("0.1"), ZERO, Decimal(49_000), reduce_only=True)
    )
    market.close_by_hand("BTCUSDT")
    market.move("BTCUSDT", 48_000)
    assert stop.status == "REJECTED"
    assert market.position("BTCUSDT").amount == 0


def test_a_delisted_symbol_has_no_orders_left() -> None:
    market = stocked_venue(SetClock(START_MS)).spot
    market.place(Wish("BTCUSDT", "BUY", "LIMIT", "a", Decimal("0.1"), Decimal(45_000)))
    market.delist("BTCUSDT")
    assert market.book.open_orders() == []
    assert market.wallet.balances["USDT"].free == 100_000
