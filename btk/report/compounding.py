"""Compounding: what is left of 1 when every trade puts all of it at risk, and how far it fell on the way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Column


class Compounded(NamedTuple):
    """Per series: final capital (1 = unchanged, 0 = blown), deepest fall in percent, whether it was blown."""

    final: Column
    drawdown_pct: Column
    blown: NDArray[np.bool_]


def compounded(pnl_pct: Column, fall_pct: Column) -> Compounded:
    """Compound trades along the last axis; `fall_pct`, each trade's worst moment, counts for the fall only.

    A series is blown as soon as its capital, or its worst moment inside a trade, is 0 or less. Huge series
    may end in infinity or NaN, which callers turn into None.
    """
    if not pnl_pct.shape[-1]:
        none = np.zeros(pnl_pct.shape[:-1])
        return Compounded(none + 1.0, none, none > 0)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return _compounded(pnl_pct, fall_pct)


def _compounded(pnl_pct: Column, fall_pct: Column) -> Compounded:
    after = np.cumprod(1 + pnl_pct / 100, axis=-1)
    before = np.concatenate((np.ones_like(after[..., :1]), after[..., :-1]), axis=-1)
    troughs = before * (1 + np.minimum(fall_pct, 0.0) / 100)
    peaks = np.maximum.accumulate(before, axis=-1)
    lowest = np.minimum(troughs, after)
    blown = (lowest <= 0).any(axis=-1)
    falls = ((peaks - lowest) / peaks).max(axis=-1) * 100
    return Compounded(
        final=np.where(blown, 0.0, after[..., -1]),
        drawdown_pct=np.where(blown, 100.0, np.maximum(falls, 0.0)),
        blown=blown,
    )
