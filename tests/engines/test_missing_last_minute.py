"""By the origin's rules only what is open at the last question needs the candle of that minute; by ours it must be there."""

from __future__ import annotations

import time

import pytest

from btk import Market, Signal, Strategy
from btk.core.rules import ORIGIN, Rules
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

FROM_MS = 1_704_067_200_000
MINUTES = 30
OURS_BY_DEFAULT = Rules()
BY_THE_ORIGIN = Rules(quirks=ORIGIN, tolerance=0.0)
FLAT = [100.0, 100.0, 100.0, 100.0, 1.0]


class Holds(Strategy):
    """Opens at one minute, for ten."""

    def __init__(self, minute: int) -> None:
        self._open_ms = FROM_MS + minute * MINUTE_MS

    def get_signal(self, market: Market) -> Signal | None:
        if market.now_ms != self._open_ms:
            return None
        return Signal.bracket("long", market.price, 10, 5, lifetime_minutes=10)


def without_last_minute(
    strategy: Strategy, model: str, *, fill_gaps: bool = False, rules: Rules = OURS_BY_DEFAULT
) -> Outcome:
    """A frame of half an hour whose last candle is missing."""
    source = RecordedCandles({"BTCUSDT": minutes_of(FROM_MS - 10 * MINUTE_MS, [FLAT] * (10 + MINUTES - 1))})
    job = Job(
        seats=[Seat(SlotKey("BTCUSDT", "holds", "test"), strategy)],
        source=source,
        frame=Frame(from_ms=FROM_MS, to_ms=FROM_MS + MINUTES * MINUTE_MS),
        model=model,
        rules=rules,
        fill_gaps=fill_gaps,
    )
    return Backtest(job, lambda key, event: None, time.perf_counter).run(StopSwitch())


def closes(outcome: Outcome) -> list[str]:
    """Why each position was closed."""
    return [trade.close_reason for record in outcome.records.values() for trade in record.trades]


def test_the_origins_rules_do_without_the_last_minute_when_nothing_is_open() -> None:
    outcome = without_last_minute(Holds(5), "vwap", rules=BY_THE_ORIGIN)
    assert closes(outcome) == ["time_expired"]
    assert outcome.complete
    assert outcome.symbols["BTCUSDT"].gaps == 1


def test_a_position_that_needs_the_missing_last_minute_is_a_data_error() -> None:
    with pytest.raises(DataError, match="2024-01-01T00:29 to 2024-01-01T00:30"):
        without_last_minute(Holds(25), "vwap", rules=BY_THE_ORIGIN)


@pytest.mark.parametrize("model", ["candle", "vwap"])
def test_our_rules_need_every_minute_of_the_frame(model: str) -> None:
    with pytest.raises(DataError, match="2024-01-01T00:29 to 2024-01-01T00:30"):
        without_last_minute(Holds(5), model)


def test_a_missing_last_minute_that_is_filled_closes_the_position_at_the_end() -> None:
    assert closes(without_last_minute(Holds(25), "vwap", fill_gaps=True)) == ["frame_end"]
