"""Columns over a whole frame: shapes are checked, a look into the future is noticed, candidates become times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from btk.core.resample import resample
from btk.core.strategy import Strategy
from btk.engines.indicator_columns import candidate_closes, frame_bars, indicator_columns
from btk.model.bars import Bars, Candles, Span
from btk.model.errors import StrategyError
from btk.model.intervals import MINUTE_MS
from tests.engines.minutes import TEN_MS, after_ten, recorded
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

BARS = 600


def bars(count: int = BARS) -> Bars:
    close = 100 + np.cumsum(np.random.default_rng(1).standard_normal(count))
    return Bars(TEN_MS, 15 * MINUTE_MS, (close, close + 1, close - 1, close, np.ones(count)))


def strategy_with(indicators=None, candidates=None, warmup: int = 0) -> Strategy:
    body: dict[str, Any] = {"name": "probe", "interval": "15m", "warmup": warmup}
    if indicators is not None:
        body["indicators"] = lambda self, candles: indicators(candles)
    if candidates is not None:
        body["candidates"] = lambda self, columns: candidates(columns)
    return type("Probe", (Strategy,), body)()


def computed(indicators, count: int = BARS, warmup: int = 0) -> dict[str, Any]:
    return indicator_columns(strategy_with(indicators, warmup=warmup), bars(count))


@pytest.mark.parametrize("interval", ["1m", "5m", "1h"])
def test_bars_of_a_frame_are_its_whole_bars_whatever_month_they_lie_in(interval):
    january_ends = 1_706_745_600_000
    first = january_ends - 3 * 24 * 60 * MINUTE_MS - 7 * MINUTE_MS
    dice = np.random.default_rng(2)
    minutes = minutes_of(first, dice.random((6 * 24 * 60, 5)) + 100)
    span = Span(first + MINUTE_MS, minutes.end_ms - 2 * MINUTE_MS)
    made = frame_bars(RecordedCandles({"BTC": minutes}), "BTC", interval, span)
    assert made.first_ms % made.step_ms == 0
    assert span.from_ms <= made.first_ms < span.from_ms + made.step_ms
    assert span.to_ms - made.step_ms < made.end_ms <= span.to_ms
    whole = resample(minutes.between(made.first_ms, made.end_ms), made.step_ms)
    for mine, theirs in zip(made.columns, whole.columns, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_frame_too_short_for_a_bar_has_none():
    made = frame_bars(recorded(0, 60), "BTC", "1h", Span(after_ten(1), after_ten(59)))
    assert len(made) == 0


def test_columns_are_what_the_strategy_made_and_cannot_be_changed():
    columns = computed(lambda candles: {"double": candles.close * 2})
    np.testing.assert_array_equal(columns["double"], bars().close * 2)
    with pytest.raises(ValueError, match="read-only"):
        columns["double"][0] = 1


@pytest.mark.parametrize(
    "peek",
    [
        lambda candles: {"x": np.append(candles.close[1:], np.nan)},
        lambda candles: {"x": candles.close - candles.close.mean()},
        lambda candles: {"x": np.full(len(candles), candles.close[-1])},
    ],
    ids=["the next bar", "the mean of all", "the last of all"],
)
@pytest.mark.parametrize("count", [BARS, 40, 2])
def test_an_indicator_that_looks_ahead_is_named(peek, count):
    with pytest.raises(StrategyError, match="probe: indicator 'x' looks ahead"):
        computed(peek, count)


def test_nan_at_the_start_is_no_look_ahead():
    def sma(candles: Candles) -> dict[str, Any]:
        mean = np.full(len(candles), np.nan)
        mean[9:] = np.convolve(candles.close, np.ones(10) / 10, "valid")
        return {"sma": mean, "long": candles.close > mean}

    assert set(computed(sma, warmup=10)) == {"sma", "long"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda candles: [candles.close], "must answer a dict of arrays, got list"),
        (lambda candles: None, "must answer a dict of arrays, got NoneType"),
        (lambda candles: {"x": candles.close[1:]}, r"indicator 'x' has shape \(599,\)"),
        (lambda candles: {"x": 5}, r"indicator 'x' has shape \(\)"),
        (lambda candles: 1 / 0, "indicators raised ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_column_is_refused_with_the_words(wrong, words):
    with pytest.raises(StrategyError, match=f"^probe: .*{words}"):
        computed(wrong)


def test_candidates_are_the_closes_of_their_bars():
    strategy = strategy_with(candidates=lambda columns: columns["yes"])
    few = bars(4)
    closes = candidate_closes(strategy, few, {"yes": np.array([False, True, False, True])})
    assert closes.tolist() == [after_ten(30), after_ten(60)]


def test_a_strategy_without_candidates_is_asked_everywhere():
    assert candidate_closes(strategy_with(), bars(4), {}) is None
    assert candidate_closes(strategy_with(candidates=lambda columns: None), bars(4), {}) is None


@pytest.mark.parametrize(
    "wrong", [np.ones(4), np.ones(3, dtype=bool), np.ones((4, 1), dtype=bool), [1, 0, 1, 0], True]
)
def test_candidates_are_one_boolean_a_bar(wrong):
    with pytest.raises(StrategyError, match="probe: candidates must be 4 booleans"):
        candidate_closes(strategy_with(candidates=lambda columns: wrong), bars(4), {})
