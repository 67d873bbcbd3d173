"""The name of a run's candles: it changes with every candle that the run can look at, and with no other."""

from __future__ import annotations

import numpy as np
import pytest

from btk.core.rules import Rules
from btk.core.strategy import Strategy
from btk.engines.backtest import Job, Seat
from btk.engines.data_digest import candle_names
from btk.model.bars import Bars, Span
from btk.model.names import SlotKey
from btk.model.settings import Frame
from tests.engines.minutes import after_ten, counted
from tests.fakes.recorded_candles import RecordedCandles


class Warm(Strategy):
    interval = "5m"
    warmup = 3

    def get_signal(self, market):
        return None


class Named(RecordedCandles):
    def digest(self, symbol: str, span: Span) -> str:
        return " ".join(map(str, self.read(symbol, span).close))


class Live(RecordedCandles):
    def digest(self, symbol: str, span: Span) -> str:
        return ""


def names(minutes: Bars, *, own: float | None = None, model: str = "candle", source=Named) -> list[bytes]:
    bars = {} if own is None else {("BTC", "5m"): Bars(after_ten(-20), 300_000, [np.full(4, own)] * 5)}
    job = Job(
        seats=[Seat(SlotKey("BTC", "warm", "test"), Warm())],
        source=source({"BTC": minutes}, own=bars),
        frame=Frame(from_ms=after_ten(0), to_ms=after_ten(30)),
        model=model,
        rules=Rules(),
    )
    return list(candle_names(job))


def other_at(minute: int) -> Bars:
    bars = counted(-60, 60)
    columns = [column.copy() for column in bars.columns]
    columns[3][minute + 60] += 0.5
    return Bars(bars.first_ms, bars.step_ms, columns)


@pytest.mark.parametrize("minute", [-15, -1, 0, 29])
def test_every_candle_of_the_warm_up_and_of_the_frame_counts(minute):
    assert names(other_at(minute)) != names(counted(-60, 60))


@pytest.mark.parametrize("minute", [-16, 30])
def test_no_other_candle_counts(minute):
    assert names(other_at(minute)) == names(counted(-60, 60))


def test_the_averaged_price_of_the_end_takes_one_candle_more():
    assert names(other_at(30), model="vwap") != names(counted(-60, 60), model="vwap")


def test_own_bars_count_where_minutes_are_lost_and_nowhere_else():
    lost = counted(-60, 60, gone=range(-60, -5))
    assert names(lost, own=1.0) != names(lost, own=2.0)
    assert names(counted(-60, 60), own=1.0) == names(counted(-60, 60), own=2.0)


def test_live_candles_have_no_name():
    assert names(counted(-5, 60), source=Live) == [b"BTC:"]
