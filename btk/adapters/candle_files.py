"""Files and folders of candles, whatever their form: which series are in them, and their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from btk.adapters.candle_columnar import FEATHER, PARQUET, read_columnar
from btk.adapters.candle_csv import CsvRows, read_csv
from btk.adapters.candle_json import is_candle_file, read_candle_files, read_json_rows
from btk.adapters.candle_series import SymbolNames, symbol_names
from btk.model.errors import DataError

_FREQTRADE = re.compile(
    r"(?P<base>[A-Za-z0-9]+)_(?P<quote>[A-Za-z0-9]+)(_(?P<settle>[A-Za-z0-9]+))?-1m(-futures)?"
    r"\.(feather|parquet|json|json\.gz)\Z"
)


class FoundSeries(NamedTuple):
    """A symbol of a folder, and the file or folder with its minutes."""

    names: SymbolNames
    path: Path


def read_rows(path: Path) -> CsvRows:
    """The rows of a file, or of a folder with a file for each candle."""
    if path.is_dir():
        return read_candle_files(path)
    if path.suffix in (PARQUET, FEATHER):
        return read_columnar(path)
    if path.name.endswith((".json", ".json.gz")):
        return read_json_rows(path)
    return read_csv(path)


def series_of_folder(folder: Path) -> list[FoundSeries]:
    """The one-minute series of a freqtrade data folder, or of the origin's `<exchange>/<symbol>/1m/<time>.json`."""
    found = [*_freqtrade_files(folder), *_candle_folders(folder)]
    if not found:
        raise DataError(
            f"{folder}: holds neither freqtrade's files such as BTC_USDT-1m.feather"
            " nor folders such as BTCUSDT/1m with a file for each candle"
        )
    return sorted(found, key=lambda series: series.path)


def _freqtrade_files(folder: Path) -> Iterator[FoundSeries]:
    for path in (*folder.glob("*-1m*"), *folder.glob("futures/*-1m-futures*")):
        match = _FREQTRADE.match(path.name)
        if match:
            settle = f":{match['settle']}" if match["settle"] else ""
            yield FoundSeries(symbol_names(f"{match['base']}/{match['quote']}{settle}"), path)


def _candle_folders(folder: Path) -> Iterator[FoundSeries]:
    for path in (folder, *folder.glob("1m"), *folder.glob("*/1m"), *folder.glob("*/*/1m")):
        if path.name == "1m" and path.is_dir() and any(map(is_candle_file, path.iterdir())):
            yield FoundSeries(symbol_names(path.parent.name), path)
