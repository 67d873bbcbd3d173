"""Indicator columns: a strategy's `indicators` and `candidates` over a whole frame, checked for looking ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from btk.core.resample import resample
from btk.core.strategy import Strategy, overrides
from btk.engines.held_candles import HeldCandles
from btk.model.bars import Bars, Candles, Span
from btk.model.errors import StrategyError
from btk.model.intervals import floor_to, interval_ms
from btk.model.months import months_of
from btk.model.plain_words import one_line
from btk.ports import CandleSource

PREFIX_BARS = 512
Columns = dict[str, NDArray[Any]]


def frame_bars(source: CandleSource, symbol: str, interval: str, span: Span) -> Bars:
    """All whole bars of `interval` inside `span`, read and folded piece by piece."""
    if isinstance(source, HeldCandles):
        return source.once((symbol, interval, span), lambda: _folded(source, symbol, interval, span))
    return _folded(source, symbol, interval, span)


def _folded(source: CandleSource, symbol: str, interval: str, span: Span) -> Bars:
    step_ms = interval_ms(interval)
    first_ms = -(-span.from_ms // step_ms) * step_ms
    end_ms = max(floor_to(span.to_ms, step_ms), first_ms)
    pieces = [resample(source.read(symbol, piece), step_ms) for piece in months_of(Span(first_ms, end_ms))]
    if not pieces:
        return Bars.empty(first_ms, step_ms)
    return Bars(
        first_ms,
        step_ms,
        (np.concatenate(columns) for columns in zip(*(p.columns for p in pieces), strict=True)),
    )


def indicator_columns(strategy: Strategy, bars: Bars) -> Columns:
    """The strategy's indicators over `bars`; `StrategyError` for a wrong shape or for a look into the future."""
    candles = Candles(bars, 0, len(bars))
    columns = checked_columns(strategy, _asked(strategy, "indicators", candles), len(bars))
    prefix = _prefix(strategy, len(bars))
    early = checked_columns(strategy, _asked(strategy, "indicators", Candles(bars, 0, prefix)), prefix)
    for name, column in columns.items():
        if name in early and not np.array_equal(column[:prefix], early[name], equal_nan=_is_float(column)):
            raise StrategyError(
                f"{strategy.name}: indicator {name!r} looks ahead:"
                f" its first {prefix} values change when later candles are added"
            )
    return columns


def candidate_closes(strategy: Strategy, bars: Bars, columns: Columns) -> NDArray[np.int64] | None:
    """The close times of the bars at which the strategy could answer, or None where it does not say."""
    if not overrides(strategy, "candidates"):
        return None
    mask = _asked(strategy, "candidates", dict(columns))
    if mask is None:
        return None
    chosen = np.asarray(mask)
    if chosen.dtype != np.bool_ or chosen.shape != (len(bars),):
        raise StrategyError(
            f"{strategy.name}: candidates must be {len(bars)} booleans, got {chosen.dtype} of shape {chosen.shape}"
        )
    rows: NDArray[np.int64] = np.flatnonzero(chosen)
    return bars.first_ms + (rows + 1) * bars.step_ms


def _prefix(strategy: Strategy, length: int) -> int:
    # Half of a short frame, so that there is always something later to look at; never less than the warm-up.
    spare = max(0, length - strategy.warmup)
    return min(length, strategy.warmup + min(PREFIX_BARS, spare // 2))


def _asked(strategy: Strategy, method: str, argument: object) -> Any:
    try:
        return getattr(strategy, method)(argument)
    except (Exception, SystemExit) as error:  # a strategy may raise anything
        what = one_line(f"{type(error).__name__}: {error}")
        raise StrategyError(f"{strategy.name}: {method} raised {what}") from error


def checked_columns(strategy: Strategy, columns: Any, length: int) -> Columns:
    """What `indicators` answered for `length` bars, read-only; `StrategyError` for a wrong shape."""
    if not isinstance(columns, dict):
        raise StrategyError(
            f"{strategy.name}: indicators must answer a dict of arrays, got {type(columns).__name__}"
        )
    arrays = {str(name): np.asarray(column) for name, column in columns.items()}
    for name, column in arrays.items():
        if column.shape[:1] != (length,):
            raise StrategyError(
                f"{strategy.name}: indicator {name!r} has shape {column.shape};"
                f" one value for each of the {length} bars is expected"
            )
        column.flags.writeable = False
    return arrays


def _is_float(column: NDArray[Any]) -> bool:
    return bool(np.issubdtype(column.dtype, np.floating))
