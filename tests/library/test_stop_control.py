"""How a run is told to end: what becomes of the signals of a process before and after."""

from __future__ import annotations

import asyncio
import signal

from btk.library.stop_control import StopControl


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heard: list[int] = []
    started = {
        number: signal.signal(number, lambda number, frame: heard.append(number)) for number in numbers
    }
    control = StopControl("wait")

    async def run() -> None:
        with control.signals():
            signal.raise_signal(signal.SIGTERM)
            await control.leaving.wait()
        for number in numbers:
            signal.raise_signal(number)

    try:
        asyncio.run(run())
    finally:
        for number, handler in started.items():
            signal.signal(number, handler)
    assert control.left_by == 143
    assert heard == list(numbers)
