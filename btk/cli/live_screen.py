"""The live screen: events scroll by, and below them stands how the run is doing, drawn anew every second."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from btk.adapters.host import ThisHost
from btk.cli.console import plain_console
from btk.cli.status_screen import status_view
from btk.library.attendants import Attendants
from btk.library.stop_control import StopControl
from btk.model.run_status import RunStatus

DRAWN_A_SECOND = 1
OTHER_LINES = 12
LEAST_ROWS = 3


@contextmanager
def live_screen(attendants: Attendants, control: StopControl) -> Iterator[None]:
    """While the block runs; what anybody prints meanwhile appears above it."""
    console = plain_console(sys.stderr)
    screen = _Screen(console, attendants.status(), control)
    live = Live(
        get_renderable=screen.draw,
        console=console,
        refresh_per_second=DRAWN_A_SECOND,
        vertical_overflow="crop",
        transient=True,
    )
    live.start()
    attendants.listeners.append(lambda line: console.print(line, soft_wrap=True))
    attendants.watchers.append(screen.watch)
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal is gone, and the screen with it
            live.stop()


class _Screen:
    def __init__(self, console: Console, status: RunStatus, control: StopControl) -> None:
        self._console = console
        self._status = status
        self._control = control

    def watch(self, status: RunStatus) -> None:
        self._status = status

    def draw(self) -> RenderableType:
        age = (ThisHost().wall_ms() - (self._status.last_tick_ms or 0)) / 1000
        stopping = self._control.stopping is not None
        status = msgspec.structs.replace(self._status, last_tick_age_seconds=age, stopping=stopping)
        size = self._console.size
        rows = max(LEAST_ROWS, size.height - OTHER_LINES)
        return Group("", status_view(status, size.width, rows), Text(self._keys(), style="dim"))

    def _keys(self) -> str:
        if self._control.stopping is None:
            return {
                "wait": "Ctrl-C: stop when positions have closed",
                "flatten": "Ctrl-C: close positions and stop",
                "leave": "Ctrl-C: leave, positions stay",
            }[self._control.on_stop]
        return "Ctrl-C again: leave now, positions stay"
