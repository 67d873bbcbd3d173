"""Storing candles: one writer per series, whose changes become true all at once or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from btk.adapters.candle_block import Block, DamagedBlock, block_bytes, facts_of, stamp_of
from btk.adapters.candle_index import (
    INDEX_NAME,
    BlockEntry,
    CandleIndex,
    load_index,
    save_index,
    verify_entry,
)
from btk.adapters.candle_listing import forget_listing
from btk.adapters.candle_merge import (
    DIFFERENCES_SHOWN,
    CandleRows,
    Difference,
    Merge,
    merged,
    offered_stretch,
    touched_months,
)
from btk.adapters.candle_recovery import (
    block_name,
    recovered_index,
    set_aside,
    sweep,
)
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_stretch import (
    UNKNOWN,
    Hole,
    Stretch,
    blank_stretch,
    failed_stretch,
    overlay,
    trimmed,
)
from btk.adapters.disk import Disk, make_folder, save
from btk.adapters.file_lock import exclusive
from btk.model.bars import Span
from btk.model.errors import DataError
from btk.model.months import month_of


class StoreSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What storing did. `refused`: candles differ and were not to be replaced, so nothing was written.

    `set_aside` names damaged files that were found on the way and renamed.
    """

    new: int
    same: int
    differing: int
    refused: bool
    first_differences: tuple[Difference, ...]
    set_aside: tuple[str, ...]


