"""The result document: the shape users rely on, JSON types only, the same bytes for the same run."""

from __future__ import annotations

import json
import math

import pytest

from btk.model.bars import Span
from btk.model.trade import Cancelled, Entry, Partial, Rejected
from btk.report.document import (
    Digests,
    RunOutcome,
    StrategyUsed,
    SymbolOutcome,
    json_values,
    result_document,
)
from tests.report.trade_samples import DAY, MIDNIGHT, curve_of, trade, trades_of

TRADE_FIELDS = (
    "id symbol strategy position price_open price_close price_take_profit price_stop_loss original_price_take_profit "
    "original_price_stop_loss scheduled_at_ms opened_at_ms closed_at_ms close_reason ambiguous exact_touch cost pnl_pct "
    "pnl_cost fee_cost slippage_cost entries partials peak_profit_pct max_drawdown_pct note"
)
CANCELLED = Cancelled(
    id="c", position="long", price_open=9.0, scheduled_at_ms=1, cancelled_at_ms=2, reason="timeout"
)


def symbol_of(name, trades=(), **changes):
    fields = {
        "symbol": name,
        "candles": 1440,
        "gaps": 0,
        "trades": tuple(trades),
        "cancelled": (),
        "rejected": (),
        "curve": curve_of(1001.0, 1002.0),
        "buy_and_hold_pct": 4.0,
    }
    return SymbolOutcome(**{**fields, **changes})


def outcome_of(*symbols, **changes):
    fields = {
        "run_id": "r1",
        "mode": "backtest",
        "status": "complete",
        "strategies": (StrategyUsed(name="sma_cross", params={"fast": 10}),),
        "exchange": "demo",
        "model": "candle",
        "frame": Span(MIDNIGHT, MIDNIGHT + 2 * DAY),
        "digests": Digests(code="a", data="b", settings="c"),
        "currency": "USDT",
        "symbols": symbols,
        "curve": curve_of(1001.0, 1002.0),
        "warnings": ("be careful",),
        "seconds": 0.5,
    }
    return RunOutcome(**{**fields, **changes})


def test_the_document_has_the_fields_of_the_interface_in_their_order():
    document = result_document(outcome_of(symbol_of("BTCUSDT", trades_of(1.0))))
    assert list(document) == [
        *(
            "schema",
            "run_id",
            "mode",
            "status",
            "strategy",
            "params",
            "exchange",
            "model",
            "frame",
            "digests",
        ),
        *("symbols", "portfolio", "warnings", "timing"),
    ]
    assert document["schema"] == "btk.backtest/1"
    assert document["frame"] == {"from_ms": MIDNIGHT, "to_ms": MIDNIGHT + 2 * DAY}
    assert document["digests"] == {"code": "a", "data": "b", "settings": "c"}
    assert (document["strategy"], document["params"]) == ("sma_cross", {"fast": 10})
    assert list(document["symbols"]["BTCUSDT"]) == [
        *("candles", "gaps", "empty", "own_bars", "trades", "cancelled", "rejected", "statistics")
    ]
    assert document["timing"] == {"seconds": 0.5, "candles_per_second": 2880.0}


def test_a_trade_has_the_fields_of_the_interface_in_their_order():
    entry, partial = Entry(100.0, 50.0, 1), Partial("profit", 50.0, 101.0, 50.0, 1, 2)
    trades = (trade(0, 1.0, entries=(entry,), partials=(partial,)),)
    [written] = result_document(outcome_of(symbol_of("BTCUSDT", trades)))["symbols"]["BTCUSDT"]["trades"]
    assert list(written) == TRADE_FIELDS.split()
    assert written["entries"] == [{"price": 100.0, "cost": 50.0, "at_ms": 1}]
    assert written["partials"] == [
        {"kind": "profit", "pct": 50.0, "price": 101.0, "cost_basis": 50.0, "entry_count": 1, "at_ms": 2}
    ]


