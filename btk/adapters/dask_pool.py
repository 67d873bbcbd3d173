"""Work on a Dask cluster: the same questions and answers as of local worker processes, on any number of machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from btk.adapters.worker_pool import LOOK_SECONDS, Died
from btk.model.errors import Transient, UsageError

CONNECT_SECONDS = 10
AHEAD = 2


class DaskPool:
    """`work(*shared, task)` on the workers of the scheduler at `address`; `Transient` when it does not answer.

    A task whose worker dies is given to another one by the scheduler.
    """

    def __init__(
        self,
        work: Callable[..., Any],
        shared: tuple[Any, ...],
        address: str,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        try:
            import distributed
        except ImportError:
            raise UsageError("--executor dask needs Dask: pip install 'btk[dask]'") from None
        self._work = work
        self._shared = shared
        client: Any = distributed.Client
        self._ready: SimpleQueue[Any] = SimpleQueue()
        try:
            self._client = client(address, timeout=connect_seconds, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise Transient(
                f"--scheduler {address}: no Dask scheduler answers there ({error}); dask scheduler starts one"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def jobs(self) -> int:
        """How many tasks the cluster works on at once."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def answers(self, tasks: Iterable[Any], look: Callable[[], bool]) -> Iterator[tuple[Any, Any]]:
        """Tasks with their answers (or `Died`), in the order in which they are ready; `look` as of a local pool."""
        waiting = iter(tasks)
        busy: dict[str, tuple[Any, Any]] = {}
        while look():
            for task in self._few(waiting, AHEAD * self.jobs - len(busy)):
                future = self._client.submit(self._work, *self._shared, task, pure=False)
                busy[future.key] = (future, task)
                future.add_done_callback(self._ready.put)
            if not busy:
                return
            with suppress(Empty):
                future = self._ready.get(timeout=LOOK_SECONDS)
                _, task = busy.pop(future.key)
                yield task, self._answer(future)
        self._client.cancel([future for future, _ in busy.values()])

    def _few(self, waiting: Iterator[Any], count: int) -> Iterator[Any]:
        for _ in range(count):
            task = next(waiting, None)
            if task is None:
                return
            yield task

    def _answer(self, future: Any) -> Any:
        error = future.exception()
        if error is None:
            return future.result()
        return Died(" ".join(f"{type(error).__name__}: {error}".split()))
