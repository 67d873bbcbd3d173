"""Hooks hear of everything that happened, in the order in which it happened."""

from __future__ import annotations

import time

from btk import Market, Position, Signal, Strategy, Trade
from btk.core.rules import Rules
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

FIRST_MS = 1_704_067_200_000


class Listener(Strategy):
    """Asks once, and writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def get_signal(self, market: Market) -> Signal | None:
        return None if self.heard else Signal.bracket("long", market.price, 2, 1, lifetime_minutes=60)

    def on_opened(self, market: Market, position: Position) -> None:
        answer = position.close()
        self.heard.append(f"opened {position.side} @{position.price_open:.0f}, close: {bool(answer)}")

    def on_closed(self, market: Market, trade: Trade) -> None:
        self.heard.append(f"closed @{trade.price_close:.0f} {trade.close_reason}")


def heard_over(rows: list[tuple[float, ...]]) -> list[str]:
    strategy = Listener()
    job = Job(
        seats=[Seat(SlotKey("AAA", "listener", "test"), strategy)],
        source=RecordedCandles({"AAA": minutes_of(FIRST_MS, rows)}),
        frame=Frame(from_ms=FIRST_MS, to_ms=FIRST_MS + len(rows) * MINUTE_MS),
        model="candle",
        rules=Rules(),
    )
    Backtest(job, lambda key, event: None, time.perf_counter).run(StopSwitch())
    return strategy.heard


def test_a_position_that_opens_and_closes_within_one_candle_is_heard_of_twice() -> None:
    calm = (100.0, 100.0, 100.0, 100.0, 1.0)
    crash = (100.0, 100.0, 90.0, 91.0, 1.0)
    assert heard_over([calm] * 5 + [crash, crash]) == [
        "opened long @100, close: False",
        "closed @99 stop_loss",
    ]
