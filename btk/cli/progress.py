"""Progress of a run on stderr: how far, how fast, how long still. Nothing where stderr is no terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.intervals import MINUTE_MS

QUIET_SECONDS = 0.5
REDRAW_SECONDS = 0.2
BAR_WIDTH = 24


class Running(Protocol):
    """What a progress line needs to know of a run."""

    @property
    def frame(self) -> Span:
        """The window of the run."""

    @property
    def slots(self) -> int:
        """How many slots run together."""

    @property
    def reached_ms(self) -> int:
        """How far it has come."""


@contextmanager
def progress(run: Running) -> Iterator[None]:
    """Draw a line while the block runs, from a thread of its own; runs that are over at once draw nothing."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_draw, args=(run, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _draw(run: Running, done: threading.Event) -> None:
    started, drawn = time.monotonic(), False
    while not done.wait(REDRAW_SECONDS if drawn else QUIET_SECONDS):
        print(f"\r{line(run, time.monotonic() - started)}\x1b[K", end="", file=sys.stderr, flush=True)
        drawn = True
    if drawn:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def line(run: Running, seconds: float) -> str:
    """The progress of a run after `seconds`, in one line."""
    total, passed = run.frame.to_ms - run.frame.from_ms, max(0, run.reached_ms - run.frame.from_ms)
    share = min(1.0, passed / total)
    filled = round(share * BAR_WIDTH)
    bar = "=" * filled + "." * (BAR_WIDTH - filled)
    candles = passed / MINUTE_MS * run.slots
    left = f"{seconds / share - seconds:.0f} s left" if share > 0 else "..."
    return f"[{bar}] {share:4.0%} {format_date(run.reached_ms)}  {candles / max(seconds, 1e-9):,.0f} candles/s  {left}"
