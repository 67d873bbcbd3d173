"""All statistics together: the names users rely on, and one account of the same run."""

from __future__ import annotations

import pytest

from btk.report.statistics import Shortfalls, statistic_names, statistics
from tests.report.trade_samples import curve_of, trades_of

PROMISED = [
    "total_trades",
    "win_rate_pct",
    "avg_pnl_pct",
    "median_pnl_pct",
    "total_pnl_pct",
    "total_pnl_cost",
    "std_dev_pct",
    "sharpe_ratio",
    "annualized_sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "recovery_factor",
    "certainty_ratio",
    "expectancy_pct",
    "expected_yearly_returns_pct",
    "profit_factor",
    "compounded_drawdown_pct",
    "start_equity",
    "final_equity",
    "return_pct",
    "cagr_pct",
    "max_drawdown_pct",
    "max_drawdown_cost",
    "sharpe_daily",
    "sortino_daily",
    "exposure_pct",
    "fee_cost",
    "slippage_cost",
    "buy_and_hold_pct",
    "ambiguous_exits",
    "exact_touches",
    "avg_duration_minutes",
    "max_win_streak",
    "max_loss_streak",
]


def test_every_promised_name_is_there_with_and_without_trades():
    for trades in ((), trades_of(1.0, -1.0)):
        assert set(PROMISED) <= set(statistics(trades, curve_of(1000.0)))


def test_the_wallet_gains_what_the_trades_made():
    figures = statistics(trades_of(3.0, -1.0), curve_of(1003.0, 1002.0), buy_and_hold_pct=1.5)
    assert figures["final_equity"] - figures["start_equity"] == pytest.approx(figures["total_pnl_cost"])
    assert figures["turnover"] == pytest.approx(200.0 / 1002.5)
    assert figures["buy_and_hold_pct"] == 1.5


def test_what_did_not_become_a_trade_is_counted_beside_it():
    figures = statistics(
        (), curve_of(1000.0), shortfalls=Shortfalls(cancelled_signals=1, rejected_signals=2, gap_minutes=3)
    )
    names = ("cancelled_signals", "rejected_signals", "gap_minutes")
    assert [figures[name] for name in names] == [1, 2, 3]


def test_the_names_are_the_numbers_of_a_document_without_its_words_and_groups():
    names = statistic_names()
    assert set(PROMISED) <= set(names)
    assert not {"trend", "by_side", "by_month", "by_weekday", "by_close_reason"} & set(names)
