"""Gates: how much a sample must hold before a figure may be shown; None is shown when it does not."""

from __future__ import annotations

import math

import numpy as np

from btk.model.bars import Column

MIN_TRADES = 10
MIN_DAYS = 14
MAX_TRADES_PER_YEAR = 365
MAX_YEARLY_RETURN_PCT = 100
MAX_RATIO = 1_000
EPSILON = 1e-9
DAYS_PER_YEAR = 365

Figure = float | int | str | None
Group = dict[str, Figure]
Statistics = dict[str, Figure | dict[str, Group]]


def total(values: Column) -> float | None:
    """The sum; 0 of nothing."""
    return finite(values.sum())


def mean(values: Column) -> float | None:
    """The arithmetic mean, or None of nothing."""
    return finite(values.mean()) if len(values) else None


def median(values: Column) -> float | None:
    """The middle value or the mean of the two middle ones, or None of nothing."""
    if not len(values):
        return None
    # np.median would import numpy.ma at its first call, which takes longer than all the figures together.
    ordered = np.sort(values)
    return finite((ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2)


def deviation(values: Column) -> float | None:
    """The sample standard deviation (Bessel: over N - 1), or None of fewer than two."""
    return finite(values.std(ddof=1)) if len(values) > 1 else None


def downside(values: Column) -> float | None:
    """Root of the squared losses over the count of all values, target 0; None without a loss."""
    losses = values[values < 0]
    return finite(np.sqrt((losses * losses).sum() / len(values))) if len(losses) else None


def finite(value: float | None) -> float | None:
    """The value as a plain float, or None for NaN and the infinities."""
    return float(value) if value is not None and math.isfinite(value) else None


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """The quotient, or None where either is missing or the denominator is not above `EPSILON`."""
    if numerator is None or denominator is None or not denominator > EPSILON:
        return None
    return finite(numerator / denominator)


def clamped(value: float | None) -> float | None:
    """A ratio held within `MAX_RATIO`: beyond it the sample says nothing more."""
    return None if value is None else max(-float(MAX_RATIO), min(float(MAX_RATIO), value))


def product(value: float | None, factor: float | None) -> float | None:
    """The product, or None where either is missing."""
    return None if value is None or factor is None else finite(value * factor)


def yearly_pct(growth: float, periods_per_year: float) -> float | None:
    """Growth (1 = unchanged) over one period, compounded to a year, in percent; -100 for nothing left."""
    if growth <= 0:
        return -100.0
    try:
        return finite((growth**periods_per_year - 1) * 100)
    except OverflowError:
        return None
