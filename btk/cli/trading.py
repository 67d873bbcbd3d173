"""Running a paper or live run from the command line, whichever it is: what is said, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import typer

from btk.cli.endings import INTERRUPTED
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.trading_screen import say, say_started, shown
from btk.library.stop_control import StopControl
from btk.library.trading_run import Ended, Started, TradingRun

LEFT = {INTERRUPTED: "interrupted"}


def run_trading(run: TradingRun, control: StopControl, root: Path, as_json: bool) -> Ended:
    """Run it to its end, telling on stderr how it goes, and show what came of it."""
    with strategies_print_to_stderr(), ExitStack() as screen:

        def started(start: Started) -> None:
            say_started(start, run.words())
            screen.enter_context(shown(start, control))

        ended = asyncio.run(run.run(control, started))
    try:
        _show(ended, root, as_json)
    except OSError:
        # A terminal that hangs up takes stdout with it: the signal says how it ended.
        if ended.left_by is None:
            raise
    _leave(ended, run.command)
    return ended


def _show(ended: Ended, root: Path, as_json: bool) -> None:
    if as_json:
        print_document(ended.document)
        return
    from btk.cli.result_screen import show_result
    from btk.cli.screen_facts import folder_text

    show_result(ended.document, folder=folder_text(ended.folder, root))


def _leave(ended: Ended, command: str) -> None:
    if ended.left_by is not None:
        word = LEFT.get(ended.left_by, "terminated")
        say(f"btk: {word}; everything is saved, `{command}` goes on with it")
        raise typer.Exit(ended.left_by)
