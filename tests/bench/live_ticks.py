"""`python -m tests.bench.live_ticks`: what a live tick of 50 symbols takes, its state in files, and keeps."""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
from pathlib import Path
from statistics import median

from btk.adapters.state_file import FileBackend
from btk.core.market import Market
from btk.core.position import Position
from btk.core.strategy import Strategy
from btk.library.trading_session import TickTimes
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal
from tests.library.odd_run import OddRun
from tests.properties.random_market import random_minutes

BEGIN_MS = 1_704_153_600_000
SYMBOLS, TICKS, WARM_MINUTES = 50, 120, 60


class Busy(Strategy):
    """Opens where a fast average is above a slow one, and moves its stop every few minutes."""

    interval = "1m"
    warmup = 25

    def get_signal(self, market: Market) -> Signal | None:
        close = market.candles("1m", 21).close
        if close[-5:].mean() <= close[-20:].mean():
            return None
        return Signal.bracket("long", market.price, 3, 3, lifetime_minutes=30, cost=100)

    def on_active(self, market: Market, position: Position) -> None:
        if market.now_ms // MINUTE_MS % 7 == 0:
            position.trail_stop(-0.1)


def main(folder: Path) -> None:
    """Print the split of a tick and the memory before and after."""
    first_ms, count = BEGIN_MS - WARM_MINUTES * MINUTE_MS, WARM_MINUTES + TICKS + 10
    minutes = {f"S{at:02}USDT": random_minutes(at, first_ms, count) for at in range(SYMBOLS)}
    run = OddRun(folder, minutes, {"busy": Busy}, BEGIN_MS)
    run.backend = lambda entity, base: FileBackend(entity, folder / base)
    times: list[TickTimes] = []
    objects: list[int] = []

    def watch(tick: TickTimes) -> None:
        times.append(tick)
        if len(times) in (TICKS // 2, TICKS - 1):
            gc.collect()
            objects.append(len(gc.get_objects()))

    run.live(TICKS * 60.0, {1: lambda run: run.session.watchers.append(watch)})
    print(f"{SYMBOLS} symbols, {len(times)} ticks, {len(run.events)} events")
    for part in TickTimes._fields:
        seconds = sorted(getattr(tick, part) for tick in times)
        print(f"{part:8} median {median(seconds):.3f} s, worst {seconds[-1]:.3f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"objects {objects[0]} half way, {objects[-1]} at the end; peak {peak:.0f} MB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        main(Path(place))
