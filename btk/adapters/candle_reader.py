"""Stored candles as a candle source: mapped files, never a fetch, undisturbed by a writer at work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from btk.adapters.candle_block import table_checksum
from btk.adapters.candle_index import CandleIndex, load_index
from btk.adapters.candle_listing import listed_ms
from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_stretch import CANDLE, EMPTY, Counts, States, Stretch, runs
from btk.adapters.candle_window import close_before, rows_of, shown, states_of
from btk.adapters.ccxt_venues import is_fetched
from btk.adapters.envelope import checksum
from btk.adapters.own_bars import made_of, own_series
from btk.adapters.venue_memory import kept_rows
from btk.model.bars import COLUMNS, Bars, Span
from btk.model.dates import format_date
from btk.model.errors import DataError
from btk.model.intervals import interval_ms
from btk.model.months import months_of

T = TypeVar("T")


class StoredCandles:
    """The series of one exchange and interval under a cache folder. Holds no state but the place."""

    def __init__(self, root: Path, exchange: str, interval: str = "1m") -> None:
        self.interval = interval
        self._root = root
        self._exchange = exchange

    @property
    def exchange(self) -> str:
        """The exchange's name."""
        return self._exchange

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """The stretches that are neither candles nor known as empty at the venue, ascending.

        Rows before the first candle are missing too; a symbol of which nothing is stored misses all.
        """
        return self._of_one_moment(symbol, lambda folder, index: _missing(folder, index, span))

    def unknown(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """The stretches of which nobody knows yet whether there are candles: what a fetch would have to ask for.

        Before the first candle that the venue has there is nothing to ask for.
        """
        first_ms = listed_ms(self._key(symbol).folder(self._root)) or 0
        span = Span(min(max(span.from_ms, first_ms), span.to_ms), span.to_ms)
        states = self._of_one_moment(symbol, lambda folder, index: states_of(folder, index, span))
        return runs((states != CANDLE) & (states != EMPTY), span.from_ms, self._key(symbol).step_ms)

    def read(self, symbol: str, span: Span) -> Bars:
        """One row for every step of the span: flat and without volume where empty, NaN where missing.

        Views on a mapped file when the span lies within one calendar month, else a copy of just these rows.
        """
        stretch = self._of_one_moment(symbol, lambda folder, index: _shown_rows(folder, index, span))
        return Bars(span.from_ms, self._key(symbol).step_ms, stretch.table)

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        """Bars as the exchange made them, each of the longest stored series that it can be made of; NaN where none is."""
        stored = (StoredCandles(self._root, self._exchange, name) for name in own_series(interval))
        return made_of((source.read(symbol, span) for source in stored), span, interval_ms(interval))

    def candles(self, symbol: str, span: Span) -> CandleRows:
        """Only the candles that the venue sent, without those that `read` shows for empty minutes."""
        stretch = self._of_one_moment(symbol, lambda folder, index: rows_of(folder, index, span))
        found = np.flatnonzero(stretch.states == CANDLE)
        return CandleRows(span.from_ms + found * self._key(symbol).step_ms, stretch.table[:, found])

    def empty_minutes(self, symbol: str, span: Span) -> int:
        """How many rows of the span `read` shows flat because the venue has nothing for them."""
        return self._of_one_moment(symbol, lambda folder, index: _count_empty(folder, index, span))

    def digest(self, symbol: str, span: Span) -> str:
        """Equal candles give an equal digest, however they are filed; of whole months it takes checksums."""
        return self._of_one_moment(symbol, lambda folder, index: _digest(folder, index, span))

    def remedy(self, symbol: str, span: Span) -> str:
        """The command line that brings in what is missing."""
        series = self._key(symbol)
        first_ms = listed_ms(series.folder(self._root))
        if first_ms is not None and span.from_ms < first_ms:
            return f"{self._exchange} has none of {symbol} before that: choose --from {format_date(first_ms)} or later"
        older = f"btk cache import FILE --exchange {self._exchange} --symbol {symbol}"
        if not is_fetched(self._exchange):
            return older
        dates = f"--from {format_date(span.from_ms)} --to {format_date(span.to_ms)}"
        line = f"btk cache warm --exchange {self._exchange} --symbols {symbol} {dates}"
        kept = kept_rows(self._exchange)
        if kept is None:
            return line
        return f"{line}, where they are among the newest {kept}, which is all that the exchange keeps; else {older}"

    def counts(self, symbol: str, span: Span) -> Counts:
        """How many rows of the span are candles, empty at the venue, failed or unknown."""
        states = self._of_one_moment(symbol, lambda folder, index: states_of(folder, index, span))
        return Stretch(span.from_ms, np.empty((len(COLUMNS), 0)), states).counts

    def extent(self, symbol: str) -> Span | None:
        """From the first known row of a symbol to the end of the last; None when nothing is stored."""
        return self._of_one_moment(symbol, lambda folder, index: index.extent)

    def _of_one_moment(self, symbol: str, work: Callable[[Path, CandleIndex], T]) -> T:
        series = self._key(symbol)
        return at_one_moment(series.folder(self._root), series, work)

    def _key(self, symbol: str) -> SeriesKey:
        return SeriesKey(self._exchange, symbol, self.interval)


def at_one_moment(folder: Path, series: SeriesKey, work: Callable[[Path, CandleIndex], T]) -> T:
    """Do `work` on the series as one index describes it, again when a writer replaced a file meanwhile."""
    index = load_index(folder, series)
    while True:
        try:
            return work(folder, index)
        except FileNotFoundError as gone:
            newer = load_index(folder, series)
            if newer.generation == index.generation:
                raise DataError(
                    f"{gone.filename}: the file is gone; run 'btk cache check', then bring it in again"
                ) from gone
            index = newer


def _missing(folder: Path, index: CandleIndex, span: Span) -> tuple[Span, ...]:
    absent = _absent(folder, index, span, states_of(folder, index, span))
    return runs(absent, span.from_ms, index.series.step_ms)


def _count_empty(folder: Path, index: CandleIndex, span: Span) -> int:
    states = states_of(folder, index, span)
    if not (states == EMPTY).any():
        return 0
    return int(np.count_nonzero((states == EMPTY) & ~_absent(folder, index, span, states)))


def _absent(folder: Path, index: CandleIndex, span: Span, states: States) -> NDArray[np.bool_]:
    absent: NDArray[np.bool_] = (states != CANDLE) & (states != EMPTY)
    leading = int(np.argmax(states == CANDLE)) if (states == CANDLE).any() else len(states)
    if (states[:leading] == EMPTY).any() and np.isnan(close_before(folder, index, span.from_ms)):
        absent[:leading] = True
    return absent


def _shown_rows(folder: Path, index: CandleIndex, span: Span) -> Stretch:
    return shown(folder, index, rows_of(folder, index, span))


def _digest(folder: Path, index: CandleIndex, span: Span) -> str:
    months = [_month_digest(folder, index, month) for month in months_of(span)]
    return checksum(" ".join([*map(str, span), *months]).encode())


def _month_digest(folder: Path, index: CandleIndex, month: Span) -> str:
    for entry in index.overlapping(month):
        if entry.span(index.series.step_ms) == month and entry.counts.candles == entry.facts.rows:
            return entry.facts.checksum
    return table_checksum(_shown_rows(folder, index, month).table)
