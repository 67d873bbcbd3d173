"""Whatever the hour: with exactly what is needed stored, every longer bar of the warm-up can be made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.adapters.candle_needs import Run, WarmUp, needed_series
from btk.adapters.candle_reader import StoredCandles
from btk.engines.past import Past
from btk.model.bars import Bars, Span
from btk.model.intervals import DAY_MS, INTERVAL_MS, MINUTE_MS, floor_to
from tests.fakes.recorded_candles import RecordedCandles

DAY_START_MS = 1_679_961_600_000
NOTHING = StoredCandles(Path("nowhere"), "kraken")


@settings(max_examples=60, deadline=None)
@given(
    now=st.integers(0, 1439),
    before=st.integers(60, 700),
    interval=st.sampled_from(["5m", "15m", "30m", "1h", "2h", "4h"]),
    warmup=st.integers(30, 200),
)
def test_every_longer_bar_of_the_warm_up_can_be_made(
    now: int, before: int, interval: str, warmup: int
) -> None:
    now_ms = DAY_START_MS + now * MINUTE_MS + 30_000
    to_ms = floor_to(now_ms, MINUTE_MS)
    frame, step_ms = Span(to_ms - before * MINUTE_MS, to_ms), INTERVAL_MS[interval]
    history = Span(floor_to(frame.from_ms, step_ms) - warmup * step_ms, frame.from_ms)
    needs = needed_series(NOTHING, "BTCUSDT", Run(frame, [WarmUp(interval, history)], now_ms))
    minutes, *own = [(series.interval, _whole(span, series.step_ms)) for series, span in needs.items()]
    source = _Own(minutes[1], dict(own))
    past = Past(source, "BTCUSDT", history)
    for name, longer_ms in INTERVAL_MS.items():
        whole = longer_ms % step_ms == 0 and DAY_MS % longer_ms == 0
        if whole and floor_to(now_ms, longer_ms) >= floor_to(past.minutes_ms, longer_ms) + longer_ms:
            begins_ms = past.begins_ms(name)
            assert begins_ms <= -(-history.from_ms // longer_ms) * longer_ms + longer_ms, name


class _Own(RecordedCandles):
    """Makes longer own bars of what is there, as the store does."""

    def __init__(self, minutes: Bars, own: dict[str, Bars]) -> None:
        super().__init__({"BTCUSDT": minutes})
        self._series = own

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        step_ms = INTERVAL_MS[interval]
        there = [
            any(
                step_ms % bars.step_ms == 0 and bars.first_ms <= open_ms and open_ms + step_ms <= bars.end_ms
                for bars in self._series.values()
            )
            for open_ms in range(span.from_ms, span.to_ms, step_ms)
        ]
        return Bars(span.from_ms, step_ms, [np.where(there, 1.0, np.nan)] * 5)


def _whole(span: Span, step_ms: int) -> Bars:
    return Bars(span.from_ms, step_ms, [np.ones((span.to_ms - span.from_ms) // step_ms)] * 5)
