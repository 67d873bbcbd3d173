"""The name of all candles that a run can look at: equal candles, equal name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from btk.engines.backtest import MODELS, Job
from btk.engines.preflight import needed_history
from btk.model.bars import Span
from btk.model.intervals import INTERVAL_MS, MINUTE_MS, floor_to
from btk.ports import CandleSource


def candle_names(job: Job) -> Iterator[bytes]:
    """For each symbol the digest of its minutes, warm-up and frame, and the exchange's own bars where minutes are lost.

    A source whose candles have no name (live ones) has no own bars here either.
    """
    for symbol in job.symbols:
        warm_up = _warm_up(job, symbol)
        name = job.source.digest(symbol, Span(warm_up.from_ms, _end_ms(job)))
        yield f"{symbol}:{name}".encode()
        if name:
            yield from _own_bars(job.source, symbol, warm_up)


def _warm_up(job: Job, symbol: str) -> Span:
    window = job.rules.average_price_candles
    strategies = [seat.strategy for seat in job.seats if seat.key.symbol == symbol]
    starts = [needed_history(job.frame, strategy, window).from_ms for strategy in strategies]
    return Span(min(starts), job.frame.from_ms)


def _end_ms(job: Job) -> int:
    return job.frame.to_ms + (MINUTE_MS if MODELS[job.model].ends_after_last_question else 0)


def _own_bars(source: CandleSource, symbol: str, warm_up: Span) -> Iterator[bytes]:
    lost = source.missing(symbol, warm_up)
    for interval, step_ms in INTERVAL_MS.items() if lost else ():
        span = Span(floor_to(lost[0].from_ms, step_ms), -(-lost[-1].to_ms // step_ms) * step_ms)
        yield np.stack(source.own_bars(symbol, interval, span).columns).tobytes()
