"""The dummy backend: takes every write and keeps none, for runs whose state nobody wants."""

from __future__ import annotations

from typing import Any

from btk.adapters.state_blocking import BlockingBackend
from btk.ports import Stored


class DummyBackend(BlockingBackend):
    """Always empty; only for runs without real orders."""

    def __init__(self, entity_name: str = "", base_dir: str = "") -> None:
        super().__init__()

    def prepare(self) -> None:
        """Nothing has to be made ready."""

    def read(self, entity_id: str) -> Stored | None:
        """Nothing is ever stored."""
        return None

    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        """Answer what a backend would that keeps it."""
        return (expected_generation or 0) + 1

    def remove(self, entity_id: str) -> None:
        """Nothing is there."""

    def ids(self) -> list[str]:
        """None."""
        return []
