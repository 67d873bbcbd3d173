"""The golden vectors of origin-core.md, section 12, through the vwap model with the origin's rules.

Minute 0 is 09:00. A flat minute there has a high of +0.1 and a low of -0.1, so that its typical price is its close.
The rounding of the original's candles in G7 is not known, and with it the minute in which a level of 30 or 60 % is told.
G19 and G20 are of a live loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from btk.core.rules import ORIGIN, Rules
from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    CancelScheduled,
    ClosePosition,
    Command,
    PartialClose,
    Stop,
)
from btk.model.events import CancelledEvent, ClosedEvent, OpenedEvent, PartialClosedEvent, ProfitLevelEvent
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal
from btk.model.trade import Trade
from tests.scenarios.harness import NINE_MS, Played, Scene, play, scene
from tests.scenarios.script import long

THEIRS = Rules(quirks=ORIGIN, tolerance=0.0)
WARM_UP = range(-10, 0)


def at(minute: int) -> str:
    return f"{9 + minute // 60:02}:{minute % 60:02}"


def flat(price: float) -> str:
    return f"{price} {price + 0.1} {price - 0.1} {price}"


def candles(last: int, path: Mapping[int, float | str]) -> dict[str, str]:
    """Minutes up to `last`: flat at 100, or at the last price `path` names; text is a single candle of its own."""
    price, rows = 100.0, {}
    for minute in range(WARM_UP.start, last + 2):
        said = path.get(minute, price)
        rows[at(minute)] = said if isinstance(said, str) else flat(said)
        price = price if isinstance(said, str) else said
    return rows


def golden(
    signal: Signal, last_tick: int, path: Mapping[int, float | str] | None = None, **rest: Any
) -> Scene:
    defaults = {"signals": {at(0): signal}, "until": at(last_tick + 1), "rules": THEIRS}
    return scene(candles=candles(last_tick, path or {}), model="vwap", **{**defaults, **rest})


def only_trade(played: Played) -> Trade:
    (trade,) = played.trades
    assert isinstance(trade, Trade)
    return trade


def test_g1_a_lifetime_of_five_minutes_has_five_pings() -> None:
    played = play(golden(long(take=102, lifetime_minutes=5), 20, listens=["on_active"]))
    assert played.lines == [(at(0), "opened long @100"), (at(5), "closed time_expired @100")]
    # the ping of candle m comes at tick m + 1
    assert [when for when, call in played.calls if call == "on_active"] == [at(m + 1) for m in range(5)]
    assert only_trade(played).pnl_pct == pytest.approx(-0.399600, abs=5e-7)


def test_g2_the_frame_ends_one_minute_after_its_last_tick() -> None:
    played = play(golden(long(take=102, lifetime_minutes=500), 20))
    assert played.lines[-1] == (at(21), "closed frame_end @100")


def test_g3_a_limit_that_is_never_touched_waits_120_minutes() -> None:
    played = play(golden(long(take=102, price_open=98), 300))
    assert played.lines == [(at(0), "scheduled long @98"), (at(120), "cancelled timeout")]


def test_g4_a_limit_touched_in_minute_119_opens_and_in_minute_120_is_cancelled() -> None:
    signal = long(take=102, price_open=98, lifetime_minutes=30)
    touched = "100 100.1 98 100"
    opened = play(golden(signal, 200, {119: touched}))
    assert opened.lines[1:] == [(at(119), "opened long @98"), (at(149), "closed time_expired @100")]
    late = play(golden(signal, 200, {120: touched}))
    assert late.lines[1:] == [(at(120), "cancelled timeout")]
    assert late.of(CancelledEvent)[0].price == pytest.approx(99.873333, abs=5e-7)


def test_g5_a_candle_that_touches_entry_and_stop_cancels() -> None:
    played = play(golden(long(take=102, price_open=98), 30, {10: "100 100.1 95 97"}))
    assert played.lines[1:] == [(at(10), "cancelled price_reject")]
    assert played.of(CancelledEvent)[0].price == pytest.approx(99.473333, abs=5e-7)


def test_g6_wicks_close_nothing() -> None:
    played = play(golden(long(take=102, lifetime_minutes=30), 60, {10: "100 110 90 100"}))
    assert played.lines[-1] == (at(30), "closed time_expired @100")


def test_g7_the_average_climbs_over_the_target_in_steps_of_30_percent() -> None:
    played = play(golden(long(take=102), 60, {10: 103.0}))
    assert played.lines[-1] == (at(13), "closed take_profit @102")
    assert only_trade(played).pnl_pct == pytest.approx(1.594408, abs=5e-7)
    assert [event.level for event in played.of(ProfitLevelEvent)] == [10, 20, 30, 40, 50, 60, 70, 80]


def test_g7_our_tolerance_finds_the_90_percent_that_a_float_hides() -> None:
    played = play(golden(long(take=102), 60, {10: 103.0}, rules=Rules()))
    levels = [(event.level, minute) for event, minute in told(played, ProfitLevelEvent)]
    assert levels == [
        (10, 10),
        (20, 10),
        (30, 10),
        (40, 11),
        (50, 11),
        (60, 11),
        (70, 12),
        (80, 12),
        (90, 12),
    ]


def test_g8_after_a_limit_was_filled_the_stop_is_closed_exactly() -> None:
    played = play(golden(long(take=102, price_open=98), 60, {5: "100 100.1 95.5 96", 6: 94.0}))
    assert played.lines[1:] == [(at(5), "opened long @98"), (at(9), "closed stop_loss @95")]
    assert only_trade(played).pnl_pct == pytest.approx(-3.451653, abs=5e-7)


def test_g9_a_limit_already_passed_opens_at_its_own_price() -> None:
    played = play(golden(long(take=105, price_open=101, lifetime_minutes=3), 30))
    assert played.lines == [(at(0), "opened long @101"), (at(3), "closed time_expired @100")]
    assert only_trade(played).pnl_pct == pytest.approx(-1.386733, abs=5e-7)


def test_g10_a_strategy_of_one_hour_opens_on_the_hour() -> None:
    signal = long(take=102, lifetime_minutes=20)
    played = play(golden(signal, 170, signals={}, otherwise=signal, interval="1h"))
    assert minutes_of(played, OpenedEvent) == [0, 60, 120]
    assert minutes_of(played, ClosedEvent) == [20, 80, 140]


def test_g11_a_strategy_of_one_minute_is_asked_again_the_minute_after_a_close() -> None:
    signal = long(take=102, lifetime_minutes=5)
    played = play(golden(signal, 20, signals={}, otherwise=signal))
    assert played.asked == [at(0), at(6), at(12), at(18)]
    assert minutes_of(played, ClosedEvent) == [5, 11, 17, 21]


def test_g12_a_frame_of_hours_ends_a_minute_after_its_last_tick() -> None:
    signal = long(take=102, lifetime_minutes=90)
    played = play(
        golden(signal, 300, signals={}, otherwise=signal, frame_interval="1h", until=at(359)),
    )
    assert minutes_of(played, OpenedEvent) == [0, 120, 240]
    assert minutes_of(played, ClosedEvent) == [90, 210, 301]


def test_g13_a_close_asked_for_in_ping_12_happens_in_minute_13() -> None:
    played = play(golden(long(take=102), 30, hooks=in_ping({12: ClosePosition()})))
    assert played.lines[-1] == (at(13), "closed user @100")


def test_g14_closing_all_in_parts_ends_the_position_a_minute_later() -> None:
    hooks = in_ping({12: PartialClose("profit", 30), 14: PartialClose("profit", 100)})
    played = play(golden(long(take=110), 30, {2: 101.0}, hooks=hooks))
    assert minutes_of(played, PartialClosedEvent) == [12, 14]
    assert played.lines[-1] == (at(15), "closed partial @101")
    assert only_trade(played).pnl_pct == pytest.approx(0.597404, abs=5e-7)


@pytest.mark.parametrize(
    ("asked", "given", "then"),
    [
        ({7: CancelScheduled()}, [], "cancelled user"),
        ({7: ActivateScheduled()}, [], "opened long @98"),
        ({}, [(at(8), Stop())], "cancelled stopped"),
    ],
)
def test_g15_what_a_waiting_signal_is_told_in_ping_7_happens_in_minute_8(
    asked: dict[int, Command], given: list[tuple[str, Command]], then: str
) -> None:
    hooks = in_ping(asked, "on_waiting")
    played = play(golden(long(take=102, price_open=98), 30, hooks=hooks, commands=given))
    assert (at(8), then) in played.lines


def test_g16_a_hook_sees_the_average_that_ends_with_its_candle_but_orders_at_the_one_before() -> None:
    path = {minute: 100 + 0.1 * minute for minute in range(WARM_UP.start, 31)}
    seen: list[float] = []
    hooks: dict[tuple[str, str], Any] = {
        ("on_active", at(minute + 1)): lambda market, position: seen.append(market.price)
        for minute in range(3)
    }
    hooks["on_active", at(21)] = PartialClose("profit", 10)
    played = play(golden(long(take=110), 30, path, hooks=hooks))
    assert played.of(OpenedEvent)[0].price_open == pytest.approx(99.7)
    assert seen[:3] == pytest.approx([99.8, 99.9, 100.0])
    assert played.of(PartialClosedEvent)[0].price == pytest.approx(100 + 0.1 * (20 - 2) - 0.1)


def test_g17_the_best_is_a_price_that_beats_the_first_entry() -> None:
    path = {5: 90.0, 15: 97.0}
    signal = long(take=110, stop=85, lifetime_minutes=40)
    trade = only_trade(play(golden(signal, 60, path, hooks=in_ping({11: AverageBuy()}))))
    assert trade.price_open == pytest.approx(94.736842, abs=5e-7)
    assert (trade.close_reason, trade.price_close) == ("time_expired", pytest.approx(97))
    assert trade.pnl_pct == pytest.approx(1.982131, abs=5e-7)
    assert trade.peak_profit_pct == 0


def test_g18_a_close_asked_for_at_the_opening_happens_in_the_same_minute() -> None:
    played = play(golden(long(take=102), 30, hooks={("on_opened", at(0)): ClosePosition()}))
    assert played.lines == [(at(0), "opened long @100"), (at(0), "closed user @100")]


def in_ping(asked: dict[int, Command], hook: str = "on_active") -> dict[tuple[str, str], Command]:
    """What is asked at the look at candle m, which comes at tick m + 1."""
    return {(hook, at(minute + 1)): command for minute, command in asked.items()}


def minutes_of(played: Played, kind: type[Any]) -> list[int]:
    return [minute for _, minute in told(played, kind)]


def told(played: Played, kind: type[Any]) -> list[tuple[Any, int]]:
    return [(event, (event.at_ms - NINE_MS) // MINUTE_MS) for event in played.of(kind)]
