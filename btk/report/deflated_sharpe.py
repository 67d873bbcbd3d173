"""Deflated Sharpe: how likely the winner's Sharpe is real, after so many variants were tried.

Bailey and Lopez de Prado, "The Deflated Sharpe Ratio" (2014): the best of many worthless variants has a Sharpe
well above 0 by luck alone; the winner is measured against that luck, with its skewness and fat tails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

from btk.report.gates import Figure, finite

EULER = 0.5772156649015329


def deflated_sharpe(winner: Mapping[str, Figure], sharpes: Sequence[float]) -> dict[str, Figure]:
    """`probability` that the winner's true Sharpe per trade is above 0, and the Sharpe expected of luck alone.

    `winner` has the statistics of the winner, `sharpes` the `sharpe_ratio` of every variant tried that has
    one, the winner's included. Variants that resemble each other count in full, which errs on the careful side.
    """
    lucky = lucky_sharpe(sharpes)
    return {
        "probability": _probability(winner, lucky),
        "lucky_sharpe": finite(lucky),
        "trials": len(sharpes),
    }


def lucky_sharpe(sharpes: Sequence[float]) -> float:
    """The highest Sharpe to expect among as many worthless variants that scatter like these; 0 of one."""
    tried = len(sharpes)
    if tried < 2:
        return 0.0
    average = math.fsum(sharpes) / tried
    variance = math.fsum((sharpe - average) ** 2 for sharpe in sharpes) / (tried - 1)
    quantile = NormalDist().inv_cdf
    best = (1 - EULER) * quantile(1 - 1 / tried) + EULER * quantile(1 - 1 / (tried * math.e))
    return math.sqrt(variance) * best


def _probability(winner: Mapping[str, Figure], lucky: float) -> float | None:
    figures = [winner.get(name) for name in ("sharpe_ratio", "total_trades", "skewness", "kurtosis")]
    numbers = [figure for figure in figures if isinstance(figure, int | float)]
    if len(numbers) < len(figures):
        return None
    sharpe, trades, skewness, kurtosis = numbers
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
    if spread <= 0:
        return None
    return finite(NormalDist().cdf((sharpe - lucky) * math.sqrt(trades - 1) / math.sqrt(spread)))
