"""Forgetting what a run remembers: only what is meant, and never under a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.library.forgetting import forgetting
from btk.library.project import open_project
from btk.library.run_orders import Choice
from btk.library.run_view import RunView
from btk.library.stop_control import StopControl
from btk.model.errors import AlreadyRunning, DamagedState, UsageError
from tests.library.trading_project import OPENED, START_MS, leave, traded, trading_project

BTC = Choice(("BTCUSDT",), ("on_the_hour",))


def forget(root: Path, choice: Choice = BTC) -> list[str]:
    settings, folder = open_project(root)
    with forgetting(settings, folder, "paper", choice) as found:
        found.forget()
        return list(found.words.values())


def states(root: Path) -> list[str]:
    settings, folder = open_project(root)
    return [slot.state for slot in RunView(settings, folder, "paper").status().slots]


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A project whose paper run was left with two open positions."""
    root = trading_project(tmp_path)
    traded(root, {OPENED + 2: leave})
    return root


def test_a_slot_that_is_forgotten_begins_anew_and_the_others_go_on(left: Path) -> None:
    (words,) = forget(left)
    assert words.startswith("open long of 100 at ")
    assert states(left) == ["open"]
    traded(left, {5: leave}, start_ms=START_MS + 40 * 60_000)
    assert states(left) == ["idle", "open"]


def test_a_slot_whose_record_is_damaged_can_be_forgotten(left: Path) -> None:
    for kind in ("strategy", "run"):
        for path in (left / "dump/paper/data" / kind).rglob("*.json*"):
            if kind == "run" or "BTCUSDT" in str(path):
                path.write_bytes(b"{")
    with pytest.raises(DamagedState):
        states(left)
    (words,) = forget(left)
    assert "damaged" in words or "cannot" in words
    assert len(list((left / "dump/paper/data/strategy").rglob("*.damaged-*"))) > 0
    traded(left, {5: leave}, start_ms=START_MS + 40 * 60_000)


def test_a_slot_of_which_nothing_is_stored_cannot_be_forgotten(left: Path) -> None:
    with pytest.raises(UsageError, match="nothing is stored of XRPUSDT on_the_hour"):
        forget(left, Choice(("XRPUSDT",), ("on_the_hour",)))


def test_nothing_is_forgotten_under_a_run(tmp_path: Path) -> None:
    root = trading_project(tmp_path)

    def attempt(control: StopControl) -> None:
        with pytest.raises(AlreadyRunning):
            forget(root)
        leave(control)

    assert traded(root, {5: attempt}).left_by == 143
