"""The memory backend: state that ends with the process."""

from __future__ import annotations

from typing import Any

from btk.adapters.state_blocking import BlockingBackend
from btk.adapters.state_values import check_generation, sealed_value, stored_value
from btk.ports import Stored

KIND = "memory"


class MemoryBackend(BlockingBackend):
    """Values of one entity, as long as the object lives."""

    def __init__(self, entity_name: str = "", base_dir: str = "") -> None:
        super().__init__()
        self._what = f"{base_dir}/{entity_name}"
        self._sealed: dict[str, bytes] = {}

    def prepare(self) -> None:
        """Nothing has to be made ready."""

    def read(self, entity_id: str) -> Stored | None:
        """A fresh copy of what is stored."""
        sealed = self._sealed.get(entity_id)
        return None if sealed is None else stored_value(KIND, entity_id, entity_id, sealed)

    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        """Keep a copy."""
        stored = self.read(entity_id)
        generation = stored.generation if stored else 0
        check_generation(f"{self._what}/{entity_id}", generation, expected_generation)
        self._sealed[entity_id] = sealed_value(KIND, entity_id, value, generation + 1)
        return generation + 1

    def remove(self, entity_id: str) -> None:
        """Forget it."""
        self._sealed.pop(entity_id, None)

    def ids(self) -> list[str]:
        """All there are."""
        return list(self._sealed)
