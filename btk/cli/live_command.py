"""`btk live`: live prices, and real orders where a broker is set; without one it tells signals and sends no orders."""

from __future__ import annotations

import typer

from btk.cli.broker_flags import (
    OnMismatch,
    OnMismatchChoice,
    Sandbox,
    UnprovenVenue,
    WithdrawalKey,
    Yes,
    brokerage,
    say_unheeded,
    with_sandbox,
)
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
from btk.cli.trading_options import OnStop, OnStopChoice, SetBack
from btk.library.settling import Wish
from btk.library.stop_control import StopControl
from btk.library.trading_run import TradingRun
from btk.wiring import Allowances


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
    on_mismatch: OnMismatch = OnMismatchChoice.halt,
    set_back: SetBack = False,
    sandbox: Sandbox = False,
    allow_withdrawal_key: WithdrawalKey = False,
    unproven_venue: UnprovenVenue = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Trade live. broker.kind: none tells signals only, ccxt sends orders: with real money it asks first.

    Stopped or killed and started again it goes on where it was.
    """
    chosen = Selection(
        entry=entry,
        symbols=symbols,
        exchange=exchange,
        model=model,
        param=param,
        config=config,
        assignments=with_sandbox(assignments, sandbox),
    )
    loaded = selected_settings(context, chosen)
    account = None
    if loaded.settings.broker.kind == "ccxt":
        allowed = Allowances(allow_withdrawal_key, unproven_venue)
        account = brokerage(context, loaded, allowed, yes, Wish(on_mismatch.value))
    else:
        say_unheeded(
            {
                "--on-mismatch": on_mismatch is not OnMismatchChoice.halt,
                "--sandbox": sandbox,
                "--allow-withdrawal-key": allow_withdrawal_key,
                "--unproven-venue": unproven_venue,
            }
        )
    run = TradingRun(loaded.settings, loaded.root, "live", set_back=set_back, brokerage=account)
    run_trading(run, StopControl(on_stop.value), loaded.root, as_json)
