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
