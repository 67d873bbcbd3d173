"""Counter-based noise: the n-th number of a stream without the ones before it, equal to the bit everywhere.

Only integer arithmetic and what IEEE 754 fixes to the last bit (+ - * / and square roots) is used: `exp` and
`log` differ between processors, the random generators of NumPy between its versions.
"""

from __future__ import annotations

from hashlib import blake2b
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from btk.model.bars import Column

Bits = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST_SHIFT = np.uint64(31)
_PAIRS = np.uint64(0x0000FFFF0000FFFF)
_HALF = np.uint64(32)
_QUARTER = np.uint64(16)
_LOW = np.uint64(0xFFFF)
_SUM_MEAN = 2.0 * 65535.0
_SUM_DEVIATION = 65536.0 / sqrt(3.0)


def stream_key(*names: str) -> np.uint64:
    """The 64-bit key of a stream, from the names that tell it from every other."""
    return np.uint64(int.from_bytes(blake2b("/".join(names).encode(), digest_size=8).digest(), "little"))


def noise_bits(key: np.uint64, first: int, count: int) -> Bits:
    """64 random bits for each of the places `first .. first + count` of the stream (splitmix64)."""
    bits = np.arange(first, first + count, dtype=np.uint64)
    bits *= _GOLDEN
    bits += key
    for shift, factor in _MIX:
        bits ^= bits >> shift
        bits *= factor
    bits ^= bits >> _LAST_SHIFT
    return bits


def bell(bits: Bits) -> Column:
    """Nearly normal numbers, mean 0, deviation 1, within +-3.47: four 16-bit uniforms added up."""
    sums = bits & _PAIRS
    sums += (bits >> _QUARTER) & _PAIRS
    numbers = ((sums & np.uint64(0xFFFFFFFF)) + (sums >> _HALF)).astype(np.float64)
    numbers -= _SUM_MEAN
    numbers /= _SUM_DEVIATION
    return numbers


def even(bits: Bits, quarter: int) -> Column:
    """Uniform numbers in `[0, 1)` from one of the four 16-bit quarters of the bits."""
    part = (bits >> np.uint64(16 * quarter)) & _LOW
    return part.astype(np.float64) / 65536.0


def stretched(key: np.uint64, first: int, count: int, step: int) -> Column:
    """Uniform numbers for the places `first .. first + count`, each held for `step` places in a row."""
    start = first // step
    held = even(noise_bits(key, start, (first + count - 1) // step - start + 1), 0)
    return np.repeat(held, step)[first - start * step :][:count]
