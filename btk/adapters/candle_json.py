"""Candles in JSON: freqtrade's files of rows, and the folders of the origin with one small file for each candle."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from btk.adapters.candle_csv import CsvRows
from btk.adapters.candle_csv_layout import FIELDS
from btk.model.bars import COLUMNS
from btk.model.errors import DataError

_ROW = tuple[int, float, float, float, float, float]


class _Candle(msgspec.Struct):
    open: float
    high: float
    low: float
    close: float
    volume: float


def read_json_rows(path: Path) -> CsvRows:
    """A list of rows of time, open, high, low, close and volume, in a `.json` or `.json.gz` file."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = msgspec.json.decode(content, type=list[_ROW], strict=False)
    except (OSError, EOFError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a list of rows of {', '.join(FIELDS)} ({error})") from error
    if not rows:
        raise DataError(f"{path}: holds no candles")
    return _as_rows(rows)


def read_candle_files(folder: Path) -> CsvRows:
    """The candles of a folder in which the file `<open time>.json` holds one each."""
    rows = sorted(_candles(folder))
    if not rows:
        raise DataError(f"{folder}: holds no files such as 1700000000000.json")
    return _as_rows(rows)


def is_candle_file(path: Path) -> bool:
    """Whether its name is an opening time."""
    return path.suffix == ".json" and path.stem.isdigit()


def _candles(folder: Path) -> Iterator[_ROW]:
    decoder = msgspec.json.Decoder(_Candle)
    for path in folder.iterdir():
        if is_candle_file(path):
            try:
                candle = decoder.decode(path.read_bytes())
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise DataError(f"{path}: is no candle ({error})") from error
            yield (int(path.stem), candle.open, candle.high, candle.low, candle.close, candle.volume)


def _as_rows(rows: list[Any]) -> CsvRows:
    open_ms = np.array([row[0] for row in rows], np.int64)
    table = np.array([[row[1 + place] for row in rows] for place in range(len(COLUMNS))], np.float64)
    return CsvRows(open_ms, table, np.arange(1, len(rows) + 1))
