"""Every listener in every mode it belongs to: what it is told, in which order, and where it must hear nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from btk import Backtest, Paper, Walk, Walker, listen
from btk.adapters.command_files import CommandFiles, Order
from btk.library.state_backends import FOLDERS
from btk.library.topics import TOPICS
from btk.library.trading_run import Started
from btk.model.errors import InvalidInput
from btk.model.told import Told
from tests.cli.strategy_project import make_project
from tests.library.trading_project import START_MS, leave, traded, trading_project

# On the demo exchange, one day: it waits, averages, closes in parts, is refused and fails, each at its hour.
BUSY = """
from btk import Signal, Strategy


class Busy(Strategy):
    interval = "1m"
    risk = ("narrow",)

    def get_signal(self, market):
        minute = market.now.hour * 60 + market.now.minute
        if minute == 30:
            raise KeyError("half past twelve")
        if minute == 40:
            return Signal("long", market.price * 0.9, market.price * 1.1)
        if minute == 50:
            return Signal.bracket("long", market.price, 5, 1, cost=9_000)
        if minute in (60, 600):
            price = market.price * (0.8 if minute == 60 else 1.0005)
            return Signal.bracket("long", price, 0.6, 15, price_open=price, lifetime_minutes=240)
        if minute == 300:
            return Signal.bracket("long", market.price, 1.2, 1.2, lifetime_minutes=240)
        return None

    def on_active(self, market, position):
        if not position.partials and position.pnl_pct < 0:
            position.partial_loss(10)
        position.trail_stop(-0.1)
"""
SETTINGS = """
symbols: [BTCUSDT]
strategy: {entry: [strategies/busy.py]}
frame: {from: 2024-01-02, to: 2024-01-03}
risk: {narrow: {max_exposure: 5000, rules: ["strategies/rules.py:odd"]}}
signal: {breakeven_threshold_pct: 0, schedule_await_minutes: 60}
execution: {fee_pct: 0.01, slippage_pct: 0.01}
"""
RULES = "def odd(signal, book):\n    return None\n"
OF_A_RUN = {
    "signal", "signal_event", "order_schedule", "idle_ping", "scheduled_ping", "active_ping", "partial_profit",
    "partial_loss", "breakeven", "commit", "risk", "validation", "error", "performance",
}  # fmt: skip
OF_A_BACKTEST = OF_A_RUN | {"signal_backtest", "done_backtest", "backtest_progress"}
OF_A_LIVE_RUN = OF_A_RUN | {"signal_live", "done_live"}
OF_A_WALK = {"walker", "walker_progress", "walker_complete", "done_walker", "performance"}

Heard = dict[str, list[Any]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_project(tmp_path, busy=BUSY, rules=RULES)
    (tmp_path / "config/btk.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Everybody listens to everything."""
    found: Heard = {}
    leaving = [getattr(listen, topic)(found.setdefault(topic, []).append) for topic in TOPICS]
    yield found
    for leave_topic in leaving:
        leave_topic()


def told(heard: Heard) -> set[str]:
    return {topic for topic, payloads in heard.items() if payloads}


def check_payloads(heard: Heard, mode: str) -> None:
    for topic, payloads in heard.items():
        for payload in payloads:
            assert type(payload) is TOPICS[topic].payload
            assert isinstance(payload, Told)
            assert (payload.mode, payload.exchange, payload.backtest) == (mode, "demo", mode == "backtest")
            assert payload.run_id
            with pytest.raises(AttributeError):
                payload.at_ms = 0
        # A refusal is told when the row of equal ones is over, an hour later at most.
        times = [payload.at_ms for payload in payloads if topic != "risk"]
        assert times == sorted(times)


