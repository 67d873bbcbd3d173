"""The bus: everybody hears everything in order and by itself, whatever others do; who never listens costs nothing."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from btk.library.event_bus import EventBus
from btk.library.listener import MOST_WAITING, Wish
from btk.model.told import ErrorTold, PauseTold


def news(at_ms: int) -> PauseTold:
    return PauseTold(
        mode="backtest",
        run_id="r",
        exchange="demo",
        symbol="BTCUSDT",
        strategy="s",
        at_ms=at_ms,
        action="paused",
    )


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


class Ear:
    """Writes down what it hears, and notices when it is called while it is called."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.overlaps = 0
        self._inside = 0

    def __call__(self, told: Any) -> None:
        self._inside += 1
        self.overlaps += self._inside > 1
        self.heard.append(told.at_ms)
        self._inside -= 1


class AsyncEar(Ear):
    """The same with an `await` in the middle."""

    async def hear(self, told: Any) -> None:
        self._inside += 1
        self.overlaps += self._inside > 1
        await asyncio.sleep(0)
        self.heard.append(told.at_ms)
        self._inside -= 1


def test_ten_listeners_hear_ten_thousand_events_in_order_though_one_fails_and_one_is_slow(
    bus: EventBus,
) -> None:
    ears: list[Ear] = [Ear() for _ in range(6)]
    asyncs = [AsyncEar() for _ in range(2)]
    slow, failed, errors = Ear(), [], []
    turn = threading.Event()

    def slowly(told: Any) -> None:
        # It has heard its first only when all others have heard their last.
        assert turn.wait(30)
        slow(told)

    def fail(told: Any) -> None:
        failed.append(told.at_ms)
        raise ValueError(told.at_ms)

    for fn in (*ears, *(ear.hear for ear in asyncs), slowly, fail):
        bus.subscribe("pause", Wish(fn))
    bus.subscribe("error", Wish(errors.append))
    last = threading.Event()
    bus.subscribe("pause", Wish(lambda told: last.set(), lambda told: told.at_ms == 9_999))

    for at_ms in range(10_000):
        bus.publish("pause", news(at_ms))
    assert last.wait(30)
    turn.set()
    bus.settle()

    everything = list(range(10_000))
    for ear in (*ears, *asyncs, slow):
        assert ear.heard == everything
        assert ear.overlaps == 0
    assert failed == everything
    assert [(error.where, error.message) for error in errors] == [
        ("listener pause", f"ValueError: {at_ms}") for at_ms in everything
    ]


def test_who_is_too_far_behind_loses_the_newest_and_is_told_how_much_while_nobody_waits(
    bus: EventBus,
) -> None:
    errors: list[ErrorTold] = []
    begun, turn, ear = threading.Event(), threading.Event(), Ear()

    def stuck(told: Any) -> None:
        begun.set()
        assert turn.wait(30)
        ear(told)

    bus.subscribe("pause", Wish(stuck))
    bus.subscribe("error", Wish(errors.append))
    bus.publish("pause", news(0))
    assert begun.wait(30)
    for at_ms in range(1, MOST_WAITING + 8):
        bus.publish("pause", news(at_ms))
    turn.set()
    bus.settle()
    bus.publish("pause", news(99_999))
    bus.settle()
    assert ear.heard == [*range(MOST_WAITING + 1), 99_999]
    assert [error.message for error in errors] == [
        "it is 10000 behind and loses what comes until it is not",
        "it was 10000 behind and has lost 7",
    ]


def test_a_backtest_waits_for_who_is_far_behind_and_loses_nothing(bus: EventBus) -> None:
    ear = Ear()
    bus.subscribe("pause", Wish(ear))
    for at_ms in range(3 * MOST_WAITING):
        bus.publish("pause", news(at_ms), waits=True)
    bus.settle()
    assert ear.heard == list(range(3 * MOST_WAITING))


def test_once_hears_the_first_that_matches_and_no_other(bus: EventBus) -> None:
    ear = Ear()
    bus.subscribe("pause", Wish(ear, lambda told: told.at_ms >= 3, once=True))
    for at_ms in range(9):
        bus.publish("pause", news(at_ms))
    bus.settle()
    assert ear.heard == [3]
    assert not bus.hears("pause")


def test_who_has_left_hears_nothing_more_and_may_leave_twice_or_in_the_middle_of_a_call(
    bus: EventBus,
) -> None:
    ear = Ear()

    def leaving(told: Any) -> None:
        ear(told)
        leave()

    leave = bus.subscribe("pause", Wish(leaving))
    for at_ms in range(5):
        bus.publish("pause", news(at_ms))
    bus.settle()
    leave()
    assert ear.heard == [0]
    assert not bus.hears("pause")


def test_a_predicate_that_raises_is_an_error_and_the_next_event_is_looked_at(bus: EventBus) -> None:
    errors: list[ErrorTold] = []
    ear = Ear()
    bus.subscribe("error", Wish(errors.append))
    bus.subscribe("pause", Wish(ear, lambda told: 1 // told.at_ms > 0, once=True))
    bus.publish("pause", news(0))
    bus.publish("pause", news(1))
    bus.settle()
    assert [error.message for error in errors] == ["ZeroDivisionError: integer division or modulo by zero"]
    assert ear.heard == [1]


def test_a_listener_of_errors_that_fails_is_said_on_stderr_and_not_told_to_itself(
    bus: EventBus, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(told: Any) -> None:
        raise RuntimeError("deaf")

    bus.subscribe("error", Wish(fail))
    bus.subscribe("pause", Wish(fail))
    bus.publish("pause", news(0))
    bus.settle()
    assert capsys.readouterr().err == "btk: listener error: RuntimeError: deaf\n"


def test_a_listener_may_itself_wait_for_the_bus(bus: EventBus) -> None:
    ear = Ear()

    def nested(told: Any) -> None:
        ear(told)
        if told.at_ms == 0:
            bus.publish("pause", news(7), waits=True)
            bus.settle()

    bus.subscribe("pause", Wish(nested))
    bus.publish("pause", news(0))
    bus.settle()
    bus.settle()
    assert ear.heard == [0, 7]
