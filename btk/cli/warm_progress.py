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

NARROW = 70
"""A name, two counts of millions, the time left and a bar that says something."""


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
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console, name, left = Console(stderr=True), TextColumn("{task.description}"), TimeRemainingColumn()
    columns: tuple[ProgressColumn, ...] = (
        name,
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("candles, left"),
        left,
    )
    if console.width < NARROW:
        # Columns that do not fit would each be cut.
        columns = (name, TextColumn("{task.percentage:>3.0f} %, left"), left)
    return Progress(*columns, console=console, speed_estimate_period=60)
