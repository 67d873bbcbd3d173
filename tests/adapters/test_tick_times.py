"""The timings of a run: a line for each tick, bounded, and whole after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from btk.adapters.tick_times import NAME, TimesFile
from btk.model.errors import DumpError


def ticks(folder: Path) -> list[int]:
    return [json.loads(line)["tick_ms"] for line in (folder / NAME).read_bytes().splitlines()]


def test_a_line_has_the_parts_of_a_tick_to_the_microsecond(tmp_path: Path) -> None:
    TimesFile(tmp_path).add(60_000, {"fetch": 0.1234567, "save": 0.0})
    assert json.loads((tmp_path / NAME).read_bytes()) == {
        "tick_ms": 60_000,
        "seconds": {"fetch": 0.123457, "save": 0.0},
    }


def test_the_last_ticks_are_kept_and_the_file_is_never_twice_as_long(tmp_path: Path) -> None:
    lengths = []
    for tick in range(50):
        # Opened anew each time, as by a run that is started again: what is there counts.
        TimesFile(tmp_path, kept_ticks=10).add(tick, {})
        lengths.append(len(ticks(tmp_path)))
    assert (max(lengths), min(lengths[20:])) == (19, 10)
    assert ticks(tmp_path)[-10:] == list(range(40, 50))


def test_a_line_that_was_torn_by_a_kill_is_cut_off(tmp_path: Path) -> None:
    TimesFile(tmp_path).add(1, {})
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"tick_ms":2,"sec')
    TimesFile(tmp_path).add(3, {})
    assert ticks(tmp_path) == [1, 3]


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    times = TimesFile(tmp_path)
    (tmp_path / NAME).mkdir()
    with pytest.raises(DumpError, match=r"performance\.jsonl cannot be written"):
        times.add(1, {})
