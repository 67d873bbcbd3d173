"""The state of a run: committed as a whole, found again as it was, and never written by two."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from btk.adapters.disk import Chunk, Disk
from btk.core.commit import Change
from btk.core.slot_record import SlotRecord
from btk.library.state_backends import StateBackends
from btk.library.state_store import Restored, Roster, StateStore
from btk.model.errors import DamagedState, DumpError, Overtaken
from btk.model.names import SlotKey
from tests.core.record_samples import in_every_state
from tests.library.state_samples import BTC, ETH, PROFILE, ROSTER, change, file_store, owner


async def _run(store: StateStore, ticks: Iterable[int]) -> Restored:
    restored = await store.load()
    for tick in ticks:
        await store.commit(change(tick))
        await store.spread()
    return restored


def _load(dump: Path, roster: Roster = ROSTER) -> Restored:
    return asyncio.run(file_store(dump, 99, roster=roster).load())


def _unstamped(record: SlotRecord) -> SlotRecord:
    return msgspec.structs.replace(record, epoch=0, commit=0, needs_attention="")


def assert_is_tick(restored: Restored, tick: int) -> None:
    """Everything that was restored is what that tick left."""
    wanted = change(tick)
    assert {key: _unstamped(record) for key, record in restored.slots.items()} == {
        record.key: record for record in wanted.slots
    }
    assert restored.commit is not None
    found = restored.commit.change
    assert (found.tick_ms, found.wallet, found.books, found.next_seq) == (
        wanted.tick_ms,
        wanted.wallet,
        wanted.books,
        wanted.next_seq,
    )


def data_of(dump: Path, kind: str, entity: str, name: str) -> Any:
    """What a state file holds."""
    return json.loads((dump / "data" / kind / entity / f"{name}.json").read_bytes())["data"]


def test_a_first_run_finds_nothing_and_every_next_one_what_the_last_commit_left(tmp_path: Path) -> None:
    first = asyncio.run(_run(file_store(tmp_path), range(1, 4)))
    assert (first.slots, first.commit, first.notes) == ({}, None, ())
    again = _load(tmp_path)
    assert_is_tick(again, 3)
    assert (again.behind, again.orphans, again.notes) == (frozenset(), (), ())
    assert again.commit is not None
    assert again.commit.identity == {"broker": "none"}


@pytest.mark.parametrize("last", range(1, 6))
def test_the_files_show_what_the_record_says(tmp_path: Path, last: int) -> None:
    asyncio.run(_run(file_store(tmp_path), range(1, last + 1)))
    for key in (BTC, ETH):
        kind = data_of(tmp_path, "strategy", str(key), "strategy")["state"]["type"]
        shown = data_of(tmp_path, "signal", str(key), key.symbol)
        waits = data_of(tmp_path, "schedule", str(key), key.symbol)
        levels = data_of(tmp_path, "partial", str(key), "levels")
        place = dict(data_of(tmp_path, "risk", f"{PROFILE}_test", "positions")).get(str(key))
        assert (shown is not None) == (kind in ("open", "closing")) == (levels != {})
        assert (waits is not None) == (kind in ("scheduled", "opening"))
        assert (place is not None) == (kind != "idle")
        assert place is None or place["cost"] == 50.0 + last
    assert data_of(tmp_path, "risk", f"{PROFILE}_test", "book")["book"]["losing_streak"] == last


def test_a_commit_is_true_before_any_other_file_knows_of_it(tmp_path: Path) -> None:
    async def killed_after_the_commit() -> None:
        store = file_store(tmp_path)
        await _run(store, [1])
        await store.commit(change(2))

    asyncio.run(killed_after_the_commit())
    assert data_of(tmp_path, "strategy", str(BTC), "strategy")["used_ids"] == ["id-0"]
    assert_is_tick(_load(tmp_path), 2)
    assert data_of(tmp_path, "strategy", str(BTC), "strategy")["used_ids"] == ["id-0", "id-1"]


def test_what_no_file_has_yet_stays_in_the_commit_whatever_the_next_one_is_about(tmp_path: Path) -> None:
    async def never_spreads() -> None:
        store = file_store(tmp_path)
        await store.load()
        await store.commit(change(1, [BTC, ETH]))
        await store.commit(change(2, [BTC]))

    asyncio.run(never_spreads())
    restored = _load(tmp_path)
    assert [restored.slots[key].used_ids for key in (BTC, ETH)] == [("id-0", "id-1"), ("id-0",)]
    assert restored.behind == frozenset()


def test_a_process_that_was_overtaken_notices_at_its_next_commit_and_changes_nothing(tmp_path: Path) -> None:
    async def both() -> None:
        frozen, other = file_store(tmp_path, 1), file_store(tmp_path, 2)
        await _run(frozen, [1])
        await frozen.confirm()
        await _run(other, [2])
        with pytest.raises(Overtaken):
            await frozen.confirm()
        with pytest.raises(Overtaken):
            await frozen.commit(change(7))
        await other.commit(change(3))
        await other.spread()

    asyncio.run(both())
    assert_is_tick(_load(tmp_path), 3)


def test_a_process_overtaken_between_its_commit_and_its_files_does_not_write_over_newer_ones(
    tmp_path: Path,
) -> None:
    async def both() -> None:
        frozen, other = file_store(tmp_path, 1), file_store(tmp_path, 2)
        await _run(frozen, [1])
        await frozen.commit(change(2))
        restored = await _run(other, [3])
        assert_is_tick(restored, 2)
        with pytest.raises(Overtaken):
            await frozen.spread()
        await other.commit(change(4))
        await other.spread()

    asyncio.run(both())
    assert_is_tick(_load(tmp_path), 4)
    assert data_of(tmp_path, "strategy", str(BTC), "strategy")["used_ids"] == [f"id-{n}" for n in range(4)]


class FailingDisk(Disk):
    """Refuses one kind of operation as long as it is told to."""

    def __init__(self) -> None:
        self.refused = ""

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        self._check("write")
        super().write(path, chunks)

    def sync_folder(self, folder: Path) -> None:
        self._check("sync_folder")
        super().sync_folder(folder)

    def _check(self, operation: str) -> None:
        if operation == self.refused:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("operation", ["write", "sync_folder"])
def test_after_a_refused_commit_the_next_one_is_as_if_it_had_never_been(
    tmp_path: Path, operation: str
) -> None:
    disk = FailingDisk()

    async def refused_once() -> None:
        store = file_store(tmp_path, disk=disk)
        await _run(store, [1])
        disk.refused = operation
        with pytest.raises(DumpError):
            await store.commit(change(2))
        disk.refused = ""
        await store.commit(change(3, [ETH]))
        await store.spread()

    asyncio.run(refused_once())
    restored = _load(tmp_path)
    assert [len(restored.slots[key].used_ids) for key in (BTC, ETH)] == [1, 3]


def test_files_that_could_not_be_brought_up_are_brought_up_later(tmp_path: Path) -> None:
    disk = FailingDisk()

    async def full_for_a_while() -> None:
        store = file_store(tmp_path, disk=disk)
        await _run(store, [1])
        await store.commit(change(2))
        disk.refused = "write"
        with pytest.raises(DumpError):
            await store.spread()
        disk.refused = ""
        await store.spread()

    asyncio.run(full_for_a_while())
    assert data_of(tmp_path, "strategy", str(BTC), "strategy")["used_ids"] == ["id-0", "id-1"]
    assert data_of(tmp_path, "risk", f"{PROFILE}_test", "book")["book"]["losing_streak"] == 2


def test_a_slot_that_takes_no_part_any_more_and_holds_something_is_named(tmp_path: Path) -> None:
    async def ends_open() -> None:
        store = file_store(tmp_path)
        await store.load()
        _, _, _, opened, _ = in_every_state(ETH)
        idle, *_ = in_every_state(BTC)
        await store.commit(Change(tick_ms=1, slots=(idle, opened)))

    asyncio.run(ends_open())
    roster = msgspec.structs.replace(ROSTER, slots=(SlotKey("XRPUSDT", "probe", "test"),), profiles={})
    assert _load(tmp_path, roster).orphans == (ETH,)
    assert _load(tmp_path, roster).orphans == (ETH,)
    assert _load(tmp_path).orphans == ()


def _path(dump: Path, kind: str, entity: str, name: str) -> Path:
    return dump / "data" / kind / entity / f"{name}.json"


def test_a_damaged_record_is_taken_from_the_commit_and_set_aside(tmp_path: Path) -> None:
    asyncio.run(_run(file_store(tmp_path), [1, 2]))
    path = _path(tmp_path, "strategy", str(BTC), "strategy")
    path.write_bytes(b"rubbish")
    restored = _load(tmp_path)
    assert_is_tick(restored, 2)
    assert restored.behind == frozenset()
    assert len(restored.notes) == 1
    assert "strategy.json cannot be trusted: not readable; the last commit has the same" in restored.notes[0]
    assert path.with_name("strategy.json.damaged-not-readable").read_bytes() == b"rubbish"
    assert _load(tmp_path).notes == ()


def test_a_damaged_record_the_commit_does_not_have_is_one_behind_and_says_so(tmp_path: Path) -> None:
    async def btc_is_quiet() -> None:
        store = file_store(tmp_path)
        await _run(store, [1, 2])
        await store.commit(change(3, [ETH]))

    asyncio.run(btc_is_quiet())
    _path(tmp_path, "strategy", str(BTC), "strategy").write_bytes(b"rubbish")
    restored = _load(tmp_path)
    assert restored.slots[BTC].used_ids == ("id-0",)
    assert restored.behind == {BTC}
    assert "an older record is used" in restored.notes[0]
    again = _load(tmp_path)
    assert (again.behind, again.notes) == (frozenset(), ())
    assert [again.slots[key].needs_attention for key in (BTC, ETH)] == [restored.notes[0], ""]


@pytest.mark.parametrize("lost", ["damaged", "removed"])
def test_a_slot_of_which_nothing_is_left_stops_the_start_until_it_is_forgotten(
    tmp_path: Path, lost: str
) -> None:
    async def btc_is_quiet() -> None:
        store = file_store(tmp_path)
        await _run(store, [1])
        await store.commit(change(2, [ETH]))

    asyncio.run(btc_is_quiet())
    path = _path(tmp_path, "strategy", str(BTC), "strategy")
    previous = path.with_name("strategy.json.previous")
    previous.unlink(missing_ok=True)
    path.unlink() if lost == "removed" else path.write_bytes(b"rubbish")
    for _ in range(2):
        with pytest.raises(DamagedState, match="`btk state forget` --symbols BTCUSDT --strategy probe"):
            _load(tmp_path)
    asyncio.run(file_store(tmp_path).forget(BTC))
    restored = _load(tmp_path)
    assert _unstamped(restored.slots[BTC]) == SlotRecord(symbol="BTCUSDT", strategy="probe", exchange="test")
    assert len(restored.slots[ETH].used_ids) == 2
    assert data_of(tmp_path, "signal", str(BTC), "BTCUSDT") is None


@pytest.mark.parametrize("harm", ["damaged", "removed"])
def test_without_the_last_commit_its_copy_is_used_and_every_slot_is_in_doubt(
    tmp_path: Path, harm: str
) -> None:
    asyncio.run(_run(file_store(tmp_path), [1, 2]))
    path = _path(tmp_path, "run", "test", "tick")
    if harm == "damaged":
        path.write_bytes(b"rubbish")
    else:
        path.unlink()
        path.with_name("tick.json.previous").unlink()
    restored = _load(tmp_path)
    assert_is_tick(restored, 2)
    assert restored.behind == {BTC, ETH}
    assert "the last orders may be missing" in restored.notes[0]
    again = _load(tmp_path)
    assert again.behind == frozenset()
    assert [again.slots[key].needs_attention for key in (BTC, ETH)] == [restored.notes[0]] * 2


def test_a_damaged_projection_is_computed_anew(tmp_path: Path) -> None:
    asyncio.run(_run(file_store(tmp_path), [1, 2, 3]))
    paths = [
        _path(tmp_path, "signal", str(BTC), "BTCUSDT"),
        _path(tmp_path, "risk", f"{PROFILE}_test", "positions"),
        _path(tmp_path, "run", "test", "copy"),
    ]
    before = [json.loads(path.read_bytes())["data"] for path in paths[:2]]
    for path in paths:
        path.write_bytes(b"")
    assert_is_tick(_load(tmp_path), 3)
    assert [json.loads(path.read_bytes())["data"] for path in paths[:2]] == before


def test_modes_do_not_see_each_other(tmp_path: Path) -> None:
    asyncio.run(_run(file_store(tmp_path), [1]))

    async def paper() -> Restored:
        factory = file_store(tmp_path)._files._backends._default
        return await StateStore(StateBackends("paper", factory), ROSTER, owner()).load()

    assert asyncio.run(paper()).slots == {}
    assert (tmp_path / "paper" / "data" / "run" / "test" / "tick.json").exists()
