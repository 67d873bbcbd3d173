"""What is told of a refused signal."""

from __future__ import annotations

from typing import Any

import pytest

from btk.core.risk import Refusal
from btk.core.rules import Rules, Terms
from btk.engines.refusals import Refusals, Wish, rejected
from btk.model.signal import Signal

MINUTE_MS = 60_000
TERMS = Terms("BTCUSDT", "probe", "test", Rules())
SHORT = Signal("short", 98.0, 102.0, price_open=101.0, note="n", id="one")


def told(signal: Signal) -> Any:
    return rejected(("invalid", "words"), MINUTE_MS, TERMS, Wish(signal, 100.0))


def test_a_refused_signal_is_told_with_what_it_wished_for() -> None:
    event = told(SHORT)
    assert (event.id, event.position, event.note) == ("one", "short", "n")
    prices = (event.price, event.price_open, event.price_take_profit, event.price_stop_loss)
    assert prices == (100.0, 101.0, 98.0, 102.0)


@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 10**400, "99", None, [1]])
def test_rubbish_in_a_signal_is_told_as_missing(rubbish: Any) -> None:
    event = told(Signal(rubbish, rubbish, 102.0, note=rubbish, id=rubbish))
    assert (event.position, event.price_take_profit, event.price_stop_loss) == (None, None, 102.0)


def test_a_refused_command_wished_for_no_position() -> None:
    event = rejected(("command", "words"), MINUTE_MS, TERMS)
    assert (event.id, event.position, event.price, event.price_open) == ("", None, None, None)


def test_equal_refusals_are_one_event_with_the_wish_of_the_first() -> None:
    refusals, refusal = Refusals(TERMS), Refusal("cash", "", "none left")
    assert refusals.add(Wish(SHORT, 100.0), refusal, 0, 5 * MINUTE_MS) == []
    assert refusals.add(Wish(SHORT, 90.0), refusal, MINUTE_MS, 5 * MINUTE_MS) == []
    [event] = refusals.end(2 * MINUTE_MS)
    assert (event.count, event.price) == (2, 100.0)
