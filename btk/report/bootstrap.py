"""Bootstrap: how else the mean trade and the compounded fall could have come out with trades like these.

Some 30 ms for 1,000 trades: reports ask for it, a backtest does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from btk.model.bars import Column
from btk.model.trade import Trade
from btk.report.compounding import compounded
from btk.report.gates import MIN_TRADES, Figure, finite
from btk.report.trade_columns import TradeColumns

SEED = 20_240_101
RESAMPLES = 1_000
CONFIDENCE_PCT = 95.0
DRAWN_AT_ONCE = 250_000

NAMES = (
    "mean_pnl_low_pct",
    "mean_pnl_high_pct",
    "drawdown_low_pct",
    "drawdown_median_pct",
    "drawdown_high_pct",
)


def bootstrap_intervals(
    trades: Sequence[Trade], resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Figure]:
    """Percentile intervals of the mean trade and of `compounded_drawdown_pct`; None under 10 trades.

    Trades are drawn with replacement, as if each were independent of the others: streaks longer than chance
    make the true intervals wider. The same trades and seed give the same figures.
    """
    columns = TradeColumns.of(trades)
    settings: dict[str, Figure] = {"confidence_pct": CONFIDENCE_PCT, "resamples": resamples}
    if len(columns) < MIN_TRADES:
        return {**settings, **dict.fromkeys(NAMES)}
    means, falls = (np.concatenate(parts) for parts in zip(*_draws(columns, resamples, seed), strict=True))
    tail = (100 - CONFIDENCE_PCT) / 2
    figures = (*np.percentile(means, (tail, 100 - tail)), *np.percentile(falls, (tail, 50, 100 - tail)))
    return {**settings, **{name: finite(figure) for name, figure in zip(NAMES, figures, strict=True)}}


def _draws(columns: TradeColumns, resamples: int, seed: int) -> Iterator[tuple[Column, Column]]:
    generator = np.random.default_rng(seed)
    rows = max(1, DRAWN_AT_ONCE // len(columns))
    for begin in range(0, resamples, rows):
        shape = (min(rows, resamples - begin), len(columns))
        drawn = generator.integers(0, len(columns), size=shape)
        pnl = columns.pnl_pct[drawn]
        yield pnl.mean(axis=-1), compounded(pnl, columns.fall_pct[drawn]).drawdown_pct
