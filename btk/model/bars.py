"""Bars: one contiguous run of candles of one interval, as columns; and `Candles`, the window a strategy sees of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from btk.model.errors import InvalidInput

Column = NDArray[np.float64]

PRICE_COLUMNS = ("open", "high", "low", "close")
COLUMNS = (*PRICE_COLUMNS, "volume")


class Span(NamedTuple):
    """A half-open stretch of time `[from_ms, to_ms)`, UTC milliseconds."""

    from_ms: int
    to_ms: int


class Bars:
    """Contiguous candles: row i opens at `first_ms + i * step_ms`; five read-only float64 columns of equal length.

    A row that its source does not hold is NaN in all five columns.
    """

    __slots__ = ("close", "first_ms", "high", "low", "open", "step_ms", "volume")

    def __init__(self, first_ms: int, step_ms: int, columns: Iterable[Column]) -> None:
        self.first_ms = first_ms
        self.step_ms = step_ms
        self.open, self.high, self.low, self.close, self.volume = (_read_only(column) for column in columns)

    def __len__(self) -> int:
        return len(self.close)

    @property
    def end_ms(self) -> int:
        """The moment the last bar closes."""
        return self.first_ms + len(self.close) * self.step_ms

    @property
    def columns(self) -> tuple[Column, Column, Column, Column, Column]:
        """open, high, low, close, volume."""
        return (self.open, self.high, self.low, self.close, self.volume)

    def between(self, from_ms: int, to_ms: int) -> Bars:
        """The rows that open in `[from_ms, to_ms)`, as views; both must lie on the grid and inside."""
        start = (from_ms - self.first_ms) // self.step_ms
        stop = (to_ms - self.first_ms) // self.step_ms
        return Bars(from_ms, self.step_ms, (column[start:stop] for column in self.columns))

    @staticmethod
    def empty(first_ms: int, step_ms: int) -> Bars:
        """No rows at all, at `first_ms`."""
        return Bars(first_ms, step_ms, (np.empty(0) for _ in COLUMNS))

    @staticmethod
    def unknown(span: Span, step_ms: int) -> Bars:
        """A row for every step of the span, none of them known."""
        rows = (span.to_ms - span.from_ms) // step_ms
        return Bars(span.from_ms, step_ms, (np.full(rows, np.nan) for _ in COLUMNS))


def _polars_frame(columns: dict[str, Any]) -> Any:
    try:
        import polars as pl  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise InvalidInput("to_frame() needs pandas or polars: pip install pandas") from None
    return pl.DataFrame(columns)


def _read_only(column: Column) -> Column:
    view = column.view()
    view.flags.writeable = False
    return view


class Candles:
    """Closed candles as read-only NumPy columns `open_ms open high low close volume`; made lazily, sliced without copies."""

    __slots__ = ("_bars", "_start", "_stop")

    def __init__(self, bars: Bars, start: int, stop: int) -> None:
        self._bars = bars
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def open_ms(self) -> NDArray[np.int64]:
        """Open time of each candle, UTC milliseconds."""
        bars = self._bars
        first = bars.first_ms + self._start * bars.step_ms
        return first + np.arange(len(self), dtype=np.int64) * bars.step_ms

    @property
    def open(self) -> Column:
        """First price of each candle."""
        return self._bars.open[self._start : self._stop]

    @property
    def high(self) -> Column:
        """Highest price of each candle."""
        return self._bars.high[self._start : self._stop]

    @property
    def low(self) -> Column:
        """Lowest price of each candle."""
        return self._bars.low[self._start : self._stop]

    @property
    def close(self) -> Column:
        """Last price of each candle."""
        return self._bars.close[self._start : self._stop]

    @property
    def volume(self) -> Column:
        """Volume of each candle, in base currency."""
        return self._bars.volume[self._start : self._stop]

    @overload
    def __getitem__(self, key: slice) -> Candles: ...
    @overload
    def __getitem__(self, key: int) -> dict[str, float]: ...
    def __getitem__(self, key: slice | int) -> Candles | dict[str, float]:
        """A slice (without a step) is candles again; an index is one candle as a dict."""
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1:
                raise ValueError("candles can be sliced, not skipped: leave out the step")
            return Candles(self._bars, self._start + start, self._start + max(start, stop))
        at = range(self._start, self._stop)[key]
        row = {name: float(column[at]) for name, column in zip(COLUMNS, self._bars.columns, strict=True)}
        return {"open_ms": self._bars.first_ms + at * self._bars.step_ms, **row}

    def to_frame(self) -> Any:
        """The same rows as a pandas frame (indexed by UTC open time) or, without pandas, a polars frame.

        `InvalidInput` where neither is installed.
        """
        columns: dict[str, Any] = {"open_ms": self.open_ms, **{name: getattr(self, name) for name in COLUMNS}}
        try:
            import pandas as pd  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            return _polars_frame(columns)
        index = pd.to_datetime(columns.pop("open_ms"), unit="ms", utc=True)
        return pd.DataFrame(columns, index=index.rename("open_time"))

    def __repr__(self) -> str:
        bars = self._bars
        return f"Candles({len(self)} x {bars.step_ms // 60_000}m from {bars.first_ms + self._start * bars.step_ms})"
