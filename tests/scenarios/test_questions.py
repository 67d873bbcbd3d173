"""Semantics, section 4: when a strategy is asked, what uses an interval slot up, and what gives it back."""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
from btk.model.commands import CancelScheduled
from btk.model.errors import LookAhead
from btk.model.events import RejectedEvent
from btk.model.intervals import MINUTE_MS
from btk.model.settings import RiskProfile
from btk.model.signal import Signal
from tests.scenarios.bound import refuse_until
from tests.scenarios.harness import Scene, at_ms, both_sides, play, scene
from tests.scenarios.script import Script, long

FLAT = {"09:00": "100"}
EVERY_5 = ["09:00", "09:05", "09:10", "09:15"]


def asked(script: dict, until: str = "09:17", **rest: object) -> list[str]:
    return play(scene(candles=FLAT, interval="5m", until=until, **script, **rest)).asked


def test_an_idle_slot_is_asked_once_per_aligned_interval():
    assert asked({}) == EVERY_5


def test_the_first_question_need_not_be_aligned():
    played = play(scene(candles=FLAT, interval="15m", frame_interval="5m", until="09:40"))
    assert played.asked == ["09:00", "09:15", "09:30"]


def test_a_thinned_out_frame_asks_only_on_its_own_grid():
    played = play(scene(candles=FLAT, interval="1m", frame_interval="15m", until="09:40"))
    assert played.asked == ["09:00", "09:15", "09:30"]


@pytest.mark.parametrize(
    "answer",
    [
        long(stop=101, take=110),
        ValueError("no idea"),
        LookAhead("tomorrow"),
        "buy!",
        long(symbol="ETH"),
        Signal("sideways", 110, 95),
    ],
    ids=["invalid", "exception", "look-ahead", "rubbish", "other symbol", "no side"],
)
def test_what_is_no_signal_uses_the_slot_up(answer):
    assert asked({"signals": {"09:05": answer}}) == EVERY_5


def test_an_id_that_was_opened_before_uses_the_slot_up_and_is_an_event():
    script = {"signals": {"09:00": long(id="one", lifetime_minutes=1), "09:05": long(id="one")}}
    played = play(scene(candles=FLAT, interval="5m", until="09:12", **script))
    assert played.lines == [
        ("09:00", "opened long @100"),
        ("09:01", "closed time_expired @100"),
        ("09:05", "rejected x1 duplicate_id: one has been opened before"),
    ]
    assert played.asked == ["09:00", "09:05", "09:10"]


def test_every_id_is_remembered_not_only_the_last():
    wishes = {
        f"09:0{minute}": long(id=name, lifetime_minutes=1)
        for minute, name in ((0, "one"), (3, "two"), (6, "one"))
    }
    played = play(scene(candles=FLAT, signals=wishes, until="09:10"))
    assert [line for line in played.lines if "rejected" in line[1]] == [
        ("09:06", "rejected x1 duplicate_id: one has been opened before")
    ]


def test_an_id_that_was_only_scheduled_and_cancelled_may_return():
    played = play(
        scene(
            candles=FLAT,
            signals={"09:00": long(id="one", price_open=98), "09:05": long(id="one")},
            commands=[("09:03", CancelScheduled())],
            until="09:08",
        )
    )
    assert played.lines == [
        ("09:00", "scheduled long @98"),
        ("09:03", "cancelled user"),
        ("09:05", "opened long @100"),
        ("09:08", "closed frame_end @100"),
    ]


def test_ids_that_a_strategy_does_not_give_are_derived_from_slot_and_time():
    signals = {"09:01": long(lifetime_minutes=1), "09:04": long(lifetime_minutes=1)}
    played = play(scene(candles=FLAT, signals=signals, until="09:08"))
    assert [trade.id for trade in played.trades] == [
        f"BTC_scripted_test-{at_ms('09:01')}",
        f"BTC_scripted_test-{at_ms('09:04')}",
    ]


@both_sides
def test_a_refusal_by_risk_gives_the_slot_back_and_repeats_are_one_event(side):
    script = {"signals": {"09:05": long(), "09:06": long(), "09:07": long()}, "risk": ("gate",)}
    played = play(
        scene(candles=FLAT, interval="5m", until="09:12", profiles=refuse_until("09:07"), **script), side
    )
    assert played.asked == ["09:00", "09:05", "09:06", "09:07"]
    assert played.lines == [
        ("09:05", "rejected x2 risk: patience: not yet"),
        ("09:07", "opened long @100"),
        ("09:12", "closed frame_end @100"),
    ]
    (rejected,) = played.of(RejectedEvent)
    assert (rejected.at_ms, rejected.tick_ms) == (at_ms("09:05"), at_ms("09:07"))


