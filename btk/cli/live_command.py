"""`btk live`: live prices; without a broker it tells signals and sends no orders."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.cli.options import AsJson, Assignments, ConfigFiles
from btk.cli.selection import (
    Entries,
    ExchangeName,
    ModelName,
    Params,
    Selection,
    Symbols,
    selected_settings,
)
from btk.cli.trading import run_trading
from btk.cli.trading_options import OnStop, OnStopChoice
from btk.library.stop_control import StopControl
from btk.library.trading_run import TradingRun

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before real orders; signals only asks nothing.")]


def live(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    entry: Entries = None,
    symbols: Symbols = None,
    config: ConfigFiles = None,
    exchange: ExchangeName = None,
    model: ModelName = None,
    param: Params = None,
    assignments: Assignments = None,
    on_stop: OnStop = OnStopChoice.wait,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Trade live. broker.kind: none tells signals only. Stopped or killed and started again it goes on where it was."""
    chosen = Selection(
        entry=entry,
        symbols=symbols,
        exchange=exchange,
        model=model,
        param=param,
        config=config,
        assignments=assignments,
    )
    loaded = selected_settings(context, chosen)
    run = TradingRun(loaded.settings, loaded.root, "live")
    run_trading(run, StopControl(on_stop.value), loaded.root, as_json)
