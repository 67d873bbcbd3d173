"""Commands beside a running run, in processes of their own: what they say, and how everything ends."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from btk.cli.app import run
from tests.cli.btk_process import COMMAND, opened_by_both, start_btk
from tests.cli.strategy_project import make_project, results
from tests.library.trading_project import OPENED, leave, traded, trading_project

REPOSITORY = Path(__file__).parents[2]
QUIET = """
from btk import Strategy


class Quiet(Strategy):
    interval = "1m"

    def get_signal(self, market):
        return None
"""
WAITING = """
from btk import Signal, Strategy


class Waiting(Strategy):
    interval = "1h"
    pipe: str = ""

    def get_signal(self, market):
        if market.now.hour == 20:
            open(self.pipe).read()
        return Signal.bracket("long", market.price, take_profit_pct=2, stop_loss_pct=1)
"""
SHOW_CURSOR = b"\x1b[?25h"


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """A project whose strategy never wants anything."""
    make_project(tmp_path, quiet=QUIET)
    (tmp_path / "config/btk.yaml").write_text("strategy: {entry: [strategies/quiet.py]}\n")
    return tmp_path


class Running:
    """A run in a process of its own, once it has said what it is and gone through its first tick."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.process = start_btk("--root", str(root), *arguments, cwd=REPOSITORY)
        assert self.process.stderr is not None
        self.said: list[str] = []
        while not any(line.startswith(("run ", "goes on with run ")) for line in self.said):
            line = self.process.stderr.readline().decode()
            assert line, "it ended before it began"
            self.said.append(line)
        self._wait_for_a_tick(root / "dump/runs" / self.said[-1].rstrip(".\n").split("run ")[1].split(",")[0])

    def end(self) -> int:
        """Its exit code, within the seconds that a supervisor grants."""
        _, err = self.process.communicate(timeout=15)
        self.said += err.decode().splitlines()
        return self.process.returncode

    def _wait_for_a_tick(self, folder: Path) -> None:
        while not (folder / "performance.jsonl").exists():
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.01)
            assert self.process.returncode is None

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def paper(quiet: Path) -> Iterator[Running]:
    running = Running(quiet, "paper")
    yield running
    running.kill()


