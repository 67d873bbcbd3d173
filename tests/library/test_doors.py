"""The doors of a program: runs to loop over or to leave alone, each strategy once on a symbol, and what came of them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from btk import (
    Backtest,
    Heat,
    Live,
    Paper,
    Partial,
    Performance,
    Risk,
    Schedule,
    Walk,
    Walker,
    open_project,
    results,
)
from btk.library.background import Background
from btk.library.doors import Door
from btk.library.report_doors import ReportDoor
from btk.library.trading_run import TradingRun
from btk.library.works import TradingWork
from btk.model.errors import AlreadyRunning, DataError, SettingsError, UsageError
from btk.model.settings import Settings
from tests.cli.strategy_project import make_project
from tests.fakes.stepped_host import SteppedHost
from tests.library.trading_project import ON_THE_HOUR, START_MS, trading_project

HELD = """
from btk import Signal, Strategy


class Held(Strategy):
    interval = "1h"
    gate: str = ""

    def get_signal(self, market):
        if (market.now.day, market.now.hour) == (3, 0):
            open(self.gate).read()
        return None
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def held(root: Path) -> Iterator[Background[Any]]:
    """A backtest that waits in the middle until somebody opens the gate."""
    (root / "strategies/held.py").write_text(HELD)
    gate = root / "gate"
    os.mkfifo(gate)
    run = Backtest.background("BTCUSDT", "held", where=root, changes={"strategy.params.gate": str(gate)})
    yield run
    gate.write_text("go on")
    run.wait(60)


def test_a_backtest_is_looped_over_signal_by_signal(root: Path) -> None:
    loop = Backtest.run("BTCUSDT", where=root)
    told = list(loop)
    trades: Any = loop.run.wait().document["symbols"]["BTCUSDT"]["trades"]
    assert [(t.action, t.id) for t in told] == [
        (action, trade["id"]) for trade in trades for action in ("opened", "closed")
    ]
    assert [t.pnl_pct for t in told if t.action == "closed"] == [trade["pnl_pct"] for trade in trades]


def test_the_same_loop_is_async_too(root: Path) -> None:
    async def looped() -> list[str]:
        return [told.id async for told in Backtest.run("BTCUSDT", where=root)]

    assert asyncio.run(looped()) == [told.id for told in Backtest.run("BTCUSDT", where=root)]


def test_leaving_the_loop_ends_the_run(root: Path) -> None:
    loop = Backtest.run("BTCUSDT", where=root, changes={"frame.to": "2025-01-01"})
    for _ in loop:
        break
    assert not loop.run.wait(60).complete


def test_a_task_that_is_cancelled_in_the_loop_leaves_it(root: Path) -> None:
    async def cancelled() -> None:
        async def looped() -> None:
            async for _ in Paper.run(where=trading_project(root), changes={"symbols": ["BTCUSDT"]}):
                pass

        task = asyncio.create_task(looped())
        while not any(one.status == "running" for one in Paper.list()):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


def test_an_error_comes_after_the_last_event_and_out_of_wait(root: Path) -> None:
    run = Paper.background(where=root, replay=True, changes={"frame.to": "2999-01-01"})
    with pytest.raises(DataError):
        run.wait(60)
    with pytest.raises(DataError):
        list(Paper.run(where=root, replay=True, changes={"frame.to": "2999-01-01"}))


