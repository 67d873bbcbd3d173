"""Orders from another terminal: what they do to a run, when, and that none is lost or meant for another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.command_files import Action, CommandFiles, Order
from btk.library.project import open_project
from btk.library.run_orders import Choice, Given, give_order
from btk.library.run_view import RunView
from btk.library.stop_control import OnStop, StopControl
from btk.model.errors import UsageError
from btk.model.run_status import RunStatus
from tests.cli.strategy_project import events
from tests.library.trading_project import OPENED, START_MS, Killed, killed, leave, traded, trading_project

BOTH = ["BTCUSDT", "ETHUSDT"]


def ordered(root: Path, action: Action, *symbols: str) -> Given:
    settings, folder = open_project(root)
    return give_order(action, Choice(symbols or None), settings, folder, None)


def status(root: Path) -> RunStatus:
    settings, folder = open_project(root)
    return RunView(settings, folder, "paper").status()


def told(root: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in events(root) if event["type"] == kind]


def waiting(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "dump/paper/data/command").glob("*"))


def test_a_paused_slot_is_not_asked_until_it_is_resumed(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    plan = {
        5: lambda _: ordered(root, "pause", "BTCUSDT"),
        OPENED + 5: lambda _: ordered(root, "resume"),
        OPENED + 65: leave,
    }
    traded(root, plan)
    opened = {event["symbol"]: event["at_ms"] for event in reversed(told(root, "opened"))}
    assert opened["BTCUSDT"] == opened["ETHUSDT"] + 60 * 60_000
    assert [event["symbol"] for event in told(root, "paused")] == ["BTCUSDT"]
    assert waiting(root) == []


def test_an_order_says_what_it_is_for_and_when_it_takes_effect(tmp_path: Path) -> None:
    root, given = trading_project(tmp_path), []
    traded(root, {5: lambda _: given.append(ordered(root, "pause", "ETH/USDT")), 7: leave})
    (order,) = given
    assert [slot.symbol for slot in order.slots] == ["ETHUSDT"]
    (paused,) = told(root, "paused")
    assert order.takes_effect_ms == paused["tick_ms"] == START_MS + 6 * 60_000


def test_stop_waits_for_the_position_and_ends_the_slots_that_hold_nothing(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    plan = {
        5: lambda _: ordered(root, "pause", "ETHUSDT"),
        OPENED + 2: lambda _: ordered(root, "stop"),
    }
    ended = traded(root, plan)
    assert (ended.left_by, ended.document["status"]) == (None, "complete")
    (closed,) = told(root, "closed")
    assert closed["close_reason"] == "time_expired"
    assert status(root).goes_on is False


@pytest.mark.parametrize("action", ["stop", "flatten"])
def test_a_stop_with_flatten_and_a_flatten_close_at_market_at_once(tmp_path: Path, action: Action) -> None:
    root = trading_project(tmp_path)
    plan = {OPENED + 2: lambda _: ordered(root, action), OPENED + 8: leave}
    ended = traded(root, plan, on_stop="flatten")
    closed = told(root, "closed")
    assert [(event["symbol"], event["close_reason"]) for event in closed] == [(name, "user") for name in BOTH]
    assert {event["tick_ms"] for event in closed} == {START_MS + (OPENED + 4) * 60_000}
    # A run that was only flattened goes on, paused; one that was stopped has ended.
    assert (ended.left_by, len(told(root, "paused"))) == ((None, 0) if action == "stop" else (143, 2))


def test_a_stop_with_leave_leaves_and_the_next_start_goes_on(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    ended = traded(root, {OPENED + 2: lambda _: ordered(root, "stop")}, on_stop="leave")
    assert ended.left_by == 130
    assert waiting(root) == []
    assert [slot.state for slot in status(root).slots] == ["open", "open"]
    assert traded(root, {5: leave}, start_ms=START_MS + 50 * 60_000).left_by == 143


def test_stopping_one_slot_leaves_the_others_at_work(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: lambda _: ordered(root, "stop", "BTCUSDT"), OPENED + 5: leave}, on_stop="leave")
    assert {event["symbol"] for event in told(root, "opened")} == {"ETHUSDT"}
    assert {slot.symbol: slot.stopping for slot in status(root).slots} == {"BTCUSDT": True, "ETHUSDT": False}


def test_an_order_for_a_run_that_is_down_is_carried_out_when_it_goes_on(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    given = ordered(root, "stop")
    assert (given.alive, given.takes_effect_ms, len(waiting(root))) == (False, None, 1)
    ended = traded(root, {}, start_ms=START_MS + 10 * 60_000)
    assert (ended.left_by, waiting(root)) == (None, [])
    assert status(root).goes_on is False


def test_an_order_outlives_a_kill_before_it_was_carried_out(tmp_path: Path) -> None:
    root = trading_project(tmp_path)

    def die(control: StopControl) -> None:
        ordered(root, "pause")
        killed(control)

    with pytest.raises(Killed):
        traded(root, {5: die})
    traded(root, {5: leave}, start_ms=START_MS + 10 * 60_000)
    assert len(told(root, "paused")) == 2


def test_a_stop_given_twice_does_not_stop_the_next_run(tmp_path: Path) -> None:
    root = trading_project(tmp_path)

    def twice(control: StopControl) -> None:
        ordered(root, "stop")
        ordered(root, "stop")

    first = traded(root, {5: twice})
    second = traded(root, {5: leave}, start_ms=START_MS + 60 * 60_000)
    assert (first.left_by, second.left_by) == (None, 143)
    assert first.folder != second.folder


def test_beginning_anew_obeys_nothing_that_the_run_before_was_told(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    ordered(root, "stop")
    traded(root, {5: leave}, fresh=True)
    assert status(root).goes_on is True
    assert told(root, "stopped") == []


def test_without_a_run_to_give_it_to_an_order_is_refused(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    with pytest.raises(UsageError, match="nothing runs"):
        ordered(root, "flatten")
    assert waiting(root) == []


def test_where_two_runs_could_be_meant_the_mode_must_be_named(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    traded(root, {5: leave}, mode="live")
    with pytest.raises(UsageError, match="live and paper runs; say which with --mode"):
        ordered(root, "pause")
    settings, folder = open_project(root)
    assert give_order("pause", Choice(), settings, folder, "paper").mode == "paper"


def test_a_name_the_run_does_not_have_is_refused_with_the_nearest(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {5: leave})
    with pytest.raises(UsageError, match="no symbol BTCUSTD; did you mean BTCUSDT"):
        ordered(root, "pause", "BTCUSTD")
    settings, folder = open_project(root)
    with pytest.raises(UsageError, match=r"no strategy sma \(there: on_the_hour\)"):
        give_order("pause", Choice(None, ("sma",)), settings, folder, None)
    assert waiting(root) == []


def test_a_file_that_is_no_order_is_set_aside_and_stops_nobody(tmp_path: Path) -> None:
    files = CommandFiles(tmp_path)
    files.drop(Order(action="pause"))
    (files.folder / "1-broken.json").write_text(json.dumps({"action": "sell everything"}))
    assert [order.action for order in files.waiting().values()] == ["pause"]
    assert (files.folder / "1-broken.bad").exists()


@pytest.mark.parametrize(
    ("on_stop", "second_thoughts"), [("wait", True), ("flatten", True), ("leave", False)]
)
def test_a_second_ctrl_c_takes_the_first_one_back(on_stop: OnStop, second_thoughts: bool) -> None:
    control = StopControl(on_stop)
    control.interrupted()
    assert (control.left_by, control.stopping) == ((130, None) if on_stop == "leave" else (None, on_stop))
    if on_stop != "leave":
        control.interrupted()
    assert (control.left_by, control.second_thoughts) == (130, second_thoughts)


def test_ctrl_c_takes_back_no_stop_that_was_ordered() -> None:
    control = StopControl("wait")
    control.stop_for_good()
    control.interrupted()
    assert control.left_by is None
    control.interrupted()
    assert (control.left_by, control.second_thoughts) == (130, False)
