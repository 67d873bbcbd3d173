"""Pruning removes what was shown and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from btk.adapters.candle_pruning import prunable_candles, prunable_damage, prune
from btk.adapters.candle_survey import check_series, stored_series
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import APRIL_MS, SERIES, candles, part, same_bytes, source, stored

FIRST_MS = APRIL_MS - 300 * MINUTE_MS
ROWS = candles(FIRST_MS, 600)


def test_candles_before_a_date_go_and_the_rest_stays_as_it_is(tmp_path: Path) -> None:
    stored(tmp_path, ROWS)
    for kept in (500, 250):
        before_ms = FIRST_MS + (600 - kept) * MINUTE_MS
        [shown] = prunable_candles(tmp_path, [SERIES], before_ms)
        assert shown.to_ms == before_ms
        assert source(tmp_path).extent(SERIES.symbol) != Span(before_ms, FIRST_MS + 600 * MINUTE_MS)
        prune(tmp_path, shown)
        rest = Span(before_ms, FIRST_MS + 600 * MINUTE_MS)
        assert source(tmp_path).extent(SERIES.symbol) == rest
        assert same_bytes(source(tmp_path).read(SERIES.symbol, rest), part(ROWS, 600 - kept, 600))
    assert check_series(tmp_path, SERIES).ok


def test_nothing_is_shown_when_nothing_is_that_old(tmp_path: Path) -> None:
    stored(tmp_path, ROWS)
    assert prunable_candles(tmp_path, [SERIES], FIRST_MS) == []


def test_a_series_that_went_as_a_whole_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    stored(tmp_path, ROWS)
    [shown] = prunable_candles(tmp_path, [SERIES], None)
    assert shown.candles == 600
    prune(tmp_path, shown)
    assert stored_series(tmp_path) == []
    assert stored(tmp_path, ROWS).new == 600


def test_files_set_aside_go_without_a_candle(tmp_path: Path) -> None:
    stored(tmp_path, ROWS)
    block = sorted(SERIES.folder(tmp_path).glob("*.candles"))[0]
    block.write_bytes(block.read_bytes()[:-1])
    check_series(tmp_path, SERIES)
    [shown] = prunable_damage(tmp_path, [SERIES])
    assert shown.damaged == (f"{block.name}.damaged-size",)
    prune(tmp_path, shown)
    assert prunable_damage(tmp_path, [SERIES]) == []
    close = source(tmp_path).read(SERIES.symbol, Span(APRIL_MS, APRIL_MS + 300 * MINUTE_MS)).close
    assert not np.isnan(close).any()
