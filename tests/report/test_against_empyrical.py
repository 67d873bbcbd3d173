"""Our figures beside those of empyrical-reloaded 0.7.1 and scipy 1.17.1, which answered for the same series.

Their answers are written down here, so that nothing needs to be installed to compare. To ask them again: print
`returns(seed, count)` and give it to `sharpe_ratio`, `sortino_ratio`, `annual_volatility`, `cagr`, `calmar_ratio`
(each with `annualization=365` for a wallet, 1 for trades), `cum_returns_final`, `max_drawdown`, `scipy.stats.skew`
and `scipy.stats.kurtosis(fisher=False)`. Where the words are the same but the figures are not, a comment says how
ours is defined.
"""

from __future__ import annotations

import itertools

import pytest

from btk.core.equity import EquitySummary
from btk.report.trade_statistics import trade_statistics
from btk.report.wallet_statistics import wallet_statistics
from tests.report.trade_samples import curve_of, trades_of

START = 1000.0
# Crypto trades every day, so a year has 365 periods; empyrical takes 252 unless it is told.
WALLETS = {
    1: {
        "sharpe_daily": 0.4452808061056453,
        "sortino_daily": 0.6649149339528276,
        "volatility_yearly_pct": 34.506995136318714,
        "cagr_pct": 9.899392163237298,
        "return_pct": 10.898672027960199,
        "max_drawdown_pct": 30.60237678810346,
        "wallet_calmar_ratio": 0.3234844218729325,
    },
    2: {
        "sharpe_daily": 1.2049908783551933,
        "sortino_daily": 1.8203511972088373,
        "volatility_yearly_pct": 34.87639207667428,
        "cagr_pct": 43.26515222445808,
        "return_pct": 48.29036992588702,
        "max_drawdown_pct": 28.26314905415584,
        "wallet_calmar_ratio": 1.5307972986858778,
    },
    3: {
        "sharpe_daily": 0.08356441446337558,
        "sortino_daily": 0.11852565428904203,
        "volatility_yearly_pct": 35.73490047475723,
        "cagr_pct": -3.33071448729636,
        "return_pct": -3.644209706069723,
        "max_drawdown_pct": 31.403231590146664,
        "wallet_calmar_ratio": -0.1060627941342646,
    },
}
# The kurtosis of a bell is 3 here; scipy's default takes the 3 away.
TRADES = {
    11: {
        "sharpe_ratio": -0.10216002112372252,
        "sortino_ratio": -0.1370943445503507,
        "compounded_return_pct": -31.962068278558142,
        "compounded_drawdown_pct": 31.96206827855815,
        "skewness": 0.19997368643651978,
        "kurtosis": 2.6517341277805637,
    },
    12: {
        "sharpe_ratio": -0.03705552362096699,
        "sortino_ratio": -0.05044729972686388,
        "compounded_return_pct": -15.736558346028174,
        "compounded_drawdown_pct": 25.145786544042796,
        "skewness": -0.08952973588031918,
        "kurtosis": 2.4513663752091075,
    },
    13: {
        "sharpe_ratio": -0.1130935629287586,
        "sortino_ratio": -0.1466969161429227,
        "compounded_return_pct": -35.008774338537066,
        "compounded_drawdown_pct": 43.068098566601016,
        "skewness": -0.026551643352971287,
        "kurtosis": 2.831985369368622,
    },
}


def returns(seed: int, count: int) -> list[float]:
    """Bell-like returns of about 1.7 % that are the same on every machine and with every NumPy."""
    made, state = [], seed
    for _ in range(count):
        drawn = 0
        for _ in range(4):
            state = (state * 1_103_515_245 + 12_345) % 2**31
            drawn += state
        made.append((drawn / 2**31 - 2) * 0.03 + 0.0005)
    return made


def wallet_of(daily: list[float]) -> EquitySummary:
    grown = itertools.accumulate(daily, lambda equity, change: equity * (1 + change), initial=START)
    return curve_of(*list(grown)[1:], start=START)


@pytest.mark.parametrize("seed", WALLETS)
def test_daily_figures_of_a_wallet_are_the_same(seed: int) -> None:
    figures = wallet_statistics(wallet_of(returns(seed, 400)), 0.0, None)
    found = {name: figures[name] for name in WALLETS[seed]}
    assert found == pytest.approx(WALLETS[seed], abs=1e-9, rel=1e-9)


@pytest.mark.parametrize("seed", TRADES)
def test_figures_of_a_series_of_trades_are_the_same(seed: int) -> None:
    pnl = [change * 100 for change in returns(seed, 200)]
    figures = trade_statistics(trades_of(*pnl, max_drawdown_pct=0.0))
    found = {name: figures[name] for name in TRADES[seed]}
    assert found == pytest.approx(TRADES[seed], abs=1e-9, rel=1e-9)


def test_where_empyrical_shows_a_number_of_a_sample_too_small_ours_is_missing() -> None:
    # It says 6.96 of these 13 days.
    assert wallet_statistics(wallet_of(returns(1, 13)), 0.0, None)["sharpe_daily"] is None
