"""A run in a thread: begun once, asked to stop, waited for, its error kept for whoever waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any, Generic, Literal, Protocol, TypeVar

from btk.model.errors import UsageError
from btk.model.names import SlotKey

Status = Literal["idle", "running", "done"]
R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class Work(Protocol[R_co]):
    """What runs."""

    @property
    def keys(self) -> Sequence[SlotKey]:
        """The slots it runs."""

    @property
    def run_id(self) -> str:
        """Its name, "" before it has one."""

    def run(self) -> R_co:
        """Do it to its end; in the thread of the caller."""

    def stop(self, keys: Sequence[SlotKey]) -> None:
        """Ask it to end for these slots; from any thread, at any time, as often as one likes."""

    def tell_exit(self, error: BaseException) -> None:
        """Let its listeners hear that it could not go on."""


class Background(Generic[R]):
    """A run that goes on by itself. `await` it, or `wait()`, for its result."""

    def __init__(self, work: Work[R]) -> None:
        self.status: Status = "idle"
        self.error: BaseException | None = None
        self._work = work
        self._result: R
        self._ended: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._run, name="btk run", daemon=True)

    @property
    def keys(self) -> Sequence[SlotKey]:
        """Its slots."""
        return self._work.keys

    @property
    def run_id(self) -> str:
        """Its name under `dump/runs`; "" while it has none yet."""
        return self._work.run_id

    @property
    def has_begun(self) -> bool:
        """Whether it runs, or has ended."""
        return self.status != "idle"

    def begin(self) -> None:
        """Start it; `UsageError` the second time."""
        if self.has_begun:
            raise UsageError("this run has begun before; ask for another one")
        self.status = "running"
        self._thread.start()

    def when_ended(self, call: Callable[[], None]) -> None:
        """Have something called at its end, in its thread."""
        self._ended.append(call)

    def stop(self, keys: Sequence[SlotKey] | None = None) -> None:
        """Ask it to end, for some slots or for all: a backtest at once, others when their open signals are over."""
        self._work.stop(self.keys if keys is None else keys)

    def cancel(self) -> None:
        """The same for all of it: nothing new is opened, what is open is seen to its end. `wait()` waits for that."""
        self.stop()

    def wait(self, seconds: float | None = None) -> R:
        """Its result once it has ended; raises what ended it, or `TimeoutError`; `UsageError` before it has begun."""
        if not self.has_begun:
            raise UsageError("this run has not begun: loop over it")
        self._thread.join(seconds)
        if self.status != "done":
            raise TimeoutError(f"it has not ended after {seconds:g} seconds")
        if self.error is not None:
            raise self.error
        return self._result

    def __await__(self) -> Generator[Any, None, R]:
        return asyncio.to_thread(self.wait).__await__()

    def _run(self) -> None:
        try:
            self._result = self._work.run()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, whoever waits is to have it
            self.error = error
            self._work.tell_exit(error)
        finally:
            self.status = "done"
            for call in self._ended:
                call()
