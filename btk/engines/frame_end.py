"""The end of a frame: its last question, its last tick, and the candles that close what is open then."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.core.model import Candle, ExecutionModel
from btk.engines.feed import ReplayFeed
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.settings import Frame
from btk.ports import CandleSource


class FrameEnd:
    """`last_question_ms` is the last tick at which a strategy may be asked, `tick_ms` the last one of all."""

    def __init__(self, frame: Frame, model: ExecutionModel) -> None:
        grid_ms = interval_ms(frame.interval)
        self.last_question_ms = frame.from_ms + (frame.to_ms - 1 - frame.from_ms) // grid_ms * grid_ms
        self.tick_ms = self.last_question_ms + MINUTE_MS if model.ends_after_last_question else frame.to_ms
        self._model = model

    def candles(self, symbols: Sequence[str], feed: ReplayFeed, source: CandleSource) -> dict[str, Candle]:
        """By symbol, the candle at whose price the frame ends."""
        end_ms = self.tick_ms
        if not self._model.ends_after_last_question:
            return {symbol: feed.minutes(symbol, end_ms, end_ms).candle(0) for symbol in symbols}
        return {symbol: self._candle_after(symbol, feed, source) for symbol in symbols}

    def _candle_after(self, symbol: str, feed: ReplayFeed, source: CandleSource) -> Candle:
        end_ms = self.tick_ms
        if source.missing(symbol, Span(end_ms, end_ms + MINUTE_MS)):
            last = feed.minutes(symbol, end_ms, end_ms).candle(0)
            return msgspec.structs.replace(last, open_ms=end_ms)
        return feed.minutes(symbol, end_ms + MINUTE_MS, end_ms + MINUTE_MS).candle(0)
