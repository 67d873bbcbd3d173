"""What no candle can be."""

from __future__ import annotations

import numpy as np
import pytest

from btk.core.candle_rules import first_fault
from tests.adapters.candle_samples import MARCH_MS, candles

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (OPEN, np.nan, "open nan is not a finite number"),
        (HIGH, np.inf, "high inf is not a finite number"),
        (VOLUME, np.nan, "volume nan is not a finite number"),
        (LOW, 0.0, "low 0 is not above 0"),
        (CLOSE, -1.5, "close -1.5 is not above 0"),
        (VOLUME, -0.001, "volume -0.001 is below 0"),
        (HIGH, 5.0, "high 5 is below low"),
        (LOW, 0.09, "low 0.09 is less than a thousandth of the usual 10"),
    ],
)
@pytest.mark.parametrize("row", [0, 1500, 2999])
def test_an_impossible_candle_is_found_and_its_number_named(
    column: int, value: float, words: str, row: int
) -> None:
    table = candles(MARCH_MS, 3000).table
    table[column, row] = value
    fault = first_fault(table)
    assert fault is not None
    assert fault.row == row
    assert words in fault.words


def test_the_first_of_several_is_named() -> None:
    table = candles(MARCH_MS, 100).table
    table[OPEN, 60] = np.nan
    table[VOLUME, 40] = -1
    fault = first_fault(table)
    assert fault is not None
    assert fault.row == 40


def test_an_open_or_close_outside_high_and_low_is_allowed() -> None:
    table = candles(MARCH_MS, 100).table
    table[CLOSE, 3] = table[HIGH, 3] + 1
    assert first_fault(table) is None


def test_a_slow_fall_by_a_factor_of_ten_thousand_is_allowed() -> None:
    table = candles(MARCH_MS, 20_000).table
    table[:4] *= np.geomspace(1, 1e-4, 20_000)
    assert first_fault(table) is None


def test_a_few_candles_are_measured_by_their_mean() -> None:
    table = candles(MARCH_MS, 4).table
    table[:4, 0] = 0.01
    assert first_fault(table) is not None