def check_signals(heard: Heard) -> None:
    minutes = [payload for payload in heard["signal"] if payload.action in ("idle", "waiting", "active")]
    assert [p.at_ms for p in minutes if p.action == "idle"] == [p.at_ms for p in heard["idle_ping"]]
    assert [p.at_ms for p in minutes if p.action == "waiting"] == [p.at_ms for p in heard["scheduled_ping"]]
    assert [p.at_ms for p in minutes if p.action == "active"] == [p.at_ms for p in heard["active_ping"]]
    assert len({p.at_ms for p in minutes}) == len(minutes)
    story = [p for p in heard["signal"] if p not in minutes]
    assert [(p.action, p.id) for p in story if p.action in ("opened", "closed")] == [
        (p.action, p.id) for p in heard["signal_event"]
    ]
    assert [(p.action, p.id) for p in story if p.action in ("scheduled", "cancelled")] == [
        (p.action, p.id) for p in heard["order_schedule"]
    ]
    assert [p.action for p in story[:4]] == ["scheduled", "cancelled", "opened", "closed"]
    cancelled, closed = story[1], story[3]
    assert (cancelled.cancel_reason, cancelled.signal.opened_at_ms) == ("timeout", None)
    assert closed.close_reason == closed.trade.close_reason
    assert (closed.pnl_pct, closed.id) == (closed.trade.pnl_pct, closed.trade.id)
    assert all(p.signal.id == p.id for p in story)
    active = [p for p in minutes if p.action == "active"]
    assert all(p.pnl_pct is not None and p.signal.opened_at_ms <= p.at_ms for p in active)
    assert all(min(p.take_progress_pct, p.stop_progress_pct) == 0 for p in active)


def check_milestones(heard: Heard) -> None:
    for topic in ("partial_profit", "partial_loss"):
        of_each: dict[str, list[int]] = {}
        for payload in heard[topic]:
            assert payload.reached_pct * (1 + 1e-9) >= payload.level
            of_each.setdefault(payload.signal.id, []).append(payload.level)
        assert all(levels == sorted(set(levels)) for levels in of_each.values())
    assert len({payload.signal.id for payload in heard["breakeven"]}) == len(heard["breakeven"])


def check_commits(heard: Heard) -> None:
    partial = next(payload for payload in heard["commit"] if payload.action == "partial_closed")
    assert (partial.pct, partial.signal.partials) == (10, 1)
    moved = next(payload for payload in heard["commit"] if payload.action == "stop_moved")
    assert moved.signal.price_stop_loss > moved.previous_price
    assert moved.signal.original_price_stop_loss <= moved.previous_price


def check_refusals(heard: Heard) -> None:
    [risk] = heard["risk"]
    assert (risk.reason, risk.open_positions, risk.signal.position) == ("risk", 0, "long")
    assert "max_exposure" in risk.rejection_note
    [invalid] = heard["validation"]
    assert invalid.reason == "invalid"
    [error] = heard["error"]
    assert (error.where, error.message) == ("get_signal", "KeyError: 'half past twelve'")


def check_run(heard: Heard) -> None:
    check_signals(heard)
    check_milestones(heard)
    check_commits(heard)
    check_refusals(heard)


def test_a_backtest_tells_all_that_belongs_to_it_and_nothing_else(project: Path, heard: Heard) -> None:
    result = Backtest.background(where=project).wait(120)
    assert told(heard) == OF_A_BACKTEST
    check_payloads(heard, "backtest")
    check_run(heard)
    assert len(heard["signal_event"]) == 2 * len(result.document["symbols"]["BTCUSDT"]["trades"])
    [done] = heard["done_backtest"]
    assert (done.symbol, done.strategy, done.complete) == ("BTCUSDT", "busy", True)
    progress = heard["backtest_progress"]
    assert [payload.processed_minutes for payload in progress][-1] == progress[-1].total_minutes == 1440
    assert progress[-1].progress == 1.0
    assert {payload.metric for payload in heard["performance"]} == {"backtest_stretch", "backtest_total"}


