"""Signals that end a run early: it stops, keeps what it has, and its exit code says which signal it was."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer

from btk.cli.endings import INTERRUPTED, TERMINATED
from btk.engines.drivers import StopSwitch

CODES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: TERMINATED}
WORDS = {INTERRUPTED: "interrupted", TERMINATED: "terminated"}


class Interruption:
    """The exit code of the last signal that came, that of Ctrl-C before there was one."""

    exit_code = INTERRUPTED

    def leave(self, what: str) -> NoReturn:
        """End the command with the code of the signal, and its word before `what`."""
        print(f"btk: {WORDS[self.exit_code]}{what}", file=sys.stderr)
        raise typer.Exit(self.exit_code)


@contextmanager
def interruptible(switch: StopSwitch) -> Iterator[Interruption]:
    """While the block runs, Ctrl-C, SIGTERM and SIGHUP press the switch, and nothing else."""
    interruption = Interruption()

    def press(number: int, frame: FrameType | None) -> None:
        interruption.exit_code = CODES[signal.Signals(number)]
        switch.press()

    # One that is ignored stays so: nohup means that a run outlives its terminal.
    heard = [number for number in CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, press) for number in heard}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
