"""A kill, a full disk, a power cut or damaged bytes at any point of a run's state: found again as it was, or refused."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from btk.adapters.disk import Disk
from btk.core.documents import to_document
from btk.core.projections import levels, risk_positions, schedule_row, signal_row
from btk.core.slot_record import SlotRecord
from btk.library.state_store import Restored
from btk.model.errors import DamagedState, DumpError
from tests.crash.conftest import Sampler
from tests.crash.state_disks import (
    REFUSALS,
    DyingDisk,
    Killed,
    Moment,
    QuickDisk,
    RefusingDisk,
    RememberingDisk,
)
from tests.library.state_samples import BTC, ETH, PROFILE, change, file_store
from tests.library.test_state_store import assert_is_tick, data_of

TICKS = 5


class Progress:
    """How far a run has come: the tick that was committed last, as its process knows."""

    committed = 0


def live(dump: Path, disk: Disk, progress: Progress, until: int = TICKS) -> None:
    """A run from wherever it stands to the tick `until`; its operations on the disk are always in the same order."""

    async def ticks() -> None:
        store = file_store(dump, disk=disk)
        restored = await store.load()
        for tick in range(_tick(restored) + 1, until + 1):
            await store.commit(change(tick))
            progress.committed = tick
            await store.spread()

    asyncio.run(ticks())


def _tick(restored: Restored) -> int:
    return restored.commit.change.next_seq - 1 if restored.commit else 0


def load(dump: Path) -> Restored:
    """What the next process finds."""
    return asyncio.run(file_store(dump, 99, QuickDisk()).load())


def assert_files_agree(dump: Path, restored: Restored) -> None:
    """What scripts read is what the records say."""
    for key, record in restored.slots.items():
        shown = (
            data_of(dump, "signal", str(key), key.symbol),
            data_of(dump, "schedule", str(key), key.symbol),
            data_of(dump, "partial", str(key), "levels"),
        )
        assert shown == tuple(
            to_document(row) for row in (signal_row(record), schedule_row(record), levels(record))
        )
    positions = data_of(dump, "risk", f"{PROFILE}_test", "positions")
    assert positions == to_document(risk_positions(restored.slots.values()))


def assert_recovers(dump: Path, committed: int) -> None:
    """The next process finds the tick that was committed last, or the one that was being committed; and goes on."""
    restored = load(dump)
    tick = _tick(restored)
    assert tick in (committed, committed + 1)
    assert (restored.behind, restored.notes) == (frozenset(), ())
    assert not any(record.needs_attention for record in restored.slots.values())
    if tick:
        assert_is_tick(restored, tick)
    assert_files_agree(dump, restored)
    live(dump, QuickDisk(), Progress(), until=TICKS + 1)
    assert_is_tick(load(dump), TICKS + 1)


def _operations(tmp_path: Path) -> int:
    counter = DyingDisk(1_000_000)
    live(tmp_path / "counted", counter, Progress())
    return counter.done


def _kills(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    cases = [(n, when) for n in range(1, _operations(tmp_path) + 1) for when in ("before", "within", "after")]
    for n, when in choose("state, killed at a file operation", cases, limit):
        dump, progress = tmp_path / f"{n}-{when}", Progress()
        with pytest.raises(Killed):
            live(dump, DyingDisk(n, when), progress)
        assert_recovers(dump, progress.committed)
        shutil.rmtree(dump)


def test_a_kill_at_some_file_operations_loses_and_doubles_nothing(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    _kills(tmp_path, sampled, 60)


@pytest.mark.soak
def test_a_kill_at_any_file_operation_loses_and_doubles_nothing(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    _kills(tmp_path, sampled, 0)


def _double_kills(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    cases = [(n, again) for n in range(1, _operations(tmp_path) + 1) for again in range(1, 60)]
    for n, again in choose("state, killed, and killed again while recovering", cases, limit):
        dump, progress = tmp_path / f"{n}-{again}", Progress()
        with pytest.raises(Killed):
            live(dump, DyingDisk(n), progress)
        before = progress.committed
        recovering = DyingDisk(again, "after")
        try:
            live(dump, recovering, progress, until=before)
        except Killed:
            assert recovering.done >= again
        assert_recovers(dump, before)
        shutil.rmtree(dump)


def test_a_kill_while_recovering_from_a_kill_changes_nothing(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _double_kills(tmp_path, sampled, 30)


@pytest.mark.soak
def test_any_kill_while_recovering_from_any_kill_changes_nothing(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    _double_kills(tmp_path, sampled, 0)


def _stubborn(dump: Path, disk: Disk, progress: Progress) -> None:
    async def ticks() -> None:
        store = file_store(dump, disk=disk)
        await store.load()
        for tick in range(1, TICKS + 1):
            try:
                await store.commit(change(tick))
                progress.committed = tick
                await store.spread()
            except DumpError:
                continue

    try:
        asyncio.run(ticks())
    except DumpError:
        assert progress.committed == 0


def _refusals(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    operations = _operations(tmp_path)
    cases = [
        (n, number, for_good)
        for n in range(1, operations + 1)
        for number in REFUSALS
        for for_good in (False, True)
    ]
    for n, number, for_good in choose("state, refused by the disk at a file operation", cases, limit):
        dump, progress = tmp_path / f"{n}-{number}-{for_good}", Progress()
        _stubborn(dump, RefusingDisk(n, number, for_good), progress)
        assert not list(dump.rglob("*.tmp"))
        if not for_good and progress.committed:
            assert progress.committed >= TICKS - 1
        assert_recovers(dump, progress.committed)
        shutil.rmtree(dump)


def test_a_disk_that_refuses_some_operations_costs_no_state(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _refusals(tmp_path, sampled, 60)


@pytest.mark.soak
def test_a_disk_that_refuses_any_operation_costs_no_state(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _refusals(tmp_path, sampled, 0)


def _moments(dump: Path) -> list[Moment]:
    disk = RememberingDisk(dump.parent)

    async def ticks() -> None:
        store = file_store(dump, disk=disk)
        await store.load()
        for tick in range(1, TICKS + 1):
            await store.commit(change(tick))
            disk.committed = tick
            await store.spread()

    asyncio.run(ticks())
    return disk.moments


def _power_cuts(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    dump = tmp_path / "dump"
    cases = [(files, moment.committed) for moment in _moments(dump) for files in moment.states()]
    shutil.rmtree(dump)
    for files, committed in choose("state, a disk state after a power cut", cases, limit):
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        assert_recovers(dump, committed)
        shutil.rmtree(dump)


def test_some_power_cuts_leave_the_last_commit_or_the_next(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _power_cuts(tmp_path, sampled, 100)


@pytest.mark.soak
def test_every_power_cut_leaves_the_last_commit_or_the_next(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _power_cuts(tmp_path, sampled, 0)


Harm = tuple[str, Callable[[bytes], bytes]]


def _cut(length: int) -> Harm:
    return f"cut-{length}", lambda whole: whole[:length]


def _flip(position: int, bits: int) -> Harm:
    return (
        f"flip-{position}-{bits}",
        lambda whole: whole[:position] + bytes([whole[position] ^ bits]) + whole[position + 1 :],
    )


def harms(path: Path) -> Iterator[Harm]:
    size = path.stat().st_size
    chance = random.Random(str(path.name))
    yield from (_cut(length) for length in range(size))
    yield from (_flip(position, chance.randrange(1, 256)) for position in range(size))
    yield "zeros", lambda whole: bytes(len(whole))
    yield "doubled", lambda whole: whole * 2


def assert_true_or_told(restored: Restored) -> None:
    """What is not said to be in doubt is the truth; what is in doubt was the truth once."""
    history = {
        record.key: [_plain(change(tick), record.key) for tick in range(1, TICKS + 1)]
        for record in change(1).slots
    }
    for key in (BTC, ETH):
        record = restored.slots[key]
        found = msgspec.structs.replace(record, epoch=0, commit=0, needs_attention="")
        assert found in history[key]
        assert found == history[key][-1] or (
            key in restored.behind and record.needs_attention in restored.notes
        )


def _plain(whole: Any, key: Any) -> SlotRecord:
    found: SlotRecord = next(record for record in whole.slots if record.key == key)
    return found


def _corruptions(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    whole = tmp_path / "whole"
    live(whole, QuickDisk(), Progress())
    paths = sorted(path.relative_to(whole) for path in whole.rglob("*.json"))
    cases: Sequence[tuple[Path, Harm]] = [(path, harm) for path in paths for harm in harms(whole / path)]
    for path, (name, harm) in choose("state, one damaged file", cases, limit):
        dump = tmp_path / "dump"
        shutil.copytree(whole, dump)
        (dump / path).write_bytes(harm((whole / path).read_bytes()))
        damaged = (dump / path).read_bytes()
        try:
            restored = load(dump)
        except DamagedState:
            assert (dump / path).read_bytes() == damaged
        else:
            assert_true_or_told(restored)
            assert_files_agree(dump, restored)
            assert damaged in [each.read_bytes() for each in (dump / path).parent.iterdir()], (path, name)
        shutil.rmtree(dump)


def test_some_damage_to_some_file_is_noticed_and_kept(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _corruptions(tmp_path, sampled, 200)


@pytest.mark.soak
def test_any_damage_to_any_file_is_noticed_and_kept(tmp_path: Path, sampled: Sampler[Any]) -> None:
    _corruptions(tmp_path, sampled, 0)
