"""Candles in Parquet and Feather files: read whole, written month by month. Needs pyarrow, the extra `[parquet]`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from btk.adapters.candle_csv import CsvRows
from btk.adapters.candle_csv_layout import FIELDS, columns_by_name
from btk.adapters.candle_merge import CandleRows
from btk.model.bars import COLUMNS
from btk.model.dates import EARLIEST_MS, LATEST_MS
from btk.model.errors import DataError, UsageError

PARQUET = ".parquet"
FEATHER = ".feather"


def read_columnar(path: Path) -> CsvRows:
    """All rows of a Parquet or Feather file; `DataError` for a file that is none or lacks a column."""
    pa = _pyarrow(path)
    from pyarrow import feather, parquet

    try:
        table = parquet.read_table(path) if path.suffix == PARQUET else feather.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: cannot be read as {path.suffix[1:]} ({_first_line(error)})") from error
    places = columns_by_name(path, 1, table.column_names)
    time, *columns = (table.column(place) for place in places)
    try:
        values = np.array([column.to_numpy() for column in columns], np.float64)
        open_ms = _times_ms(pa, time)
    except (pa.ArrowInvalid, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: a column holds something else than numbers ({_first_line(error)})"
        ) from error
    rows = np.arange(1, len(open_ms) + 1)
    if len(open_ms) and not (EARLIEST_MS <= open_ms.min() <= open_ms.max() <= LATEST_MS):
        raise DataError(f"{path}: its {FIELDS[0]} column holds no milliseconds and no dates")
    return CsvRows(open_ms, values, rows)


def write_parquet(path: Path, parts: Iterable[CandleRows]) -> None:
    """A Parquet file with a row group for each part."""
    pa = _pyarrow(path)
    from pyarrow import parquet

    with parquet.ParquetWriter(path, _schema(pa), compression="zstd") as writer:
        for part in parts:
            writer.write_table(pa.table(_columns(part), schema=_schema(pa)))


def write_feather(path: Path, parts: Iterable[CandleRows]) -> None:
    """A Feather file with a record batch for each part."""
    pa = _pyarrow(path)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(str(path), _schema(pa), options=options) as writer:
        for part in parts:
            writer.write_table(pa.table(_columns(part), schema=_schema(pa)))


def _columns(rows: CandleRows) -> dict[str, Any]:
    return {"date": rows.open_ms.astype("datetime64[ms]"), **dict(zip(COLUMNS, rows.table, strict=True))}


def _schema(pa: Any) -> Any:
    # The names and the type of freqtrade's files, so that those are read there too.
    return pa.schema([("date", pa.timestamp("ms", "UTC")), *((name, pa.float64()) for name in COLUMNS)])


def _times_ms(pa: Any, time: Any) -> Any:
    if pa.types.is_timestamp(time.type):
        time = time.cast(pa.timestamp("ms", time.type.tz)).cast(pa.int64())
    return np.asarray(time.to_numpy(), np.int64)


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ImportError:
        raise UsageError(f"{path}: {path.suffix[1:]} needs pyarrow: pip install 'btk[parquet]'") from None
    return pa


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0]
