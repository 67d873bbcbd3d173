"""`btk`: the table of its commands, and the one place where a command line starts and ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import ClassVar, NoReturn

import typer

from btk.cli.endings import Terminated, finish
from btk.cli.invocation import Invocation, Root, Verbose, Version
from btk.cli.lazy_commands import PLAIN_TEXT, LazyGroup, Row

COMPLETION_VARIABLE = "_BTK_COMPLETE"
AGAIN_SECONDS = 0.05


class Commands(LazyGroup):
    """Every command of `btk`; one whose time has not come is absent."""

    rows: ClassVar = {
        "backtest": Row("btk.cli.backtest_command", "backtest", "Run strategies on history."),
        "broker": Row(
            "btk.cli.broker_commands", "app", "Try out an account before a run is trusted with it."
        ),
        "cache": Row(
            "btk.cli.cache_commands", "app", "Fetch candles or bring them in, list and check what is stored."
        ),
        "config": Row("btk.cli.config_commands", "app", "Show, check and start the settings."),
        "doctor": Row("btk.cli.doctor_command", "doctor", "Look for what is wrong, and repair what can be."),
        "flatten": Row("btk.cli.control_commands", "flatten", "Close the positions of a run, and pause it."),
        "list": Row("btk.cli.list_commands", "app", "List what there is to choose from."),
        "live": Row("btk.cli.live_command", "live", "Trade live; without a broker, signals only."),
        "new": Row("btk.cli.new_command", "new", "Make a project of your own."),
        "notify": Row("btk.cli.notify_commands", "app", "Try out the addresses that are told of events."),
        "paper": Row("btk.cli.paper_command", "paper", "Trade on live prices without orders."),
        "pause": Row("btk.cli.control_commands", "pause", "Let a run ask for no new signals."),
        "report": Row("btk.cli.report_commands", "app", "Look at what runs left behind."),
        "resume": Row("btk.cli.control_commands", "resume", "Let a run ask for signals again."),
        "session": Row("btk.cli.session_command", "session", "Log in to Telegram, once."),
        "state": Row("btk.cli.state_commands", "app", "Look at what a run remembers, or forget it."),
        "status": Row("btk.cli.status_command", "status", "Show how a paper or live run is doing."),
        "stop": Row("btk.cli.control_commands", "stop", "End a run, as its --on-stop says."),
        "verify": Row(
            "btk.cli.verify_command", "verify", "See that the live path tells what a backtest tells."
        ),
        "walker": Row(
            "btk.cli.walker_command", "walker", "Try many strategies or parameters, and rank them."
        ),
    }


app = typer.Typer(
    cls=Commands,
    help="Backtest, paper-trade and trade live: one strategy file, one YAML file.",
    context_settings={"help_option_names": ["-h", "--help"]},
    **{**PLAIN_TEXT, "add_completion": True},
)


@app.callback()
def _options(root: Root = None, verbose: Verbose = False, version: Version = False) -> None: ...


def main() -> NoReturn:
    """The `btk` command."""
    sys.unraisablehook = _again
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # else nohup called us
        signal.signal(signal.SIGHUP, _terminate)
    _open_what_is_closed()
    sys.exit(run(sys.argv[1:]))


def _open_what_is_closed() -> None:
    # A stream that the caller closed is None, and the next file that is opened would get its number.
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (for the life of the process)


def run(arguments: list[str]) -> int:
    """One command line; the exit code."""
    started = Invocation()
    try:
        _call(arguments or ["--help"], started)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the outermost loop: everything ends here)
        return finish(error, started.verbose, started.secrets)
    return finish(None, started.verbose)


def _call(arguments: list[str], started: Invocation) -> None:
    command = typer.main.get_command(app)
    if COMPLETION_VARIABLE in os.environ:
        command.main(arguments, prog_name="btk")
    with command.make_context("btk", arguments, obj=started) as context:
        command.invoke(context)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def _again(ignored: sys.UnraisableHookArgs) -> None:
    # A signal that comes while Python clears something away is raised where nothing can be: it has to come again.
    if not isinstance(ignored.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
        return
    number = signal.SIGTERM if isinstance(ignored.exc_value, Terminated) else signal.SIGINT
    later = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), number))
    later.daemon = True
    later.start()
