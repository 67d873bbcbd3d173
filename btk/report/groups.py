"""Groups: the same few figures for the trades of each close reason, side, month and weekday."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Column
from btk.model.intervals import DAY_MS
from btk.model.trade import CloseReason
from btk.report.gates import Group, finite, ratio
from btk.report.trade_columns import TradeColumns

CLOSE_REASONS: tuple[str, ...] = get_args(CloseReason)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH_WEEKDAY = WEEKDAYS.index("thursday")

Codes = NDArray[np.int64]


def group_figures(columns: TradeColumns) -> dict[str, dict[str, Group]]:
    """Trades by close reason, side, and month and weekday of the close (UTC); empty groups are left out."""
    reasons = np.array([CLOSE_REASONS.index(trade.close_reason) for trade in columns.trades], dtype=np.int64)
    months = columns.closed_at_ms.astype("datetime64[ms]").astype("datetime64[M]")
    month_names, month_codes = np.unique(months, return_inverse=True)
    weekdays = (columns.closed_at_ms // DAY_MS + EPOCH_WEEKDAY) % len(WEEKDAYS)
    return {
        "by_close_reason": _grouped(columns, reasons, CLOSE_REASONS),
        "by_side": _grouped(columns, (columns.side < 0).astype(np.int64), ("long", "short")),
        "by_month": _grouped(columns, month_codes, [str(month) for month in month_names]),
        "by_weekday": _grouped(columns, weekdays, WEEKDAYS),
    }


def _grouped(columns: TradeColumns, codes: Codes, names: Sequence[str]) -> dict[str, Group]:
    pnl = columns.pnl_pct
    counts = np.bincount(codes, minlength=len(names))
    wins, losses = (np.bincount(codes[side], minlength=len(names)) for side in (pnl > 0, pnl < 0))
    won, lost = (_sums(codes, side, len(names)) for side in _sides(pnl))
    gains, pains = (_sums(codes, side, len(names)) for side in _sides(columns.pnl_cost))
    return {
        name: {
            "trades": int(counts[i]),
            "win_rate_pct": _percent(int(wins[i]), int(wins[i] + losses[i])),
            "avg_pnl_pct": finite((won[i] + lost[i]) / counts[i]),
            "total_pnl_pct": finite(won[i] + lost[i]),
            "total_pnl_cost": finite(gains[i] + pains[i]),
            "profit_factor": ratio(won[i], -lost[i]) if wins[i] else None,
            "profit_factor_cost": ratio(gains[i], -pains[i]) if wins[i] else None,
        }
        for i, name in enumerate(names)
        if counts[i]
    }


def _sides(values: Column) -> tuple[Column, Column]:
    return np.maximum(values, 0.0), np.minimum(values, 0.0)


def _sums(codes: Codes, weights: Column, groups: int) -> list[float]:
    return [float(total) for total in np.bincount(codes, weights=weights, minlength=groups)]


def _percent(part: int, whole: int) -> float | None:
    return part / whole * 100 if whole else None