def test_cancelled_and_rejected_signals_are_listed_and_counted():
    rejected = (Rejected(at_ms=1, reason="cash", detail="d", count=3),)
    one = symbol_of("A", cancelled=(CANCELLED,), rejected=rejected, gaps=2)
    document = result_document(outcome_of(one, symbol_of("B", cancelled=(CANCELLED,), gaps=5)))
    assert list(document["symbols"]["A"]["cancelled"][0]) == [
        *("id", "position", "price_open", "scheduled_at_ms", "cancelled_at_ms", "reason")
    ]
    assert document["symbols"]["A"]["rejected"] == [{"at_ms": 1, "reason": "cash", "detail": "d", "count": 3}]
    names = ("cancelled_signals", "rejected_signals", "gap_minutes")
    assert [document["symbols"]["A"]["statistics"][name] for name in names] == [1, 3, 2]
    assert [document["portfolio"]["statistics"][name] for name in names] == [2, 3, 7]


def test_the_portfolio_pools_all_trades_and_holds_equal_shares():
    symbols = (
        symbol_of("A", trades_of(2.0), buy_and_hold_pct=10.0),
        symbol_of("B", trades_of(-1.0), buy_and_hold_pct=None),
        symbol_of("C", trades_of(5.0), buy_and_hold_pct=-4.0),
    )
    figures = result_document(outcome_of(*symbols))["portfolio"]["statistics"]
    assert (figures["total_trades"], figures["total_pnl_cost"]) == (3, 6.0)
    assert figures["buy_and_hold_pct"] == 3.0


def test_the_portfolio_carries_its_equity_for_charts():
    portfolio = result_document(outcome_of(symbol_of("A")))["portfolio"]
    assert portfolio["daily_equity"] == {"from_ms": MIDNIGHT, "value": [1001.0, 1002.0]}
    assert portfolio["equity"]["value"][-1] == 1002.0
    assert portfolio["equity"]["at_ms"][-1] == MIDNIGHT + 2 * DAY


def test_the_order_in_which_symbols_were_given_changes_no_byte():
    symbols = tuple(
        symbol_of(name, trades_of(0.1 * place, 0.7, symbol=name), buy_and_hold_pct=0.1 * place)
        for place, name in enumerate(("ETHUSDT", "BTCUSDT", "ADAUSDT"))
    )
    there, back = (json.dumps(result_document(outcome_of(*order))) for order in (symbols, symbols[::-1]))
    assert there == back


def test_several_strategies_are_a_list_and_each_has_its_parameters():
    used = (StrategyUsed(name="one", params={"fast": 1}), StrategyUsed(name="two", params={}))
    document = result_document(outcome_of(symbol_of("A"), strategies=used))
    assert document["strategy"] == ["one", "two"]
    assert document["params"] == {"one": {"fast": 1}, "two": {}}


def test_an_interrupted_paper_run_says_so():
    document = result_document(outcome_of(symbol_of("A"), mode="paper", status="partial"))
    assert (document["mode"], document["status"]) == ("paper", "partial")


def test_a_run_too_quick_to_time_has_no_speed():
    assert result_document(outcome_of(symbol_of("A"), seconds=0.0))["timing"]["candles_per_second"] is None


def test_a_document_is_what_json_brings_back():
    document = result_document(outcome_of(symbol_of("A", trades_of(1.0, -2.0)), symbol_of("B")))
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_nan_and_infinity_become_null_wherever_they_are():
    poisoned = {"a": math.nan, "b": [math.inf, {"c": -math.inf}], "d": (trade(0, math.nan),)}
    plain = json_values(poisoned)
    assert (plain["a"], plain["b"], plain["d"][0]["pnl_pct"]) == (None, [None, {"c": None}], None)


def test_finite_numbers_keep_every_bit_and_whole_numbers_stay_whole():
    numbers = {"x": [0.1 + 0.2, 1e-320, 1.7976931348623157e308, 1e22, 3.0], "n": 1_704_067_200_000}
    plain = json_values(numbers)
    assert plain == numbers
    assert [type(number) for number in (plain["x"][4], plain["n"])] == [float, int]


def test_a_value_without_a_json_form_is_refused():
    with pytest.raises(TypeError):
        json_values({"x": object()})


def test_a_run_without_symbols_or_minutes_still_has_a_document():
    document = result_document(outcome_of(curve=curve_of()))
    assert document["symbols"] == {}
    assert document["portfolio"]["statistics"]["total_trades"] == 0
