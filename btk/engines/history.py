"""History: closed bars of one symbol for `market.candles`, read from a source and made from minutes."""

from __future__ import annotations

from datetime import UTC, datetime

from btk.core.resample import resample
from btk.engines.past import Past
from btk.model.bars import Bars, Span
from btk.model.errors import InsufficientData
from btk.model.intervals import MINUTE_MS, floor_to, interval_ms
from btk.ports import CandleSource


class ReplayHistory:
    """Windows reach `ahead_ms` past now, so that one window serves many ticks; `Market` cuts them at now."""

    def __init__(self, source: CandleSource, past: Past) -> None:
        self.past = past
        self._source = source
        self._symbol = past.symbol
        self._depth_ms: dict[str, int] = {}
        self._windows: dict[str, Bars] = {}
        self.ahead_ms = 0

    def move_to(self, ahead_ms: int) -> None:
        """Begin a new stretch of time: windows end at `ahead_ms`."""
        self.ahead_ms = ahead_ms
        self._windows.clear()

    def window(self, interval: str, from_ms: int, now_ms: int) -> Bars:
        """Bars of `interval` that cover `[from_ms, now_ms)`; `InsufficientData` before the history begins."""
        step_ms, start_ms = interval_ms(interval), self.past.begins_ms(interval)
        if from_ms < start_ms:
            begins = datetime.fromtimestamp(start_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
            missing = -(-(start_ms - from_ms) // step_ms)
            raise InsufficientData(
                f"{self._symbol}: {missing} more bars of {interval} were asked for than exist:"
                f" the history begins at {begins} UTC; raise `warmup` (bars of the strategy's `interval`) until it"
                f" reaches {(start_ms - from_ms) // MINUTE_MS:,} minutes farther back, or start the frame later"
            )
        held = self._windows.get(interval)
        if held is not None and held.first_ms <= from_ms:
            return held
        depth_ms = max(now_ms - from_ms, self._depth_ms.get(interval, 0))
        self._depth_ms[interval] = depth_ms
        return self._load(interval, max(now_ms - depth_ms, start_ms), step_ms)

    def _load(self, interval: str, from_ms: int, step_ms: int) -> Bars:
        first_ms = -(-from_ms // step_ms) * step_ms
        end_ms = max(floor_to(self.ahead_ms, step_ms), first_ms)
        made = resample(self._source.read(self._symbol, Span(first_ms, end_ms)), step_ms)
        bars = self.past.mended(interval, made)
        self._windows[interval] = bars
        return bars
