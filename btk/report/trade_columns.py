"""Trades as NumPy columns in the order they closed: converted once, every figure is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec
import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Column
from btk.model.trade import Trade

_CLOSING_ORDER = attrgetter("closed_at_ms", "opened_at_ms", "symbol", "strategy", "id")


class TradeColumns(msgspec.Struct, frozen=True, kw_only=True):
    """One row a trade, ordered by closing time; ties are broken by opening time, symbol, strategy and id.

    Percentages in percent of the trade's cost, money in quote currency, times in UTC milliseconds; `side` is
    +1 for long and -1 for short.
    """

    trades: tuple[Trade, ...]
    pnl_pct: Column
    pnl_cost: Column
    cost: Column
    fee_cost: Column
    slippage_cost: Column
    peak_pct: Column
    fall_pct: Column
    price_close: Column
    opened_at_ms: NDArray[np.int64]
    closed_at_ms: NDArray[np.int64]
    side: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.trades)

    @staticmethod
    def of(trades: Sequence[Trade]) -> TradeColumns:
        """The columns of `trades`, the same ones in whatever order they come."""
        ordered = tuple(sorted(trades, key=_CLOSING_ORDER))
        return TradeColumns(
            trades=ordered,
            pnl_pct=_floats([trade.pnl_pct for trade in ordered]),
            pnl_cost=_floats([trade.pnl_cost for trade in ordered]),
            cost=_floats([trade.cost for trade in ordered]),
            fee_cost=_floats([trade.fee_cost for trade in ordered]),
            slippage_cost=_floats([trade.slippage_cost for trade in ordered]),
            peak_pct=_floats([trade.peak_profit_pct for trade in ordered]),
            fall_pct=_floats([trade.max_drawdown_pct for trade in ordered]),
            price_close=_floats([trade.price_close for trade in ordered]),
            opened_at_ms=np.array([trade.opened_at_ms for trade in ordered], dtype=np.int64),
            closed_at_ms=np.array([trade.closed_at_ms for trade in ordered], dtype=np.int64),
            side=np.array([1 if trade.position == "long" else -1 for trade in ordered], dtype=np.int64),
        )


def _floats(values: list[float]) -> Column:
    return np.array(values, dtype=np.float64)
