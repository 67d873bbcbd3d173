"""`btk status`: how a paper or live run is doing, from another terminal, without the network."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.cli.run_options import OfStrategies, OfSymbols, RunMode, names_in
from btk.library.run_orders import Choice, meant_slots
from btk.library.run_view import found_runs, rank
from btk.model.errors import CheckFailed
from btk.model.run_status import LATE_SECONDS, OLD, RunStatus

Check = Annotated[
    bool,
    typer.Option(
        "--check", help=f"Exit 7 unless it runs and its last tick is at most {LATE_SECONDS:g} s old."
    ),
]


def status(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    symbols: OfSymbols = None,
    strategy: OfStrategies = None,
    mode: RunMode = None,
    check: Check = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Show how a run is doing; without --mode the one that runs, live before paper."""
    loaded = chosen_settings(context, config, assignments)
    found = found_runs(loaded.settings, loaded.root, mode.value if mode else None)
    best = found[0].status
    choice = Choice(names_in(symbols), names_in(strategy))
    chosen = msgspec.structs.replace(best, slots=tuple(meant_slots(best.slots, choice, loaded.settings)))
    if as_json:
        print_document(chosen)
    else:
        _show(chosen)
    for other in found[1:]:
        if rank(other.status) == rank(best) < 2:
            typer.echo(f"btk: there is a {other.view.mode} run too: --mode {other.view.mode}", err=True)
    if check:
        _check(best)


def _show(status: RunStatus) -> None:
    from btk.cli.console import plain_console
    from btk.cli.status_screen import status_view

    console = plain_console()
    console.print(status_view(status, console.width))


def _check(status: RunStatus) -> None:
    if not status.alive:
        raise CheckFailed(f"--check: no {status.mode} run is at work")
    if status.late:
        why = status.degraded.get(OLD)
        words = f"the last tick that is known is {status.last_tick_age_seconds:.0f} s old"
        raise CheckFailed(f"--check: {words}{f': {why}' if why else ''}")
