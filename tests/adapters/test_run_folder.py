"""A run's folder: what is written when, and what a disk that refuses leaves."""

from __future__ import annotations

import errno
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.disk import Chunk, Disk
from btk.adapters.run_folder import BUFFER_EVENTS, RunFolder
from btk.model.errors import DumpError
from btk.model.events import ErrorEvent, PausedEvent
from btk.model.names import SlotKey

SLOT = SlotKey("BTCUSDT", "sma_cross", "demo")


def paused(at_ms: int) -> PausedEvent:
    return PausedEvent(at_ms=at_ms, tick_ms=at_ms, symbol=SLOT.symbol, strategy=SLOT.strategy)


def written(folder: RunFolder) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder.path / "events.jsonl").read_bytes().splitlines()]


def test_an_event_is_a_line_with_its_number_its_slot_and_its_own_words(tmp_path: Path) -> None:
    told = ErrorEvent(
        at_ms=60_000,
        tick_ms=120_000,
        symbol="BTCUSDT",
        strategy="sma_cross",
        where="get_signal",
        message='a "quoted"\nline',
        count=2,
    )
    with RunFolder(tmp_path, "one") as folder:
        folder.observe(SLOT, paused(0))
        folder.observe(SLOT, told)
    first, second = written(folder)
    assert (first["seq"], first["type"], first["schema"]) == (1, "paused", "btk.event/1")
    assert second.pop("recorded_at_ms") > 1_700_000_000_000
    assert second == {
        "schema": "btk.event/1",
        "seq": 2,
        "exchange": "demo",
        "type": "error",
        "at_ms": 60_000,
        "tick_ms": 120_000,
        "symbol": "BTCUSDT",
        "strategy": "sma_cross",
        "where": "get_signal",
        "message": 'a "quoted"\nline',
        "count": 2,
    }


def test_events_reach_the_disk_while_the_run_goes_on(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "one") as folder:
        for minute in range(BUFFER_EVENTS):
            folder.observe(SLOT, paused(minute))
        assert len(written(folder)) == BUFFER_EVENTS
        folder.observe(SLOT, paused(0))
        folder.flush()
        assert len(written(folder)) == BUFFER_EVENTS + 1


def test_a_run_that_breaks_off_keeps_the_events_it_told(tmp_path: Path) -> None:
    def break_off() -> None:
        with folder:
            folder.observe(SLOT, paused(0))
            raise ZeroDivisionError

    folder = RunFolder(tmp_path, "one")
    with pytest.raises(ZeroDivisionError):
        break_off()
    assert [event["type"] for event in written(folder)] == ["paused"]
    assert not (folder.path / "result.json").exists()


def test_the_description_is_there_before_the_run_and_the_result_after_it(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "one") as folder:
        folder.describe({"run_id": "one"})
        assert json.loads((folder.path / "run.json").read_bytes()) == {"run_id": "one"}
        folder.observe(SLOT, paused(0))
        folder.finish({"status": "complete"})
        assert len(written(folder)) == 1
    assert json.loads((folder.path / "result.json").read_bytes()) == {"status": "complete"}
    assert sorted(path.name for path in folder.path.iterdir()) == ["events.jsonl", "result.json", "run.json"]


def test_what_is_written_is_its_owner_s_alone(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "dump" / "runs", "one") as folder:
        folder.describe({})
        folder.finish({})
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()}
    assert modes == {"events.jsonl": 0o600, "result.json": 0o600, "run.json": 0o600}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_run_never_writes_over_another(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "one") as first:
        first.observe(SLOT, paused(0))
    with pytest.raises(DumpError, match="File exists"), RunFolder(tmp_path, "one"):
        pass
    assert len(written(first)) == 1


class FullDisk(Disk):
    """Takes half of what an event file is to get, until there is room again."""

    is_full = True

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        if not self.is_full:
            super().extend(path, at, chunk, durable)
            return
        super().extend(path, at, chunk[: len(chunk) // 2], durable)
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_as_what_it_is_and_costs_no_event(tmp_path: Path) -> None:
    disk = FullDisk()
    with RunFolder(tmp_path, "one", disk=disk) as folder:
        for minute in range(BUFFER_EVENTS - 1):
            folder.observe(SLOT, paused(minute))
        with pytest.raises(DumpError, match="No space left"):
            folder.observe(SLOT, paused(BUFFER_EVENTS))
        disk.is_full = False
    assert [event["seq"] for event in written(folder)] == list(range(1, BUFFER_EVENTS + 1))


def left(tmp_path: Path, events: int) -> Path:
    """A folder that a run has left after so many events."""
    with RunFolder(tmp_path, "one") as folder:
        for minute in range(events):
            folder.observe(SLOT, paused(minute))
    return folder.events_path


@pytest.mark.parametrize("tail", [b'{"schema":"btk.ev', b"\0" * 300, b"\0\0\n\0\n", b'{"seq":3}'])
def test_what_a_power_cut_has_torn_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    path = left(tmp_path, 2)
    path.write_bytes(path.read_bytes() + tail)
    with RunFolder(tmp_path, "one", known_seq=9) as folder:
        assert (folder.last_seq, folder.notes) == (2, ())
        folder.observe(SLOT, paused(0))
    assert [event["seq"] for event in written(folder)] == [1, 2, 3]


def test_a_damaged_line_is_left_out_and_kept_beside(tmp_path: Path) -> None:
    path = left(tmp_path, 3)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"?" + lines[1][1:] + lines[2])
    with RunFolder(tmp_path, "one", known_seq=3) as folder:
        assert folder.last_seq == 3
        assert folder.notes[0].startswith(f"1 lines of {path} could not be read")
    assert [event["seq"] for event in written(folder)] == [1, 3]
    assert b"?" in path.with_name("events.jsonl.damaged").read_bytes()


def test_events_that_the_state_does_not_know_are_set_aside(tmp_path: Path) -> None:
    path = left(tmp_path, 3)
    with RunFolder(tmp_path, "one", known_seq=2) as folder:
        folder.observe(SLOT, paused(7), seq=3)
        assert len(folder.notes) == 1
    assert [event["seq"] for event in written(folder)] == [1, 2, 3]
    assert written(folder)[2]["at_ms"] == 7
    assert len(path.with_name("events.jsonl.damaged").read_bytes().splitlines()) == 3


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with (
        pytest.raises(DumpError, match=r"runs/one cannot be written: Not a directory"),
        RunFolder(tmp_path / "runs", "one"),
    ):
        pass
