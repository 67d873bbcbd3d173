"""Progress of fetching candles on stderr: a bar per symbol with the time left. Nothing where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from btk.adapters.candle_series import SeriesKey, Watch
from btk.library.candles import unseen


@contextmanager
def warm_progress(*, shown: bool) -> Iterator[Watch]:
    """A watch that draws while the block runs."""
    if not (shown and sys.stderr.isatty()):
        yield unseen
        return
    # Rich is worth its import only where somebody looks.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    name = TextColumn("{task.description}")
    columns = (name, BarColumn(), MofNCompleteColumn(), TextColumn("candles, left"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=60) as bars:
        tasks: dict[SeriesKey, TaskID] = {}

        def draw(series: SeriesKey, done: int, total: int) -> None:
            if series not in tasks:
                tasks[series] = bars.add_task(series.symbol, total=total)
            bars.update(tasks[series], completed=done, total=total)

        yield draw
