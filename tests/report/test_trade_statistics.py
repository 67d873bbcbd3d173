"""Trade statistics against figures worked out by hand or by plain Python, in the shapes that trouble formulas."""

from __future__ import annotations

import math
import random
import statistics as stdlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btk.report.trade_statistics import trade_statistics
from tests.report.trade_samples import DAY, MIDNIGHT, trade, trades_of

# With two days between them: enough trades and days for every gate.
TEN = (1.0, -0.5, 1.5, -1.0, 0.5, 0.0, 2.0, 1.0, -0.5, -1.5)
ZERO_WITHOUT_TRADES = {
    "total_trades",
    "wins",
    "losses",
    "breakevens",
    "ambiguous_exits",
    "exact_touches",
    "total_pnl_cost",
    "gross_pnl_cost",
    "fee_cost",
    "slippage_cost",
    "traded_cost",
    "max_win_streak",
    "max_loss_streak",
}
ANNUALISED = ("trades_per_year", "annualized_sharpe_ratio", "expected_yearly_returns_pct", "calmar_ratio")
RATIOS = (
    "std_dev_pct",
    "sharpe_ratio",
    "annualized_sharpe_ratio",
    "sortino_ratio",
    "sqn",
    "certainty_ratio",
    "expectancy_pct",
    "kelly_pct",
    "recovery_factor",
    "calmar_ratio",
    "expected_yearly_returns_pct",
    "trades_per_year",
)

TEN_TRADES = tuple(trade(number * 2, pnl) for number, pnl in enumerate(TEN))


def stepped_compounding(pairs):
    """(final, drawdown in percent) one trade at a time: the trough inside a trade counts for the fall only."""
    equity = peak = 1.0
    deepest = 0.0
    for pnl, worst in pairs:
        trough = equity * (1 + min(worst, 0.0) / 100)
        equity *= 1 + pnl / 100
        if min(equity, trough) <= 0:
            return 0.0, 100.0
        deepest = max(deepest, (peak - trough) / peak, (peak - equity) / peak)
        peak = max(peak, equity)
    return equity, deepest * 100


def test_without_trades_counts_and_money_are_zero_and_everything_else_is_missing():
    figures = trade_statistics(())
    assert {name for name, figure in figures.items() if figure == 0} == ZERO_WITHOUT_TRADES
    assert all(figures[name] == {} for name in ("by_close_reason", "by_side", "by_month", "by_weekday"))
    rest = set(figures) - ZERO_WITHOUT_TRADES
    assert all(figures[name] is None for name in rest if not name.startswith("by_"))


def test_the_keys_are_the_same_with_and_without_trades():
    assert list(trade_statistics(TEN_TRADES)) == list(trade_statistics(()))


def test_one_trade_has_averages_but_no_ratio():
    figures = trade_statistics(trades_of(2.5))
    assert figures["total_trades"] == figures["wins"] == figures["max_win_streak"] == 1
    assert figures["win_rate_pct"] == 100.0
    assert figures["avg_pnl_pct"] == figures["median_pnl_pct"] == figures["total_pnl_pct"] == 2.5
    assert figures["compounded_return_pct"] == pytest.approx(2.5)
    assert figures["compounded_drawdown_pct"] == pytest.approx(0.4)
    assert [figures[name] for name in (*RATIOS, "profit_factor", "payoff_ratio")] == [None] * 14


def test_two_trades_have_a_profit_factor_and_a_median_between_them():
    figures = trade_statistics(trades_of(3.0, -2.0))
    assert (figures["win_rate_pct"], figures["median_pnl_pct"], figures["profit_factor"]) == (50.0, 0.5, 1.5)
    assert figures["payoff_ratio"] == pytest.approx(1.5)
    assert figures["compounded_return_pct"] == pytest.approx((1.03 * 0.98 - 1) * 100)
    assert figures["compounded_drawdown_pct"] == pytest.approx(2.0)
    assert [figures[name] for name in RATIOS] == [None] * len(RATIOS)


