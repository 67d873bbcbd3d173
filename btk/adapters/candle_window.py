"""A window on a stored series: the rows of any span, put together from the blocks of one index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from btk.adapters.candle_index import CandleIndex, open_entry
from btk.adapters.candle_stretch import CANDLE, EMPTY, States, Stretch, blank_stretch, overlay
from btk.model.bars import Column, Span

_CLOSE = 3
_VOLUME = 4


def rows_of(folder: Path, index: CandleIndex, span: Span) -> Stretch:
    """The rows of a span as they are stored: views on the file when one block holds them all, else a copy."""
    step_ms = index.series.step_ms
    entries = index.overlapping(span)
    if len(entries) == 1 and _common(entries[0].span(step_ms), span) == span:
        return next(_parts(folder, index, span))
    whole = blank_stretch(span, step_ms)
    for part in _parts(folder, index, span):
        overlay(whole, part, step_ms)
    return whole


def states_of(folder: Path, index: CandleIndex, span: Span) -> States:
    """What is known of each row of a span; opens only the blocks that have holes."""
    step_ms = index.series.step_ms
    states = np.zeros((span.to_ms - span.from_ms) // step_ms, np.uint8)
    for entry in index.overlapping(span):
        inner = _common(entry.span(step_ms), span)
        target = states[(inner.from_ms - span.from_ms) // step_ms : (inner.to_ms - span.from_ms) // step_ms]
        if entry.counts.candles == entry.facts.rows:
            target[:] = CANDLE
        else:
            target[:] = _cut(open_entry(folder, index, entry).stretch, inner, step_ms).states
    return states


def shown(folder: Path, index: CandleIndex, stretch: Stretch) -> Stretch:
    """The same rows with those that are empty at the venue flat at the last price, and without volume.

    Before the first candle of the series there is no last price: such rows stay as they are.
    """
    empty = stretch.states == EMPTY
    if not empty.any():
        return stretch
    prices = _last_closes(folder, index, stretch)
    empty &= ~np.isnan(prices)
    table = stretch.table.copy()
    table[:_VOLUME, empty] = prices[empty]
    table[_VOLUME, empty] = 0.0
    return stretch._replace(table=table)


def close_before(folder: Path, index: CandleIndex, at_ms: int) -> float:
    """The close of the last candle that opens before `at_ms`; NaN when there is none."""
    step_ms = index.series.step_ms
    for entry in reversed(index.blocks):
        if entry.facts.first_ms < at_ms and entry.counts.candles:
            stretch = open_entry(folder, index, entry).stretch
            before = stretch.states[: max(0, (at_ms - stretch.first_ms) // step_ms)]
            candles = np.flatnonzero(before == CANDLE)
            if len(candles):
                return float(stretch.table[_CLOSE, candles[-1]])
    return float("nan")


def _last_closes(folder: Path, index: CandleIndex, stretch: Stretch) -> Column:
    rows = np.arange(len(stretch.states))
    last = np.maximum.accumulate(np.where(stretch.states == CANDLE, rows, -1))
    closes: Column = stretch.table[_CLOSE][last]
    if last[0] < 0:
        closes[last < 0] = close_before(folder, index, stretch.first_ms)
    return closes


def _parts(folder: Path, index: CandleIndex, span: Span) -> Iterator[Stretch]:
    step_ms = index.series.step_ms
    for entry in index.overlapping(span):
        inner = _common(entry.span(step_ms), span)
        yield _cut(open_entry(folder, index, entry).stretch, inner, step_ms)


def _cut(stretch: Stretch, span: Span, step_ms: int) -> Stretch:
    start = (span.from_ms - stretch.first_ms) // step_ms
    stop = (span.to_ms - stretch.first_ms) // step_ms
    return Stretch(span.from_ms, stretch.table[:, start:stop], stretch.states[start:stop])


def _common(left: Span, right: Span) -> Span:
    return Span(max(left.from_ms, right.from_ms), min(left.to_ms, right.to_ms))
