"""What must be stored for a run: minutes, and the venue's own bars where it keeps no minutes that old."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from btk.adapters.candle_block import DamagedBlock
from btk.adapters.candle_index import DamagedIndex
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.venue_memory import kept_since_ms, own_interval
from btk.model.bars import Span
from btk.model.intervals import DAY_MS, MINUTE_MS, floor_to, interval_ms

# Between planning and asking time goes by: what is about to be forgotten counts as forgotten.
_MARGIN_MS = 10 * MINUTE_MS


class WarmUp(NamedTuple):
    """The interval that a strategy looks at, and the minutes before the frame that its bars cover."""

    interval: str
    span: Span


class Run(NamedTuple):
    """A frame, the warm-ups before it, and what time it is while it is planned."""

    frame: Span
    warm_ups: Sequence[WarmUp]
    now_ms: int


def needed_series(source: StoredCandles, symbol: str, run: Run) -> dict[SeriesKey, Span]:
    """What a run looks at, by series.

    Minutes are the truth. Only where the venue has forgotten those of a warm-up and nobody stored them in time, the
    bars of its interval are needed as a series of their own.
    """
    first_ms = min([run.frame.from_ms, *(warm_up.span.from_ms for warm_up in run.warm_ups)])
    minutes = SeriesKey(source.exchange, symbol)
    kept_ms = kept_since_ms(source.exchange, minutes.interval, run.now_ms + _MARGIN_MS)
    if kept_ms is None:
        return {minutes: Span(first_ms, run.frame.to_ms)}
    spans = {minutes: Span(max(first_ms, min(kept_ms, run.frame.from_ms)), run.frame.to_ms)}
    for warm_up in run.warm_ups:
        interval = own_interval(source.exchange, warm_up.interval)
        lost_ms = _first_lost_ms(source, symbol, warm_up.span, kept_ms)
        if interval is not None and lost_ms is not None:
            series = SeriesKey(source.exchange, symbol, interval)
            own = _own_span(run, floor_to(lost_ms, interval_ms(warm_up.interval)), series.step_ms)
            known = spans.get(series, own)
            spans[series] = Span(min(known.from_ms, own.from_ms), max(known.to_ms, own.to_ms))
    return spans


def fetchable(source: StoredCandles, symbol: str, span: Span, now_ms: int) -> bool:
    """Whether anything of a span is unknown that the venue may still have."""
    kept_ms = kept_since_ms(source.exchange, source.interval, now_ms) or 0
    return any(part.to_ms > kept_ms for part in _unknown(source, symbol, span))


def _first_lost_ms(source: StoredCandles, symbol: str, history: Span, kept_ms: int) -> int | None:
    forgotten = Span(history.from_ms, min(kept_ms, history.to_ms))
    lost = _unknown(source, symbol, forgotten) if forgotten.from_ms < forgotten.to_ms else ()
    return lost[0].from_ms if lost else None


def _own_span(run: Run, from_ms: int, step_ms: int) -> Span:
    # Longer bars are made of these too, and a day is whole bars of every interval: by its end the one is over in
    # which the frame begins.
    end_ms = min(_up(run.frame.from_ms, DAY_MS), _up(run.frame.to_ms, step_ms))
    return Span(from_ms, min(end_ms, floor_to(run.now_ms, step_ms)))


def _up(at_ms: int, step_ms: int) -> int:
    return -(-at_ms // step_ms) * step_ms


def _unknown(source: StoredCandles, symbol: str, span: Span) -> tuple[Span, ...]:
    try:
        return source.unknown(symbol, span)
    except (DamagedBlock, DamagedIndex):
        # Warming sets aside what is damaged and fetches it again, as far as it can be had.
        return (span,)
