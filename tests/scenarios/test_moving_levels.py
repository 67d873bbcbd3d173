"""Semantics, section 5: moving stops and targets, break-even, and why not, on both sides (candle model)."""

from __future__ import annotations

import math

import pytest

from btk.core.rules import Rules
from btk.model.commands import AverageBuy, MoveToBreakeven, PartialClose, TrailStop, TrailTake
from btk.model.events import StopMovedEvent
from tests.scenarios.commanded import at_price, refusals_of
from tests.scenarios.harness import both_sides, play, table


@both_sides
@table(
    at_price(
        "101", TrailStop(-2), title="2 points closer than 5 % is 3 %", lines=[("09:03", "stop 95 -> 97")]
    ),
    at_price(
        "101",
        TrailStop(-2),
        TrailStop(-1),
        TrailStop(-4),
        title="a shift is of the original distance; a looser one is refused",
        lines=[("09:03", "stop 95 -> 97"), ("09:03", "stop 97 -> 99")],
    ),
    at_price(
        "101",
        TrailStop(-5.5),
        title="a stop may pass the entry",
        lines=[("09:03", "stop 95 -> 100.5")],
    ),
    at_price(
        "101",
        TrailStop(price=99),
        title="a stop can be moved to a price",
        lines=[("09:03", "stop 95 -> 99")],
    ),
    at_price("101", TrailStop(price=95), title="a stop that stands there already is not tighter"),
    at_price("101", TrailStop(2), title="a looser stop is refused"),
    at_price(
        "101",
        TrailStop(2),
        title="unless trailing is allowed everywhere",
        rules=Rules(trailing_everywhere=True),
        lines=[("09:03", "stop 95 -> 93")],
    ),
    at_price(
        "101", TrailStop(16), title="but never beyond the widest stop", rules=Rules(trailing_everywhere=True)
    ),
    at_price("101", TrailStop(-6.5), title="a stop through the price is refused"),
    at_price("101", TrailStop(0), TrailStop(101), TrailStop(math.nan), title="a shift must be one"),
    at_price("101", TrailStop(), TrailStop(-1, price=99), title="a stop needs either a shift or a price"),
    at_price(
        "101", TrailTake(-3), title="3 points closer than 10 % is 7 %", lines=[("09:03", "target 110 -> 107")]
    ),
    at_price(
        "101",
        TrailTake(-3),
        TrailTake(-2),
        TrailTake(-5),
        title="a target only comes closer",
        lines=[("09:03", "target 110 -> 107"), ("09:03", "target 107 -> 105")],
    ),
    at_price(
        "101",
        TrailTake(2),
        title="unless trailing is allowed everywhere, again",
        rules=Rules(trailing_everywhere=True),
        lines=[("09:03", "target 110 -> 112")],
    ),
    at_price("101", TrailTake(price=110), title="a target that stands there already is not tighter"),
    at_price("101", TrailTake(-9.5), title="a target through the price is refused"),
    at_price(
        "97",
        TrailTake(price=97.5),
        title="a target may be below the entry",
        lines=[("09:03", "target 110 -> 97.5")],
    ),
    at_price("100.6", MoveToBreakeven(), title="break-even at +0.6 %", lines=[("09:03", "stop 95 -> 100")]),
    at_price("100.59", MoveToBreakeven(), title="not before"),
    at_price(
        "101",
        MoveToBreakeven(),
        MoveToBreakeven(),
        title="not twice",
        lines=[("09:03", "stop 95 -> 100")],
    ),
    at_price(
        "102",
        TrailStop(price=101),
        MoveToBreakeven(),
        title="not when the stop is better already",
        lines=[("09:03", "stop 95 -> 101")],
    ),
)
def test_stops_and_targets_move_only_tighter(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
def test_a_stop_at_the_price_is_allowed_and_one_at_the_target_is_not(side):
    assert refusals_of(at_price("101", TrailStop(price=101)), side) == []
    assert len(refusals_of(at_price("101", TrailTake(price=101), TrailStop(price=101)), side)) == 1


@both_sides
def test_a_target_at_the_price_is_allowed_and_one_at_the_stop_is_not(side):
    assert refusals_of(at_price("101", TrailTake(price=101)), side) == []
    assert len(refusals_of(at_price("101", TrailStop(price=101), TrailTake(price=101)), side)) == 1


def test_refusals_say_the_numbers():
    asked = (TrailStop(1), TrailStop(-6.5), TrailTake(1), TrailTake(-9.5), TrailStop(0), TrailStop())
    assert refusals_of(at_price("101", *asked)) == [
        "a stop at 94 is not tighter than 95",
        "the price 101 is already beyond a stop at 101.5",
        "a target at 111 is not tighter than 110",
        "the price 101 is already beyond a target at 100.5",
        "shift 0 must be between -100 and 100 percentage points and not 0",
        "give either a shift or a price",
    ]
    wide = at_price("101", TrailStop(16), rules=Rules(trailing_everywhere=True))
    assert refusals_of(wide) == ["stop is 21 % away, signal.max_stop_loss_pct is 20"]
    assert refusals_of(at_price("100.5", MoveToBreakeven())) == [
        "the price 100.5 has not reached break-even at 100.6"
    ]


def test_a_moved_stop_names_its_cause_and_the_price_that_was_shown():
    played = play(at_price("101", TrailStop(-2), MoveToBreakeven()))
    assert [(event.cause, event.price, event.previous) for event in played.of(StopMovedEvent)] == [
        ("trail", 101, 95),
        ("breakeven", 101, 97),
    ]


@pytest.mark.parametrize(
    "command",
    [
        TrailStop("2"),
        TrailStop(price="99"),
        TrailTake([1]),
        TrailTake(price=True),
        PartialClose("profit", pct="10"),
        PartialClose("profit", cost="10"),
        AverageBuy("10"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused(command):
    played = play(at_price("101", command, rules=Rules(dca_everywhere=True)))
    assert "number" in played.refused[0][1]
    assert len(played.lines) == 2
