"""What the doctor works with: the project that is examined, what was found in it, and what can be done about that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from btk.library.run_view import RunView
from btk.library.state_backends import Mode
from btk.model.health import Finding, Level
from btk.model.settings import Settings

MODES: tuple[Mode, ...] = ("live", "paper", "replay")


class Patient(NamedTuple):
    """A project."""

    settings: Settings
    root: Path

    @property
    def dump(self) -> Path:
        """The folder that btk writes to."""
        return self.root / self.settings.state.path

    def view(self, mode: Mode) -> RunView:
        """The run of a mode."""
        return RunView(self.settings, self.root, mode)


class Repair(NamedTuple):
    """Something safe that can be done: in words, and by calling `act` while nobody is at work in the folder `lock`."""

    words: str
    act: Callable[[], None]
    lock: Path


class Diagnosis(NamedTuple):
    """A finding, and what can be repaired of it."""

    finding: Finding
    repairs: tuple[Repair, ...] = ()


def found(
    check: str, level: Level, words: str, remedy: str = "", repairs: tuple[Repair, ...] = ()
) -> Diagnosis:
    """A diagnosis in one line."""
    return Diagnosis(Finding(check=check, level=level, words=words, remedy=remedy), repairs)
