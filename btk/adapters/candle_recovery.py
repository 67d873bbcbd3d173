"""A series' folder put in order: what is damaged is set aside under a telling name, what is whole stays."""

from __future__ import annotations

from pathlib import Path

from btk.adapters.candle_block import DamagedBlock, open_block, verify
from btk.adapters.candle_index import (
    BLOCK_SUFFIX,
    BlockEntry,
    CandleIndex,
    DamagedIndex,
    load_index,
    save_index,
)
from btk.adapters.candle_series import SeriesKey
from btk.adapters.disk import Disk, unwritable


def recovered_index(disk: Disk, folder: Path, series: SeriesKey) -> tuple[CandleIndex, tuple[str, ...]]:
    """The index of a series and the names under which damaged files were set aside.

    A damaged index is rebuilt from the blocks beside it; the reasons of holes are in them too.
    """
    try:
        return load_index(folder, series), ()
    except DamagedIndex as damaged:
        aside = [set_aside(disk, damaged.path, "checksum")] if damaged.path.exists() else []
    index, more = _rebuilt(disk, folder, series)
    save_index(disk, folder, index)
    return index, (*aside, *more)


def set_aside(disk: Disk, path: Path, reason: str) -> str:
    """Rename a damaged file so that nothing reads it again, and nothing is lost either; its new name."""
    name = f"{path.name}.damaged-{reason}"
    taken = sum(1 for _ in path.parent.glob(f"{name}*"))
    target = path.with_name(f"{name}-{taken + 1}" if taken else name)
    try:
        disk.rename(path, target)
        disk.sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    return target.name


def sweep(disk: Disk, folder: Path, index: CandleIndex) -> None:
    """Remove what a killed writer left: drafts, and blocks that no index ever named or names any more."""
    named = {entry.name for entry in index.blocks}
    strays = [path for path in folder.glob(f"*{BLOCK_SUFFIX}") if path.name not in named]
    try:
        for path in (*folder.glob(".*.tmp"), *strays):
            disk.remove(path)
    except OSError as error:
        raise unwritable(folder, error) from error


def block_name(month: str, generation: int) -> str:
    """The file name of a month's block as written by one generation of the index."""
    return f"{month}.{generation}{BLOCK_SUFFIX}"


def _rebuilt(disk: Disk, folder: Path, series: SeriesKey) -> tuple[CandleIndex, list[str]]:
    aside: list[str] = []
    newest: dict[str, tuple[int, BlockEntry]] = {}
    for path in sorted(folder.glob(f"*{BLOCK_SUFFIX}")):
        month, generation = _named(path)
        try:
            block = open_block(path, series)
            verify(path, block)
        except DamagedBlock as damaged:
            aside.append(set_aside(disk, path, damaged.reason))
            continue
        if month not in newest or generation > newest[month][0]:
            newest[month] = generation, BlockEntry(path.name, block.facts, block.stretch.counts, block.stamp)
    blocks = tuple(entry for _, (_, entry) in sorted(newest.items()))
    generation = max((generation for generation, _ in newest.values()), default=0)
    return CandleIndex(series=series, generation=generation + 1, blocks=blocks), aside


def _named(path: Path) -> tuple[str, int]:
    month, _, generation = path.name.removesuffix(BLOCK_SUFFIX).partition(".")
    return month, int(generation) if generation.isdigit() else 0
