"""Bars as an exchange made them, put together of its own series: each bar of the longest that it can be made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from btk.core.resample import resample
from btk.model.bars import COLUMNS, Bars, Span
from btk.model.intervals import INTERVAL_MS, MINUTE_MS, interval_ms

_VOLUME = COLUMNS.index("volume")


def own_series(interval: str) -> Iterator[str]:
    """The intervals above a minute that whole bars of `interval` can be made of, the longest first."""
    for name in reversed(INTERVAL_MS):
        if interval_ms(name) > MINUTE_MS and interval_ms(interval) % interval_ms(name) == 0:
            yield name


def made_of(series: Iterable[Bars], span: Span, step_ms: int) -> Bars:
    """One bar for every step of the span, NaN where none of `series` (each over the span) has all of it.

    An earlier series goes first; a later one is not asked for when nothing is absent any more.
    """
    columns = np.stack(Bars.unknown(span, step_ms).columns)
    for bars in series:
        made = resample(bars, step_ms)
        # Only a whole bar has a volume: it is the sum of all its parts.
        fresh = np.isnan(columns[_VOLUME]) & ~np.isnan(made.volume)
        columns[:, fresh] = np.stack(made.columns)[:, fresh]
        if not np.isnan(columns[_VOLUME]).any():
            break
    return Bars(span.from_ms, step_ms, columns)
