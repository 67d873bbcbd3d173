"""`btk backtest` as users meet it; as a process of its own where only a process can show it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from btk.cli.app import run
from tests.cli.btk_process import COMMAND, opened_by_both, start_btk
from tests.cli.strategy_project import events, make_project, results

Captured = pytest.CaptureFixture[str]

DOCUMENT = [
    *("schema", "run_id", "mode", "status", "strategy", "params", "exchange", "model", "frame", "digests"),
    *("symbols", "portfolio", "warnings", "timing"),
]
SYMBOL = ["candles", "gaps", "empty", "own_bars", "trades", "cancelled", "rejected", "statistics"]
TRADE = """
id symbol strategy position price_open price_close price_take_profit price_stop_loss original_price_take_profit
original_price_stop_loss scheduled_at_ms opened_at_ms closed_at_ms close_reason ambiguous cost pnl_pct pnl_cost fee_cost
slippage_cost entries partials peak_profit_pct max_drawdown_pct note
"""
STATISTICS = """
total_trades win_rate_pct avg_pnl_pct median_pnl_pct total_pnl_pct total_pnl_cost std_dev_pct sharpe_ratio
annualized_sharpe_ratio sortino_ratio calmar_ratio recovery_factor certainty_ratio expectancy_pct
expected_yearly_returns_pct profit_factor compounded_drawdown_pct start_equity final_equity return_pct cagr_pct
max_drawdown_pct max_drawdown_cost sharpe_daily sortino_daily exposure_pct fee_cost slippage_cost buy_and_hold_pct
ambiguous_exits exact_touches avg_duration_minutes max_win_streak max_loss_streak
"""

# It tells the test that it was asked, then waits for a line that never comes, as a strategy that hangs does.
WAITING = """
import os
from btk import Strategy


class Waiting(Strategy):
    interval = "1h"
    pipe: str = ""
    turns: int = 40

    def get_signal(self, market):
        self.turns -= 1
        if self.turns == 0:
            open(self.pipe).read()
"""

PRINTING = """
from btk import Strategy

print("imported")


class Printing(Strategy):
    interval = "1h"

    def get_signal(self, market):
        print("asked")
"""

RAISING = """
from btk import Strategy


class Raising(Strategy):
    interval = "1h"

    def get_signal(self, market):
        raise ValueError("one\\ntwo")
"""

RUBBISH = """
from btk import Strategy


class Rubbish(Strategy):
    interval = "1h"

    def get_signal(self, market):
        return 42
"""

EXITING = """
import sys
from btk import Strategy


class Exiting(Strategy):
    interval = "1h"

    def get_signal(self, market):
        sys.exit(0)
"""

SHORTING = """
from btk import Signal, Strategy


class Shorting(Strategy):
    interval = "1h"

    def get_signal(self, market):
        return Signal.bracket("short", market.price, take_profit_pct=2, stop_loss_pct=1)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def backtest(root: Path, *arguments: str) -> int:
    return run(["--root", str(root), "backtest", *arguments])


def document(root: Path, capsys: Captured, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert backtest(root, "--json", *arguments) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in ("run_id", "timing")}


def test_without_options_the_settings_are_run_and_shown(root: Path, capsys: Captured) -> None:
    assert backtest(root) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith("every_hour on demo, 2024-01-01 to 2024-01-08, backtest, candle model\n")
    assert "Closed by" in printed.out


def test_json_is_one_document_on_stdout_and_the_one_in_the_run_folder(root: Path, capsys: Captured) -> None:
    assert backtest(root, "--json") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert [json.loads(printed.out)] == results(root)


def test_the_document_has_the_documented_keys(root: Path, capsys: Captured) -> None:
    found = document(root, capsys)
    assert list(found) == DOCUMENT
    assert list(found["symbols"]) == ["BTCUSDT", "ETHUSDT"]
    assert all(list(symbol) == SYMBOL for symbol in found["symbols"].values())
    trades = [trade for symbol in found["symbols"].values() for trade in symbol["trades"]]
    assert trades
    assert all(set(trade) >= set(TRADE.split()) for trade in trades)
    assert set(found["portfolio"]["statistics"]) >= set(STATISTICS.split())
    assert found["frame"] == {"from_ms": 1704067200000, "to_ms": 1704672000000}
    assert (found["schema"], found["mode"], found["status"]) == ("btk.backtest/1", "backtest", "complete")


