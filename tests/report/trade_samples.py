"""Sample trades and curves to compute figures of."""

from __future__ import annotations

import numpy as np

from btk.core.equity import EquityCurve, EquitySummary
from btk.model.trade import Trade

MIDNIGHT = 1_704_067_200_000
HOUR = 3_600_000
DAY = 24 * HOUR


def trade(number: int = 0, pnl_pct: float = 1.0, **changes: object) -> Trade:
    """A trade of 100 that opened `number` days after 2024-01-01, a Monday, and closed an hour later."""
    opened_at_ms = MIDNIGHT + number * DAY
    fields: dict[str, object] = {
        "id": f"signal-{number:06}",
        "symbol": "BTCUSDT",
        "strategy": "sma_cross",
        "position": "long",
        "price_open": 100.0,
        "price_close": 100.0 + pnl_pct,
        "price_take_profit": 102.0,
        "price_stop_loss": 99.0,
        "original_price_take_profit": 102.0,
        "original_price_stop_loss": 99.0,
        "scheduled_at_ms": opened_at_ms,
        "opened_at_ms": opened_at_ms,
        "closed_at_ms": opened_at_ms + HOUR,
        "close_reason": "take_profit" if pnl_pct > 0 else "stop_loss",
        "ambiguous": False,
        "exact_touch": False,
        "cost": 100.0,
        "pnl_pct": pnl_pct,
        "pnl_cost": pnl_pct,
        "fee_cost": 0.2,
        "slippage_cost": 0.1,
        "entries": (),
        "partials": (),
        "peak_profit_pct": max(pnl_pct, 0.5),
        "max_drawdown_pct": min(pnl_pct, -0.4),
        "note": "",
    }
    return Trade(**{**fields, **changes})


def trades_of(*pnl_pct: float, **changes: object) -> tuple[Trade, ...]:
    """One trade a day, each with its profit."""
    return tuple(trade(number, pnl, **changes) for number, pnl in enumerate(pnl_pct))


def curve_of(*day_closes: float, start: float = 1000.0, invested: float = 0.0) -> EquitySummary:
    """A wallet that stands a whole UTC day at each of `day_closes`."""
    curve = EquityCurve(start)
    equity = np.repeat(np.array(day_closes, dtype=np.float64), 1_440)
    curve.add(MIDNIGHT, equity, np.full(len(equity), invested))
    return curve.summary()
