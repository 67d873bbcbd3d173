"""`btk verify`: whether what was tested is what would trade."""

from __future__ import annotations

import typer

from btk.cli.interruptions import interruptible
from btk.cli.missing_candles import Cache, fetch_what_is_missing
from btk.cli.options import AsJson, Assignments, ConfigFiles
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.selection import (
    Entries,
    ExchangeName,
    FrameName,
    From,
    ModelName,
    Params,
    Selection,
    Symbols,
    To,
    selected_settings,
)
from btk.engines.drivers import StopSwitch
from btk.library.stop_control import StopControl
from btk.library.verifying import verify as verified
from btk.model.errors import CheckFailed


def verify(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    entry: Entries = None,
    symbols: Symbols = None,
    config: ConfigFiles = None,
    from_: From = None,
    to: To = None,
    frame: FrameName = None,
    exchange: ExchangeName = None,
    model: ModelName = None,
    param: Params = None,
    assignments: Assignments = None,
    cache: Cache = True,
    as_json: AsJson = False,
) -> None:
    """Send one frame through the backtest and through the live path: they must tell the same events, else exit 7."""
    chosen = Selection(
        entry=entry,
        symbols=symbols,
        from_=from_,
        to=to,
        frame=frame,
        exchange=exchange,
        model=model,
        param=param,
        config=config,
        assignments=assignments,
    )
    loaded = selected_settings(context, chosen)
    if cache:
        fetch_what_is_missing(loaded)
    switch, control = StopSwitch(), StopControl("leave")
    with interruptible(switch) as interruption, strategies_print_to_stderr():
        found = verified(loaded.settings, loaded.root, switch, control)
    if found is None:
        interruption.exit_code = control.left_by or interruption.exit_code
        interruption.leave("; the frame was not compared to its end")
    if as_json:
        print_document(found)
    elif found.same:
        typer.echo(f"backtest and live path tell the same {found.events} events")
    if not found.same:
        raise CheckFailed(
            "the live path does not tell what the backtest tells; the first difference:\n"
            f"backtest: {found.backtest or 'no more events'}\nlive path: {found.replay or 'no more events'}\n"
            "does the strategy read a clock, use randomness, or keep values of its own?"
        )
