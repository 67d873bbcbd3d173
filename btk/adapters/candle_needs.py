"""What must be stored for a run: minutes, and the venue's own bars where it keeps no minutes that old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from btk.adapters.candle_block import DamagedBlock
from btk.adapters.candle_index import DamagedIndex
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.venue_memory import kept_since_ms, own_interval
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS, floor_to

# Between planning and asking time goes by: what is about to be forgotten counts as forgotten.
_MARGIN_MS = 10 * MINUTE_MS


class WarmUp(NamedTuple):
    """The interval that a strategy looks at, and the minutes before the frame that its bars cover."""

    interval: str
    span: Span


def needed_series(
    source: StoredCandles, symbol: str, frame: Span, warm_ups: Sequence[WarmUp], now_ms: int
) -> dict[SeriesKey, Span]:
    """What a run over `frame` looks at, by series.

    Minutes are the truth. Only where the venue has forgotten those of a warm-up and nobody stored them in time, the
    bars of its interval are needed as a series of their own.
    """
    first_ms = min([frame.from_ms, *(warm_up.span.from_ms for warm_up in warm_ups)])
    minutes = SeriesKey(source.exchange, symbol)
    kept_ms = kept_since_ms(source.exchange, minutes.interval, now_ms + _MARGIN_MS)
    if kept_ms is None:
        return {minutes: Span(first_ms, frame.to_ms)}
    spans = {minutes: Span(max(first_ms, min(kept_ms, frame.from_ms)), frame.to_ms)}
    for warm_up in warm_ups:
        for series, span in _own_series(source, symbol, warm_up, kept_ms):
            closed = span._replace(to_ms=min(span.to_ms, floor_to(now_ms, series.step_ms)))
            known = spans.get(series, closed)
            spans[series] = Span(min(known.from_ms, closed.from_ms), max(known.to_ms, closed.to_ms))
    return spans


def fetchable(source: StoredCandles, symbol: str, span: Span, now_ms: int) -> bool:
    """Whether anything of a span is unknown that the venue may still have."""
    kept_ms = kept_since_ms(source.exchange, source.interval, now_ms) or 0
    return any(part.to_ms > kept_ms for part in _unknown(source, symbol, span))


def _own_series(
    source: StoredCandles, symbol: str, warm_up: WarmUp, kept_ms: int
) -> Iterator[tuple[SeriesKey, Span]]:
    interval = own_interval(source.exchange, warm_up.interval)
    forgotten = Span(warm_up.span.from_ms, min(kept_ms, warm_up.span.to_ms))
    if interval is None or forgotten.from_ms >= forgotten.to_ms:
        return
    lost = _unknown(source, symbol, forgotten)
    if lost:
        step_ms = SeriesKey(source.exchange, symbol, warm_up.interval).step_ms
        end_ms = -(-lost[-1].to_ms // step_ms) * step_ms
        yield SeriesKey(source.exchange, symbol, interval), Span(floor_to(lost[0].from_ms, step_ms), end_ms)


def _unknown(source: StoredCandles, symbol: str, span: Span) -> tuple[Span, ...]:
    try:
        return source.unknown(symbol, span)
    except (DamagedBlock, DamagedIndex):
        # Warming sets aside what is damaged and fetches it again, as far as it can be had.
        return (span,)
