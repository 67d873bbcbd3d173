"""The driver answers the loop's requests: plain or async, and until somebody presses the switch."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from btk.core.market import Market
from btk.engines.drivers import StopSwitch, drive
from btk.engines.requests import Answer, Ask, Request, Watch
from tests.core.test_market import market_at
from tests.engines.minutes import TEN_MS, after_ten


def answers_to(*requests: Request, switch: StopSwitch | None = None) -> list[Any]:
    """What a conversation that makes these requests is answered; False at the end when it was cut short."""
    heard: list[Any] = []

    def conversation() -> Generator[Request, Answer | None, None]:
        for request in requests:
            answer = yield request
            heard.append(answer)

    if not drive(conversation(), switch or StopSwitch()):
        heard.append(False)
    return heard


def ticks(count: int) -> list[int]:
    return [after_ten(minute) for minute in range(count)]


def market() -> Market:
    return market_at(TEN_MS)


def asked(method, count: int = 3) -> list[Any]:
    return answers_to(Ask(method, market(), ticks(count)))


@pytest.mark.parametrize("colour", ["plain", "async"])
def test_a_question_is_asked_until_it_is_answered(colour):
    calls = []

    def plain(market):
        calls.append(market.now_ms)
        return "signal" if len(calls) == 2 else None

    async def coloured(market):
        await asyncio.sleep(0)
        return plain(market)

    (answer,) = asked(plain if colour == "plain" else coloured)
    assert answer == Answer(after_ten(1), "signal")
    assert calls == ticks(2)


@pytest.mark.parametrize("colour", ["plain", "async"])
def test_a_question_that_is_never_answered_leaves_now_at_its_last_tick(colour):
    async def coloured(market):
        return None

    here = market()
    assert answers_to(Ask(coloured if colour == "async" else lambda market: None, here, ticks(3))) == [None]
    assert here.now_ms == after_ten(2)


@pytest.mark.parametrize("colour", ["plain", "async"])
def test_an_exception_is_an_answer_at_its_tick(colour):
    def plain(market):
        if market.now_ms == after_ten(1):
            raise ValueError("no")

    async def coloured(market):
        plain(market)

    (answer,) = asked(plain if colour == "plain" else coloured)
    assert (answer.tick_ms, str(answer.error)) == (after_ten(1), "no")


@pytest.mark.parametrize("colour", ["plain", "async"])
def test_a_hook_is_called_at_every_tick_with_its_arguments(colour):
    calls = []

    def plain(market, *args):
        calls.append((market.now_ms, *args))

    async def coloured(market, *args):
        plain(market, *args)

    (answer,) = answers_to(Watch(plain if colour == "plain" else coloured, market(), ("a", 1), ticks(3)))
    assert answer == Answer(after_ten(2))
    assert calls == [(tick, "a", 1) for tick in ticks(3)]


def test_a_plain_function_that_answers_an_awaitable_has_answered_rubbish():
    async def later():
        return "signal"

    (answer,) = asked(lambda market: later())
    assert answer.tick_ms == TEN_MS
    answer.value.close()


def test_a_switch_pressed_inside_a_strategy_ends_the_run_at_once():
    switch = StopSwitch()

    def press(market):
        switch.press()
        raise AssertionError("the call goes on")

    assert answers_to(Ask(press, market(), ticks(3)), switch=switch) == [False]


def test_a_strategy_cannot_swallow_the_switch():
    switch = StopSwitch()

    def stubborn(market):
        try:
            switch.press()
        except BaseException:  # noqa: BLE001 - the rudest strategy there is
            return

    assert answers_to(*(Ask(stubborn, market(), ticks(1)) for _ in range(3)), switch=switch) == [None, False]


def test_a_switch_pressed_between_requests_lets_none_follow():
    switch, calls = StopSwitch(), []

    def note(market):
        calls.append(market.now_ms)

    def conversation():
        yield Ask(note, market(), ticks(1))
        switch.press()
        yield Ask(note, market(), ticks(1))
        raise AssertionError("nobody asks any more")

    assert drive(conversation(), switch) is False
    assert calls == [TEN_MS]


def test_a_conversation_that_is_cut_short_can_clean_up():
    switch, cleaned = StopSwitch(), []

    def conversation():
        try:
            yield Ask(lambda market: switch.press(), market(), ticks(1))
        finally:
            cleaned.append(True)

    assert drive(conversation(), switch) is False
    assert cleaned == [True]


def test_a_conversation_without_requests_is_complete():
    assert answers_to() == []
