"""The recorded scenarios that we do not repeat: four where we differ on purpose, and those that end the origin's process."""

from __future__ import annotations

import math

import pytest

from btk.core.rules import ORIGIN
from btk.model.errors import DataError
from btk.model.events import ClosedEvent, OpenedEvent, PartialClosedEvent, RejectedEvent
from btk.model.intervals import MINUTE_MS
from tests.oracle import recorded, replayed
from tests.oracle.replay import only, replay, rules_of
from tests.oracle.scenarios import EXCEPTIONS, Scenario, all_scenarios, scenario, skip_without_recordings


def test_every_exception_and_every_fatal_scenario_has_its_own_test() -> None:
    skip_without_recordings()
    fatal = {name for name, one in all_scenarios().items() if one.expected.fatal is not None}
    assert {f"test_{name}" for name in fatal | EXCEPTIONS} <= set(globals())


def test_cost_zero() -> None:
    one = scenario("cost_zero")
    their_profit = next(row.values["pnl_pct"] for row in recorded.rows(one) if row.kind == "closed")
    assert math.isnan(their_profit)
    run = replay(one)
    refused = only(run.events, RejectedEvent)
    assert (one.minute_of(refused.at_ms), refused.id, refused.reason) == (2, "a", "invalid")
    assert refused.detail == "cost 0 must be finite and above 0"
    assert run.events == [refused]
    assert [one.minute_of(ping.at_ms) for ping in run.strategy.questions] == list(range(91))


def test_infinity_user_close_last_candle_of_chunk() -> None:
    one = scenario("infinity_user_close_last_candle_of_chunk")
    theirs = recorded.rows(one)
    assert next(row.at_ms for row in theirs if row.kind == "closed") == theirs[0].at_ms, (
        "booked at its opening"
    )
    run = replay(one)
    ours = replayed.rows(run.events, rules_of(one.config, ORIGIN))
    asked_ms = next(commit.at for commit in one.commits if commit.op == "closePending")
    closed = next(row for row in ours if row.kind == "closed")
    assert closed.at_ms == asked_ms + MINUTE_MS
    assert closed.values["reason"] == "user"
    assert closed.values["price"] == pytest.approx(average_price(one, closed.at_ms), rel=1e-12)
    assert ours[0] == theirs[0], "opened alike"
    assert run.strategy.questions[6].at_ms == asked_ms + 2 * MINUTE_MS, "asked again once it is closed"


def test_user_create_signal_stale() -> None:
    one = scenario("user_create_signal_stale")
    handed_in_ms = one.commits[0].at
    assert recorded.rows(one) == []
    assert recorded.errors(one) == [handed_in_ms]
    run = replay(one)
    refused = only(run.events, RejectedEvent)
    assert run.events == [refused]
    assert refused.at_ms == handed_in_ms + MINUTE_MS, (
        "at the tick that looked at it, not at the one that gave it"
    )
    assert refused.detail.startswith("SubmitSignal: stop < entry < target does not hold")
    asked_too = {ping.at_ms for ping in run.strategy.questions} - set(recorded.questions(one))
    assert asked_too == {refused.at_ms}, "a refused command does not use the question up"


def test_fill_drops_queued_commits() -> None:
    one = scenario("fill_drops_queued_commits")
    run = replay(one)
    ours = replayed.rows(run.events, rules_of(one.config, ORIGIN))
    partial = only(run.events, PartialClosedEvent)
    assert (partial.pct, partial.at_ms) == (25, one.commits[0].at)
    assert [row for row in ours if row.kind != "partial_closed"] == recorded.rows(one), (
        "and all the rest is equal"
    )


def test_fatal_hole_in_data() -> None:
    expect_data_error("fatal_hole_in_data", "2024-01-01T00:22 to 2024-01-01T00:23")


def test_fatal_high_below_low() -> None:
    expect_data_error("fatal_high_below_low", "2024-01-01T00:22 cannot be true: high 99 is below low 101")


def test_fatal_zero_price() -> None:
    expect_data_error("fatal_zero_price", "2024-01-01T00:22 cannot be true: low 0 is not above 0")


def test_fatal_anomalous_price() -> None:
    expect_data_error(
        "fatal_anomalous_price", "2024-01-01T00:22 cannot be true: low 0.09 is less than a thousandth"
    )


def test_fatal_no_preroll() -> None:
    one = scenario("fatal_no_preroll")
    first_candle_ms = (
        one.candles.start + one.candles.rows.index(next(filter(None, one.candles.rows))) * MINUTE_MS
    )
    run = replay(one)
    assert run.strategy.questions[0].at_ms == first_candle_ms + 5 * MINUTE_MS
    assert run.strategy.questions[-1].at_ms == one.last_tick_ms
    assert run.outcome.complete


def test_fatal_tail_shorter_than_lifetime() -> None:
    one = scenario("fatal_tail_shorter_than_lifetime")
    run = replay(one)
    opened, closed = only(run.events, OpenedEvent), only(run.events, ClosedEvent)
    assert one.minute_of(opened.at_ms) == 5
    assert (one.minute_of(closed.at_ms), closed.close_reason) == (31, "frame_end")
    assert closed.price == pytest.approx(average_price(one, closed.at_ms), rel=1e-12)


def test_fatal_tail_one_short() -> None:
    expect_data_error("fatal_tail_one_short", "2024-01-01T00:35 to 2024-01-01T00:36")


def expect_data_error(name: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        replay(scenario(name))
    assert caught.value.exit_code == 4


def average_price(one: Scenario, at_ms: int) -> float:
    """VWAP over the five candles that end with the one that opens at `at_ms`."""
    last = (at_ms - one.candles.start) // MINUTE_MS
    value = weight = 0.0
    for row in one.candles.rows[last - 4 : last + 1]:
        assert row is not None
        _, high, low, close, volume = row
        value += (high + low + close) / 3 * volume
        weight += volume
    return value / weight
