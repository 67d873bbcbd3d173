"""Worker processes: forked, so that what is in memory is shared, and replaced when one dies."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

LOOK_SECONDS = 0.2
LEAVE_SECONDS = 1.0


class Died(NamedTuple):
    """Instead of an answer: the worker is gone."""

    reason: str


class _Worker(NamedTuple):
    process: BaseProcess
    door: Connection


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool(Generic[Task, Answer]):
    """`jobs` processes that each do `work` (which must not raise) on one task at a time; a context manager."""

    def __init__(self, work: Callable[[Task], Answer], jobs: int) -> None:
        self._work = work
        self._jobs = jobs
        self._context = get_context("fork")
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.door.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join(LEAVE_SECONDS)
        self._workers.clear()

    def answers(
        self, tasks: Iterable[Task], look: Callable[[], bool]
    ) -> Iterator[tuple[Task, Answer | Died]]:
        """Tasks with their answers, in the order in which they are ready.

        `look` is called several times a second; when it says False, nothing more is begun or waited for.
        """
        waiting = iter(tasks)
        busy: dict[Connection, tuple[_Worker, Task]] = {}
        idle = list(self._workers)
        while look():
            self._hand_out(waiting, busy, idle)
            if not busy:
                return
            for door in wait(list(busy), LOOK_SECONDS):
                assert isinstance(door, Connection)
                worker, task = busy.pop(door)
                answer = _received(worker)
                if isinstance(answer, Died):
                    self._workers.remove(worker)
                    door.close()
                else:
                    idle.append(worker)
                yield task, answer

    def _hand_out(
        self,
        waiting: Iterator[Task],
        busy: dict[Connection, tuple[_Worker, Task]],
        idle: list[_Worker],
    ) -> None:
        while len(busy) < self._jobs:
            task = next(waiting, None)
            if task is None:
                return
            worker = idle.pop() if idle else self._started()
            worker.door.send(task)
            busy[worker.door] = (worker, task)

    def _started(self) -> _Worker:
        # What the parent made so far is never looked at by the collector again, so its pages stay shared.
        gc.freeze()
        ours, theirs = self._context.Pipe()
        inherited = [worker.door for worker in self._workers] + [ours]
        process = self._context.Process(target=_serve, args=(self._work, theirs, inherited), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker


def _serve(work: Callable[[Any], Any], door: Connection, inherited: list[Connection]) -> None:
    # They come to the whole group (a terminal, systemd), and it is the parent who keeps what is done and ends us.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # A copy of the parent's end would keep this process waiting for a parent that is gone.
    for other in inherited:
        other.close()
    while True:
        try:
            task = door.recv()
        except EOFError:
            return
        door.send(work(task))
        # Objects that hold each other hold arrays too: left to the collector's own time, they would pile up.
        gc.collect()


def _received(worker: _Worker) -> Any:
    try:
        return worker.door.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join(LEAVE_SECONDS)
        code = worker.process.exitcode
        how = (
            f"killed by {signal.Signals(-code).name}"
            if code is not None and code < 0
            else f"exit code {code}"
        )
        return Died(f"its worker process died ({how}); memory may have run out")