def test_ten_trades_have_every_ratio_and_each_is_its_formula():
    figures = trade_statistics(TEN_TRADES)
    mean, std_dev, payoff = stdlib.mean(TEN), stdlib.stdev(TEN), (6 / 5) / (3.5 / 4)
    per_year = 10 / (18 + 1 / 24) * 365
    final, drawdown = stepped_compounding((one.pnl_pct, one.max_drawdown_pct) for one in TEN_TRADES)
    yearly = (final ** (per_year / 10) - 1) * 100
    expected = {
        "std_dev_pct": std_dev,
        "sharpe_ratio": mean / std_dev,
        "annualized_sharpe_ratio": mean / std_dev * math.sqrt(per_year),
        "sortino_ratio": mean / math.sqrt((0.25 + 1 + 0.25 + 2.25) / 10),
        "sqn": mean / std_dev * math.sqrt(10),
        "certainty_ratio": payoff,
        "expectancy_pct": mean,
        "kelly_pct": (5 / 9 - (4 / 9) / payoff) * 100,
        "profit_factor": 6 / 3.5,
        "trades_per_year": per_year,
        "expected_yearly_returns_pct": yearly,
        "compounded_drawdown_pct": drawdown,
        "calmar_ratio": yearly / drawdown,
        "recovery_factor": (final - 1) * 100 / drawdown,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_nine_trades_are_too_few_for_ratios():
    figures = trade_statistics(TEN_TRADES[:9])
    assert [figures[name] for name in RATIOS] == [None] * len(RATIOS)


def test_under_fourteen_days_nothing_is_annualised_but_ratios_per_trade_stand():
    figures = trade_statistics(trades_of(*TEN))
    assert [figures[name] for name in ANNUALISED] == [None] * len(ANNUALISED)
    assert figures["sharpe_ratio"] is not None
    assert figures["recovery_factor"] is not None


def test_more_than_a_trade_a_day_is_not_annualised():
    twice_a_day = [
        trade(half_day // 2, 0.1 * (-1) ** half_day, id=str(half_day), closed_at_ms=closed_at_ms)
        for half_day, closed_at_ms in enumerate(range(MIDNIGHT, MIDNIGHT + 30 * DAY, DAY // 2))
    ]
    figures = trade_statistics(twice_a_day)
    assert [figures[name] for name in ANNUALISED] == [None] * len(ANNUALISED)


def test_a_year_of_trades_compounds_to_what_the_year_returned():
    weekly = [trade(week * 7, 0.5 if week % 2 else -0.3) for week in range(52)]
    last = trade(364, 0.5, closed_at_ms=MIDNIGHT + 365 * DAY)
    figures = trade_statistics([*weekly, last])
    assert figures["trades_per_year"] == pytest.approx(53)
    final, _ = stepped_compounding((one.pnl_pct, 0.0) for one in [*weekly, last])
    assert figures["expected_yearly_returns_pct"] == pytest.approx((final - 1) * 100)


def test_a_return_above_a_hundred_percent_a_year_is_not_shown():
    figures = trade_statistics([trade(number * 2, 3.0 + number % 2) for number in range(10)])
    assert figures["expected_yearly_returns_pct"] is None
    assert figures["calmar_ratio"] is None
    assert figures["annualized_sharpe_ratio"] is not None


def test_wins_only_have_no_figure_that_needs_a_loss():
    figures = trade_statistics([trade(number * 2, 1.0 + number % 2) for number in range(10)])
    needs_a_loss = ("sortino_ratio", "certainty_ratio", "profit_factor", "profit_factor_cost", "kelly_pct",
                    "payoff_ratio",
                    "avg_loss_pct", "avg_loss_duration_minutes", "avg_loss_streak_pct")  # fmt: skip
    assert [figures[name] for name in needs_a_loss] == [None] * len(needs_a_loss)
    assert (figures["win_rate_pct"], figures["max_win_streak"], figures["max_loss_streak"]) == (100.0, 10, 0)
    assert figures["expectancy_pct"] == pytest.approx(1.5)


def test_losses_only_win_nothing_against_what_they_lose():
    figures = trade_statistics([trade(number * 2, -1.0 - number % 2) for number in range(10)])
    assert (figures["win_rate_pct"], figures["certainty_ratio"]) == (0.0, 0.0)
    assert (figures["profit_factor"], figures["kelly_pct"], figures["avg_win_pct"]) == (None, None, None)
    assert figures["sortino_ratio"] == pytest.approx(-1.5 / math.sqrt(2.5))


@pytest.mark.parametrize("pnl", [0.1, -0.1])
def test_equal_trades_have_no_spread_and_so_no_sharpe_ratio(pnl):
    figures = trade_statistics([trade(number * 2, pnl) for number in range(12)])
    assert figures["std_dev_pct"] == pytest.approx(0.0, abs=1e-12)
    assert (figures["sharpe_ratio"], figures["annualized_sharpe_ratio"], figures["sqn"]) == (None, None, None)
    assert (figures["avg_pnl_pct"], figures["median_pnl_pct"]) == pytest.approx((pnl, pnl))


def test_break_even_trades_are_in_the_averages_but_not_in_the_win_rate():
    figures = trade_statistics(trades_of(0.0, 2.0, 0.0, -1.0))
    assert (figures["wins"], figures["losses"], figures["breakevens"]) == (1, 1, 2)
    assert (figures["win_rate_pct"], figures["avg_pnl_pct"]) == (50.0, 0.25)


def test_break_even_trades_alone_have_no_win_rate():
    figures = trade_statistics([trade(number * 2, 0.0, max_drawdown_pct=0.0) for number in range(10)])
    assert figures["win_rate_pct"] is None
    assert (figures["total_pnl_pct"], figures["compounded_drawdown_pct"]) == (0.0, 0.0)
    assert (figures["recovery_factor"], figures["calmar_ratio"], figures["sharpe_ratio"]) == (
        None,
        None,
        None,
    )
    assert (figures["max_win_streak"], figures["max_loss_streak"]) == (0, 0)


def test_a_blown_account_loses_everything_and_recovers_nothing():
    pnl = (5.0, -100.0, 50.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    figures = trade_statistics([trade(number * 2, one) for number, one in enumerate(pnl)])
    assert (figures["compounded_return_pct"], figures["compounded_drawdown_pct"]) == (-100.0, 100.0)
    assert (figures["expected_yearly_returns_pct"], figures["calmar_ratio"]) == (-100.0, -1.0)
    assert figures["recovery_factor"] is None


def test_an_account_blown_inside_a_winning_trade_is_blown():
    figures = trade_statistics(trades_of(10.0, max_drawdown_pct=-100.0))
    assert (figures["compounded_return_pct"], figures["compounded_drawdown_pct"]) == (-100.0, 100.0)


def test_ratios_over_a_tiny_drawdown_are_held_at_a_thousand():
    trades = [trade(number * 2, 0.2, max_drawdown_pct=-1e-6) for number in range(10)]
    figures = trade_statistics(trades)
    assert (figures["recovery_factor"], figures["calmar_ratio"]) == (1000.0, 1000.0)


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e150, 1e300])
def test_huge_and_tiny_trades_give_numbers_or_nothing(size):
    trades = [
        trade(number * 2, one * size, price_close=size * (number + 1)) for number, one in enumerate(TEN)
    ]
    assert all(math.isfinite(figure) for figure in numbers_in(trade_statistics(trades)))


def test_tiny_trades_keep_their_averages():
    figures = trade_statistics([trade(number * 2, one * 1e-12) for number, one in enumerate(TEN)])
    assert figures["avg_pnl_pct"] == pytest.approx(stdlib.mean(TEN) * 1e-12)
    assert figures["sharpe_ratio"] is None


def test_fees_and_slippage_stand_apart_and_add_up_to_the_gross():
    figures = trade_statistics(trades_of(1.0, 2.0, -4.0))
    money = ("gross_pnl_cost", "fee_cost", "slippage_cost", "total_pnl_cost", "traded_cost")
    assert [figures[name] for name in money] == pytest.approx([-0.1, 0.6, 0.3, -1.0, 300.0])


def test_money_follows_the_size_of_each_trade_where_percentages_do_not():
    trades = [trade(0, 1.0, cost=100.0, pnl_cost=1.0), trade(1, -0.5, cost=1000.0, pnl_cost=-5.0)]
    figures = trade_statistics(trades)
    assert (figures["total_pnl_pct"], figures["total_pnl_cost"]) == (0.5, -4.0)
    assert (figures["profit_factor"], figures["payoff_ratio"]) == (2.0, 0.2)
    assert figures["profit_factor_cost"] == 0.2


def test_ambiguous_exits_and_exact_touches_are_counted():
    trades = [trade(0, ambiguous=True), trade(1, exact_touch=True), trade(2, exact_touch=True)]
    figures = trade_statistics(trades)
    assert (figures["ambiguous_exits"], figures["exact_touches"]) == (1, 2)


def test_best_and_worst_moments_are_averaged_and_kept():
    trades = [
        trade(0, peak_profit_pct=3.0, max_drawdown_pct=-1.0),
        trade(1, peak_profit_pct=1.0, max_drawdown_pct=-2.0),
    ]
    figures = trade_statistics(trades)
    assert (figures["avg_mfe_pct"], figures["best_mfe_pct"]) == (2.0, 3.0)
    assert (figures["avg_mae_pct"], figures["worst_mae_pct"]) == (-1.5, -2.0)


def test_durations_are_told_apart_by_outcome():
    lasting = [(1.0, 10), (1.0, 20), (-1.0, 60), (0.0, 1)]
    trades = [
        trade(number, pnl, closed_at_ms=MIDNIGHT + number * DAY + minutes * 60_000)
        for number, (pnl, minutes) in enumerate(lasting)
    ]
    figures = trade_statistics(trades)
    assert (figures["avg_duration_minutes"], figures["median_duration_minutes"]) == (22.75, 15.0)
    assert (figures["avg_win_duration_minutes"], figures["avg_loss_duration_minutes"]) == (15.0, 60.0)


def test_streaks_run_in_the_order_of_closing_and_end_at_a_break_even():
    figures = trade_statistics(trades_of(1.0, 2.0, 0.0, 3.0, -1.0, -2.0, -3.0, 4.0))
    assert (figures["max_win_streak"], figures["max_loss_streak"]) == (2, 3)
    assert figures["avg_win_streak_pct"] == pytest.approx((3 + 3 + 4) / 3)
    assert figures["avg_loss_streak_pct"] == pytest.approx(-6.0)


@given(order=st.randoms(use_true_random=False))
def test_the_order_of_the_trades_changes_no_bit(order):
    rng = random.Random(4)
    trades = [trade(number // 3, rng.gauss(0.1, 1.5), id=str(number)) for number in range(60)]
    shuffled = trades.copy()
    order.shuffle(shuffled)
    assert trade_statistics(shuffled) == trade_statistics(trades)


@given(pairs=st.lists(st.tuples(st.floats(-101, 200), st.floats(-101, 0)), min_size=1, max_size=40))
def test_compounding_is_that_of_one_trade_after_the_other(pairs):
    trades = [trade(number, pnl, max_drawdown_pct=worst) for number, (pnl, worst) in enumerate(pairs)]
    figures = trade_statistics(trades)
    final, drawdown = stepped_compounding(pairs)
    assert figures["compounded_return_pct"] == pytest.approx((final - 1) * 100, rel=1e-9, abs=1e-9)
    assert figures["compounded_drawdown_pct"] == pytest.approx(drawdown, rel=1e-9, abs=1e-9)


@given(
    pnl=st.lists(st.floats(-1e308, 1e308), max_size=30),
    gap_days=st.integers(1, 40),
)
def test_no_figure_is_ever_nan_or_infinite(pnl, gap_days):
    trades = [trade(number * gap_days, one) for number, one in enumerate(pnl)]
    assert all(math.isfinite(figure) for figure in numbers_in(trade_statistics(trades)))


def numbers_in(figures):
    for figure in figures.values():
        if isinstance(figure, dict):
            yield from numbers_in(figure)
        elif isinstance(figure, int | float):
            yield figure


def test_a_payoff_next_to_nothing_has_no_kelly_share():
    trades = [trade(number, 1e-320 if number % 2 else -1.0) for number in range(10)]
    assert trade_statistics(trades)["kelly_pct"] is None
