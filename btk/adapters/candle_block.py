"""A block: at most one month of one candle series in one file that is never changed, only replaced.

4096 bytes of header (readable JSON), five float64 columns, one byte a row that says what is known of it; all
little-endian, so that a mapped file is a NumPy array as it stands.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_stretch import States, Stretch, Table
from btk.adapters.disk import Chunk
from btk.adapters.envelope import BadEnvelope, checksum, seal, unseal
from btk.model.bars import COLUMNS
from btk.model.errors import DataError

HEADER_BYTES = 4096
_KIND = "candle_block"
_ROW_BYTES = len(COLUMNS) * 8 + 1


class BlockFacts(msgspec.Struct, frozen=True):
    """What a block holds, without looking into it; `checksum` is that of the columns alone."""

    first_ms: int
    rows: int
    checksum: str
    states_checksum: str


class FileStamp(msgspec.Struct, frozen=True):
    """What changes when a file is replaced or written to behind the store's back."""

    size: int
    mtime_ns: int
    inode: int


class DamagedBlock(DataError):
    """A file that does not hold what was written; `reason` is a word for the name it is set aside under."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}: damaged candles ({reason}); run 'btk cache check', then bring them in again"
        )
        self.path = path
        self.reason = reason


class Block(NamedTuple):
    """An open block; its stretch is views on the mapped file, valid also after the file was replaced."""

    facts: BlockFacts
    stamp: FileStamp
    stretch: Stretch


class _Header(msgspec.Struct, frozen=True):
    series: SeriesKey
    facts: BlockFacts


def facts_of(stretch: Stretch) -> BlockFacts:
    """The facts of a stretch that is to become a block."""
    return BlockFacts(
        first_ms=stretch.first_ms,
        rows=len(stretch.states),
        checksum=table_checksum(stretch.table),
        states_checksum=checksum(stretch.states.data),
    )


def table_checksum(table: Table) -> str:
    """The checksum of five columns, whatever array they are part of."""
    return checksum(_flat(table))


def block_bytes(series: SeriesKey, facts: BlockFacts, stretch: Stretch) -> tuple[Chunk, ...]:
    """The file's content, in pieces."""
    header = seal(_KIND, _Header(series, facts))
    return (header.ljust(HEADER_BYTES - 1) + b"\n", _flat(stretch.table), stretch.states.data)


def stamp_of(path: Path) -> FileStamp:
    """The file's stamp as it is now."""
    return _stamp(os.stat(path))


def open_block(path: Path, series: SeriesKey) -> Block:
    """Map a block and check its header; its candles are looked at by `verify` alone.

    `FileNotFoundError` when it was replaced, `DamagedBlock`, or `DataError` when it holds another series.
    """
    stamp, mapped = _mapped(path)
    header = _header(path, mapped[:HEADER_BYTES])
    if header.series != series:
        raise DataError(f"{path}: holds candles of {header.series}, not of {series}; move the file back")
    facts = header.facts
    if stamp.size != HEADER_BYTES + facts.rows * _ROW_BYTES:
        raise DamagedBlock(path, "size")
    return Block(facts, stamp, Stretch(facts.first_ms, *_arrays(mapped, facts.rows)))


def verify(path: Path, block: Block) -> None:
    """Read every byte; `DamagedBlock` when one is not as written."""
    if facts_of(block.stretch) != block.facts:
        raise DamagedBlock(path, "checksum")


def _flat(table: Table) -> memoryview:
    return np.ascontiguousarray(table, dtype="<f8").ravel().data


def _mapped(path: Path) -> tuple[FileStamp, mmap.mmap]:
    try:
        with path.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            if stamp.size < HEADER_BYTES:
                raise DamagedBlock(path, "size")
            return stamp, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); allow it, then run this again"
        ) from error


def _arrays(mapped: mmap.mmap, rows: int) -> tuple[Table, States]:
    cells = len(COLUMNS) * rows
    table = np.frombuffer(mapped, "<f8", cells, HEADER_BYTES).reshape(len(COLUMNS), rows)
    return table, np.frombuffer(mapped, np.uint8, rows, HEADER_BYTES + cells * 8)


def _header(path: Path, sealed: bytes) -> _Header:
    try:
        return unseal(_KIND, sealed, _Header)
    except BadEnvelope as error:
        raise DamagedBlock(path, "header") from error


def _stamp(stat: os.stat_result) -> FileStamp:
    return FileStamp(stat.st_size, stat.st_mtime_ns, stat.st_ino)
