"""The command line as a whole: help, mistakes, and how it ends."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from btk.adapters.scaffold import make_project, write_settings
from btk.cli.app import Commands, run
from tests.cli.btk_process import COMMAND, opened_by_both, start_btk

HEAVY = ("numpy", "ccxt", "yaml", "rich", "msgspec.inspect", "asyncio", "orjson")

PRINTING = """
from btk import Strategy


class Printing(Strategy):
    interval = "1h"

    def get_signal(self, market):
        print("asked")
"""


def test_the_help_lists_every_command_and_imports_none() -> None:
    code = f"""
import sys
from btk.cli.app import Commands, run
assert run(["--help"]) == 0
modules = [row.module for row in Commands.rows.values()]
print(sorted(set(sys.modules) & {{*modules, *{HEAVY!r}}}), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert all(f"\n  {name} " in done.stdout for name in Commands.rows)


@pytest.mark.parametrize("group", [name for name, row in Commands.rows.items() if row.attribute == "app"])
def test_the_help_of_a_group_says_of_each_command_a_whole_sentence(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([group, "--help"]) == 0
    _, _, commands = capsys.readouterr().out.partition("Commands:\n")
    assert commands
    assert all(line.endswith(".") and not line.endswith("...") for line in commands.splitlines())


@pytest.mark.parametrize("name", Commands.rows)
def test_every_command_has_help_and_takes_the_shared_options(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: btk {name} ")


def test_without_a_word_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert run(["config"]) == 0
    assert capsys.readouterr().out.count("Usage: btk") == 2


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("btk ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["confg"], "Did you mean 'config'?"),
        (["--rot", "x"], "No such option: --rot"),
        (["config", "shwo"], "Did you mean 'show'?"),
        (["config", "show", "--jsn"], "No such option: --jsn"),
        (["config", "show", "more"], "unexpected extra argument"),
        (["config", "show", "--set"], "requires an argument"),
        (["new"], "Missing argument 'DIR'"),
    ],
)
def test_a_slip_of_the_fingers_is_one_line_and_exit_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("btk: ")
    assert words in printed.err
    assert printed.err.count("\n") == 1


def test_an_empty_folder_ends_with_exit_3_and_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "show", "--root", str(tmp_path)]) == 3
    assert "btk new" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-v", "config", "show"], ["config", "show", "--verbose"]])
def test_a_traceback_is_shown_on_demand_only(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--root", str(tmp_path), "config", "show"])
    assert "Traceback" not in capsys.readouterr().err
    run([*arguments, "--root", str(tmp_path)])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "exit_code", "words"),
    [(signal.SIGINT, 130, b"btk: interrupted\n"), (signal.SIGTERM, 143, b"btk: terminated\n")],
)
def test_a_signal_ends_a_command_with_its_code_and_one_line(
    number: signal.Signals, exit_code: int, words: bytes, tmp_path: Path
) -> None:
    write_settings(tmp_path, overwrite=False)
    os.mkfifo(tmp_path / "pipe.yaml")
    started = start_btk("config", "show", "--root", str(tmp_path), "--config", "pipe.yaml")
    pipe = opened_by_both(tmp_path / "pipe.yaml", started)
    started.send_signal(number)
    _, err = started.communicate(timeout=30)
    os.close(pipe)
    assert (started.returncode, err) == (exit_code, words)


def test_a_reader_that_went_away_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    started = start_btk("--help", stdout=writing)
    os.close(writing)
    _, err = started.communicate(timeout=30)
    assert (started.returncode, err) == (141, b"")


@pytest.mark.parametrize(("closed", "exit_code"), [("stdout", 0), ("stderr", 2)])
def test_a_closed_stream_is_done_without(closed: str, exit_code: int) -> None:
    redirection = {"stdout": ">&-", "stderr": "2>&-"}[closed]
    words = shlex.join([*COMMAND, *(["--version"] if closed == "stdout" else ["--misspelt"])])
    done = subprocess.run(f"{words} {redirection}", shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (exit_code, "", "")


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_does_without_closed_streams_and_writes_nothing_else_to_them(
    tmp_path: Path, redirection: str
) -> None:
    make_project(tmp_path)
    (tmp_path / "strategies" / "my_strategy.py").write_text(PRINTING)
    words = shlex.join([*COMMAND, "backtest", "--root", str(tmp_path), "--to", "2024-01-02"])
    done = subprocess.run(f"{words} {redirection}", shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "" if "2>" in redirection else "asked\n" * 48)
    (folder,) = (tmp_path / "dump" / "runs").iterdir()
    assert b"asked" not in b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_a_terminal_that_nobody_knows_the_width_of_is_80_wide(tmp_path: Path) -> None:
    make_project(tmp_path)
    words = [*COMMAND, "backtest", "--root", str(tmp_path), "--to", "2024-01-02"]
    env = os.environ | {"COLUMNS": "0"}
    done = subprocess.run(
        words, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) == 80


def test_a_new_project_runs_at_once_and_never_imports_ccxt(tmp_path: Path) -> None:
    make_project(tmp_path)
    code = f"""
import sys
from btk.cli.app import run
assert run(["backtest", "--json", "--root", {str(tmp_path)!r}, "--to", "2024-01-04"]) == 0
print(sorted(set(sys.modules) & {{"ccxt", "pandas", "pydantic"}}), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "complete"
    assert done.stderr == "[]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which only Linux has")
def test_a_full_disk_under_stdout_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        started = start_btk("--help", stdout=full)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 3
    assert err.startswith(b"btk: stdout cannot be written: ")
    assert err.count(b"\n") == 1


def test_an_interrupt_while_everything_is_still_being_loaded_ends_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    started = start_btk("--help", env={**os.environ, "PYTHONPATH": paths}, cwd=tmp_path)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (-signal.SIGINT, b"", b"")


SIGNALLED_WHILE_CLEARING_AWAY = """
import os, signal, time
from btk import Strategy


class Leaving:
    def __del__(self):
        os.kill(os.getpid(), signal.{})
        time.sleep(0)


Leaving()
time.sleep(60)


class MyStrategy(Strategy):
    interval = "1h"

    def get_signal(self, market):
        return None
"""


@pytest.mark.parametrize(
    ("name", "exit_code", "words"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
def test_a_signal_that_python_can_only_ignore_is_not_lost(
    tmp_path: Path, name: str, exit_code: int, words: str
) -> None:
    make_project(tmp_path)
    (tmp_path / "strategies" / "my_strategy.py").write_text(SIGNALLED_WHILE_CLEARING_AWAY.format(name))
    started = start_btk("backtest", "--root", str(tmp_path))
    _, err = started.communicate(timeout=40)
    assert (started.returncode, err.decode()) == (exit_code, f"btk: {words}\n")
