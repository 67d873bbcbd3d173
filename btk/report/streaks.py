"""Streaks: runs of wins and of losses in the order trades closed; a break-even trade ends both kinds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from btk.report.gates import Figure, mean
from btk.report.trade_columns import TradeColumns


def streak_figures(columns: TradeColumns) -> dict[str, Figure]:
    """The longest streaks (0: there was none) and the mean of the streaks' summed profits (None: none)."""
    signs = np.sign(columns.pnl_pct)
    starts = np.flatnonzero(np.diff(signs, prepend=np.nan) != 0)
    lengths = np.diff(starts, append=len(signs))
    sums = np.add.reduceat(columns.pnl_pct, starts) if len(starts) else columns.pnl_pct
    kinds = signs[starts]
    return {
        "max_win_streak": _longest(lengths[kinds > 0]),
        "max_loss_streak": _longest(lengths[kinds < 0]),
        "avg_win_streak_pct": mean(sums[kinds > 0]),
        "avg_loss_streak_pct": mean(sums[kinds < 0]),
    }


def _longest(lengths: NDArray[np.int64]) -> int:
    return int(lengths.max()) if len(lengths) else 0
