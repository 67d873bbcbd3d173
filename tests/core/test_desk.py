"""Partial closes and average buys, one at a time: the worked numbers of origin-core.md, sections 6.3 and 6.5."""

from __future__ import annotations

from btk.core.candle_model import CANDLE
from btk.core.desk import Desk, Moment
from btk.core.holding import Holding
from btk.core.rules import Rules, Terms
from btk.core.states import Closing, Open, Scheduled, State
from btk.core.vwap_model import VWAP
from btk.model.verdict import Refused, Verdict
from tests.core.position_samples import Buy, a_position

NOW_MS = 60_000


def desk_at(price: float, state: State, rules: Rules | None = None) -> Desk:
    terms = Terms("BTCUSDT", "probe", "test", rules or Rules())
    return Desk(state, Moment(0, NOW_MS, price, price), VWAP, terms, lambda cost: None)


def opened(*entries: Buy) -> Open:
    return Open(a_position(*entries, stop=entries[0].price / 2, take=entries[0].price * 2))


def holding_of(desk: Desk) -> Holding:
    assert isinstance(desk.state, Open | Closing)
    return desk.state.holding


def words(verdict: Verdict) -> str:
    assert isinstance(verdict, Refused)
    return verdict.reason


def test_an_average_buy_must_undercut_every_entry_not_only_the_last() -> None:
    state: State = opened(Buy(1000))
    accepted = []
    for price in (800, 900, 750):
        desk = desk_at(price, state)
        accepted.append(bool(desk.average(None)))
        state = desk.state
    assert accepted == [True, False, True]
    assert isinstance(state, Open)
    assert [entry.price for entry in state.holding.entries] == [1000, 800, 750]


def test_an_average_buy_may_come_anywhere_where_that_is_allowed() -> None:
    assert desk_at(900, opened(Buy(1000), Buy(800)), Rules(dca_everywhere=True)).average(None)


def test_in_a_minute_that_is_only_caught_up_on_nothing_is_added_and_everything_else_is_done() -> None:
    late, terms = Moment(0, NOW_MS, 90, 90, late=True), Terms("BTCUSDT", "probe", "test", Rules())
    waits = Scheduled(a_position(Buy(100), stop=50, take=200).plan)
    for model in (CANDLE, VWAP):
        open_desk = Desk(opened(Buy(100)), late, model, terms, lambda cost: None)
        assert "nothing may be added" in words(open_desk.average(None))
        assert open_desk.trail_stop(None, 85.0)
        assert open_desk.partial("loss", 50, None)
        assert open_desk.close()
        assert "nothing may be added" in words(Desk(waits, late, model, terms, lambda cost: None).activate())
        assert Desk(waits, late, model, terms, lambda cost: None).cancel()


def test_an_average_buy_needs_a_cost_above_zero() -> None:
    for cost in (0.0, -50.0, float("nan"), float("inf")):
        assert "must be a finite number above 0" in words(desk_at(90, opened(Buy(100))).average(cost))


def test_an_amount_of_money_closes_that_much_of_what_is_left() -> None:
    state: State = opened(Buy(100, 300))
    for cost, left in ((150, 150), (75, 75)):
        desk = desk_at(110, state)
        assert desk.partial("profit", None, cost)
        state = desk.state
        assert holding_of(desk).remaining == left


def test_profit_is_taken_only_in_profit_and_loss_only_in_loss() -> None:
    state = opened(Buy(100))
    assert "not in profit" in words(desk_at(99, state).partial("profit", 50, None))
    assert "not in profit" in words(desk_at(100, state).partial("profit", 50, None))
    assert "not in loss" in words(desk_at(101, state).partial("loss", 50, None))
    anywhere = Rules(partials_everywhere=True)
    assert desk_at(99, state, anywhere).partial("profit", 50, None)
    assert desk_at(101, state, anywhere).partial("loss", 50, None)


def test_a_share_is_a_percentage_above_zero_and_at_most_all() -> None:
    for pct in (0.0, -1.0, 100.1, float("nan")):
        assert "at most 100 percent" in words(desk_at(110, opened(Buy(100))).partial("profit", pct, None))


def test_nothing_is_taken_at_or_beyond_the_target() -> None:
    state = opened(Buy(100))
    assert "already at or beyond 200" in words(desk_at(200, state).partial("profit", 50, None))


def test_closing_all_that_is_left_ends_the_position() -> None:
    desk = desk_at(110, opened(Buy(100)))
    assert desk.partial("profit", 50, None)
    assert isinstance(desk.state, Open)
    assert desk.partial("profit", 100, None)
    assert isinstance(desk.state, Closing)
    assert desk.state.reason == "partial"
    assert words(desk.partial("profit", 10, None)) == "no position is open"
