"""What somebody at a terminal sees of a warm: a bar for each symbol; Ctrl-C ends it in one line and keeps what it has."""

from __future__ import annotations

import os
import pty
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.model.dates import format_date
from tests.cli.btk_process import start_btk
from tests.venue.server import VenueServer
from tests.venue.warming import last_minutes

MINUTES = 30_000
SPAN = last_minutes(MINUTES)
# The terminal has to be the process's own: only then does its Ctrl-C become a signal.
AT_TERMINAL = (
    "import fcntl, sys, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0); from btk.cli.app import main; main()"
)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends: the keyboard and screen, and what a process is given."""
    screen, line = pty.openpty()
    yield screen, line
    os.close(screen)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text("exchange: {name: binance}\nsymbols: [BTCUSDT, ETHUSDT]\n")
    return tmp_path


def _warm(project: Path, line: int, *more: str) -> Popen[bytes]:
    frame = ("--from", format_date(SPAN.from_ms), "--to", format_date(SPAN.to_ms))
    words = [sys.executable, "-c", AT_TERMINAL, "cache", "warm", *frame, "--root", str(project), *more]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = Popen(words, stdin=line, stdout=line, stderr=line, start_new_session=True, env=environment)
    os.close(line)
    return process


def _shown(screen: int) -> str:
    shown = b""
    while True:
        try:
            part = os.read(screen, 65_536)
        except OSError:  # the last process that had the terminal is gone
            return shown.decode()
        if not part:
            return shown.decode()
        shown += part


def test_a_terminal_shows_a_bar_for_each_symbol_and_then_the_summary(
    venue: VenueServer, project: Path, terminal: tuple[int, int]
) -> None:
    screen, line = terminal
    process = _warm(project, line)
    shown = _shown(screen)
    assert process.wait(timeout=60) == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    # The first page of each was fetched before, to see since when there are candles.
    for symbol in ("BTCUSDT", "ETHUSDT"):
        assert re.search(rf"{symbol} ━+ +0/29000 candles, left -:--:--", plain)
        assert re.search(rf"{symbol} ━+ 29000/29000 candles, left 0:00:00", plain)
    assert plain.rstrip().splitlines()[-1].endswith("a second)")


def test_ctrl_c_at_the_terminal_ends_in_one_line_gives_the_cursor_back_and_keeps_what_it_has(
    venue: VenueServer, project: Path, terminal: tuple[int, int]
) -> None:
    screen, line = terminal
    process = _warm(project, line, "--symbols", "BTCUSDT")
    venue.on_candles = lambda count: os.write(screen, b"\x03") if count == 26 else None
    shown = _shown(screen)
    assert process.wait(timeout=60) == 130
    assert shown.rstrip().endswith("btk: interrupted")
    assert "Traceback" not in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    stored = StoredCandles(project / "dump/data/candle", "binance").counts("BTCUSDT", SPAN).candles
    assert stored == 25_000


def test_without_a_terminal_there_is_no_bar(venue: VenueServer, project: Path) -> None:
    span = ("--from", "2023-03-27", "--to", "2023-03-28")
    process = start_btk("cache", "warm", *span, "--root", str(project))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    assert b"\x1b" not in output
