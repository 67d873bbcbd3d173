"""Semantics, section 3, the `candle` column: every cell, told for a long position and played on both sides.

A candle is named by its open time; it is known one minute later. A signal of 09:01 has seen candle 09:00.
"""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    ClosePosition,
    PartialClose,
    TrailStop,
    TrailTake,
)
from btk.model.events import ClosedEvent, OpenedEvent
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal
from tests.scenarios.harness import at_ms, both_sides, play, scene, table
from tests.scenarios.script import long

MARKET = {"09:01": long(stop=95, take=110)}
RESTING = {"09:01": long(stop=95, take=110, price_open=98)}
SHORT_WAIT = Rules(await_ms=5 * MINUTE_MS)


@both_sides
@table(
    scene(
        "an order decided at 09:01 fills at the open of candle 09:01",
        candles={"09:00": "100", "09:01": "100.5 101 100 101"},
        signals=MARKET,
        until="09:03",
        lines=[("09:01", "opened long @100.5"), ("09:03", "closed frame_end @101")],
    ),
    scene(
        "the candle of the fill can hit the stop",
        candles={"09:00": "100", "09:01": "100 101 95 97"},
        signals=MARKET,
        until="09:03",
        lines=[("09:01", "opened long @100"), ("09:01", "closed stop_loss @95")],
    ),
    scene(
        "the candle of the fill can hit the target",
        candles={"09:00": "100", "09:01": "100 111 99 105"},
        signals=MARKET,
        until="09:03",
        lines=[("09:01", "opened long @100"), ("09:01", "closed take_profit @110")],
    ),
    scene(
        "a fill beyond the stop is closed at that open",
        candles={"09:00": "100", "09:01": "94 96 93 95"},
        signals=MARKET,
        until="09:03",
        lines=[("09:01", "opened long @94"), ("09:01", "closed stop_loss @94")],
    ),
    scene(
        "an entry price that the market has already passed is a market order",
        candles={"09:00": "100", "09:01": "99 100 98 99"},
        signals={"09:01": long(price_open=101)},
        until="09:02",
        lines=[("09:01", "opened long @99"), ("09:02", "closed frame_end @99")],
    ),
    scene(
        "an entry price that the market stands at is a market order",
        candles={"09:00": "100", "09:01": "99 100 98 99"},
        signals={"09:01": long(price_open=100)},
        until="09:02",
        lines=[("09:01", "opened long @99"), ("09:02", "closed frame_end @99")],
    ),
)
def test_market_orders(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
@table(
    scene(
        "a resting entry fills at its price when the candle just touches it",
        candles={"09:00": "100", "09:03": "100 100 98 99"},
        signals=RESTING,
        until="09:05",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:03", "opened long @98"),
            ("09:05", "closed frame_end @99"),
        ],
    ),
    scene(
        "the first candle it can fill in is the one that opens when it is made",
        candles={"09:00": "100 100 97 100", "09:01": "100 100 98 100"},
        signals=RESTING,
        until="09:03",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:01", "opened long @98"),
            ("09:03", "closed frame_end @100"),
        ],
    ),
    scene(
        "a resting entry is filled at its price also when the open is better",
        candles={"09:00": "100", "09:03": "97 99 96 99"},
        signals=RESTING,
        until="09:05",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:03", "opened long @98"),
            ("09:05", "closed frame_end @99"),
        ],
    ),
    scene(
        "an open beyond the stop fills the entry at its price and closes at that open",
        candles={"09:00": "100", "09:03": "94 99 93 99"},
        signals=RESTING,
        until="09:05",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:03", "opened long @98"),
            ("09:03", "closed stop_loss @94"),
        ],
    ),
    scene(
        "a candle through the entry and the stop opens and stops",
        candles={"09:00": "100", "09:03": "100 100 95 99"},
        signals=RESTING,
        until="09:05",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:03", "opened long @98"),
            ("09:03", "closed stop_loss @95"),
        ],
    ),
    scene(
        "the target of a resting entry counts only from the next candle on",
        candles={"09:00": "100", "09:03": "100 111 98 105", "09:04": "105 110 104 106"},
        signals=RESTING,
        until="09:06",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:03", "opened long @98"),
            ("09:04", "closed take_profit @110 (exact touch)"),
        ],
    ),
    scene(
        "a price that runs to the target without the entry leaves it waiting",
        candles={"09:00": "100", "09:02": "100 112 99 111"},
        signals=RESTING,
        until="09:04",
        lines=[("09:01", "scheduled long @98"), ("09:04", "cancelled frame_end")],
    ),
    scene(
        "waiting is over at exactly creation plus the waiting time",
        candles={"09:00": "100", "09:06": "100 100 97 100"},
        signals=RESTING,
        rules=SHORT_WAIT,
        until="09:08",
        lines=[("09:01", "scheduled long @98"), ("09:06", "cancelled timeout")],
    ),
    scene(
        "the candle that closes when the waiting is over can still fill it",
        candles={"09:00": "100", "09:05": "100 100 97 100"},
        signals=RESTING,
        rules=SHORT_WAIT,
        until="09:08",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:05", "opened long @98"),
            ("09:08", "closed frame_end @100"),
        ],
    ),
    scene(
        "a waiting that is over leaves the slot idle for a question of the same tick",
        candles={"09:00": "100"},
        signals={**RESTING, "09:06": long()},
        rules=SHORT_WAIT,
        until="09:08",
        lines=[
            ("09:01", "scheduled long @98"),
            ("09:06", "cancelled timeout"),
            ("09:06", "opened long @100"),
            ("09:08", "closed frame_end @100"),
        ],
    ),
)
def test_scheduled_entries(scene, side):
    assert play(scene, side).lines == scene.lines


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
        until="09:05",
        lines=[("09:01", "scheduled long @98"), ("09:05", "cancelled user")],
    ),
)
def test_the_end_of_the_frame(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
def test_the_price_shown_is_the_close_of_the_last_closed_candle(side):
    seen = []
    play(
        scene(
            candles={"09:00": "100", "09:01": "101 105 99 104"},
            signals={"09:01": lambda market: seen.append(market.price)}
            | {"09:02": lambda market: seen.append(market.price)},
            until="09:03",
        ),
        side,
    )
    assert seen == ([100, 104] * 2 if side == "long" else [100, 96] * 2)


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


@both_sides
def test_what_happens_inside_a_candle_is_stamped_with_its_open_and_known_at_its_close(side):
    played = play(
        scene(candles={"09:00": "100", "09:03": "100 101 94 96"}, signals=MARKET, until="09:06"), side
    )
    (opened,), (closed,) = played.of(OpenedEvent), played.of(ClosedEvent)
    assert (opened.at_ms, opened.tick_ms) == (at_ms("09:01"), at_ms("09:02"))
    assert (closed.at_ms, closed.tick_ms) == (at_ms("09:03"), at_ms("09:04"))
    assert (closed.trade.scheduled_at_ms, closed.trade.opened_at_ms) == (at_ms("09:01"), at_ms("09:01"))


def test_a_short_written_out_without_the_mirror():
    played = play(
        scene(
            candles={"09:00": "100", "09:02": "100 101 99 100", "09:03": "101 106 100 102"},
            signals={"09:01": Signal("short", 90, 105)},
            until="09:05",
        )
    )
    assert played.lines == [("09:01", "opened short @100"), ("09:03", "closed stop_loss @105")]
    (trade,) = played.trades
    assert trade.pnl_pct == pytest.approx(-5.4154204204)
