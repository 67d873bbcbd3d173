"""The coverage index of a candle series: which blocks hold it, and what is known there.

It is the one place where a change becomes true: blocks are written under new names first, then the index that
names them replaces the old one. A reader therefore sees the series before or after a change, never between.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from btk.adapters.candle_block import Block, BlockFacts, DamagedBlock, FileStamp, open_block, verify
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_stretch import Counts
from btk.adapters.disk import Disk, save
from btk.adapters.envelope import BadEnvelope, seal, unseal
from btk.model.bars import Span
from btk.model.errors import DataError

INDEX_NAME = "index.json"
BLOCK_SUFFIX = ".candles"
_KIND = "candle_index"


class BlockEntry(msgspec.Struct, frozen=True):
    """One block: its file, what it must hold, and the stamp under which that was last verified."""

    name: str
    facts: BlockFacts
    counts: Counts
    stamp: FileStamp

    def span(self, step_ms: int) -> Span:
        """From its first row's opening to its last row's close."""
        return Span(self.facts.first_ms, self.facts.first_ms + self.facts.rows * step_ms)


class CandleIndex(msgspec.Struct, frozen=True, kw_only=True):
    """All blocks of a series, ascending in time, never overlapping; `unified_symbol` where it was told."""

    series: SeriesKey
    unified_symbol: str | None = None
    generation: int = 0
    blocks: tuple[BlockEntry, ...] = ()

    def overlapping(self, span: Span) -> list[BlockEntry]:
        """The blocks that hold any part of the span."""
        spans = ((entry, entry.span(self.series.step_ms)) for entry in self.blocks)
        return [entry for entry, held in spans if held.from_ms < span.to_ms and held.to_ms > span.from_ms]

    @property
    def extent(self) -> Span | None:
        """From the first known row to the end of the last; None when nothing is stored."""
        if not self.blocks:
            return None
        step_ms = self.series.step_ms
        return Span(self.blocks[0].span(step_ms).from_ms, self.blocks[-1].span(step_ms).to_ms)


class DamagedIndex(DataError):
    """An index that does not hold what was written, or is gone while its blocks are there."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; 'btk cache check' rebuilds it from the candle files beside it")
        self.path = path


def load_index(folder: Path, series: SeriesKey) -> CandleIndex:
    """The index of a series; an empty one (generation 0) where nothing was ever stored.

    `DamagedIndex`, or `DataError` when the folder holds another series.
    """
    path = folder / INDEX_NAME
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        if any(folder.glob(f"*{BLOCK_SUFFIX}")):
            raise DamagedIndex(path, "the coverage index is gone") from None
        return CandleIndex(series=series)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); allow it, then run this again"
        ) from error
    try:
        index = unseal(_KIND, sealed, CandleIndex)
    except BadEnvelope as error:
        raise DamagedIndex(path, f"the coverage index is damaged ({error})") from error
    if index.series != series:
        raise DataError(f"{path}: belongs to {index.series}, not to {series}; move the folder back")
    return index


def save_index(disk: Disk, folder: Path, index: CandleIndex) -> None:
    """Make it the series' index: the moment in which a change becomes true."""
    save(disk, folder / INDEX_NAME, (seal(_KIND, index),))


def open_entry(folder: Path, index: CandleIndex, entry: BlockEntry) -> Block:
    """The block of an entry; every byte is verified unless the file has the stamp it was last verified under.

    `FileNotFoundError` when a newer index may have replaced it; `DamagedBlock`.
    """
    block = _named_block(folder, index, entry)
    if block.stamp != entry.stamp:
        verify(folder / entry.name, block)
    return block


def verify_entry(folder: Path, index: CandleIndex, entry: BlockEntry) -> Block:
    """The block of an entry, every byte verified."""
    block = _named_block(folder, index, entry)
    verify(folder / entry.name, block)
    return block


def _named_block(folder: Path, index: CandleIndex, entry: BlockEntry) -> Block:
    path = folder / entry.name
    block = open_block(path, index.series)
    if block.facts != entry.facts:
        raise DamagedBlock(path, "header")
    return block
