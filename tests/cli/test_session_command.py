"""`btk session`: who may call it, and what it is like to sit in front of it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from btk.cli.app import run
from btk.cli.session_command import code_lines
from tests.cli.strategy_project import make_project
from tests.fakes.telegram import SESSION

pytest.importorskip("segno")
pytest.importorskip("telethon")

SCRIPT = Path(__file__).with_name("logging_in.py")
REPOSITORY = Path(__file__).parents[2]
PROMPT = b"Two-factor password: "


class Terminal:
    """A terminal at which `btk session` runs with a Telegram of our own."""

    def __init__(self, path: Path) -> None:
        self.screen = b""
        self._hand, seat = pty.openpty()
        self._before = termios.tcgetattr(self._hand)
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(path)],
            stdin=seat,
            stdout=seat,
            stderr=seat,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            start_new_session=True,
        )
        os.close(seat)

    def wait_for(self, text: bytes, times: int = 1) -> None:
        """Read until the screen has shown it so often."""
        while self.screen.count(text) < times:
            self.screen += os.read(self._hand, 4096)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._hand, keys)

    def end(self) -> int:
        """The exit code; the terminal must be as it was."""
        try:
            while chunk := os.read(self._hand, 4096):
                self.screen += chunk
        except OSError:  # how Linux says that nobody is left on the other side
            pass
        code = self._process.wait(timeout=30)
        assert termios.tcgetattr(self._hand)[3] == self._before[3]
        os.close(self._hand)
        return code


def test_a_person_scans_types_and_has_a_session(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "session.txt")
    terminal.wait_for(PROMPT)
    assert terminal.screen.count(b"Scan this") == 2
    terminal.type(b"shut\n")
    terminal.wait_for(PROMPT, times=2)
    terminal.type(b"open\n")
    assert terminal.end() == 0
    assert b"That was not it." in terminal.screen
    assert not {b"shut", b"open", SESSION.encode()} & set(terminal.screen.split())
    assert (tmp_path / "session.txt").read_text() == f"{SESSION}\n"


@pytest.mark.parametrize(
    ("keys", "code", "word"),
    [
        (b"\x03", 130, b"interrupted"),
        (b"\x04", 2, b"no password was given"),
        (b"a\nb\nc\n", 5, b"wrong 3 times"),
    ],
)
def test_leaving_saves_nothing_and_leaves_the_terminal_as_it_was(
    tmp_path: Path, keys: bytes, code: int, word: bytes
) -> None:
    terminal = Terminal(tmp_path / "session.txt")
    for number, key in enumerate(keys.splitlines(keepends=True), start=1):
        terminal.wait_for(PROMPT, times=number)
        terminal.type(key)
    assert terminal.end() == code
    assert word in terminal.screen
    assert b"Traceback" not in terminal.screen
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["session", "--root", str(make_project(tmp_path))]) == 2
    assert capsys.readouterr().err.endswith("run it in a terminal\n")


def test_a_code_fits_a_terminal_of_80_columns() -> None:
    lines = code_lines(f"tg://login?token={'A' * 60}")
    assert len(lines) < 24
    assert {len(line) for line in lines} <= set(range(30, 80))