def test_refusals_of_two_intervals_are_two_events():
    wishes = dict.fromkeys([f"09:{minute:02}" for minute in range(3, 12)], long())
    played = play(
        scene(
            candles=FLAT,
            interval="5m",
            signals=wishes,
            risk=("gate",),
            profiles=refuse_until("12:00"),
            until="09:12",
        )
    )
    assert played.asked == ["09:00", *[f"09:{minute:02}" for minute in range(5, 12)]]
    assert played.lines == [
        ("09:05", "rejected x5 risk: patience: not yet"),
        ("09:10", "rejected x2 risk: patience: not yet"),
    ]


def test_refusals_of_two_rules_are_two_events():
    wishes = dict.fromkeys(("09:05", "09:06"), long(cost=1_000)) | {"09:07": long(cost=20_000)}
    played = play(
        scene(
            candles=FLAT,
            interval="5m",
            signals=wishes,
            risk=("gate",),
            profiles=refuse_until("09:07"),
            until="09:09",
        )
    )
    assert [line for line in played.lines if "rejected" in line[1]] == [
        ("09:05", "rejected x2 risk: patience: not yet"),
        ("09:07", "rejected x1 cash: cost 20000.00 is above the free cash 10000.00"),
    ]


def test_refusals_of_two_limits_of_one_profile_are_two_events():
    wishes = {"09:05": long(take=104), "09:06": long(take=104), "09:07": long(cost=300), "09:08": long()}
    limits = {"p": (RiskProfile(min_reward_risk=1, max_exposure=200), [])}
    played = play(
        scene(candles=FLAT, interval="5m", signals=wishes, risk=("p",), profiles=limits, until="09:10")
    )
    assert played.lines[:3] == [
        ("09:05", "rejected x2 risk: p.min_reward_risk 1: reward over risk is 0.8"),
        ("09:07", "rejected x1 risk: p.max_exposure 200: 0 taken, the entry costs 300"),
        ("09:08", "opened long @100"),
    ]


def test_a_refusal_by_cash_gives_the_slot_back():
    wishes = {"09:05": long(cost=20_000), "09:06": long(cost=100)}
    played = play(scene(candles=FLAT, interval="5m", signals=wishes, until="09:09"))
    assert played.asked == ["09:00", "09:05", "09:06"]
    assert played.lines[1] == ("09:06", "opened long @100")


def test_the_warm_up_is_there_before_the_first_question():
    played = play(scene(candles=FLAT, interval="15m", warmup=10, until="09:50"))
    assert played.asked == ["09:30", "09:45"]


def test_a_position_that_ends_in_the_middle_of_an_interval_is_followed_at_once():
    candles = FLAT | {"09:07": "100 111 99 100"}
    played = play(scene(candles=candles, signals={"09:00": long()}, interval="5m", until="09:12"))
    assert played.asked == ["09:00", "09:08", "09:10"]


def test_unless_that_interval_was_asked_already():
    candles = FLAT | {"09:02": "100 111 99 100"}
    played = play(scene(candles=candles, signals={"09:00": long()}, interval="5m", until="09:12"))
    assert played.asked == ["09:00", "09:05", "09:10"]


def test_a_waiting_signal_is_not_asked_over():
    signals = {"09:00": long(price_open=98)}
    played = play(
        scene(candles=FLAT, signals=signals, rules=Rules(await_ms=3 * MINUTE_MS), until="09:06"),
    )
    assert played.asked == ["09:00", "09:03", "09:04", "09:05"]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (long(), [("09:01", "opened long @100"), ("09:03", "closed frame_end @100")]),
        (long(price_open=98), [("09:01", "scheduled long @98"), ("09:03", "cancelled frame_end")]),
    ],
    ids=["at market", "resting"],
)
def test_a_command_inside_get_signal_is_refused_and_takes_nothing_from_its_answer(wish, told):
    def say(market):
        refused = market.cancel(), market.activate()
        assert [verdict.reason for verdict in refused] == ["no signal is scheduled"] * 2
        return wish

    # What the hooks listen to makes the minutes be gone through one by one.
    script = {"signals": {"09:01": say}, "listens": ["on_opened", "on_active", "on_scheduled", "on_waiting"]}
    assert play(scene(candles=FLAT, until="09:03", **script)).lines == told


def test_slots_are_asked_side_by_side():
    quiet = Script(candles=FLAT, interval="5m")
    played = play(Scene(scripts={"AAA": quiet, "BBB": quiet}, until="09:07"))
    assert played.asked == ["09:00", "09:05", "09:00", "09:05"]