def test_what_cannot_run_is_refused_at_the_call(root: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no strategy 'evry_hour'.*; did you mean every_hour"):
        Backtest.background("BTCUSDT", "evry_hour", where=root)
    with pytest.raises(DataError):
        Backtest.background("BTCUSDT", where=root, changes={"frame.to": "2999-01-01"})
    with pytest.raises(UsageError, match="msgspec"):
        Backtest.background(where=open_project(root), changes={"frame.to": "2024-01-02"})


def test_a_strategy_runs_once_on_a_symbol_and_beside_others(held: Background[Any], root: Path) -> None:
    with pytest.raises(AlreadyRunning, match="BTCUSDT_held_demo is running already"):
        Backtest.background("BTCUSDT", "held", where=root)
    with pytest.raises(AlreadyRunning):
        list(Backtest.run(["ETHUSDT", "BTCUSDT"], "held", where=root))
    assert Backtest.background("BTCUSDT", "every_hour", where=root).wait(60).complete
    assert Backtest.background("ETHUSDT", "every_hour", where=root).wait(60).complete
    assert held.status == "running"
    with pytest.raises(TimeoutError):
        held.wait(0.01)


def test_the_list_says_of_each_what_it_is_doing(held: Background[Any], root: Path) -> None:
    Backtest.background("SOLUSDT", "every_hour", where=root).wait(60)
    listed = {(one.symbol, one.strategy): one for one in Backtest.list()}
    assert listed["BTCUSDT", "held"].status == "running"
    assert listed["SOLUSDT", "every_hour"].status == "done"
    assert listed["BTCUSDT", "held"].id == "BTCUSDT_held_demo"
    assert listed["BTCUSDT", "held"].run_id == held.run_id
    assert Background(held._work).status == "idle"


def test_a_stop_names_a_symbol_and_a_strategy_and_may_be_said_twice(root: Path) -> None:
    frame = {"frame.to": "2025-06-01"}
    first = Backtest.background("BTCUSDT", "every_hour", where=root, changes=frame)
    second = Backtest.background("ETHUSDT", "every_hour", where=root, changes={"frame.to": "2024-02-01"})
    for _ in range(2):
        Backtest.stop("BTCUSDT", "every_hour")
        Backtest.stop("BTCUSDT", "nobody")
    assert not first.wait(60).complete
    assert second.wait(60).complete


def test_a_stop_understands_every_way_to_write_a_symbol(root: Path) -> None:
    run = Backtest.background("BTC/USDT", "every_hour", where=root, changes={"frame.to": "2025-06-01"})
    Backtest.stop("BTC/USDT", "every_hour")
    assert not run.wait(60).complete


def test_a_run_is_looped_over_once_and_waited_for_once_it_has_begun(root: Path) -> None:
    loop = Backtest.run("BTCUSDT", where=root)
    with pytest.raises(UsageError, match="has not begun"):
        loop.run.wait()
    list(loop)
    with pytest.raises(UsageError, match="looped over once"):
        list(loop)


def test_a_run_can_be_awaited(root: Path) -> None:
    async def awaited() -> bool:
        return (await Backtest.background("BTCUSDT", where=root)).complete

    assert asyncio.run(awaited())


def test_settings_may_be_a_value_made_in_python(root: Path) -> None:
    project = open_project(root)
    settings = msgspec.structs.replace(
        project.settings, wallet=msgspec.structs.replace(project.settings.wallet, start=77.0)
    )
    run = Backtest.background("BTCUSDT", where=project._replace(settings=settings))
    assert run.wait(60).document["portfolio"]["statistics"]["start_equity"] == 77.0


def stepped(settings: Settings, root: Path, plan: dict[int, Callable[[Background[Any]], None]]) -> Any:
    """A paper run from 00:30 on, in which something happens in the so manieth minute."""
    runs: list[Background[Any]] = []
    acts = {minute: lambda act=act: act(runs[0]) for minute, act in plan.items()}
    trading = TradingRun(settings, root, "paper", host=SteppedHost(START_MS, acts))
    runs.append(Background(TradingWork(trading, "paper", root / "dump", "wait")))
    runs[0].begin()
    return runs[0].wait(60)


def test_cancelling_a_paper_run_waits_for_the_open_signal(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    settings, folder = open_project(root, {"symbols": ["BTCUSDT"]})
    # The signal is opened in the 31st minute and lives for twenty.
    ended = stepped(settings, folder, {35: lambda run: run.cancel()})
    assert ended.left_by is None
    [trade] = ended.document["symbols"]["BTCUSDT"]["trades"]
    assert trade["close_reason"] == "time_expired"


def test_stopping_one_symbol_of_a_run_lets_the_others_go_on(tmp_path: Path) -> None:
    root = trading_project(tmp_path)
    settings, folder = open_project(root)
    plan = {5: lambda run: run.stop(run.keys[:1]), 55: lambda run: run.cancel()}
    symbols: Any = stepped(settings, folder, plan).document["symbols"]
    assert {name: len(part["trades"]) for name, part in symbols.items()} == {"BTCUSDT": 0, "ETHUSDT": 1}


def test_a_run_from_a_thread_takes_no_signals_from_the_program(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    root = trading_project(tmp_path)
    run = Paper.background(
        where=root, replay=True, changes={"frame.from": "2024-01-01", "frame.to": "2024-01-02"}
    )
    run.wait(60)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_real_orders_need_a_yes(tmp_path: Path) -> None:
    root = trading_project(tmp_path, ON_THE_HOUR)
    with pytest.raises(UsageError, match="yes=True"):
        Live.background(where=root, changes={"broker.kind": "ccxt", "exchange.name": "binance"})


@pytest.mark.parametrize(
    "door", [Backtest, Schedule, Partial, Risk, Heat, Performance], ids=lambda door: door._kind
)
def test_every_door_reports_on_the_newest_run(root: Path, door: ReportDoor, tmp_path: Path) -> None:
    Backtest.background(where=root).wait(60)
    slot = () if door in (Heat, Performance) else ("BTCUSDT", "every_hour")
    assert door.get_report(*slot, where=root).startswith("# ")
    assert isinstance(door.get_data(*slot, where=root).figures, dict)
    files = door.dump(*slot, path=tmp_path / "reports", where=root)
    assert [path.parent for path in files] == [tmp_path / "reports"]


def test_a_report_is_of_one_strategy_on_one_symbol_and_of_its_own_mode(root: Path) -> None:
    result = Backtest.background(where=root).wait(60)
    symbols: Any = result.document["symbols"]
    for symbol in ("BTCUSDT", "ETHUSDT"):
        data = Backtest.get_data(symbol, "every_hour", where=root)
        assert data.figures["total_trades"] == len(data.rows) == len(symbols[symbol]["trades"])
    with pytest.raises(UsageError, match="there is no paper run of BTCUSDT every_hour"):
        Paper.get_data("BTCUSDT", "every_hour", where=root)


def test_a_walk_is_looped_over_variant_by_variant(root: Path) -> None:
    loop = Walker.run(
        "BTCUSDT", "every_hour", ["target_pct=1,2"], Walk(jobs=1, metric="total_trades"), where=root
    )
    told = list(loop)
    assert sorted(t.params["target_pct"] for t in told) == [1.0, 2.0]
    assert loop.run.wait().document["best"]["value"] == max(t.value for t in told)
    assert Walker.get_data(where=root).rows
    ranking = results.load(loop.run.run_id, where=root).ranking()
    assert list(ranking["target_pct"]) == [
        row["params"]["target_pct"] for row in loop.run.wait().document["ranking"]
    ]


def test_results_are_frames(root: Path) -> None:
    result = Backtest.background(where=root).wait(60)
    loaded = results.load(result.folder.name[:-2], where=root)
    symbols: Any = result.document["symbols"]
    trades = loaded.trades("pandas")
    assert len(trades) == sum(len(part["trades"]) for part in symbols.values())
    assert list(trades["closed_at_ms"]) == sorted(trades["closed_at_ms"])
    events = loaded.events("pandas")
    assert list(events["seq"]) == list(range(1, len(events) + 1))
    assert {"opened", "closed"} <= set(events["type"])
    equity = loaded.equity("pandas")
    assert equity["equity"].iloc[-1] == loaded.statistics["final_equity"]
    with pytest.raises(UsageError, match="pandas or polars"):
        loaded.trades("excel")
    with pytest.raises(UsageError, match="no walk"):
        loaded.ranking()


def test_doors_have_their_words_for_help() -> None:
    assert all(isinstance(door, Door) and door.__doc__ for door in (Backtest, Paper, Live, Walker))