def test_a_paper_replay_tells_the_same_as_the_backtest_word_for_word(project: Path, heard: Heard) -> None:
    Backtest.background(where=project).wait(120)
    of_backtest = {topic: list(heard[topic]) for topic in OF_A_RUN - {"performance"}}
    for payloads in heard.values():
        payloads.clear()
    Paper.background(where=project, replay=True).wait(120)
    assert told(heard) == OF_A_LIVE_RUN
    check_payloads(heard, "paper")
    check_run(heard)
    for topic, payloads in of_backtest.items():
        assert [_unnamed(payload) for payload in heard[topic]] == [_unnamed(payload) for payload in payloads]
    [done] = heard["done_live"]
    assert (done.symbol, done.strategy, done.complete) == ("BTCUSDT", "busy", True)
    ticks = [payload for payload in heard["performance"] if payload.metric == "live_tick"]
    assert [payload.previous_at_ms for payload in ticks] == [None, *(p.at_ms for p in ticks[:-1])]
    assert {payload.metric for payload in heard["performance"]} == {
        "live_tick", "live_fetch", "live_decide", "live_save",
    }  # fmt: skip


def _unnamed(payload: Told) -> Told:
    return msgspec.structs.replace(payload, mode="paper", run_id="")


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_a_run_in_real_time_tells_its_ticks_and_its_signals(tmp_path: Path, heard: Heard, mode: Any) -> None:
    root = trading_project(tmp_path)
    traded(root, {55: leave}, mode=mode)
    assert told(heard) == {
        "signal", "signal_live", "signal_event", "idle_ping", "active_ping", "performance", "done_live",
    } | (told(heard) & {"partial_profit", "partial_loss", "breakeven"})  # fmt: skip
    check_payloads(heard, mode)
    actions = [(p.symbol, p.action) for p in heard["signal_event"]]
    assert sorted(actions) == [
        (symbol, action) for symbol in ("BTCUSDT", "ETHUSDT") for action in ("closed", "opened")
    ]
    assert [payload.complete for payload in heard["done_live"]] == [False, False]


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_what_somebody_says_from_another_terminal_is_told(tmp_path: Path, heard: Heard, mode: Any) -> None:
    root = trading_project(tmp_path)
    orders = CommandFiles(root / "dump" / FOLDERS[mode])

    def say(action: Any) -> Any:
        return lambda control: orders.drop(Order(action=action, symbols=("ETHUSDT",)))

    traded(root, {3: say("pause"), 6: say("resume"), 9: say("stop"), 12: leave}, mode=mode)
    assert [(p.symbol, p.action) for p in heard["pause"]] == [
        ("ETHUSDT", action) for action in ("paused", "resumed", "stopped")
    ]
    check_payloads({"pause": heard["pause"]}, mode)


def test_whoever_hears_of_a_run_in_real_time_may_fail_and_stops_nothing(tmp_path: Path) -> None:
    def fail(*told: Any) -> None:
        raise RuntimeError("deaf")

    def started(start: Started) -> None:
        memory = start.session.memory
        for observers in (memory.observers, memory.ping_observers, memory.record_observers):
            observers.append(fail)

    root = trading_project(tmp_path)
    leave_pings = listen.idle_ping(lambda told: None)
    ended = traded(root, {55: leave}, started=started)
    leave_pings()
    assert len(ended.document["symbols"]["BTCUSDT"]["trades"]) == 1
    alarms = [event["message"] for event in _events(ended.folder) if event["type"] == "alarm"]
    assert alarms == ["it was not told of a minute: RuntimeError('deaf')"]