class CandleWriter:
    """The only writer of a series while it is entered; `AlreadyRunning` names the other one.

    Readers are not disturbed: files are never changed, only replaced, and the index last.
    """

    def __init__(
        self, root: Path, series: SeriesKey, *, unified_symbol: str | None = None, disk: Disk | None = None
    ) -> None:
        self._series = series
        self._folder = series.folder(root)
        self._unified_symbol = unified_symbol
        self._disk = disk or Disk()
        self._held = ExitStack()
        self._set_aside: tuple[str, ...] = ()
        self._index = CandleIndex(series=series)

    def __enter__(self) -> Self:
        make_folder(self._disk, self._folder)
        with ExitStack() as opening:
            opening.enter_context(exclusive(self._folder / ".lock", f"candles of {self._series}"))
            self._index, self._set_aside = recovered_index(self._disk, self._folder, self._series)
            self._refuse_another_symbol()
            sweep(self._disk, self._folder, self._index)
            self._held = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def name_symbol(self, unified_symbol: str) -> None:
        """Say what the venue calls the symbol; `DataError` when candles of another one are stored here."""
        self._unified_symbol = unified_symbol
        self._refuse_another_symbol()

    def store(self, rows: CandleRows, *, holes: Sequence[Hole] = (), overwrite: bool = False) -> StoreSummary:
        """Add candles and known holes; where candles differ nothing is written unless `overwrite`."""
        # After a failed write only the disk knows which index came true.
        self._index = load_index(self._folder, self._series)
        merges = [self._merge(month, rows, holes) for month in touched_months(rows, holes)]
        differing = sum(merge.differing for merge in merges)
        refused = differing > 0 and not overwrite
        if not refused:
            self._commit([merge.stretch for merge in merges if merge.stretch])
        return StoreSummary(
            new=0 if refused else sum(merge.new for merge in merges),
            same=sum(merge.same for merge in merges),
            differing=differing,
            refused=refused,
            first_differences=tuple(difference for merge in merges for difference in merge.first_differences)[
                :DIFFERENCES_SHOWN
            ],
            set_aside=self._set_aside,
        )

    def forget(self, span: Span) -> None:
        """Drop what is known of a span; a series of which nothing is left is as if it had never been."""
        step_ms = self._series.step_ms
        kept = []
        for entry in self._index.blocks:
            part = entry.span(step_ms)
            if part.to_ms <= span.from_ms or part.from_ms >= span.to_ms:
                kept.append(entry)
            elif part.from_ms < span.from_ms or part.to_ms > span.to_ms:
                kept.append(self._written(_without(self._sound_block(entry).stretch, span, step_ms)))
        self._replace_index(tuple(kept))
        if not kept:
            self._disk.remove(self._folder / INDEX_NAME)
            forget_listing(self._folder)

    def repair(self) -> tuple[str, ...]:
        """Verify every byte and set damaged files aside, their rows becoming failed ones; the files' new names."""
        for entry in self._index.blocks:
            self._sound_block(entry)
        stamped = tuple(
            msgspec.structs.replace(entry, stamp=stamp_of(self._folder / entry.name))
            for entry in self._index.blocks
        )
        if stamped != self._index.blocks:
            self._replace_index(stamped)
        return self._set_aside

    def _refuse_another_symbol(self) -> None:
        stored, given = self._index.unified_symbol, self._unified_symbol
        if stored and given and stored != given:
            raise DataError(
                f"{self._folder}: holds {stored}, not {given}; both would have the same file name"
            )

    def _merge(self, month: Span, rows: CandleRows, holes: Sequence[Hole]) -> Merge:
        step_ms = self._series.step_ms
        return merged(self._stored(month), offered_stretch(month, step_ms, rows, holes), step_ms)

    def _stored(self, month: Span) -> Stretch:
        whole = blank_stretch(month, self._series.step_ms)
        for entry in self._index.overlapping(month):
            overlay(whole, self._sound_block(entry).stretch, self._series.step_ms)
        return whole

    def _sound_block(self, entry: BlockEntry) -> Block:
        path = self._folder / entry.name
        try:
            return verify_entry(self._folder, self._index, entry)
        except DamagedBlock as damaged:
            self._set_aside += (set_aside(self._disk, path, damaged.reason),)
        except FileNotFoundError:
            self._set_aside += (f"{entry.name} (gone)",)
        # What was lost stays known as a hole, so that no later check calls the series whole.
        lost = self._written(failed_stretch(entry.span(self._series.step_ms), self._series.step_ms))
        self._replace_index(tuple(lost if other == entry else other for other in self._index.blocks))
        return verify_entry(self._folder, self._index, lost)

    def _commit(self, stretches: Sequence[Stretch]) -> None:
        named = self._unified_symbol is None or self._unified_symbol == self._index.unified_symbol
        if named and not stretches:
            return
        if self._index.generation == 0:
            # Blocks without any index mean that the index was lost, not that a first import was killed.
            save_index(self._disk, self._folder, self._index)
        blocks = {month_of(entry.facts.first_ms): entry for entry in self._index.blocks}
        blocks |= {month_of(stretch.first_ms): self._written(stretch) for stretch in stretches}
        self._replace_index(tuple(blocks[month] for month in sorted(blocks)))

    def _written(self, stretch: Stretch) -> BlockEntry:
        known = trimmed(stretch, self._series.step_ms)
        name = block_name(month_of(known.first_ms), self._index.generation + 1)
        facts = facts_of(known)
        save(self._disk, self._folder / name, block_bytes(self._series, facts, known))
        return BlockEntry(name, facts, known.counts, stamp_of(self._folder / name))

    def _replace_index(self, blocks: tuple[BlockEntry, ...]) -> None:
        old = self._index
        self._index = CandleIndex(
            series=self._series,
            unified_symbol=self._unified_symbol or old.unified_symbol,
            generation=old.generation + 1,
            blocks=blocks,
        )
        save_index(self._disk, self._folder, self._index)
        sweep(self._disk, self._folder, self._index)


def _without(stretch: Stretch, span: Span, step_ms: int) -> Stretch:
    start, stop = (max(0, (at_ms - stretch.first_ms) // step_ms) for at_ms in span)
    rest = Stretch(stretch.first_ms, stretch.table.copy(), stretch.states.copy())
    rest.table[:, start:stop] = np.nan
    rest.states[start:stop] = UNKNOWN
    return rest