def test_what_a_strategy_prints_stays_off_stdout(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path, printing=PRINTING)
    assert backtest(root, "--json", "--entry", "strategies/printing.py", "--to", "2024-01-02") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["strategy"] == "printing"
    assert printed.err.splitlines()[:2] == ["imported", "asked"]


def test_the_same_run_twice_gives_the_same_bytes(root: Path, capsys: Captured) -> None:
    first, second = document(root, capsys), document(root, capsys)
    assert first["run_id"] != second["run_id"]
    assert json.dumps(comparable(first)) == json.dumps(comparable(second))
    told = [{**event, "recorded_at_ms": 0} for event in events(root)]
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_the_order_of_symbols_changes_no_byte(root: Path, capsys: Captured) -> None:
    forwards = document(root, capsys, "--symbols", "BTCUSDT,ETHUSDT")
    backwards = document(root, capsys, "--symbols", "ETHUSDT,BTCUSDT")
    assert json.dumps(comparable(forwards)) == json.dumps(comparable(backwards))


def test_spreading_over_processes_changes_no_byte(root: Path, capsys: Captured) -> None:
    alone, spread = document(root, capsys), document(root, capsys, "--jobs", "2")
    assert json.dumps(comparable(alone)) == json.dumps(comparable(spread))


def test_jobs_that_cannot_be_spread_say_why(root: Path, capsys: Captured) -> None:
    assert backtest(root, "--jobs", "2", "--symbols", "BTCUSDT") == 0
    assert capsys.readouterr().err == "btk: --jobs 2: run in one process, because there is only one symbol\n"


def test_flags_win_over_the_settings(root: Path, capsys: Captured) -> None:
    flags = ["--param", "target_pct=3", "--set", "execution.fee_pct=0.05", "--set", "wallet.start=5000"]
    found = document(root, capsys, *flags, "--model", "vwap", "--from", "2024-02-01", "--to", "1706832000000")
    assert found["params"] == {"target_pct": 3.0}
    assert found["model"] == "vwap"
    assert found["frame"] == {"from_ms": 1706745600000, "to_ms": 1706832000000}
    assert found["portfolio"]["statistics"]["start_equity"] == 5000


def test_a_condition_that_holds_fails_the_check_after_the_result_is_shown(
    root: Path, capsys: Captured
) -> None:
    assert backtest(root, "--fail-if", "total_trades > 0", "--fail-if", "total_trades > 100000") == 7
    printed = capsys.readouterr()
    assert "every_hour on demo" in printed.out
    assert printed.err.startswith("btk: --fail-if total_trades > 0")
    assert printed.err.count("\n") == 1
    assert backtest(root, "--fail-if", "total_trades < 1") == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["--form", "2024-01-01"], 2, "No such option: --form"),
        (["BTCUSDT"], 2, "unexpected extra argument"),
        (["--jobs", "0"], 2, "0 is not in the range"),
        (["--model", "candles"], 2, "'candles' is not one of 'candle', 'vwap'"),
        (["--param", "fast"], 2, "--param needs NAME=VALUE"),
        (["--set", "execution.fee_pct"], 2, "--set needs KEY=VALUE"),
        (["--fail-if", "drawdown > 5"], 2, "there is no statistic 'drawdown'"),
        (["--from", "2024-03-01"], 3, "from 2024-03-01 is not before to 2024-01-08"),
        (["--to", "tomorrow"], 3, "expected a UTC date"),
        (["--frame", "crash"], 3, "no frame 'crash' under frames:"),
        (["--symbols", "../BTCUSDT"], 3, "expected a symbol such as BTCUSDT"),
        (["--symbols", ""], 3, "expected a symbol such as BTCUSDT"),
        (["--exchange", "../demo"], 3, "exchange '../demo' cannot be used"),
        (["--entry", ""], 3, "expected text, got ''"),
        (["--entry", "strategies/none.py"], 3, "there is no such file"),
        (["--entry", "strategies/every_hour.py:EveryHours"], 3, "did you mean EveryHour?"),
        (["--param", "target=3"], 3, "did you mean target_pct?"),
        (["--param", "target_pct=far"], 3, "expected a number, got 'far'"),
        (["--set", "execution.fee=1"], 3, "did you mean fee_pct?"),
        (["--config", "none.yaml"], 3, "none.yaml: there is no such file"),
        (["--to", "2999-01-01"], 4, "candles of the future are not to be had"),
        (["--from", "2019-01-01"], 4, "candles are missing in the frame"),
        (["--exchange", "binance", "--no-cache"], 4, "btk cache warm --exchange binance --symbols BTCUSDT"),
        # Nobody can fetch what ccxt does not know.
        (
            ["--exchange", "broker", "--no-cache"],
            4,
            "); btk cache import FILE --exchange broker --symbol BTC",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_exit_code_and_leaves_nothing_behind(
    root: Path, arguments: list[str], exit_code: int, words: str, capsys: Captured
) -> None:
    assert backtest(root, *arguments) == exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("btk: ")
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert not (root / "dump").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RAISING, "get_signal at 2024-01-01: ValueError: one two"),
        (RUBBISH, "TypeError: get_signal answered 42"),
        (EXITING, "SystemExit: 0"),
    ],
)
def test_a_strategy_that_fails_is_exit_3_after_the_result_is_written(
    tmp_path: Path, text: str, words: str, capsys: Captured
) -> None:
    root = make_project(tmp_path, failing=text)
    assert backtest(root, "--entry", "strategies/failing.py") == 3
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    (result,) = results(root)
    assert result["status"] == "complete"
    assert all("errors of" in warning for warning in result["warnings"])
    assert {event["type"] for event in events(root)} == {"error"}


