"""The second strategy to read: wait for a better price with a scheduled entry, instead of buying at once."""

from btk import Market, Signal, Strategy


class LimitPullback(Strategy):
    """In an uptrend, place a limit order a little below the price and wait for the dip."""

    interval = "30m"
    warmup = 49

    trend_bars: int = 48  # a day of half hours
    pullback_pct: float = 0.6  # how far below the price the order rests
    target_pct: float = 1.8  # from the entry
    stop_pct: float = 1.2

    def get_signal(self, market: Market) -> Signal | None:
        close = market.candles("30m", self.trend_bars + 1).close
        rising = close[-1] > close[:-1].mean() and close[-1] > close[0]
        if not rising:
            return None
        # `price_open` makes it a scheduled entry. It waits for signal.schedule_await_minutes
        # (two hours unless the settings say otherwise) and is given up after that.
        entry = market.price * (1 - self.pullback_pct / 100)
        return Signal.bracket(
            "long",
            entry,
            take_profit_pct=self.target_pct,
            stop_loss_pct=self.stop_pct,
            price_open=entry,
            lifetime_minutes=720,
            note="pullback",
        )

    def on_waiting(self, market: Market, signal: Signal) -> None:
        # Called once a minute while the order rests: leave when the price runs away from it.
        if market.price > signal.price_take_profit:
            market.cancel("the price ran away")
