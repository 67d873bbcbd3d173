"""Running a coroutine to its end, from code that is no coroutine."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """What `work` answers, also for a caller in an event loop of its own: in that loop's thread no other may start."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """The same; SIGTERM cancels it as Ctrl-C does, then whoever listened before has the word.

    An exception that a signal handler raised inside the event loop would tear it apart.
    """
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    before, terminated = signal.getsignal(signal.SIGTERM), threading.Event()
    try:
        return asyncio.run(_cancelled_on_sigterm(work, terminated))
    except asyncio.CancelledError:
        if not (terminated.is_set() and callable(before)):
            raise
        before(signal.SIGTERM, None)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


async def _cancelled_on_sigterm(work: Coroutine[Any, Any, T], terminated: threading.Event) -> T:
    task = asyncio.current_task()
    assert task is not None

    def terminate() -> None:
        terminated.set()
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    return await work
