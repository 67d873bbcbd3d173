"""Semantics, section 3, the `candle` column: entries, told for a long position and played on both sides.

A candle is named by its open time; it is known one minute later. A signal of 09:01 has seen candle 09:00.
"""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
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
