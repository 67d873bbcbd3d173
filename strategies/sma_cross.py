"""The first strategy to read: buy when a fast moving average crosses above a slow one."""

from btk import Market, Signal, Strategy


class SmaCross(Strategy):
    """Buy when the fast average crosses above the slow one; leave at the target, the stop, or after a day."""

    interval = "15m"  # get_signal is asked once every 15 minutes while nothing is open
    warmup = 100  # bars of 15 minutes that must exist before the first question

    fast: int = 10  # annotated class attributes are the parameters: btk backtest --param fast=5
    slow: int = 30

    def get_signal(self, market: Market) -> Signal | None:
        # Only closed candles are ever shown: the last one here ended at market.now.
        close = market.candles("15m", self.slow + 1).close
        was_above = close[-self.fast - 1 : -1].mean() > close[:-1].mean()
        is_above = close[-self.fast :].mean() > close[1:].mean()
        if was_above or not is_above:
            return None
        # A bracket: 2 % up to the target, 1 % down to the stop, both from today's price.
        return Signal.bracket(
            "long", price=market.price, take_profit_pct=2, stop_loss_pct=1, lifetime_minutes=1440
        )
