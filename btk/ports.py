"""The doors to what is outside: who implements them lives in adapters, who walks through them in engines."""

from __future__ import annotations

from typing import Protocol

from btk.model.bars import Bars, Span


class CandleSource(Protocol):
    """One-minute candles of one exchange, addressable by time, for replays. Never fetches."""

    @property
    def exchange(self) -> str:
        """The exchange's name."""

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """The stretches of `span` it does not hold, ascending, on whole minutes; `DataError` for an unknown symbol."""

    def read(self, symbol: str, span: Span) -> Bars:
        """One row for every minute of `span` (whole minutes); rows it does not hold are NaN. May be mapped files."""

    def digest(self, symbol: str, span: Span) -> str:
        """A short hexadecimal name of exactly these candles: equal data, equal digest."""

    def remedy(self, symbol: str, span: Span) -> str:
        """The command line that would fetch or import what is missing."""
