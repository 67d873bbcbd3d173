"""A strategy with hooks and commands: buy in steps as the price falls, take profit in parts, then protect the rest."""

from btk import Market, Position, Signal, Strategy


class DcaLadder(Strategy):
    """Open on a dip below the average, buy again lower down, sell half way up, and move the stop to the entry."""

    interval = "1h"
    warmup = 25
    risk = ("conservative",)  # the limits in config/risk.yaml (or under risk: in config/btk.yaml)

    dip_pct: float = 1.0  # how far below the day's average the first entry is
    step_pct: float = 1.5  # each further entry is this much lower
    max_entries: int = 3

    def get_signal(self, market: Market) -> Signal | None:
        average = market.candles("1h", 24).close.mean()
        if market.price > average * (1 - self.dip_pct / 100):
            return None
        return Signal.bracket("long", market.price, take_profit_pct=6, stop_loss_pct=6, note="dip")

    def on_active(self, market: Market, position: Position) -> None:
        # Called once a minute while the position is open. Commands answer accepted or refused.
        last = position.entries[-1].price
        if len(position.entries) < self.max_entries and market.price < last * (1 - self.step_pct / 100):
            position.average_buy()

    def on_partial_profit(self, market: Market, position: Position, level: int) -> None:
        # Called at 10, 20 .. 90 % of the way from the entry to the target, each once.
        if level == 50:
            position.partial_profit(50)  # sell half of what is held
        if level == 70:
            position.breakeven()  # from here on this trade cannot lose more than its costs
