"""How a running run is told to end: by signals, by `btk stop`, or by the program that started it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

OnStop = Literal["wait", "leave", "flatten"]
INTERRUPTED, TERMINATED = 130, 143
LEAVING = (signal.SIGTERM, signal.SIGHUP)


class StopControl:
    """`wake` is set when there is something to look at before the next tick, `leaving` when it is to be left at once.

    `stopping` is how the run is to end, None while nobody wants it to. `left_by` is the exit code of the signal that
    makes it leave at once; a second Ctrl-C does, and takes the first one back: the next start goes on as if nobody had
    said stop. What `btk stop` said stays said. `hears_signals` is for the main thread of a program of our own: nowhere
    else can, or should, signals be taken.
    """

    def __init__(self, on_stop: OnStop, hears_signals: bool = True) -> None:
        self.wake = asyncio.Event()
        self.leaving = asyncio.Event()
        self.stopping: OnStop | None = None
        self.left_by: int | None = None
        self.second_thoughts = False
        self.on_stop = on_stop
        self._hears_signals = hears_signals
        self._pressed = self._ordered = False

    def stop(self) -> None:
        """Begin to end, as `on_stop` says; saying it twice is the same as once."""
        if self.on_stop == "leave":
            self.leave(INTERRUPTED)
        else:
            self.stopping = self.on_stop
        self.wake.set()

    def stop_for_good(self) -> None:
        """The same, by an order that no Ctrl-C takes back."""
        self._ordered = True
        self.stop()

    def leave(self, exit_code: int) -> None:
        """End at once, everything saved, positions as they are."""
        self.left_by = self.left_by or exit_code
        self.leaving.set()
        self.wake.set()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """While the block runs, Ctrl-C stops and SIGTERM leaves; in the running event loop."""
        if not self._hears_signals:
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, *LEAVING)}
        loop.add_signal_handler(signal.SIGINT, self.interrupted)
        # One that is ignored stays so: nohup means that a run outlives its terminal.
        leaving = [number for number in LEAVING if before[number] is not signal.SIG_IGN]
        for number in leaving:
            loop.add_signal_handler(number, self.leave, TERMINATED)
        try:
            yield
        finally:
            for number in (signal.SIGINT, *leaving):
                loop.remove_signal_handler(number)
                # The loop would have the next one end the process where it stands.
                signal.signal(number, before[number])

    def interrupted(self) -> None:
        """Ctrl-C."""
        if self._pressed:
            self.second_thoughts = not self._ordered
            self.leave(INTERRUPTED)
        else:
            self._pressed = True
            self.stop()
