"""Candles held in memory, for a walk: read once, then shared by every variant and every forked worker."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from btk.model.bars import COLUMNS, Bars, Span
from btk.model.intervals import MINUTE_MS
from btk.ports import CandleSource

MOST_BYTES = 4 << 30
Made = TypeVar("Made")


class HeldCandles:
    """Answers like its source, from memory for what lies in `spans` (by symbol).

    More than `most_bytes` is not held: then every read goes to the source, whose mapped files are shared too.
    """

    def __init__(self, source: CandleSource, spans: Mapping[str, Span], most_bytes: int = MOST_BYTES) -> None:
        self._source = source
        self._made: dict[Hashable, Any] = {}
        minutes = sum((span.to_ms - span.from_ms) // MINUTE_MS for span in spans.values())
        held = spans if minutes * len(COLUMNS) * 8 <= most_bytes else {}
        self._held = {symbol: source.read(symbol, span) for symbol, span in held.items()}

    @property
    def exchange(self) -> str:
        """The exchange's name."""
        return self._source.exchange

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """What the source does not hold; asked once for each span."""
        return self.once(("missing", symbol, span), lambda: self._source.missing(symbol, span))

    def read(self, symbol: str, span: Span) -> Bars:
        """Views on what is held, else the source's own answer."""
        bars = self._held.get(symbol)
        if bars is None or span.from_ms < bars.first_ms or span.to_ms > bars.end_ms:
            return self._source.read(symbol, span)
        return bars.between(*span)

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` makes of these candles, made once: variants differ in their parameters, not in their candles."""
        if name not in self._made:
            self._made[name] = make()
        made: Made = self._made[name]
        return made

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        """The source's own answer."""
        return self._source.own_bars(symbol, interval, span)

    def empty_minutes(self, symbol: str, span: Span) -> int:
        """The source's own count; asked once for each span."""
        return self.once(("empty", symbol, span), lambda: self._source.empty_minutes(symbol, span))

    def digest(self, symbol: str, span: Span) -> str:
        """The source's own digest."""
        return self._source.digest(symbol, span)

    def remedy(self, symbol: str, span: Span) -> str:
        """The source's own remedy."""
        return self._source.remedy(symbol, span)
