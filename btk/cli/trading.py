"""Running a paper or live run from the command line, whichever it is: what is said, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import typer

from btk.cli.endings import INTERRUPTED
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.trading_screen import say, say_event, say_started
from btk.library.stop_control import StopControl
from btk.library.trading_run import Ended, Started, TradingRun

LEFT = {INTERRUPTED: "interrupted"}


def run_trading(run: TradingRun, control: StopControl, words: Sequence[str], tells_events: bool) -> Ended:
    """Run it to its end, telling its events on stderr."""

    def started(start: Started) -> None:
        say_started(start, words)
        if tells_events:
            start.session.memory.observers.append(say_event)

    with strategies_print_to_stderr():
        return asyncio.run(run.run(control, started))


def show_ended(ended: Ended, root: Path, as_json: bool) -> None:
    """The result: one document, or tables."""
    if as_json:
        print_document(ended.document)
        return
    from btk.cli.result_screen import show_result

    folder = ended.folder.relative_to(root) if ended.folder.is_relative_to(root) else ended.folder
    show_result(ended.document, folder=str(folder))


def leave(ended: Ended, command: str) -> None:
    """End with the code of the signal that ended the run, if one did."""
    if ended.left_by is not None:
        word = LEFT.get(ended.left_by, "terminated")
        say(f"btk: {word}; everything is saved, `{command}` goes on with it")
        raise typer.Exit(ended.left_by)
