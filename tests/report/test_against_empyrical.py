"""Our figures beside those of empyrical (pip install empyrical-reloaded), on the same series.

Where the words are the same but the figures are not, the test says how ours is defined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from btk.core.equity import EquitySummary
from btk.report.trade_statistics import trade_statistics
from btk.report.wallet_statistics import wallet_statistics
from tests.report.trade_samples import curve_of, trades_of

empyrical: Any = pytest.importorskip("empyrical", reason="empyrical-reloaded is not installed")
START = 1000.0
EXACT = 1e-9


def returns(seed: int, days: int = 400, drift: float = 0.0005) -> Any:
    return np.random.default_rng(seed).normal(drift, 0.02, days)


def curve(daily: Any) -> EquitySummary:
    return curve_of(*(START * np.cumprod(1 + daily)).tolist(), start=START)


@pytest.mark.parametrize("seed", range(5))
def test_daily_figures_of_a_wallet_are_the_same(seed: int) -> None:
    daily = returns(seed)
    figures = wallet_statistics(curve(daily), 0.0, None)
    # Crypto trades every day, so a year has 365 periods; empyrical takes 252 unless it is told.
    yearly = {"annualization": 365}
    expected = {
        "sharpe_daily": empyrical.sharpe_ratio(daily, **yearly),
        "sortino_daily": empyrical.sortino_ratio(daily, **yearly),
        "volatility_yearly_pct": empyrical.annual_volatility(daily, **yearly) * 100,
        "cagr_pct": empyrical.cagr(daily, **yearly) * 100,
        "return_pct": empyrical.cum_returns_final(daily) * 100,
        "max_drawdown_pct": -empyrical.max_drawdown(daily) * 100,
        "wallet_calmar_ratio": empyrical.calmar_ratio(daily, **yearly),
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=EXACT, rel=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_figures_of_a_series_of_trades_are_the_same(seed: int) -> None:
    pnl = returns(seed, days=200)
    figures = trade_statistics(trades_of(*(pnl * 100).tolist(), max_drawdown_pct=0.0))
    once = {"annualization": 1}
    expected = {
        "sharpe_ratio": empyrical.sharpe_ratio(pnl, **once),
        "sortino_ratio": empyrical.sortino_ratio(pnl, **once),
        "compounded_return_pct": empyrical.cum_returns_final(pnl) * 100,
        "compounded_drawdown_pct": -empyrical.max_drawdown(pnl) * 100,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=EXACT, rel=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_skewness_and_kurtosis_are_those_of_the_whole_sample(seed: int) -> None:
    stats: Any = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    pnl = returns(seed, days=200) * 100
    figures = trade_statistics(trades_of(*pnl.tolist()))
    assert figures["skewness"] == pytest.approx(stats.skew(pnl), abs=EXACT)
    # Ours is 3 for a bell; scipy's default takes the 3 away.
    assert figures["kurtosis"] == pytest.approx(stats.kurtosis(pnl, fisher=False), abs=EXACT)


def test_where_ours_is_missing_empyrical_shows_a_number_of_a_sample_too_small() -> None:
    daily = returns(1, days=13)
    assert np.isfinite(empyrical.sharpe_ratio(daily))
    assert wallet_statistics(curve(daily), 0.0, None)["sharpe_daily"] is None
