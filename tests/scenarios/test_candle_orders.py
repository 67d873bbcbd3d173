"""Semantics, section 3, the `candle` column: orders of hooks and commands, the end of the frame, on both sides.

A candle is named by its open time; it is known one minute later. A signal of 09:01 has seen candle 09:00.
"""

from __future__ import annotations

from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    ClosePosition,
    PartialClose,
    TrailStop,
    TrailTake,
)
from tests.scenarios.harness import both_sides, play, scene, table
from tests.scenarios.script import long

MARKET = {"09:01": long(stop=95, take=110)}
RESTING = {"09:01": long(stop=95, take=110, price_open=98)}


@both_sides
@table(
    scene(
        "a moved stop stands at once and counts for the next candle",
        candles={"09:00": "100", "09:03": "100 103 97 102", "09:04": "102 102 98 101"},
        signals=MARKET,
        hooks={("on_active", "09:04"): TrailStop(price=98)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "stop 95 -> 98"),
            ("09:04", "closed stop_loss @98"),
        ],
    ),
    scene(
        "a moved target stands at once and counts for the next candle",
        candles={"09:00": "100", "09:03": "100 106 99 102", "09:04": "102 105 101 103"},
        signals=MARKET,
        hooks={("on_active", "09:04"): TrailTake(price=105)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "target 110 -> 105"),
            ("09:04", "closed take_profit @105 (exact touch)"),
        ],
    ),
    scene(
        "a close fills at the next open, before that candle can hit anything",
        candles={"09:00": "100", "09:04": "101 111 94 100"},
        signals=MARKET,
        hooks={("on_active", "09:04"): ClosePosition()},
        until="09:06",
        lines=[("09:01", "opened long @100"), ("09:04", "closed user @101")],
    ),
    scene(
        "a partial close fills at the next open",
        candles={"09:00": "100", "09:03": "100 103 99 102", "09:04": "103 104 102 102"},
        signals=MARKET,
        hooks={("on_active", "09:04"): PartialClose("profit", pct=40)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 40 % in profit @103"),
            ("09:06", "closed frame_end @102"),
        ],
    ),
    scene(
        "a partial close and then the close of the rest fill together, in that order",
        candles={"09:00": "100", "09:03": "100 103 99 102", "09:04": "103 104 102 102"},
        signals=MARKET,
        hooks={("on_active", "09:04"): (PartialClose("profit", pct=40), ClosePosition())},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 40 % in profit @103"),
            ("09:04", "closed user @103"),
        ],
    ),
    scene(
        "a partial close of the minute in which the lifetime ends is filled first",
        candles={"09:00": "100", "09:02": "100 103 99 102", "09:04": "103 104 102 102"},
        signals={"09:01": long(stop=95, take=110, lifetime_minutes=3)},
        hooks={("on_active", "09:04"): PartialClose("profit", pct=40)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 40 % in profit @103"),
            ("09:04", "closed time_expired @103"),
        ],
    ),
    scene(
        "another entry fills at the next open",
        candles={"09:00": "100", "09:03": "100 101 97 98", "09:04": "97 99 96 99"},
        signals=MARKET,
        hooks={("on_active", "09:04"): AverageBuy(cost=50)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "bought 50 more @97"),
            ("09:06", "closed frame_end @99"),
        ],
    ),
    scene(
        "orders fill in the order given, and then the candle can hit the stop",
        candles={"09:00": "100", "09:03": "100 101 97 98", "09:04": "97 99 95 99"},
        signals=MARKET,
        hooks={("on_active", "09:04"): (PartialClose("loss", pct=50), AverageBuy(cost=50))},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 50 % in loss @97"),
            ("09:04", "bought 50 more @97"),
            ("09:04", "closed stop_loss @95"),
        ],
    ),
    scene(
        "orders fill at an open beyond the stop, and the rest is closed there too",
        candles={"09:00": "100", "09:03": "100 101 97 98", "09:04": "94 99 93 99"},
        signals=MARKET,
        hooks={("on_active", "09:04"): PartialClose("loss", pct=50)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 50 % in loss @94"),
            ("09:04", "closed stop_loss @94"),
        ],
    ),
    scene(
        "a resting entry that is activated fills at the next open",
        candles={"09:00": "100", "09:04": "101 102 100 102"},
        signals=RESTING,
        hooks={("on_waiting", "09:04"): ActivateScheduled()},
        until="09:06",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:04", "opened long @101"),
            ("09:06", "closed frame_end @102"),
        ],
    ),
    scene(
        "so it does when the command comes from outside",
        candles={"09:00": "100", "09:04": "101 102 100 102"},
        signals=RESTING,
        commands=[("09:04", ActivateScheduled())],
        until="09:06",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:04", "opened long @101"),
            ("09:06", "closed frame_end @102"),
        ],
    ),
    scene(
        "a partial close of everything is the end of the position",
        candles={"09:00": "100", "09:03": "100 103 99 102", "09:04": "103 104 102 102"},
        signals=MARKET,
        hooks={("on_active", "09:04"): PartialClose("profit", pct=100)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 100 % in profit @103"),
            ("09:04", "closed partial @103"),
        ],
    ),
    scene(
        "several partial closes that leave nothing are its end too",
        candles={"09:00": "100", "09:03": "100 103 99 102", "09:04": "103 104 102 102"},
        signals=MARKET,
        hooks={
            ("on_active", "09:04"): (PartialClose("profit", pct=50), PartialClose("profit", cost=50)),
        },
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:04", "closed 50 % in profit @103"),
            ("09:04", "closed 100 % in profit @103"),
            ("09:04", "closed partial @103"),
        ],
    ),
)
def test_what_hooks_and_commands_order(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
@table(
    scene(
        "an open position is closed at the last close",
        candles={"09:00": "100", "09:04": "100 102 99 101.5"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:05", "closed frame_end @101.5")],
    ),
    scene(
        "the last candle is reacted to first",
        candles={"09:00": "100", "09:04": "100 102 94 101.5"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:04", "closed stop_loss @95")],
    ),
    scene(
        "an order of the last tick fills in the last candle",
        candles={"09:00": "100", "09:04": "101 102 99 101.5"},
        signals={"09:04": long()},
        until="09:05",
        lines=[("09:04", "opened long @101"), ("09:05", "closed frame_end @101.5")],
    ),
    scene(
        "a lifetime that would be over at the end ends with the frame",
        candles={"09:00": "100"},
        signals={"09:01": long(lifetime_minutes=4)},
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:05", "closed frame_end @100")],
    ),
    scene(
        "a resting entry is cancelled",
        candles={"09:00": "100"},
        signals=RESTING,
        until="09:05",
        lines=[("09:01", "scheduled long @98"), ("09:05", "cancelled frame_end")],
    ),
    scene(
        "an entry ordered by the last hook never fills",
        candles={"09:00": "100"},
        signals=RESTING,
        hooks={("on_waiting", "09:05"): ActivateScheduled()},
        until="09:05",
        lines=[("09:01", "scheduled long @98"), ("09:05", "cancelled frame_end")],
    ),
    scene(
        "a close ordered by the last hook is the end of the frame",
        candles={"09:00": "100", "09:04": "100 102 99 101"},
        signals=MARKET,
        hooks={("on_active", "09:05"): ClosePosition()},
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:05", "closed frame_end @101")],
    ),
    scene(
        "an order of the last hook never fills",
        candles={"09:00": "100", "09:04": "100 102 99 101"},
        signals=MARKET,
        hooks={("on_active", "09:05"): PartialClose("profit", pct=50)},
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:05", "closed frame_end @101")],
    ),
    scene(
        "no question is asked at the end of the frame, even when the last hook leaves the slot idle",
        candles={"09:00": "100"},
        signals={**RESTING, "09:05": long()},
        hooks={("on_waiting", "09:05"): lambda market, signal: market.cancel()},
        listens=["on_idle"],
        until="09:05",
        lines=[("09:01", "scheduled long @98"), ("09:05", "cancelled user")],
    ),
)
def test_the_end_of_the_frame(scene, side):
    assert play(scene, side).lines == scene.lines
