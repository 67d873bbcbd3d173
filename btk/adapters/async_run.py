"""Running a coroutine to its end: SIGTERM cancels it as Ctrl-C does, then whoever listened before has the word."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """What `work` answers. An exception that a signal handler raised inside the event loop would tear it apart."""
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