def test_a_signal_that_was_open_at_a_restart_is_known_to_who_listens_after_it(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    traded(root, {40: leave})
    closed: list[Any] = []
    unsubscribe = listen.signal_event(closed.append)
    traded(root, {25: leave}, start_ms=START_MS + 41 * 60_000)
    unsubscribe()
    assert [payload.action for payload in closed] == ["closed", "closed"]
    assert all(payload.signal.id == payload.trade.id for payload in closed)
    assert all(payload.signal.opened_at_ms == payload.trade.opened_at_ms for payload in closed)


def test_a_walk_tells_of_each_variant_and_is_silent_about_what_happens_in_them(
    project: Path, heard: Heard
) -> None:
    (project / "strategies/busy.py").write_text(
        BUSY.replace('risk = ("narrow",)', 'risk = ("narrow",)\n    n: int = 1')
    )
    result = Walker.background(
        params=["n=1,2,3"], walk=Walk(jobs=1, metric="total_trades"), where=project
    ).wait(120)
    failed = result.document["counts"]["failed"]
    assert told(heard) == OF_A_WALK
    check_payloads(heard, "walker")
    assert [payload.tested for payload in heard["walker"]] == [1, 2, 3]
    assert {payload.total for payload in heard["walker"]} == {3}
    # Each of them raises at half past twelve, so that none has a value.
    assert (failed, {payload.value for payload in heard["walker"]}) == (3, {None})
    assert all("half past twelve" in payload.error for payload in heard["walker"])
    assert [payload.progress for payload in heard["walker_progress"]] == [1 / 3, 2 / 3, 1.0]
    [complete] = heard["walker_complete"]
    assert (complete.metric, complete.total, complete.best_strategy) == ("total_trades", 3, None)
    [done] = heard["done_walker"]
    assert (done.symbol, done.strategy, done.complete) == ("BTCUSDT", "busy", True)


def test_a_rule_that_raises_is_a_validation_and_a_refusal(project: Path, heard: Heard) -> None:
    (project / "strategies/rules.py").write_text("def odd(signal, book):\n    raise OSError('no idea')\n")
    Backtest.background(where=project).wait(120)
    raised = [payload for payload in heard["validation"] if payload.reason == "risk"]
    assert raised
    assert all("raised OSError: no idea" in payload.message for payload in raised)
    assert len(raised) == len([payload for payload in heard["risk"] if "no idea" in payload.rejection_note])


def test_a_run_that_cannot_go_on_is_an_exit_with_the_code_of_the_command_line(
    tmp_path: Path, heard: Heard
) -> None:
    root = trading_project(tmp_path)
    run = Paper.background(where=root, replay=True, changes={"frame.to": "2999-01-01"})
    with pytest.raises(InvalidInput):
        run.wait(60)
    assert told(heard) == {"exit"}
    [gone] = heard["exit"]
    assert (gone.mode, gone.exit_code, gone.message) == ("paper", 4, str(run.error))


def test_once_is_for_the_first_that_matches(project: Path) -> None:
    found: list[Any] = []
    listen.signal_once(
        lambda told: told.action == "closed" and told.close_reason == "take_profit", found.append
    )
    listen.partial_loss_once(lambda told: told.level >= 20, found.append)
    result = Backtest.background(where=project).wait(120)
    trades: Any = result.document["symbols"]["BTCUSDT"]["trades"]
    won = [trade["id"] for trade in trades if trade["close_reason"] == "take_profit"]
    assert [payload.id for payload in found if hasattr(payload, "action")] == won[:1]
    assert [payload.level for payload in found if hasattr(payload, "level")] == [20]


def test_what_there_is_not_cannot_be_listened_to() -> None:
    with pytest.raises(AttributeError, match="did you mean signal_live"):
        listen.signal_lve(print)
    assert set(dir(listen)) == {name for topic in TOPICS for name in (topic, f"{topic}_once")}


def test_the_result_is_the_same_whether_somebody_listens_or_not(
    project: Path, request: pytest.FixtureRequest
) -> None:
    quiet = _events(Backtest.background(where=project).wait(120).folder)
    request.getfixturevalue("heard")
    assert _events(Backtest.background(where=project).wait(120).folder) == quiet


def _events(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    return [{**msgspec.json.decode(line), "recorded_at_ms": 0} for line in lines]
