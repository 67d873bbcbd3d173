"""Worker processes: results, deaths, and stopping."""

import os
import signal
import weakref
from collections.abc import Iterator

from btk.adapters.worker_pool import Died, WorkerPool


class Ring:
    """Holds itself, as a strategy does that keeps a method of its own."""

    def __init__(self) -> None:
        self.itself = self


ALIVE: weakref.WeakSet[Ring] = weakref.WeakSet()
LAST: list[Ring] = []


def keep_one(number: int) -> int:
    LAST[:] = [Ring()]
    ALIVE.add(LAST[0])
    return len(ALIVE)


def always() -> bool:
    return True


def double(number: int) -> tuple[int, int]:
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number, os.getpid()


def test_every_task_gets_its_answer_from_another_process() -> None:
    with WorkerPool(double, 3) as pool:
        answers = dict(pool.answers(range(20, 60), always))
    assert {task: answer[0] for task, answer in answers.items()} == {n: 2 * n for n in range(20, 60)}
    processes = {answer[1] for answer in answers.values()}
    assert 1 < len(processes) <= 3
    assert os.getpid() not in processes


def test_a_worker_that_dies_costs_its_task_and_no_other() -> None:
    with WorkerPool(double, 2) as pool:
        answers = dict(pool.answers(range(10, 30), always))
    died = answers.pop(13)
    assert isinstance(died, Died)
    assert "SIGKILL" in died.reason
    assert {task: answer[0] for task, answer in answers.items()} == {
        n: 2 * n for n in range(10, 30) if n != 13
    }


def test_what_one_task_kept_for_the_next_is_given_back_when_that_has_replaced_it() -> None:
    with WorkerPool(keep_one, 1) as pool:
        alive = [answer for _, answer in pool.answers(range(9), always)]
    assert alive == [1, 2, 2, 2, 2, 2, 2, 2, 2]


def test_tasks_are_taken_only_when_a_worker_is_free() -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(20, 30):
            taken.append(number)
            yield number

    with WorkerPool(double, 2) as pool:
        next(pool.answers(tasks(), always))
        assert len(taken) <= 4


def test_when_told_to_stop_nothing_more_is_begun() -> None:
    looks = iter([True, True])
    with WorkerPool(double, 1) as pool:
        answers = list(pool.answers(range(20, 1000), lambda: next(looks, False)))
    assert len(answers) <= 2


def test_workers_are_gone_afterwards() -> None:
    with WorkerPool(double, 2) as pool:
        processes = {answer[1] for _, answer in pool.answers(range(20, 24), always)}  # type: ignore[index]
    for process in processes:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            continue
        raise AssertionError(f"process {process} is still there")