def test_a_run_without_a_trade_says_why_its_signals_were_rejected(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path, shorting=SHORTING)
    found = document(root, capsys, "--entry", "strategies/shorting.py")
    assert "no trade: 336 signals were rejected" in found["warnings"][0]
    assert "short signals are switched off (signal.short)" in found["warnings"][0]


@pytest.mark.parametrize(
    ("symbols", "currency", "foreign"),
    [
        ("BTCUSDT,ETHBTC", "USDT", "ETHBTC: by"),
        ("BTCUSDT,ETH/USDT", "EUR", "BTCUSDT, ETHUSDT: by"),
        ("BTC/USDT:USDT,ETH/USDT", "USDT", None),
    ],
)
def test_money_of_another_currency_is_warned_of(
    root: Path, capsys: Captured, symbols: str, currency: str, foreign: str | None
) -> None:
    flags = ["--symbols", symbols, "--set", f"wallet.currency={currency}", "--to", "2024-01-02"]
    words = [one for one in document(root, capsys, *flags)["warnings"] if "nothing is converted" in one]
    assert len(words) == (foreign is not None)
    assert all(one.startswith(str(foreign)) for one in words)


def test_missing_minutes_are_named_or_filled_and_counted(root: Path, capsys: Captured) -> None:
    rows = [f"{1704067200000 + minute * 60_000},10,10.2,9.9,10,1" for minute in range(-200, 600)]
    del rows[500:510]
    (root / "minutes.csv").write_text("\n".join(rows))
    where = ["--exchange", "binance"]
    assert (
        run(["--root", str(root), "cache", "import", str(root / "minutes.csv"), "--symbol", "XUSDT", *where])
        == 0
    )
    flags = [*where, "--no-cache", "--symbols", "XUSDT", "--to", "2024-01-01T10:00"]
    assert backtest(root, *flags) == 4
    assert "XUSDT: 10 minutes (2024-01-01T05:00 to 2024-01-01T05:10)" in capsys.readouterr().err
    found = document(root, capsys, *flags, "--gaps", "fill")
    assert found["symbols"]["XUSDT"]["gaps"] == 10
    assert "XUSDT: 10 missing minutes were filled with flat candles" in found["warnings"]


