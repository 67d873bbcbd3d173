"""Semantics, section 5: partial closes, more entries, cancel, activate and close, from hooks and from outside."""

from __future__ import annotations

import math

import pytest

from btk.core.rules import Rules
from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    CancelScheduled,
    ClosePosition,
    MoveToBreakeven,
    PartialClose,
    TrailStop,
    TrailTake,
)
from btk.model.events import AveragedEvent, CancelledEvent, ClosedEvent, RejectedEvent, StopMovedEvent
from tests.scenarios.commanded import OPENED, at_price, refusals_of
from tests.scenarios.harness import at_ms, both_sides, play, scene, table
from tests.scenarios.script import long

PROFIT, LOSS = "profit", "loss"


@both_sides
@table(
    at_price(
        "102",
        PartialClose(PROFIT, pct=30),
        title="30 percent of the position",
        lines=[("09:03", "closed 30 % in profit @102")],
    ),
    at_price(
        "102",
        PartialClose(PROFIT, pct=60),
        PartialClose(PROFIT, cost=20),
        title="20 in quote currency is half of the 40 that are left",
        lines=[("09:03", "closed 60 % in profit @102"), ("09:03", "closed 50 % in profit @102")],
    ),
    at_price(
        "98",
        PartialClose(LOSS, pct=30),
        title="a part can be given up at a loss",
        lines=[("09:03", "closed 30 % in loss @98")],
    ),
    at_price("98", PartialClose(PROFIT, pct=30), title="there is no partial profit in a loss"),
    at_price("102", PartialClose(LOSS, pct=30), title="there is no partial loss in a profit"),
    at_price("100", PartialClose(LOSS, pct=30), PartialClose(PROFIT, pct=30), title="nor at the entry"),
    at_price(
        "98",
        PartialClose(PROFIT, pct=30),
        title="unless partials are allowed everywhere",
        rules=Rules(partials_everywhere=True),
        lines=[("09:03", "closed 30 % in profit @98")],
    ),
    at_price(
        "102",
        *(PartialClose(PROFIT, pct=pct) for pct in (0, -5, 100.1, math.nan, math.inf)),
        title="a share is above 0 and at most 100 percent",
    ),
    at_price("102", PartialClose(PROFIT, cost=101), title="more than there is cannot be closed"),
    at_price("102", PartialClose(PROFIT), PartialClose(PROFIT, pct=10, cost=10), title="one or the other"),
)
def test_partial_closes(scene, side):
    assert play(scene, side).lines == scene.lines


def test_refused_partials_say_the_numbers():
    assert refusals_of(at_price("98", PartialClose(PROFIT, pct=30))) == [
        "the price 98 is not in profit against the entry 100"
    ]
    assert refusals_of(at_price("102", PartialClose(PROFIT, pct=101), PartialClose(PROFIT))) == [
        "the share 101 must be above 0 and at most 100 percent",
        "give either a percentage or a cost",
    ]


