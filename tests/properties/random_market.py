"""Random minutes on a coarse grid, so that touches to the last bit, gaps and quiet minutes all happen often."""

from __future__ import annotations

import numpy as np

from btk.model.bars import Bars
from tests.fakes.recorded_candles import minutes_of

GRID = 0.25
FLOOR = 40.0


def random_minutes(seed: int, first_ms: int, count: int) -> Bars:
    """`count` minutes around 100; the same for the same seed."""
    dice = np.random.default_rng(seed)
    steps = dice.integers(-4, 5, count) * (dice.random(count) < 0.7)
    gaps = dice.integers(-6, 7, count) * (dice.random(count) < 0.1)
    lively = dice.random(count) < 0.9
    wicks = dice.integers(0, 5, (2, count)) * lively
    volume = dice.integers(0, 4, count) * lively
    rows, price = [], 400
    for row in range(count):
        opened = max(price + int(gaps[row]), int(FLOOR / GRID))
        price = max(opened + int(steps[row]), int(FLOOR / GRID))
        high = max(opened, price) + int(wicks[0, row])
        low = min(opened, price) - int(wicks[1, row])
        rows.append((opened * GRID, high * GRID, low * GRID, price * GRID, float(volume[row])))
    return minutes_of(first_ms, rows)


def changed_after(minutes: Bars, tick_ms: int, seed: int) -> Bars:
    """The same minutes as far as they are closed at a tick; other ones from there on."""
    known = (tick_ms - minutes.first_ms) // minutes.step_ms
    other = random_minutes(seed, minutes.first_ms, len(minutes))
    shift = minutes.close[known - 1] - other.open[known] if 0 < known < len(minutes) else 0.0
    columns = [
        np.concatenate((mine[:known], theirs[known:] + moved))
        for mine, theirs, moved in zip(
            minutes.columns, other.columns, (shift, shift, shift, shift, 0.0), strict=True
        )
    ]
    return Bars(minutes.first_ms, minutes.step_ms, columns)