@pytest.mark.parametrize(
    ("number", "exit_code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 143, "terminated"),
    ],
)
def test_a_signal_leaves_a_partial_marked_result(
    tmp_path: Path, number: signal.Signals, exit_code: int, word: str
) -> None:
    root = make_project(tmp_path, waiting=WAITING)
    os.mkfifo(tmp_path / "pipe")
    flags = ["--entry", "strategies/waiting.py", "--param", f"pipe={tmp_path / 'pipe'}", "--json"]
    flags += ["--symbols", "BTCUSDT"]
    started = start_btk("--root", str(root), "backtest", *flags)
    pipe = opened_by_both(tmp_path / "pipe", started)
    started.send_signal(number)
    out, err = started.communicate(timeout=30)
    os.close(pipe)
    (result,) = results(root)
    assert started.returncode == exit_code
    assert err.decode().startswith(f"btk: {word}; what was done until then is in {root}/dump/runs/")
    assert json.loads(out) == result
    assert result["status"] == "partial"
    assert result["warnings"][0].startswith("interrupted at 2024-01-02T15:00: ")


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_all_processes_before_the_first_symbol_of_many_is_done_leaves_a_result_too(
    tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    root = make_project(tmp_path, waiting=WAITING)
    os.mkfifo(tmp_path / "pipe")
    flags = ["--entry", "strategies/waiting.py", "--param", f"pipe={tmp_path / 'pipe'}", "--jobs", "2"]
    started = start_btk("--root", str(root), "backtest", *flags, start_new_session=True)
    pipe = opened_by_both(tmp_path / "pipe", started)
    os.killpg(started.pid, number)
    started.communicate(timeout=30)
    os.close(pipe)
    assert started.returncode == exit_code
    assert [result["status"] for result in results(root)] == ["partial"]


def test_a_reader_that_goes_away_ends_the_screen_without_a_word(root: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    started = start_btk("--root", str(root), "backtest", stdout=writing)
    os.close(writing)
    _, err = started.communicate(timeout=30)
    assert (started.returncode, err) == (141, b"")
    assert [result["status"] for result in results(root)] == ["complete"]


def test_two_backtests_at_once_do_not_meet(root: Path) -> None:
    both = [start_btk("--root", str(root), "backtest", "--json") for _ in range(2)]
    printed = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert comparable(printed[0]) == comparable(printed[1])
    assert len(results(root)) == 2


def test_warnings_that_are_errors_find_nothing_to_complain_about(root: Path) -> None:
    strict = [sys.executable, "-W", "error", "-X", "dev", *COMMAND[1:], "--root", str(root), "backtest"]
    done = subprocess.run(strict, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_dump_that_cannot_be_written_is_exit_3(root: Path, capsys: Captured) -> None:
    (root / "file").touch()
    assert backtest(root, "--set", "state.path=file") == 3
    printed = capsys.readouterr()
    assert "cannot be written: Not a directory" in printed.err
    assert printed.err.count("\n") == 1


def test_the_project_is_found_from_a_folder_inside_it(
    root: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "strategies")
    assert run(["backtest", "--to", "2024-01-02"]) == 0
    assert len(results(root)) == 1


def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    leaving = f"import os; os.rmdir({str(gone)!r}); from btk.__main__ import start; start()"
    done = subprocess.run(
        [sys.executable, "-c", leaving, "backtest"], cwd=gone, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        3,
        "btk: the folder you are in is gone: cd to one that exists\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_disk_under_stdout_is_one_line_and_the_result_is_kept(root: Path, form: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        started = start_btk("--root", str(root), "backtest", *form, stdout=full)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 3
    assert err == b"btk: stdout cannot be written: No space left on device; make room, or send it elsewhere\n"
    assert [result["status"] for result in results(root)] == ["complete"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_error_that_nobody_can_be_told_keeps_its_code(root: Path) -> None:
    with open("/dev/full", "wb") as full:
        started = start_btk("--root", str(root), "backtest", "--form", stderr=full)
    started.communicate(timeout=30)
    assert started.returncode == 2


RANTING = """
from btk import Strategy


class Ranting(Strategy):
    interval = "1h"

    def get_signal(self, market):
        raise ValueError("\\x1b[31m" + "no " * 100_000)
"""


def test_what_a_strategy_raises_is_told_in_words_that_fit_a_screen(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path, ranting=RANTING)
    assert backtest(root, "--entry", "strategies/ranting.py", "--to", "2024-01-02") == 3
    told = capsys.readouterr()
    assert told.err.startswith("btk: ranting on BTCUSDT: get_signal at 2024-01-01: ValueError: [31mno no no ")
    assert len(told.err) < 600
    assert len(told.out) < 5000
    assert "\x1b" not in told.out + told.err
