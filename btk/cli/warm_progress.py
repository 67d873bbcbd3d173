"""Progress of fetching candles on stderr: a bar per symbol with the time left. Nothing where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from btk.adapters.candle_series import SeriesKey, Watch
from btk.library.candles import unseen

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def warm_progress(*, shown: bool) -> Iterator[Watch]:
    """A watch that draws while the block runs, from the first candle on."""
    if not (shown and sys.stderr.isatty()):
        yield unseen
        return
    bars: Progress | None = None
    tasks: dict[SeriesKey, TaskID] = {}
    with ExitStack() as drawing:

        def draw(series: SeriesKey, done: int, total: int) -> None:
            nonlocal bars
            if bars is None:
                bars = drawing.enter_context(_bars())
            if series not in tasks:
                tasks[series] = bars.add_task(_label(series), total=total)
            bars.update(tasks[series], completed=done, total=total)

        yield draw


def _label(series: SeriesKey) -> str:
    return series.symbol if series.interval == "1m" else f"{series.symbol} {series.interval}"


def _bars() -> Progress:
    # Rich is worth its import only where something is fetched and somebody looks.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    name = TextColumn("{task.description}")
    columns = (name, BarColumn(), MofNCompleteColumn(), TextColumn("candles, left"), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), speed_estimate_period=60)
