"""Semantics, section 3, the `vwap` column by our own rules, on both sides; the origin's are in tests/oracle.

The average is of one candle here, where nothing else is said: a flat minute at 101 has the price 101. A candle is
named by its open time, a signal of 09:01 has seen candle 09:00.
"""

from __future__ import annotations

from typing import Any

import pytest

from btk.core.rules import Rules
from btk.model.commands import ActivateScheduled, AverageBuy, CancelScheduled, ClosePosition, PartialClose
from btk.model.intervals import MINUTE_MS
from tests.scenarios.bound import limited
from tests.scenarios.harness import Scene, both_sides, play, scene, table
from tests.scenarios.script import Script, long

ONE = Rules(average_price_candles=1, slippage_pct=0, fee_pct=0, breakeven_pct=0.2)
TWO_MINUTES = Rules(
    average_price_candles=1, slippage_pct=0, fee_pct=0, breakeven_pct=0.2, await_ms=2 * MINUTE_MS
)
MARKET = {"09:01": long()}
RESTING = {"09:01": long(price_open=98)}
OPENED = ("09:01", "opened long @100")
SCHEDULED = ("09:01", "scheduled long @98")


def far_price(candidate: Any, book: Any) -> str | None:
    """A rule of somebody's: nothing is opened more than 1 away from 100."""
    return None if abs(candidate.price - 100) <= 1 else "too far"


def vwap(title: str, path: dict[str, str], **rest: Any) -> Scene:
    chosen = {"signals": MARKET, "rules": ONE, "until": "09:06", **rest}
    return scene(title, candles={"09:00": "100", **path}, model="vwap", **chosen)


