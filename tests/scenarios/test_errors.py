"""Whatever a strategy does wrong is an event with the words, and the run goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from btk.model.errors import InsufficientData, LookAhead
from btk.model.events import ErrorEvent
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal
from tests.scenarios.harness import at_ms, both_sides, play, scene, table
from tests.scenarios.script import long

FLAT = {"09:00": "100"}


def error_of(answer: object, **rest: object) -> str:
    played = play(scene(candles=FLAT, signals={"09:01": answer}, until="09:03", **rest))
    ((_, line),) = played.lines
    return line


def test_an_exception_in_get_signal_is_an_event():
    assert error_of(ZeroDivisionError("by zero")) == "error x1 get_signal: ZeroDivisionError: by zero"


@pytest.mark.parametrize(
    ("rubbish", "shown"),
    [("buy!", "'buy!'"), (42, "42"), (False, "False"), (["long", 110, 95], "['long', 110, 95]")],
)
def test_rubbish_in_place_of_a_signal_is_an_event(rubbish, shown):
    assert (
        error_of(rubbish)
        == f"error x1 get_signal: TypeError: get_signal answered {shown}; a Signal or None is expected"
    )


def test_long_rubbish_is_cut_short():
    assert len(error_of("x" * 1_000)) < 200


def test_an_invalid_signal_is_a_rejection_with_every_number():
    wrong = Signal("long", float("nan"), 101, cost=-1)
    played = play(scene(candles=FLAT, signals={"09:01": wrong}, until="09:03"))
    assert played.lines == [
        (
            "09:01",
            "rejected x1 invalid: price_take_profit nan must be finite and above 0;"
            " cost -1 must be finite and above 0",
        )
    ]


def test_the_same_error_again_is_counted_and_told_when_it_is_over():
    wrong = {f"09:0{minute}": ValueError("no") for minute in range(1, 5)} | {"09:05": ValueError("else")}
    played = play(scene(candles=FLAT, signals=wrong, until="09:08"))
    assert played.lines == [
        ("09:01", "error x1 get_signal: ValueError: no"),
        ("09:05", "error x3 get_signal: ValueError: no"),
        ("09:05", "error x1 get_signal: ValueError: else"),
    ]
    assert sum(event.count for event in played.of(ErrorEvent)) == 5


def test_errors_that_are_still_being_counted_are_told_at_the_end():
    wrong = {f"09:0{minute}": ValueError("no") for minute in range(1, 5)}
    played = play(scene(candles=FLAT, signals=wrong, until="09:08"))
    assert played.lines == [
        ("09:01", "error x1 get_signal: ValueError: no"),
        ("09:08", "error x3 get_signal: ValueError: no"),
    ]


@both_sides
@table(
    scene(
        "a hook that raises leaves the position as it is",
        candles={"09:00": "100", "09:04": "100 111 99 105"},
        signals={"09:01": long()},
        hooks={("on_active", "09:03"): RuntimeError("oops")},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:03", "error x1 on_active: RuntimeError: oops"),
            ("09:04", "closed take_profit @110"),
        ],
    ),
    scene(
        "what a hook commanded before it raised stands",
        candles={"09:00": "100", "09:04": "100 101 97 98"},
        signals={"09:01": long()},
        hooks={("on_active", "09:03"): (lambda market, position: position.close(), RuntimeError("oops"))},
        until="09:06",
        lines=[
            ("09:01", "opened long @100"),
            ("09:03", "error x1 on_active: RuntimeError: oops"),
            ("09:03", "closed user @100"),
        ],
    ),
    scene(
        "on_error hears of it, and may fail too",
        candles=FLAT,
        signals={"09:01": ValueError("first")},
        hooks={("on_error", "09:01"): KeyError("second")},
        until="09:03",
        lines=[
            ("09:01", "error x1 get_signal: ValueError: first"),
            ("09:01", "error x1 on_error: KeyError: 'second'"),
        ],
    ),
    scene(
        "on_rejected, on_cancelled, on_opened, on_closed and on_scheduled may fail",
        candles={"09:00": "100", "09:05": "100 111 99 105"},
        signals={"09:01": long(stop=100.1), "09:02": long(price_open=98), "09:04": long()},
        hooks={
            ("on_rejected", "09:01"): ValueError("a"),
            ("on_scheduled", "09:02"): (lambda market, signal: market.cancel(), ValueError("b")),
            ("on_cancelled", "09:02"): ValueError("c"),
            ("on_opened", "09:05"): ValueError("d"),
            ("on_closed", "09:06"): ValueError("e"),
        },
        until="09:08",
        lines=[
            ("09:01", "rejected x1 invalid: ..."),
            ("09:01", "error x1 on_rejected: ValueError: a"),
            ("09:02", "scheduled long @98"),
            ("09:02", "cancelled user"),
            ("09:02", "error x1 on_scheduled: ValueError: b"),
            ("09:02", "error x1 on_cancelled: ValueError: c"),
            ("09:04", "opened long @100"),
            ("09:05", "error x1 on_opened: ValueError: d"),
            ("09:05", "closed take_profit @110"),
            ("09:06", "error x1 on_closed: ValueError: e"),
        ],
    ),
)
def test_hooks_that_raise(scene, side):
    lines = [
        (at, f"{line.partition('invalid: ')[0]}invalid: ..." if "invalid" in line else line)
        for at, line in play(scene, side).lines
    ]
    assert lines == scene.lines


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda m: m.candles_between("1m", m.now_ms - MINUTE_MS, m.now_ms + 1), "LookAhead: candles until"),
        (
            lambda m: m.candles_between("1m", m.now_ms + MINUTE_MS, m.now_ms + 2 * MINUTE_MS),
            "LookAhead: candles",
        ),
        (lambda m: m.candles("1m", 10_000), "InsufficientData: BTC: 9994 more bars of 1m were asked for"),
        (lambda m: m.candles("7m", 3), "InvalidInput: unknown interval '7m'"),
        (
            lambda m: m.candles("1m", 0),
            "InvalidInput: candles('1m', 0): the limit must be a whole number above 0",
        ),
        (lambda m: m.candles("1m", -5), "InvalidInput: candles('1m', -5)"),
        (lambda m: m.candles_between("1m", m.now_ms, m.now_ms), "InvalidInput: candles from"),
        (
            lambda m: m.candles_between("1m", datetime(2024, 1, 2), m.now),
            "InvalidInput: the time 2024-01-02 00:00:00 has no time zone",
        ),
        (lambda m: m.indicators["sma"], "KeyError: 'sma'"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_cannot_be_answered_is_an_error_with_the_words(ask, words):
    assert error_of(ask).startswith(f"error x1 get_signal: {words}")


def test_an_attempt_to_look_ahead_can_be_caught_but_shows_nothing():
    def peek(market):
        with pytest.raises(LookAhead):
            market.candles_between("1m", market.now_ms - MINUTE_MS, market.now_ms + MINUTE_MS)
        with pytest.raises(InsufficientData):
            market.candles("1h", 500)
        seen = market.candles_between("1m", datetime(2024, 1, 2, 8, 58, tzinfo=UTC), market.now)
        assert seen.open_ms.tolist() == [at_ms(at) for at in ("08:58", "08:59", "09:00")]

    played = play(scene(candles=FLAT, signals={"09:01": peek}, until="09:03"))
    assert played.lines == []


def test_candles_are_read_only():
    def tamper(market):
        market.candles("1m", 5).close[0] = 1.0

    assert "read-only" in error_of(tamper)


def test_an_error_says_when():
    played = play(scene(candles=FLAT, signals={"09:02": ValueError("no")}, until="09:04"))
    (event,) = played.of(ErrorEvent)
    assert (event.at_ms, event.tick_ms, event.where) == (at_ms("09:02"), at_ms("09:02"), "get_signal")
