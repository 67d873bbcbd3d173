"""`btk state`: what a run remembers of its slots, adopting what it does not, and forgetting it."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.adapters.terminal import is_terminal
from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.cli.run_options import RunMode, RunModeChoice, names_in
from btk.cli.state_adopt import adopt
from btk.core.documents import to_document
from btk.library.forgetting import Forgetting, forgetting, look_at, state_words
from btk.library.run_orders import Choice
from btk.library.run_view import found_runs
from btk.model.dates import format_date
from btk.model.errors import UsageError

app = command_group("Look at what a run remembers, adopt what it does not, or forget it.")
app.command()(adopt)

Symbols = Annotated[
    list[str], typer.Option("--symbols", metavar="LIST", help="Which, as BTCUSDT,ETHUSDT; repeatable.")
]
Strategies = Annotated[
    list[str], typer.Option("--strategy", metavar="NAME", help="Of which strategy; repeatable.")
]
OfMode = Annotated[RunModeChoice, typer.Option("--mode", help="Of which run.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def show(
    context: typer.Context,
    mode: RunMode = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """The record of every slot: with --json all of it."""
    loaded = chosen_settings(context, config, assignments)
    view = found_runs(loaded.settings, loaded.root, mode.value if mode else None)[0].view
    records = look_at(view)
    if as_json:
        slots = [to_document(record) for record in records]
        print_document(
            {"schema": "btk.state/1", "mode": view.mode, "exchange": view.exchange, "slots": slots}
        )
        return
    typer.echo(f"{view.mode} state on {view.exchange}, {view.data}: {len(records)} slots")
    for record in records:
        seen = format_date(record.last_candle_ms)
        typer.echo(f"{record.symbol} {record.strategy}: {state_words(record)}, seen until {seen}")


@app.command()
def forget(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    symbols: Symbols,
    strategy: Strategies,
    mode: OfMode,
    yes: Yes = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Let slots begin anew, whatever they hold or how damaged they are. Nothing is done at the exchange.

    Asks first, unless --yes; nothing may run meanwhile.
    """
    loaded = chosen_settings(context, config, assignments)
    choice = Choice(names_in(symbols), names_in(strategy))
    with forgetting(loaded.settings, loaded.root, mode.value, choice) as found:
        _ask(found, mode.value, yes)
        found.forget()
    if as_json:
        slots = [{"symbol": key.symbol, "strategy": key.strategy} for key in found.words]
        print_document({"schema": "btk.state-forget/1", "mode": mode.value, "slots": slots})
    else:
        typer.echo("forgotten")


def _ask(found: Forgetting, mode: str, yes: bool) -> None:
    for key, words in found.words.items():
        typer.echo(f"{mode}: {key.symbol} {key.strategy}: {words}", err=True)
    if yes:
        return
    if not is_terminal():
        raise UsageError("nothing was forgotten: --yes forgets it where nobody can be asked")
    typer.confirm("Forget this? Positions at an exchange are yours to see to.", abort=True, err=True)