def answer(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert run([*arguments, "--json", "--root", str(root)]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_a_running_run_is_seen_paused_and_stopped_from_another_terminal(
    quiet: Path, paper: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = answer(capsys, quiet, "status")
    assert (seen["mode"], seen["alive"], seen["pid"]) == ("paper", True, paper.process.pid)
    assert run(["status", "--check", "--root", str(quiet)]) == 0
    given = answer(capsys, quiet, "pause", "--symbols", "BTCUSDT")
    assert given["slots"] == [{"symbol": "BTCUSDT", "strategy": "quiet"}]
    assert answer(capsys, quiet, "stop")["run_id"] == seen["run_id"]
    assert paper.end() == 0
    assert "stopped BTCUSDT quiet" in "".join(paper.said)
    after = answer(capsys, quiet, "status")
    assert (after["alive"], after["goes_on"], after["run_id"]) == (False, False, seen["run_id"])
    assert run(["status", "--check", "--root", str(quiet)]) == 7


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_signals_end_a_run_with_their_codes(paper: Running, number: signal.Signals, code: int) -> None:
    paper.process.send_signal(number)
    assert paper.end() == code
    assert ("terminated; everything is saved, `btk paper` goes on with it" in paper.said[-1]) == (code == 143)


def test_a_run_that_nohup_called_outlives_its_terminal(quiet: Path) -> None:
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    running = Running(quiet, "paper")
    signal.signal(signal.SIGHUP, ignored)
    running.process.send_signal(signal.SIGHUP)
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0


def test_ctrl_c_with_leave_leaves(quiet: Path) -> None:
    running = Running(quiet, "paper", "--on-stop", "leave")
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 130


def test_a_second_run_leaves_at_once_and_names_the_first(
    quiet: Path, paper: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["paper", "--root", str(quiet)]) == 8
    assert f"process {paper.process.pid} on " in capsys.readouterr().err


def test_a_run_that_was_killed_is_told_from_its_state_and_goes_on(
    quiet: Path, paper: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    paper.kill()
    left = answer(capsys, quiet, "status")
    assert (left["alive"], left["mode"]) == (False, "paper")
    again = Running(quiet, "paper")
    again.process.send_signal(signal.SIGTERM)
    assert again.end() == 143


def test_live_says_that_it_sends_no_orders_and_what_it_is_made_of(quiet: Path) -> None:
    running = Running(quiet, "live", "--symbols", "BTCUSDT")
    running.process.send_signal(signal.SIGTERM)
    running.end()
    first = running.said[0]
    assert first.startswith("btk live: broker none, so signals only and no orders, ")
    for words in (
        f"dump {quiet}/dump/data",
        "account none",
        "exchange demo spot",
        "symbols BTCUSDT",
        "quiet (",
    ):
        assert words in first


def test_an_order_without_a_run_and_an_unknown_symbol_are_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = trading_project(tmp_path)
    assert run(["stop", "--root", str(root)]) == 2
    traded(root, {2: leave})
    assert run(["pause", "--symbols", "ETHUSTD", "--root", str(root)]) == 2
    assert run(["flatten", "--root", str(root)]) == 0
    shown = capsys.readouterr()
    assert "NOTHING RUNS NOW" in shown.out
    first, second = shown.err.splitlines()
    assert first.startswith("btk: nothing runs, and no run was left to go on with")
    assert second == "btk: the run has no symbol ETHUSTD; did you mean ETHUSDT?"


def test_forgetting_shows_what_and_needs_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = trading_project(tmp_path)
    traded(root, {OPENED + 2: leave})
    slot = ["--symbols", "BTC/USDT", "--strategy", "on_the_hour", "--mode", "paper", "--root", str(root)]
    assert run(["state", "forget", *slot]) == 2
    shown = capsys.readouterr()
    assert "paper: BTCUSDT on_the_hour: open long of 100 at " in shown.err
    assert run(["state", "forget", *slot, "--yes"]) == 0
    capsys.readouterr()
    assert run(["state", "show", "--root", str(root)]) == 0
    assert "BTCUSDT" not in capsys.readouterr().out
    assert run(["state", "show", "--json", "--root", str(root)]) == 0
    assert [slot["symbol"] for slot in json.loads(capsys.readouterr().out)["slots"]] == ["ETHUSDT"]


class Terminal:
    """`btk paper` in a terminal of so many columns, which is its own."""

    def __init__(self, root: Path, columns: int) -> None:
        self.screen = b""
        self._pid, self._hand = pty.fork()
        if self._pid == 0:
            os.environ |= {"TERM": "xterm", "PYTHONPATH": str(REPOSITORY)}
            os.environ.pop("COLUMNS", None)
            os.execv(COMMAND[0], [*COMMAND, "--root", str(root), "paper"])
        fcntl.ioctl(self._hand, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def wait_for(self, text: bytes) -> None:
        """Read until the screen has shown it."""
        while text not in self.screen:
            self.screen += os.read(self._hand, 4096)

    def type(self, keys: bytes) -> None:
        os.write(self._hand, keys)

    def hang_up(self) -> int:
        """The exit code where nobody is at the terminal any more."""
        os.close(self._hand)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def end(self) -> int:
        """The exit code, after everything was read."""
        try:
            while chunk := os.read(self._hand, 4096):
                self.screen += chunk
        except OSError:  # how Linux says that nobody is left on the other side
            pass
        os.close(self._hand)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


@pytest.mark.parametrize("columns", [40, 100])
def test_on_a_terminal_there_is_a_screen_that_ctrl_c_ends(quiet: Path, columns: int) -> None:
    terminal = Terminal(quiet, columns)
    terminal.wait_for(b"Ctrl-C: stop when positions")
    assert b"BTCUSDT quiet" in terminal.screen
    terminal.type(b"\x03")
    assert terminal.end() == 0
    assert SHOW_CURSOR in terminal.screen
    assert b"stopped BTCUSDT quiet" in terminal.screen
    assert b"Traceback" not in terminal.screen


def test_a_terminal_that_hangs_up_leaves_the_run_with_its_code(quiet: Path) -> None:
    terminal = Terminal(quiet, 80)
    terminal.wait_for(b"Ctrl-C: stop when positions")
    assert terminal.hang_up() == 143
    assert run(["status", "--check", "--root", str(quiet)]) == 7


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_run_goes_on_without_its_readers_and_is_left_by_its_signal(quiet: Path, closed: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start_btk("paper", "--root", str(quiet), cwd=REPOSITORY, **{closed: writing})
    os.close(writing)
    while not list((quiet / "dump/runs").glob("*/performance.jsonl")):
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
        assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=15)
    assert process.returncode == 143
    assert list((quiet / "dump/runs").glob("*/result.json"))


def test_elsewhere_there_are_lines_and_no_escapes(paper: Running) -> None:
    paper.process.send_signal(signal.SIGINT)
    paper.end()
    assert not any("\x1b" in line for line in paper.said)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_replay_whose_strategy_hangs_can_be_left_and_gone_on_with(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    root, pipe = make_project(tmp_path, waiting=WAITING), tmp_path / "pipe"
    os.mkfifo(pipe)
    chosen = ["--entry", "strategies/waiting.py", "--param", f"pipe={pipe}", "--to", "2024-01-03"]
    replay = ["--root", str(root), "paper", "--replay", "--on-stop", "leave", *chosen]
    process = start_btk(*replay)
    writing = opened_by_both(pipe, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    os.close(writing)
    assert process.returncode == code
    assert (
        err.decode().splitlines()[-1].startswith("btk: a strategy does not answer, so the run was left as if")
    )
    pipe.unlink()
    pipe.touch()
    assert run(replay) == 0
    assert run(["--root", str(root), "backtest", *chosen]) == 0
    replayed, tested = (result["symbols"]["BTCUSDT"]["trades"] for result in results(root))
    assert replayed == tested
    assert len(tested) > 1


def test_a_replay_needs_no_terminal_and_is_not_controlled(quiet: Path) -> None:
    arguments = [
        "--root",
        str(quiet),
        "paper",
        "--replay",
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-02",
        "--json",
    ]
    done = subprocess.run([*COMMAND, *arguments], cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["mode"] == "paper"
    assert run(["status", "--check", "--root", str(quiet)]) == 7