@both_sides
@table(
    at_price("99", AverageBuy(), title="the default cost", lines=[("09:03", "bought 100 more @99")]),
    at_price("99", AverageBuy(50), title="a cost of its own", lines=[("09:03", "bought 50 more @99")]),
    at_price("100", AverageBuy(), title="only beyond every entry so far"),
    at_price("101", AverageBuy(), title="not in profit"),
    at_price(
        "101",
        AverageBuy(),
        title="unless it is allowed everywhere",
        rules=Rules(dca_everywhere=True),
        lines=[("09:03", "bought 100 more @101")],
    ),
    at_price(
        "99",
        AverageBuy(0),
        AverageBuy(-5),
        AverageBuy(math.nan),
        AverageBuy(math.inf),
        title="a cost is finite and above 0",
    ),
    at_price(
        "99",
        AverageBuy(),
        AverageBuy(),
        title="one at a time: the second would not be at a new extreme",
        lines=[("09:03", "bought 100 more @99")],
    ),
    at_price("99", AverageBuy(10_000), title="not more than the free cash"),
)
def test_average_buys(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
def test_each_entry_must_beat_all_before_it_not_only_the_last(side):
    prices = {"09:00": "100", "09:02": "97", "09:03": "98", "09:04": "96"}
    played = play(
        scene(
            candles=prices,
            signals={"09:01": long(stop=90, take=110)},
            hooks={("on_active", f"09:0{minute}"): AverageBuy(100) for minute in (3, 4, 5)},
            until="09:07",
        ),
        side,
    )
    assert [line for line in played.lines if "bought" in line[1]] == [
        ("09:03", "bought 100 more @98"),
        ("09:05", "bought 100 more @96"),
    ]
    assert [at for at, _ in played.refused] == ["09:04"]


def test_after_another_entry_shifts_are_measured_from_the_effective_entry():
    played = play(
        scene(
            candles={"09:00": "100", "09:02": "80", "09:04": "90"},
            signals={"09:01": long(stop=75, take=150)},
            rules=Rules(max_stop_loss_pct=0),
            hooks={("on_active", "09:03"): AverageBuy(100), ("on_active", "09:05"): TrailStop(-5)},
            until="09:07",
        )
    )
    (bought,) = played.of(AveragedEvent)
    assert (bought.price_open, bought.entries) == (pytest.approx(88.888889), 2)
    (moved,) = played.of(StopMovedEvent)
    assert moved.price_stop_loss == pytest.approx(75 + 0.05 * 88.888889)


@both_sides
@table(
    scene(
        "a scheduled signal can be given up",
        candles={"09:00": "100", "09:04": "97"},
        signals={"09:01": long(price_open=98)},
        hooks={("on_waiting", "09:03"): CancelScheduled("changed my mind")},
        until="09:06",
        lines=[("09:01", "scheduled long @98"), ("09:03", "cancelled user")],
    ),
    scene(
        "a signal that is given up while it is made leaves nothing",
        candles={"09:00": "100", "09:01": "97"},
        signals={"09:01": long(price_open=98)},
        hooks={("on_scheduled", "09:01"): CancelScheduled()},
        until="09:04",
        lines=[("09:01", "scheduled long @98"), ("09:01", "cancelled user")],
    ),
    scene(
        "commands of one hook run in the order given",
        candles={"09:00": "100"},
        signals={"09:01": long(price_open=98)},
        hooks={("on_waiting", "09:03"): (CancelScheduled(), ActivateScheduled())},
        until="09:06",
        lines=[("09:01", "scheduled long @98"), ("09:03", "cancelled user")],
    ),
    scene(
        "an activation beyond the target is refused",
        candles={"09:00": "100", "09:02": "111"},
        signals={"09:01": long(price_open=98)},
        hooks={("on_waiting", "09:03"): ActivateScheduled()},
        until="09:05",
        lines=[("09:01", "scheduled long @98"), ("09:05", "cancelled frame_end")],
    ),
    scene(
        "a position that asked for its end takes no more commands",
        candles={"09:00": "100", "09:02": "101"},
        signals={"09:01": long()},
        hooks={("on_active", "09:03"): (ClosePosition("enough"), TrailStop(-2), PartialClose(PROFIT, pct=5))},
        until="09:05",
        lines=[OPENED, ("09:03", "closed user @101")],
    ),
    scene(
        "on_opened may close at once",
        candles={"09:00": "100", "09:02": "101"},
        signals={"09:01": long()},
        hooks={("on_opened", "09:02"): ClosePosition()},
        until="09:05",
        lines=[OPENED, ("09:02", "closed user @101")],
    ),
    scene(
        "on_closed finds the slot idle: it commands nothing, and a new signal may follow at once",
        candles={"09:00": "100", "09:02": "100 111 99 100"},
        signals={"09:01": long(), "09:03": long()},
        hooks={("on_closed", "09:03"): lambda market, trade: market.cancel()},
        until="09:05",
        lines=[
            OPENED,
            ("09:02", "closed take_profit @110"),
            ("09:03", "opened long @100"),
            ("09:05", "closed frame_end @100"),
        ],
    ),
)
def test_cancel_activate_and_close(scene, side):
    assert play(scene, side).lines == scene.lines


def test_notes_of_commands_reach_the_events():
    scheduled = {"09:01": long(price_open=98, note="dip")}
    cancelled = play(
        scene(
            candles={"09:00": "100"},
            signals=scheduled,
            commands=[("09:03", CancelScheduled("no dip today"))],
            until="09:05",
        )
    )
    assert [event.note for event in cancelled.of(CancelledEvent)] == ["no dip today"]
    closed = play(
        scene(
            candles={"09:00": "100"},
            signals={"09:01": long(note="dip")},
            commands=[("09:03", ClosePosition("enough"))],
            until="09:05",
        )
    )
    assert [event.trade.note for event in closed.of(ClosedEvent)] == ["dip; enough"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (ClosePosition(), "ClosePosition: no position is open"),
        (PartialClose(PROFIT, pct=10), "PartialClose: no position is open"),
        (TrailStop(-1), "TrailStop: no position is open"),
        (TrailTake(-1), "TrailTake: no position is open"),
        (MoveToBreakeven(), "MoveToBreakeven: no position is open"),
        (AverageBuy(), "AverageBuy: no position is open"),
        (CancelScheduled(), "CancelScheduled: no signal is scheduled"),
        (ActivateScheduled(), "ActivateScheduled: no signal is scheduled"),
    ],
)
def test_a_command_from_outside_that_is_refused_is_an_event(command, reason):
    played = play(scene(candles={"09:00": "100"}, commands=[("09:02", command)], until="09:05"))
    assert played.lines == [("09:02", f"rejected x1 command: {reason}")]
    (event,) = played.of(RejectedEvent)
    assert (event.at_ms, event.tick_ms) == (at_ms("09:02"), at_ms("09:02"))


@both_sides
def test_commands_from_outside_do_what_hooks_do_after_them(side):
    played = play(
        scene(
            candles={"09:00": "100", "09:02": "101", "09:04": "102"},
            signals={"09:01": long()},
            hooks={("on_active", "09:03"): TrailStop(price=97)},
            commands=[
                ("09:03", TrailStop(price=98)),
                ("09:03", TrailTake(price=108)),
                ("09:04", PartialClose(PROFIT, pct=50)),
                ("09:05", MoveToBreakeven()),
                ("09:06", ClosePosition()),
            ],
            until="09:09",
        ),
        side,
    )
    assert played.lines == [
        OPENED,
        ("09:03", "stop 95 -> 97"),
        ("09:03", "stop 97 -> 98"),
        ("09:03", "target 110 -> 108"),
        ("09:04", "closed 50 % in profit @102"),
        ("09:05", "stop 98 -> 100"),
        ("09:06", "closed user @102"),
    ]
