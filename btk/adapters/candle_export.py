"""Stored candles written to a file of another form: only what the venue sent, month by month, so that memory stays flat."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from btk.adapters.candle_columnar import FEATHER, PARQUET, write_feather, write_parquet
from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.disk import unwritable
from btk.model.bars import COLUMNS, Span
from btk.model.errors import UsageError
from btk.model.months import months_of

HEADER = ",".join(("open_time_ms", *COLUMNS))
_GZIP_WINDOW = 31


def export_candles(source: StoredCandles, symbol: str, span: Span, path: Path) -> int:
    """Write the candles of a span, the form chosen by the file's ending; how many there were.

    `UsageError` for an ending that is none of ours, `DumpError` when the disk refuses; `path` is whole or not there.
    """
    write = _writer(path)
    count = 0

    def months() -> Iterator[CandleRows]:
        nonlocal count
        for month in months_of(span):
            rows = source.candles(symbol, month)
            count += len(rows.open_ms)
            yield rows

    # The ending stays the last part of the name: some writers go by it.
    draft = path.with_name(f".draft-{os.getpid()}-{path.name}")
    try:
        write(draft, months())
        draft.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return count


def write_csv(path: Path, parts: Iterable[CandleRows]) -> None:
    """Text with the shortest digits that are read back as the same numbers."""
    with path.open("wb") as file:
        file.writelines(_lines(parts))


def write_csv_gz(path: Path, parts: Iterable[CandleRows]) -> None:
    """The same, compressed; equal candles make equal files."""
    packer = zlib.compressobj(wbits=_GZIP_WINDOW)
    with path.open("wb") as file:
        file.writelines(map(packer.compress, _lines(parts)))
        file.write(packer.flush())


_WRITERS: Mapping[str, Callable[[Path, Iterable[CandleRows]], None]] = {
    ".csv": write_csv,
    ".csv.gz": write_csv_gz,
    PARQUET: write_parquet,
    FEATHER: write_feather,
}


def _writer(path: Path) -> Callable[[Path, Iterable[CandleRows]], None]:
    for ending, write in _WRITERS.items():
        if path.name.endswith(ending):
            return write
    raise UsageError(f"{path}: the ending chooses the form; use one of {', '.join(_WRITERS)}")


def _lines(parts: Iterable[CandleRows]) -> Iterator[bytes]:
    yield f"{HEADER}\n".encode()
    for part in parts:
        columns = (part.open_ms.tolist(), *part.table.tolist())
        yield "".join(f"{','.join(map(repr, row))}\n" for row in zip(*columns, strict=True)).encode()
