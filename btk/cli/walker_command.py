"""`btk walker`: try many strategies or parameters on the same history, and rank them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from btk.cli.interruptions import Interruption, interruptible
from btk.cli.missing_candles import Cache, Gaps, GapsChoice, fetch_what_is_missing
from btk.cli.options import AsJson, Assignments, ConfigFiles
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.selection import (
    Entries,
    ExchangeName,
    FrameName,
    From,
    ModelName,
    Selection,
    Symbols,
    To,
    selected_settings,
)
from btk.library.parameter_grid import parse_axes
from btk.library.walk_forward import parse_lengths
from btk.library.walk_run import Progress, Walk, WalkResult, WalkRun
from btk.model.errors import StrategyError, UsageError

REDRAW_SECONDS = 0.2
BAR_WIDTH = 24

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE[:CLASS]]...", help="Strategy files to compare; each class is a contender."),
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUES",
        help="Values to try, as fast=5,10,20 or fast=5:50:5 (both ends included); repeatable: every combination.",
    ),
]
Metric = Annotated[str, typer.Option("--metric", metavar="NAME", help="Any statistic of a result document.")]
Minimize = Annotated[bool, typer.Option("--minimize", help="The lowest value wins, not the highest.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", min=1, help="Worker processes; default: one a processor."),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Take the variants that this earlier walk has already done, if nothing they depend on has changed.",
    ),
]
WalkWindows = Annotated[
    str | None,
    typer.Option(
        "--walk",
        metavar="TRAIN/TEST",
        help="Walk forward, as 90d/30d: choose on 90 days, be measured on the next 30, and so on.",
    ),
]
Trials = Annotated[
    int | None,
    typer.Option("--trials", metavar="N", min=1, help="Search with Optuna instead of trying everything."),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Of the Dask cluster, as tcp://10.0.0.1:8786."),
]


class Executor(StrEnum):
    """Where variants run."""

    local = "local"
    dask = "dask"


ExecutorName = Annotated[
    Executor, typer.Option("--executor", help="Processes of this machine, or a Dask cluster.")
]


def walker(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    files: Files = None,
    entry: Entries = None,
    param: Params = None,
    metric: Metric = "sharpe_ratio",
    minimize: Minimize = False,
    symbols: Symbols = None,
    config: ConfigFiles = None,
    from_: From = None,
    to: To = None,
    frame: FrameName = None,
    exchange: ExchangeName = None,
    model: ModelName = None,
    assignments: Assignments = None,
    cache: Cache = True,
    gaps: GapsChoice = Gaps.error,
    jobs: Jobs = None,
    resume: Resume = None,
    walk_windows: WalkWindows = None,
    trials: Trials = None,
    executor: ExecutorName = Executor.local,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> None:
    """Run each strategy with each set of parameters on the same candles, and rank them by one statistic."""
    if (executor is Executor.dask) != (scheduler is not None):
        raise UsageError("--executor dask and --scheduler ADDRESS go together")
    if jobs is not None and scheduler is not None:
        raise UsageError("--jobs is about this machine; on a Dask cluster its workers are used")
    walk = Walk(
        axes=parse_axes(param or ()),
        metric=metric,
        minimize=minimize,
        jobs=jobs,
        resume=resume,
        lengths=None if walk_windows is None else parse_lengths(walk_windows),
        trials=trials,
        scheduler=scheduler,
    )
    chosen = Selection(
        entry=[*(files or ()), *(entry or ())] or None,
        symbols=symbols,
        from_=from_,
        to=to,
        frame=frame,
        exchange=exchange,
        model=model,
        config=config,
        assignments=assignments,
    )
    loaded = selected_settings(context, chosen)
    if cache:
        fetch_what_is_missing(loaded)
    run = WalkRun(loaded.settings, loaded.root, walk, fill_gaps=gaps is Gaps.fill)
    with interruptible(run.switch) as interruption, strategies_print_to_stderr(), _progress() as watch:
        result = run.run(watch)
    if as_json:
        print_document(result.document)
    else:
        _show(result, loaded.root, _flags(chosen, cache))
    _end(result, interruption, run.run_id)


def progress_line(progress: Progress) -> str:
    """How far a walk is, in one line."""
    share = progress.ended / progress.total if progress.total else 1.0
    filled = round(share * BAR_WIDTH)
    bar = "=" * filled + "." * (BAR_WIDTH - filled)
    left = f"{progress.seconds / share - progress.seconds:.0f} s left" if share > 0 else "..."
    line = f"[{bar}] {progress.ended:,}/{progress.total:,}  {left}"
    if progress.failed:
        line += f"  {progress.failed} failed"
    if progress.best is not None:
        params = " ".join(f"{name}={value}" for name, value in progress.best.params.items())
        line += f"  best {progress.best.value:.4g}: {progress.best.strategy} {params}"
    return line


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    drawn_at = 0.0

    def watch(progress: Progress) -> None:
        nonlocal drawn_at
        now = time.monotonic()
        if now - drawn_at >= REDRAW_SECONDS:
            drawn_at = now
            print(f"\r{_cut(progress_line(progress))}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield watch
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _cut(line: str) -> str:
    from shutil import get_terminal_size

    # A line that wraps would not be drawn over by the next.
    return line[: get_terminal_size().columns - 1]


def _flags(chosen: Selection, cache: bool) -> list[str]:
    # A named frame may say how often is asked; its dates give way to those of the winner.
    flags = [] if chosen.frame is None else ["--frame", chosen.frame]
    flags += [word for file in chosen.config or () for word in ("--config", str(file))]
    flags += [word for text in chosen.assignments or () for word in ("--set", text)]
    return flags if cache else [*flags, "--no-cache"]


def _show(result: WalkResult, root: Path, flags: list[str]) -> None:
    from btk.cli.screen_facts import folder_text
    from btk.cli.walker_screen import show_walk

    show_walk(result.document, folder_text(result.folder, root), flags=flags)


def _end(result: WalkResult, interruption: Interruption, run_id: str) -> None:
    counts: Any = result.document["counts"]
    if not result.complete:
        done = f"{counts['done'] + counts['failed']:,} of {counts['variants']:,} variants"
        interruption.leave(f" after {done}; add --resume {run_id} to go on from there")
    if counts["failed"] and not counts["done"]:
        failed: Any = result.document["failed"]
        raise StrategyError(f"every variant failed, the first: {failed[0]['error']}")
