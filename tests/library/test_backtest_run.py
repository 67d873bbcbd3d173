"""Backtests from Python: the same doors the command line stands on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from btk import open_project
from btk.library.backtest_run import BacktestRun, Result
from btk.model.errors import DataError, SettingsError, StrategyError
from tests.cli.strategy_project import events, make_project, results

FALLIBLE = """
from btk import Signal, Strategy


class Fallible(Strategy):
    interval = "1h"

    def get_signal(self, market):
        if market.now.hour == 9 and market.symbol == "ETHUSDT":
            raise KeyError("nine")
        return None
"""

STOPPING = """
from btk import Strategy

SWITCHES = []


class Stopping(Strategy):
    interval = "1h"

    def get_signal(self, market):
        if market.now.day == 3:
            SWITCHES[0].press()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def result_of(root: Path, **changes: Any) -> Result:
    return BacktestRun(
        *open_project(root, {name.replace("__", "."): value for name, value in changes.items()})
    ).run()


def test_a_run_answers_its_document_and_where_it_was_written(root: Path) -> None:
    result = result_of(root)
    assert result.complete
    assert result.first_error is None
    assert result.folder.parent == root / "dump" / "runs"
    assert json.loads((result.folder / "result.json").read_bytes()) == result.document
    assert sorted(path.name for path in result.folder.iterdir()) == [
        "events.jsonl",
        "result.json",
        "run.json",
    ]


def test_changes_are_settings_by_dotted_key(root: Path) -> None:
    changes = {"symbols": ["SOLUSDT"], "frame.to": "2024-01-03", "strategy.params.target_pct": 1.5}
    project = open_project(root, changes)
    assert project.settings.symbols == ("SOLUSDT",)
    assert project.settings.frame.to_ms == 1704240000000
    assert BacktestRun(*project).run().document["params"] == {"target_pct": 1.5}


def test_changes_that_cannot_be_are_named_all(root: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        open_project(root, {"execution.fee": 1, "wallet.start": -5})
    assert [line.partition(": expected")[0] for line in str(caught.value).splitlines()] == [
        "changes: execution.fee: unknown key; did you mean fee_pct?",
        "changes: wallet.start",
    ]


def test_a_settings_file_can_be_read_over_the_project_s(root: Path) -> None:
    (root / "small.yaml").write_text("wallet: {start: 50}\n")
    assert open_project(root, config=["small.yaml"]).settings.wallet.start == 50


def test_without_a_folder_the_project_is_the_one_around(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "strategies")
    assert open_project().root == root


def test_the_run_says_before_it_starts_what_it_will_do(root: Path) -> None:
    backtest = BacktestRun(*open_project(root))
    assert backtest.slots == 2
    assert (backtest.frame.from_ms, backtest.frame.to_ms) == (1704067200000, 1704672000000)
    described = json.loads((backtest.run().folder / "run.json").read_bytes())
    assert described["run_id"] == backtest.run_id
    assert described["settings"]["frame"]["from"] == "2024-01-01"


def test_what_cannot_run_is_refused_before_anything_is_written(root: Path) -> None:
    for changes, error in (
        ({"strategy.entry": ["strategies/none.py"]}, StrategyError),
        ({"frame.to": "2999-01-01"}, DataError),
        ({"exchange.name": "binance"}, DataError),
    ):
        with pytest.raises(error):
            BacktestRun(*open_project(root, changes))
    assert not (root / "dump").exists()


def test_several_strategies_run_side_by_side_and_every_trade_names_its_own(tmp_path: Path) -> None:
    second = "from every_hour import EveryHour\n\n\nclass Other(EveryHour):\n    interval = '2h'\n"
    root = make_project(tmp_path, other=second)
    document: Any = result_of(
        root, strategy__entry=["strategies/every_hour.py", "strategies/other.py"]
    ).document
    assert document["strategy"] == ["every_hour", "other"]
    assert set(document["params"]) == {"every_hour", "other"}
    trades = document["symbols"]["BTCUSDT"]["trades"]
    assert {trade["strategy"] for trade in trades} == {"every_hour", "other"}
    assert [trade["closed_at_ms"] for trade in trades] == sorted(trade["closed_at_ms"] for trade in trades)


def test_the_first_error_of_all_slots_is_the_one_that_is_told(tmp_path: Path) -> None:
    result = result_of(make_project(tmp_path, fallible=FALLIBLE), strategy__entry=["strategies/fallible.py"])
    assert result.complete
    assert str(result.first_error) == (
        "fallible on ETHUSDT: get_signal at 2024-01-01T09:00: KeyError: 'nine'"
        " (7 errors in all; see events.jsonl)"
    )


def test_the_switch_ends_a_run_with_a_marked_result(tmp_path: Path) -> None:
    root = make_project(tmp_path, stopping=STOPPING)
    backtest = BacktestRun(
        *open_project(root, {"strategy.entry": ["strategies/stopping.py"], "symbols": ["X"]})
    )
    switches = sys.modules[type(backtest._job.seats[0].strategy).__module__].SWITCHES
    switches.append(backtest.switch)
    result = backtest.run()
    assert not result.complete
    assert [found["status"] for found in results(root)] == ["partial"]
    assert "interrupted at 2024-01-03" in result.document["warnings"][0]  # type: ignore[index]


@pytest.mark.parametrize("wish", [{"exchange.market": "swap"}, {"symbols": ["BTC/USDT:USDT"]}])
def test_a_run_on_perpetuals_warns_of_what_is_not_modelled(root: Path, wish: dict[str, Any]) -> None:
    assert any("funding is not modelled" in line for line in result_of(root, **wish).document["warnings"])  # type: ignore[attr-defined]
    assert not any("funding" in line for line in result_of(root).document["warnings"])  # type: ignore[attr-defined]


def test_the_digests_name_code_data_and_settings(root: Path) -> None:
    def digests(**changes: Any) -> Any:
        return result_of(root, **changes).document["digests"]

    first, fee, frame = digests(), digests(execution__fee_pct=0.05), digests(frame__to="2024-01-05")
    assert (fee["code"], fee["data"]) == (first["code"], first["data"])
    assert fee["settings"] != first["settings"]
    assert frame["data"] != first["data"]
    (root / "strategies" / "every_hour.py").open("a").write("import tools\n")
    (root / "strategies" / "tools.py").write_text("")
    importing = digests()
    assert importing["code"] != first["code"]
    (root / "strategies" / "tools.py").write_text("# other code")
    assert digests()["code"] != importing["code"]


def test_events_and_result_tell_the_same_trades(root: Path) -> None:
    document: Any = result_of(root).document
    told = [event["trade"] for event in events(root) if event["type"] == "closed"]
    kept = [trade for symbol in document["symbols"].values() for trade in symbol["trades"]]
    assert sorted(told, key=str) == sorted(kept, key=str)
    assert [event["seq"] for event in events(root)] == list(range(1, len(events(root)) + 1))


def test_importing_strategy_pulls_in_no_engine() -> None:
    code = (
        "import sys; from btk import Strategy; print([m for m in sys.modules if m.startswith('btk.engines')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
