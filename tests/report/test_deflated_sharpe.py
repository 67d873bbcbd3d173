"""The deflated Sharpe ratio against its formula, written apart, and against plain luck."""

import math
import random
import statistics

import pytest

from btk.report.deflated_sharpe import deflated_sharpe, lucky_sharpe
from btk.report.trade_statistics import trade_statistics
from tests.report.trade_samples import trades_of

WINNER = {"sharpe_ratio": 0.2, "total_trades": 101, "skewness": -0.5, "kurtosis": 4.0}


def normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def test_of_one_variant_it_is_the_probabilistic_sharpe() -> None:
    found = deflated_sharpe(WINNER, [0.2])
    expected = normal_cdf(0.2 * 10 / math.sqrt(1 + 0.5 * 0.2 + 0.75 * 0.04))
    assert found["probability"] == pytest.approx(expected, abs=1e-12)
    assert found["lucky_sharpe"] == 0


def test_luck_grows_with_the_number_of_tries_as_the_maximum_of_normal_draws_does() -> None:
    draw = random.Random(1)
    maxima = [max(draw.gauss(0, 0.1) for _ in range(100)) for _ in range(2000)]
    tried = [draw.gauss(0, 0.1) for _ in range(100)]
    scale = 0.1 / statistics.stdev(tried)
    assert lucky_sharpe(tried) * scale == pytest.approx(statistics.mean(maxima), rel=0.03)
    assert lucky_sharpe(tried[:10]) < lucky_sharpe(tried)


def test_more_tries_make_the_same_winner_less_believable() -> None:
    few, many = ([0.2, *([0.0, 0.1] * pairs)] for pairs in (2, 200))
    assert deflated_sharpe(WINNER, many)["probability"] < deflated_sharpe(WINNER, few)["probability"]


@pytest.mark.parametrize("name", WINNER)
def test_without_one_of_its_figures_there_is_no_probability(name: str) -> None:
    assert deflated_sharpe({**WINNER, name: None}, [0.2])["probability"] is None


def test_the_shape_of_the_trades_is_that_of_their_moments() -> None:
    pnl = [1.0, -1.0, 2.0, 0.5, -0.5, 3.0, -2.0, 0.1, 0.2, -1.5, 4.0]
    average = statistics.fmean(pnl)
    spread = statistics.pstdev(pnl)
    figures = trade_statistics(trades_of(*pnl))
    assert figures["skewness"] == pytest.approx(
        statistics.fmean(((x - average) / spread) ** 3 for x in pnl), abs=1e-9
    )
    assert figures["kurtosis"] == pytest.approx(
        statistics.fmean(((x - average) / spread) ** 4 for x in pnl), abs=1e-9
    )
    assert trade_statistics(trades_of(*pnl[:9]))["kurtosis"] is None
