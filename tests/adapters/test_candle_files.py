"""Candles of other programs: freqtrade's data folder, the origin's folder of small files, JSON, Parquet, Feather."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from btk.adapters.candle_files import series_of_folder
from btk.adapters.candle_import import read_minutes
from btk.adapters.candle_merge import CandleRows
from btk.model.bars import COLUMNS
from btk.model.errors import DataError
from tests.adapters.candle_samples import MARCH_MS, candles

NOW_MS = 2_000_000_000_000
ROWS = candles(MARCH_MS, 50)


def _json_rows() -> bytes:
    columns = (ROWS.open_ms.tolist(), *ROWS.table.tolist())
    return json.dumps(list(zip(*columns, strict=True))).encode()


def _is_whole(rows: CandleRows) -> bool:
    return np.array_equal(rows.open_ms, ROWS.open_ms) and rows.table.tobytes() == ROWS.table.tobytes()


def _origin(folder: Path) -> None:
    folder.mkdir(parents=True)
    for at_ms, row in zip(ROWS.open_ms.tolist(), ROWS.table.T.tolist(), strict=True):
        candle = {"timestamp": at_ms, **dict(zip(COLUMNS, row, strict=True))}
        (folder / f"{at_ms}.json").write_text(json.dumps(candle))


def test_the_folder_of_freqtrade_is_understood(tmp_path: Path) -> None:
    (tmp_path / "futures").mkdir()
    (tmp_path / "BTC_USDT-1m.json").write_bytes(_json_rows())
    (tmp_path / "ETH_USDT-1m.json.gz").write_bytes(gzip.compress(_json_rows()))
    (tmp_path / "ETH_USDT-5m.json").write_bytes(b"[]")
    (tmp_path / "futures" / "BTC_USDT_USDT-1m-futures.json").write_bytes(_json_rows())
    found = series_of_folder(tmp_path)
    assert [series.names.unified for series in found] == ["BTC/USDT", "ETH/USDT", "BTC/USDT:USDT"]
    assert all(_is_whole(read_minutes(series.path, NOW_MS).rows) for series in found)


@pytest.mark.parametrize("depth", ["candle/binance/BTCUSDT/1m", "binance/BTCUSDT/1m", "BTCUSDT/1m"])
def test_the_folder_of_the_origin_is_understood_at_any_depth(tmp_path: Path, depth: str) -> None:
    _origin(tmp_path / depth)
    [series] = series_of_folder(tmp_path / "candle" if depth.startswith("candle") else tmp_path)
    assert series.names.file_form == "BTCUSDT"
    assert _is_whole(read_minutes(series.path, NOW_MS).rows)


def test_a_broken_file_of_the_origin_is_named(tmp_path: Path) -> None:
    _origin(tmp_path / "BTCUSDT" / "1m")
    (tmp_path / "BTCUSDT" / "1m" / f"{MARCH_MS}.json").write_text("{")
    with pytest.raises(DataError, match=f"{MARCH_MS}.json: is no candle"):
        read_minutes(tmp_path / "BTCUSDT" / "1m", NOW_MS)


def test_a_folder_without_candles_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither freqtrade's files such as BTC_USDT"):
        series_of_folder(tmp_path)


@pytest.mark.parametrize("content", [b"[[1]]", b"{}", b"[", b"[]"])
def test_json_that_holds_no_rows_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "BTC_USDT-1m.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match="BTC_USDT-1m"):
        read_minutes(path, NOW_MS)


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_a_columnar_file_that_is_none_or_lacks_a_column_is_one_line(tmp_path: Path, ending: str) -> None:
    pa: Any = pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
    from pyarrow import feather, parquet

    path = tmp_path / f"candles{ending}"
    path.write_bytes(b"no such thing")
    with pytest.raises(DataError, match="cannot be read as"):
        read_minutes(path, NOW_MS)
    table = pa.table({"date": [MARCH_MS], "open": [1.0]})
    (parquet.write_table if ending == ".parquet" else feather.write_feather)(table, str(path))
    with pytest.raises(DataError, match="names no column for high, low, close, volume"):
        read_minutes(path, NOW_MS)
