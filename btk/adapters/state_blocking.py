"""State backends made of five blocking calls: each call in a thread, one at a time, and the rest made of them."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from btk.model.errors import Transient
from btk.ports import Stored

# Its own threads: strategies that hang in those of the event loop must not keep state from being saved.
THREADS: Executor = ThreadPoolExecutor(8, thread_name_prefix="btk-state")

P = ParamSpec("P")
T = TypeVar("T")


class BlockingBackend(ABC):
    """A `StateBackend`; who writes a new one says what `prepare`, `read`, `write`, `remove` and `ids` do."""

    def __init__(self, threads: Executor = THREADS) -> None:
        self._threads = threads
        self._alone = threading.Lock()
        self._prepared = False

    @abstractmethod
    def prepare(self) -> None:
        """Make ready; called once."""

    @abstractmethod
    def read(self, entity_id: str) -> Stored | None:
        """As `StateBackend.read_value`."""

    @abstractmethod
    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        """As `StateBackend.write_value`."""

    @abstractmethod
    def remove(self, entity_id: str) -> None:
        """As `StateBackend.remove_value`."""

    @abstractmethod
    def ids(self) -> list[str]:
        """Every id there is something at, damaged or not."""

    async def wait_for_init(self) -> None:
        """Make ready, before anything else; a second call does nothing."""
        await self._do(self._prepare_once)

    async def read_value(self, entity_id: str) -> Stored | None:
        """What is stored, or None where certainly nothing is."""
        return await self._do(self.read, entity_id)

    async def write_value(self, entity_id: str, value: Any, *, expected_generation: int | None = None) -> int:
        """Store a value and answer its generation."""
        return await self._do(self.write, entity_id, value, expected_generation)

    async def has_value(self, entity_id: str) -> bool:
        """Whether something is stored, damaged or not."""
        return entity_id in await self._do(self.ids)

    async def remove_value(self, entity_id: str) -> None:
        """Nothing is stored there any more."""
        await self._do(self.remove, entity_id)

    async def remove_all(self) -> None:
        """Remove every value of the entity."""
        async for entity_id in self.keys():
            await self.remove_value(entity_id)

    async def keys(self) -> AsyncIterator[str]:
        """The ids of all values, in order."""
        for entity_id in sorted(await self._do(self.ids)):
            yield entity_id

    async def values(self) -> AsyncIterator[Stored]:
        """All values, in the order of their ids."""
        async for entity_id in self.keys():
            stored = await self.read_value(entity_id)
            if stored is not None:
                yield stored

    async def filter(self, predicate: Callable[[Stored], bool]) -> AsyncIterator[Stored]:
        """The values for which the predicate holds."""
        async for stored in self.values():
            if predicate(stored):
                yield stored

    async def take(
        self, count: int, predicate: Callable[[Stored], bool] | None = None
    ) -> AsyncIterator[Stored]:
        """The first `count` values (of those for which the predicate holds)."""
        if count <= 0:
            return
        taken = 0
        async for stored in self.filter(predicate or _all):
            yield stored
            taken += 1
            if taken == count:
                return

    def _prepare_once(self) -> None:
        if not self._prepared:
            self.prepare()
            self._prepared = True

    async def _do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        call = partial(self._alone_with, partial(work, *args, **kwargs))
        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, call)
        except RuntimeError as error:  # no memory, or no process, is left for another thread
            raise Transient(
                f"the state cannot be reached: {error}; free memory or raise its limit"
            ) from error
        return await running

    def _alone_with(self, work: Callable[[], T]) -> T:
        # A cancelled call goes on in its thread: whoever asks next must see what it did.
        with self._alone:
            return work()


def _all(_: Stored) -> bool:
    return True
