"""One stored value as its only writer sees it: what is there, whether a write arrived, and whether somebody else wrote."""

from __future__ import annotations

import asyncio
from typing import Any

from btk.model.errors import DamagedState, DumpError, Overtaken
from btk.ports import StateBackend, Stored

NOTHING = object()


class StateDocument:
    """Read it once, then write as often as the value changes; equal values are not written again.

    After a write that failed, the next one first asks what is stored: the failed one may have arrived all the same.
    `damage` says why what was read cannot be trusted; `value` is the one before it then, or None.
    """

    def __init__(self, backend: StateBackend, entity_id: str) -> None:
        self._backend = backend
        self._id = entity_id
        self._generation: int | None = 0
        self._attempt: Any = NOTHING
        self._alone = asyncio.Lock()
        self.value: Any = None
        self.exists = False
        self.damage: DamagedState | None = None

    async def read(self) -> Any:
        """The value, None where nothing is stored or only damage without a whole value before it."""
        try:
            stored = await self._backend.read_value(self._id)
        except DamagedState as damage:
            self.damage = damage
            self._generation = None  # whatever is there, the next write sets it aside
            self.value = damage.previous.value if isinstance(damage.previous, Stored) else None
            return self.value
        self._take(stored)
        return self.value

    async def write(self, value: Any) -> None:
        """Store a value, durably; `Overtaken` when another process has written since."""
        async with self._alone:
            await self._settle()
            if self.exists and value == self.value:
                return
            self._attempt = value
            self._generation = await self._backend.write_value(
                self._id, value, expected_generation=self._generation
            )
            self._attempt, self.value, self.exists, self.damage = NOTHING, value, True, None

    async def confirm(self) -> None:
        """`Overtaken` when what is stored is not what was read or written last, `DumpError` when nothing is any more."""
        async with self._alone:
            await self._settle()
            stored = await self._backend.read_value(self._id)
            if stored is None and self._generation:
                raise DumpError(f"{self._id}: what was stored is gone since this process wrote it")
            if (stored.generation if stored else 0) != self._generation:
                raise self._overtaken()

    async def _settle(self) -> None:
        if self._attempt is NOTHING or self._generation is None:
            return
        stored = await self._backend.read_value(self._id)
        if stored is None:  # nobody who has written leaves nothing; the next write says what is wrong
            return
        found = stored.generation
        arrived = found == self._generation + 1 and stored.value == self._attempt
        if not arrived and found != self._generation:
            raise self._overtaken()
        if arrived:
            self._take(stored)
        self._attempt = NOTHING

    def _overtaken(self) -> Overtaken:
        return Overtaken(f"{self._id}: another process has written it; this one ends without acting")

    def _take(self, stored: Stored | None) -> None:
        self._generation = stored.generation if stored else 0
        self.value = stored.value if stored else None
        self.exists = stored is not None
