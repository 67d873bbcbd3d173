"""A strategy for speed: its numbers are computed once as arrays, and it is asked only where it could answer."""

import numpy as np

from btk import Candles, Market, Signal, Strategy


class DonchianBreakout(Strategy):
    """Buy when the close leaves the channel of the last highs, with a stop at the channel's floor."""

    interval = "1h"
    warmup = 56

    channel_bars: int = 55
    reward: float = 2.0  # the target is this many times as far away as the stop

    def indicators(self, candles: Candles) -> dict[str, np.ndarray]:
        # Computed once for the whole backtest. Row i may use candles up to i, never a later one.
        return {
            "top": _before(candles.high, self.channel_bars).max(axis=1),
            "floor": _before(candles.low, self.channel_bars).min(axis=1),
            "close": candles.close,
        }

    def candidates(self, indicators: dict[str, np.ndarray]) -> np.ndarray:
        # The bars at whose close get_signal could answer; everywhere else it is not called.
        return indicators["close"] > indicators["top"]

    def get_signal(self, market: Market) -> Signal | None:
        # market.indicators is cut at now: the last value belongs to the bar that just closed.
        top, floor = market.indicators["top"][-1], market.indicators["floor"][-1]
        if not market.indicators["close"][-1] > top:
            return None
        risk_pct = min(max((market.price - floor) / market.price * 100, 0.6), 10.0)
        return Signal.bracket(
            "long", market.price, take_profit_pct=self.reward * risk_pct, stop_loss_pct=risk_pct
        )


def _before(column: np.ndarray, bars: int) -> np.ndarray:
    # For each bar the `bars` values BEFORE it, so that it can break out of their channel; NaN while there are fewer.
    padded = np.concatenate([np.full(bars, np.nan), column[:-1]])
    return np.lib.stride_tricks.sliding_window_view(padded, bars)
