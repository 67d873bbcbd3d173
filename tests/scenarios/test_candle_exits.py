"""Semantics, section 3, the `candle` column: exits, lifetimes, best and worst, told for a long, played on both sides.

A candle is named by its open time; it is known one minute later. A signal of 09:01 has seen candle 09:00.
"""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
from tests.scenarios.harness import both_sides, play, scene, table
from tests.scenarios.script import long

MARKET = {"09:01": long(stop=95, take=110)}
RESTING = {"09:01": long(stop=95, take=110, price_open=98)}


@both_sides
@table(
    scene(
        "a candle that just touches the stop is closed at the stop",
        candles={"09:00": "100", "09:03": "100 101 95 96"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed stop_loss @95")],
    ),
    scene(
        "a candle that stays above the stop by a hair is not",
        candles={"09:00": "100", "09:03": "100 101 95.000001 96"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:05", "closed frame_end @96")],
    ),
    scene(
        "an open beyond the stop is closed at that open",
        candles={"09:00": "100", "09:03": "93 96 92 95"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed stop_loss @93")],
    ),
    scene(
        "an open at the stop is closed there",
        candles={"09:00": "100", "09:03": "95 99 95 96"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed stop_loss @95")],
    ),
    scene(
        "a candle that just touches the target is closed at the target, and it is counted",
        candles={"09:00": "100", "09:03": "100 110 99 105"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed take_profit @110 (exact touch)")],
    ),
    scene(
        "a candle that misses the target by a hair is not closed",
        candles={"09:00": "100", "09:03": "100 109.999999 99 105"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:05", "closed frame_end @105")],
    ),
    scene(
        "an open beyond the target is closed at the target",
        candles={"09:00": "100", "09:03": "115 116 114 115"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed take_profit @110")],
    ),
    scene(
        "a candle that holds both is a stop, and the exit is ambiguous",
        candles={"09:00": "100", "09:03": "100 110 95 105"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed stop_loss @95 (ambiguous)")],
    ),
    scene(
        "a gap through the stop came first, whatever the candle reaches later",
        candles={"09:00": "100", "09:03": "94 111 93 105"},
        signals=MARKET,
        until="09:05",
        lines=[("09:01", "opened long @100"), ("09:03", "closed stop_loss @94")],
    ),
    scene(
        "a position closed inside a candle may be followed by a new signal at once",
        candles={"09:00": "100", "09:03": "100 101 95 100"},
        signals={**MARKET, "09:04": long(stop=94)},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:03", "closed stop_loss @95"),
            ("09:04", "opened long @100"),
            ("09:06", "closed frame_end @100"),
        ],
    ),
)
def test_stops_and_targets(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
@table(
    scene(
        "a lifetime of 3 minutes that began at 09:01 is closed at the open of candle 09:04",
        candles={"09:00": "100", "09:03": "100 105 99 104", "09:04": "103 108 102 108"},
        signals={"09:01": long(lifetime_minutes=3)},
        until="09:06",
        lines=[("09:01", "opened long @100"), ("09:04", "closed time_expired @103")],
    ),
    scene(
        "the last candle of the lifetime can still hit the target",
        candles={"09:00": "100", "09:03": "100 111 99 104"},
        signals={"09:01": long(lifetime_minutes=3)},
        until="09:06",
        lines=[("09:01", "opened long @100"), ("09:03", "closed take_profit @110")],
    ),
    scene(
        "the candle after the lifetime cannot: its open comes first",
        candles={"09:00": "100", "09:04": "100 111 94 100"},
        signals={"09:01": long(lifetime_minutes=3)},
        until="09:06",
        lines=[("09:01", "opened long @100"), ("09:04", "closed time_expired @100")],
    ),
    scene(
        "the lifetime of a resting entry counts from its opening",
        candles={"09:00": "100", "09:05": "100 100 98 99"},
        signals={"09:01": long(price_open=98, lifetime_minutes=3)},
        until="09:12",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:05", "opened long @98"),
            ("09:08", "closed time_expired @99"),
        ],
    ),
    scene(
        "a frame whose questions are hourly still ends lifetimes between and after them",
        candles={"09:00": "100"},
        signals={"09:00": long(lifetime_minutes=3), "10:00": long(lifetime_minutes=3)},
        frame_interval="1h",
        until="10:30",
        lines=[
            ("09:00", "opened long @100"),
            ("09:03", "closed time_expired @100"),
            ("10:00", "opened long @100"),
            ("10:03", "closed time_expired @100"),
        ],
    ),
)
def test_lifetimes(scene, side):
    assert play(scene, side).lines == scene.lines


def best_and_worst(side: str, candles: dict[str, str], signals=MARKET, until: str = "09:06"):
    played = play(
        scene(candles=candles, signals=signals, rules=Rules(slippage_pct=0, fee_pct=0), until=until), side
    )
    (trade,) = played.trades
    return trade.peak_profit_pct, trade.max_drawdown_pct


@both_sides
def test_best_and_worst_are_taken_from_high_and_low(side):
    candles = {"09:00": "100", "09:01": "100 103 99 101", "09:03": "101 104 98 100"}
    assert best_and_worst(side, candles) == pytest.approx((4, -2))


@both_sides
def test_the_exit_price_is_the_worst_of_a_stopped_position(side):
    candles = {"09:00": "100", "09:02": "100 102 99 101", "09:03": "94 107 93 95"}
    assert best_and_worst(side, candles) == pytest.approx((2, -6))


@both_sides
def test_the_exit_price_is_the_best_of_a_target_that_was_reached(side):
    candles = {"09:00": "100", "09:03": "100 112 97 105"}
    assert best_and_worst(side, candles) == pytest.approx((10, 0))


@both_sides
def test_in_the_candle_of_a_resting_fill_the_best_is_the_close_and_the_worst_the_low(side):
    candles = {"09:00": "100", "09:03": "100 107 97 99", "09:04": "99 99 98.5 99"}
    best, worst = best_and_worst(side, candles, RESTING)
    entry = 98 if side == "long" else 102
    assert (best, worst) == pytest.approx((1 / entry * 100, -1 / entry * 100))


@both_sides
def test_best_and_worst_start_at_the_profit_of_closing_at_the_entry(side):
    played = play(scene(candles={"09:00": "100"}, signals=MARKET, until="09:04"), side)
    (trade,) = played.trades
    flat = -0.3996003996 if side == "long" else -0.4004004004
    assert trade.peak_profit_pct == pytest.approx(flat)
    assert trade.max_drawdown_pct == pytest.approx(flat)
