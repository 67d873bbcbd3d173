"""A pause holds for every process that shares its file, and the longest one counts."""

from __future__ import annotations

from pathlib import Path

from btk.adapters.venue_pause import VenuePause


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


def test_there_is_no_pause_before_one_was_told(tmp_path: Path) -> None:
    assert VenuePause(tmp_path / "binance" / ".pause").left_seconds() == 0


def test_a_pause_is_seen_by_others_and_ends(tmp_path: Path) -> None:
    clock = Clock()
    VenuePause(tmp_path / ".pause", clock).extend(30)
    other = VenuePause(tmp_path / ".pause", clock)
    assert other.left_seconds() == 30
    clock.ms += 29_000
    assert other.left_seconds() == 1
    clock.ms += 1_001
    assert other.left_seconds() == 0


def test_a_shorter_pause_does_not_shorten_a_longer_one(tmp_path: Path) -> None:
    clock = Clock()
    pause = VenuePause(tmp_path / ".pause", clock)
    pause.extend(30)
    pause.extend(5)
    assert pause.left_seconds() == 30
    pause.extend(60)
    assert pause.left_seconds() == 60


def test_a_file_that_holds_something_else_is_no_pause(tmp_path: Path) -> None:
    (tmp_path / ".pause").write_bytes(b"soon")
    pause = VenuePause(tmp_path / ".pause", Clock())
    assert pause.left_seconds() == 0
    pause.extend(3)
    assert pause.left_seconds() == 3


def test_a_pause_that_is_longer_than_any_ban_is_the_work_of_a_wrong_clock(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / ".pause").write_bytes(b"99999999999999999999")
    pause = VenuePause(tmp_path / ".pause", clock)
    assert pause.left_seconds() == 0
    pause.extend(float("inf"))
    assert pause.left_seconds() == 3 * 86_400
