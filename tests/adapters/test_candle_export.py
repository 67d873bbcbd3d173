"""Stored candles leave and come back equal to the byte, in every form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from btk.adapters.candle_export import export_candles
from btk.adapters.candle_import import read_minutes
from btk.adapters.candle_stretch import Hole
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Span
from btk.model.errors import DumpError, UsageError
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import APRIL_MS, SERIES, candles, part, source, stored

NOW_MS = 2_000_000_000_000
MARKET_DATA = Path(__file__).parents[3] / "shared" / "market-data"
FORMS = ["candles.csv", "candles.csv.gz", "candles.parquet", "candles.feather"]
FIRST_MS = APRIL_MS - 300 * MINUTE_MS
WHOLE = Span(FIRST_MS, FIRST_MS + 600 * MINUTE_MS)


def _form(name: str) -> str:
    if name.endswith(("parquet", "feather")):
        pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
    return name


@pytest.mark.parametrize("form", FORMS)
def test_what_was_exported_is_imported_equal_to_the_byte(tmp_path: Path, form: str) -> None:
    rows = candles(FIRST_MS, 600)
    stored(tmp_path, rows)
    path = tmp_path / _form(form)
    assert export_candles(source(tmp_path), SERIES.symbol, WHOLE, path) == 600
    found = read_minutes(path, NOW_MS)
    assert np.array_equal(found.rows.open_ms, rows.open_ms)
    assert found.rows.table.tobytes() == rows.table.tobytes()
    assert stored(tmp_path, found.rows).same == 600


@pytest.mark.parametrize("form", FORMS)
def test_equal_candles_make_equal_files(tmp_path: Path, form: str) -> None:
    stored(tmp_path, candles(FIRST_MS, 600))
    contents = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / _form(form)
        export_candles(source(tmp_path), SERIES.symbol, WHOLE, path)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_minutes_that_were_empty_at_the_venue_are_not_exported_as_candles(tmp_path: Path) -> None:
    rows = candles(FIRST_MS, 600)
    with CandleWriter(tmp_path, SERIES) as writer:
        hole = Hole(Span(FIRST_MS + 100 * MINUTE_MS, FIRST_MS + 200 * MINUTE_MS), "empty")
        writer.store(part(rows, 0, 100), holes=[hole])
        writer.store(part(rows, 200, 600))
    path = tmp_path / "candles.csv"
    assert export_candles(source(tmp_path), SERIES.symbol, WHOLE, path) == 500
    assert read_minutes(path, NOW_MS).gaps == (hole.span,)


def test_an_ending_that_is_no_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"use one of \.csv, \.csv\.gz, \.parquet, \.feather"):
        export_candles(source(tmp_path), SERIES.symbol, WHOLE, tmp_path / "candles.xlsx")


def test_a_folder_that_is_not_there_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    stored(tmp_path, candles(FIRST_MS, 600))
    with pytest.raises(DumpError, match="cannot be written"):
        export_candles(source(tmp_path), SERIES.symbol, WHOLE, tmp_path / "nowhere" / "candles.csv")


@pytest.mark.skipif(not MARKET_DATA.is_dir(), reason="../shared/market-data is not there")
@pytest.mark.parametrize("form", FORMS)
def test_real_minutes_leave_and_come_back_equal_to_the_byte(tmp_path: Path, form: str) -> None:
    found = read_minutes(MARKET_DATA / "BTCUSDT-1m-2023-03.csv.gz", NOW_MS)
    stored(tmp_path, found.rows)
    path = tmp_path / _form(form)
    export_candles(source(tmp_path), SERIES.symbol, found.span, path)
    again = read_minutes(path, NOW_MS)
    assert again.rows.table.tobytes() == found.rows.table.tobytes()
    assert np.array_equal(again.rows.open_ms, found.rows.open_ms)