@both_sides
@table(
    vwap(
        "a market order is filled at once, and first looked at with the next candle",
        {"09:01": "111"},
        lines=[OPENED, ("09:01", "closed take_profit @110")],
    ),
    vwap(
        "an entry price that is passed already is opened at itself",
        {},
        signals={"09:01": long(price_open=101)},
        lines=[("09:01", "opened long @101"), ("09:06", "closed frame_end @100")],
    ),
    vwap(
        "wicks close nothing, averages close exactly at the level",
        {"09:02": "100 125 80 100", "09:04": "94"},
        lines=[OPENED, ("09:04", "closed stop_loss @95")],
    ),
    vwap(
        "an average at the target is an exact touch",
        {"09:03": "110"},
        lines=[OPENED, ("09:03", "closed take_profit @110 (exact touch)")],
    ),
    vwap(
        "the lifetime is over before the target is looked at",
        {"09:03": "112"},
        signals={"09:01": long(lifetime_minutes=2)},
        lines=[OPENED, ("09:03", "closed time_expired @112")],
    ),
    vwap(
        "a close that was asked for comes before the lifetime, at the average of the next candle",
        {"09:03": "112 117 106 113"},
        signals={"09:01": long(lifetime_minutes=2)},
        hooks={("on_active", "09:03"): ClosePosition()},
        lines=[OPENED, ("09:03", "closed user @112")],
    ),
    vwap(
        "parts and other entries are filled at once, at the average the hook saw",
        {"09:02": "101", "09:03": "98", "09:04": "100"},
        hooks={
            ("on_active", "09:03"): PartialClose("profit", pct=40),
            ("on_active", "09:04"): AverageBuy(50),
        },
        lines=[
            OPENED,
            ("09:02", "closed 40 % in profit @101"),
            ("09:03", "bought 50 more @98"),
            ("09:06", "closed frame_end @100"),
        ],
    ),
    vwap(
        "a part that leaves nothing ends the position with the next candle",
        {"09:02": "101", "09:03": "102"},
        hooks={("on_active", "09:03"): PartialClose("profit", pct=100)},
        lines=[OPENED, ("09:02", "closed 100 % in profit @101"), ("09:03", "closed partial @102")],
    ),
    vwap(
        "the frame ends with the candle that opens a minute after the last question",
        {"09:05": "101", "09:06": "102"},
        lines=[OPENED, ("09:06", "closed frame_end @102")],
    ),
)
def test_positions(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
@table(
    vwap(
        "a touched entry is opened at itself and first looked at in the candle after",
        {"09:02": "98 130 98 130", "09:03": "130"},
        signals=RESTING,
        lines=[SCHEDULED, ("09:02", "opened long @98"), ("09:03", "closed take_profit @110")],
    ),
    vwap(
        "a candle that reaches entry and stop gives the signal up",
        {"09:02": "99 99 95 97"},
        signals=RESTING,
        lines=[SCHEDULED, ("09:02", "cancelled price_reject")],
    ),
    vwap(
        "a waiting that is over comes before the stop and the entry",
        {"09:03": "99 99 95 97"},
        signals=RESTING,
        rules=TWO_MINUTES,
        lines=[SCHEDULED, ("09:03", "cancelled timeout")],
    ),
    vwap(
        "a cancel comes before a waiting that is over",
        {},
        signals=RESTING,
        rules=TWO_MINUTES,
        hooks={("on_waiting", "09:03"): CancelScheduled()},
        lines=[SCHEDULED, ("09:03", "cancelled user")],
    ),
    vwap(
        "an activation opens at the entry price, before a waiting that is over and before the stop",
        {"09:03": "99 99 95 97", "09:04": "111"},
        signals=RESTING,
        rules=TWO_MINUTES,
        hooks={("on_waiting", "09:03"): ActivateScheduled()},
        lines=[SCHEDULED, ("09:03", "opened long @98"), ("09:04", "closed take_profit @110")],
    ),
    vwap(
        "what waits at the end of the frame is given up",
        {},
        signals=RESTING,
        lines=[SCHEDULED, ("09:06", "cancelled frame_end")],
    ),
    vwap(
        "risk is asked again when the entry is touched: it sees the entry",
        {"09:03": "98"},
        signals=RESTING,
        risk=("p",),
        profiles=limited(far_price),
        lines=[SCHEDULED, ("09:03", "cancelled risk")],
    ),
    vwap(
        "risk is asked again at an activation by command: it sees the average",
        {"09:03": "99.5"},
        signals=RESTING,
        risk=("p",),
        profiles=limited(far_price),
        hooks={("on_waiting", "09:03"): ActivateScheduled()},
        lines=[SCHEDULED, ("09:03", "opened long @98"), ("09:06", "closed frame_end @99.5")],
    ),
    vwap(
        "its own place does not count against it",
        {"09:03": "98"},
        signals=RESTING,
        risk=("p",),
        profiles=limited(max_positions=1),
        lines=[SCHEDULED, ("09:03", "opened long @98"), ("09:06", "closed frame_end @98")],
    ),
)
def test_waiting_entries(scene, side):
    assert play(scene, side).lines == scene.lines


@both_sides
def test_an_exit_makes_room_for_an_entry_of_the_same_candle_whatever_the_order_of_slots(side):
    def alone(candidate: Any, book: Any) -> str | None:
        return "in company" if candidate.symbol == "AAA" and book.positions else None

    waits = Script(candles={"09:00": "100", "09:04": "98"}, signals=RESTING, risk=("p",))
    leaves = Script(candles={"09:00": "100", "09:04": "111"}, signals={"09:02": long()}, risk=("p",))
    scripts = {"AAA": waits, "BBB": leaves}
    played = play(
        Scene(scripts=scripts, profiles=limited(alone), rules=ONE, model="vwap", until="09:06"), side
    )
    assert played.lines[2:4] == [("09:04", "BBB closed take_profit @110"), ("09:04", "AAA opened long @98")]


@both_sides
def test_best_and_worst_are_profits_at_averages_the_exit_included(side):
    path = {"09:02": "101 109 101 105", "09:03": "99 100 92 96", "09:04": "111"}
    (trade,) = play(vwap("", path), side).trades
    assert trade.max_drawdown_pct == pytest.approx(-4)
    assert trade.peak_profit_pct == pytest.approx(10)


@both_sides
def test_best_and_worst_start_at_the_profit_of_closing_at_the_entry(side):
    path = {"09:02": "98 130 98 130", "09:03": "105", "09:04": "111"}
    costs = Rules(average_price_candles=1, slippage_pct=0, fee_pct=0.1)
    (trade,) = play(vwap("", path, signals=RESTING, rules=costs), side).trades
    assert trade.max_drawdown_pct == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("signals", "path", "looked_at"),
    [(MARKET, {}, ["09:02", "09:03"]), (RESTING, {"09:01": "98"}, ["09:03"])],
    ids=["at market: with the next candle", "resting: with the candle after the one that touched"],
)
def test_a_position_is_first_looked_at(signals, path, looked_at):
    played = play(vwap("", path, signals=signals, listens=["on_active"], until="09:03"))
    assert [at for at, call in played.calls if call == "on_active"] == looked_at


@pytest.mark.parametrize(
    ("volumes", "price"),
    [("11111", 102.0), ("00004", 104.0), ("00000", 102.5)],
    ids=["equal volumes", "one minute traded", "nothing traded: the mean of the closes"],
)
def test_the_average_is_of_five_typical_prices_by_volume(volumes, price):
    rows = ["100 100 100 100", "101 101 101 101", "102 102 102 102", "103 103 103 103", "104 105.5 100 106.5"]
    candles = {f"09:0{minute}": f"{row} {volumes[minute]}" for minute, row in enumerate(rows)}
    seen: list[float] = []
    asked = {"09:05": lambda market: seen.append(market.price)}
    play(scene(candles=candles, model="vwap", signals=asked, until="09:06"))
    assert seen == pytest.approx([price, price])
