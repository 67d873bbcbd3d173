"""The vwap model with the origin's rules replays what the origin's engine did, in every recorded scenario.

Equal means equal to the last bit. Compared: every event with all its times, prices and profits; every question with its
time and price; every operation with the price it saw and its answer; every refusal by risk with what the rule saw;
the times of errors; every once-a-minute look; when, where and how often a best and a worst was seen.

Not compared, and why:
- the words of errors and of refused operations: each engine has its own;
- the shift of a trailing command and the ids of commands: our events have the level it led to, and the note;
- `yields`, and the `signal` and `schedule` events: the same facts as the `tick` events beside them;
- `tick` active: it marks the end of a chunk of candles, of which we have none; `commit` of close, cancel and activate:
  their notes name the reason of the event that follows, and that reason is compared;
- the peak and fall shown at an opening and in cancelled signals: no profit has been seen yet (0, or the costs);
- a signal whose id was used before: nothing is recorded there, we tell it as a `rejected` event.

The scenarios that differ on purpose, or end the origin's process, are in test_exceptions.py, one by one.
"""

from __future__ import annotations

from functools import cache

import pytest

from btk.core.holding import pnl_pct
from btk.core.rules import ORIGIN
from btk.model.events import PartialClosedEvent, RejectedEvent
from tests.oracle import noted, recorded, replayed
from tests.oracle.replay import Mode, Replay, replay, rules_of
from tests.oracle.scenarios import EXCEPTIONS, FOLDER, Scenario, all_scenarios
from tests.oracle.scripted import Ping, Scripted

if not FOLDER.is_dir():
    pytest.skip(
        "the recorded behaviour (../shared/oracle beside the repository) is not here", allow_module_level=True
    )

SCENARIOS = all_scenarios()
FATAL = {name for name, scenario in SCENARIOS.items() if scenario.expected.fatal is not None}
EQUAL = [name for name in SCENARIOS if name not in EXCEPTIONS | FATAL]
every_scenario = pytest.mark.parametrize("name", EQUAL)


@cache
def watched(name: str) -> tuple[Scenario, Replay, Scripted]:
    run = replay(SCENARIOS[name])
    assert isinstance(run.strategy, Scripted)
    return SCENARIOS[name], run, run.strategy


def test_no_scenario_is_left_out() -> None:
    assert len(SCENARIOS) == 178 + 150
    assert len(FATAL) == 7
    assert len(EQUAL) + len(EXCEPTIONS) + len(FATAL) == len(SCENARIOS)


@every_scenario
def test_events_are_the_recorded_ones(name: str) -> None:
    scenario, run, _ = watched(name)
    assert replayed.rows(run.events, rules_of(scenario.config, ORIGIN)) == recorded.rows(scenario)


@every_scenario
def test_a_partial_close_tells_the_profit_of_the_position_right_after_it(name: str) -> None:
    scenario, run, _ = watched(name)
    rules = rules_of(scenario.config, ORIGIN)
    for event, holding in replayed.positions_after(run.events, rules):
        if isinstance(event, PartialClosedEvent):
            assert event.pnl_pct == pnl_pct(holding, event.price, rules)
            assert event.pnl_cost == event.pnl_pct / 100 * holding.invested


@every_scenario
def test_questions_come_when_they_were_recorded(name: str) -> None:
    scenario, run, _ = watched(name)
    assert [ping.at_ms for ping in run.strategy.questions] == recorded.questions(scenario)
    assert len(run.strategy.questions) == scenario.expected.counts["getSignalCalls"]
    expect_pings(scenario, "getSignal", run.strategy.questions)


@every_scenario
def test_operations_see_the_recorded_price_and_get_the_recorded_answer(name: str) -> None:
    scenario, run, script = watched(name)
    assert noted.operations(run, script) == recorded.operations(scenario)


@every_scenario
def test_risk_refuses_what_was_recorded(name: str) -> None:
    scenario, run, _ = watched(name)
    refused = recorded.refusals(scenario)
    assert noted.refusals(run) == refused
    cancelled = sum(
        row.kind == "cancelled" and row.values["reason"] == "risk" for row in recorded.rows(scenario)
    )
    told = sum(
        event.count for event in run.events if isinstance(event, RejectedEvent) and event.reason == "risk"
    )
    assert told + cancelled == len(refused)


@every_scenario
def test_errors_come_when_they_were_recorded(name: str) -> None:
    scenario, run, _ = watched(name)
    assert noted.errors(run) == recorded.errors(scenario)


@every_scenario
def test_every_minute_is_looked_at_as_recorded(name: str) -> None:
    scenario, run, script = watched(name)
    counts, idle = scenario.expected.counts, noted.idle_pings(scenario, run.events, script)
    active = [Ping(ping.at_ms, ping.price) for life in script.lives for ping in life.pings]
    assert len(idle) == counts["idleTicks"]
    assert len(script.waiting) == counts["schedulePings"]
    assert len(active) == counts["activePings"]
    expect_pings(scenario, "idle", idle)
    expect_pings(scenario, "schedule", script.waiting)
    expect_pings(scenario, "active", active)


@every_scenario
def test_every_position_is_looked_at_from_its_first_to_its_last_candle(name: str) -> None:
    scenario, _, script = watched(name)
    looks: dict[str, list[int]] = {}
    for life in script.lives:
        looks.setdefault(life.id, []).extend(ping.at_ms for ping in life.pings)
    seen = {
        name: {"pings": len(at_ms), "first": at_ms[0], "last": at_ms[-1]}
        for name, at_ms in looks.items()
        if at_ms
    }
    assert seen == scenario.expected.per_signal


@every_scenario
def test_best_and_worst_are_seen_when_they_were_recorded(name: str) -> None:
    scenario, _, script = watched(name)
    assert noted.updates(script.lives, "peak") == scenario.expected.counts["highestProfit"]
    assert noted.updates(script.lives, "fall") == scenario.expected.counts["maxDrawdown"]
    assert noted.extremes(script.lives, "peak") == recorded.extremes(scenario, "peak")
    assert noted.extremes(script.lives, "fall") == recorded.extremes(scenario, "fall")


@pytest.mark.parametrize("name", [name for name in EQUAL if not SCENARIOS[name].commits])
def test_a_replay_that_jumps_tells_the_same(name: str) -> None:
    scenario, run, _ = watched(name)
    jumped = replay(scenario, Mode(watch=False))
    assert jumped.events == run.events
    assert jumped.strategy.questions == run.strategy.questions


@every_scenario
def test_a_replay_in_blocks_of_one_minute_tells_the_same(name: str) -> None:
    scenario, run, _ = watched(name)
    assert replay(scenario, Mode(block_minutes=1)).events == run.events


def expect_pings(scenario: Scenario, kind: str, pings: list[Ping]) -> None:
    wanted = recorded.pings(scenario, kind)
    if wanted is not None:
        assert pings == wanted
