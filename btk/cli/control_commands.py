"""`btk pause`, `resume`, `stop`, `flatten`: orders for a run from another terminal, through files."""

from __future__ import annotations

from collections.abc import Callable

import typer

from btk.adapters.command_files import Action
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.cli.run_options import OfStrategies, OfSymbols, RunMode, names_in
from btk.library.run_orders import Choice, Given, give_order
from btk.model.dates import format_date

MEANING: dict[Action, str] = {
    "pause": "no new signals are asked for; positions and waiting entries go on",
    "resume": "signals are asked for again; halts and marks for attention are lifted",
    "stop": "nothing new is opened, waiting entries are cancelled; positions end as its --on-stop says",
    "flatten": "positions are closed at market, waiting entries cancelled, nothing new is asked for until btk resume",
}


def _command(action: Action) -> Callable[..., None]:
    def order(  # noqa: PLR0917 (every parameter is a flag)
        context: typer.Context,
        symbols: OfSymbols = None,
        strategy: OfStrategies = None,
        mode: RunMode = None,
        config: ConfigFiles = None,
        assignments: Assignments = None,
        as_json: AsJson = False,
    ) -> None:
        loaded = chosen_settings(context, config, assignments)
        choice = Choice(names_in(symbols), names_in(strategy))
        given = give_order(action, choice, loaded.settings, loaded.root, mode.value if mode else None)
        if as_json:
            print_document(given)
        else:
            typer.echo("\n".join(_lines(given)))

    return order


pause, resume, stop, flatten = _command("pause"), _command("resume"), _command("stop"), _command("flatten")


def _lines(given: Given) -> list[str]:
    slots = ", ".join(f"{slot.symbol} {slot.strategy}" for slot in given.slots) or "all that is meant"
    run = f"{given.mode} run {given.run_id}" if given.run_id else f"{given.mode} run that is starting"
    return [f"{given.action} given to the {run}: {slots}", f"{MEANING[given.action]}; {_when(given)}"]


def _when(given: Given) -> str:
    if not given.alive:
        return "NOTHING RUNS NOW: this takes effect when it is started again"
    if given.takes_effect_ms is None:
        return "this takes effect at its first tick"
    return f"this takes effect at {format_date(given.takes_effect_ms)} UTC; btk status shows it"
