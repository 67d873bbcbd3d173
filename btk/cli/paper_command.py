"""`btk paper`: live prices without orders, or recorded minutes through the same path at full speed."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.cli.missing_candles import Cache, fetch_what_is_missing
from btk.cli.options import AsJson, Assignments, ConfigFiles
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
from btk.cli.trading import run_trading
from btk.cli.trading_options import OnStop, OnStopChoice, SetBack
from btk.library.run_outcome import first_error
from btk.library.state_backends import Mode
from btk.library.stop_control import StopControl
from btk.library.trading_run import TradingRun
from btk.model.errors import UsageError

Replay = Annotated[
    bool,
    typer.Option(
        "--replay", help="Go through a recorded frame (--from, --to, --frame) instead, at full speed."
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin anew instead of going on with the last run.")]


def paper(  # noqa: PLR0917 (every parameter is a flag)
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
    replay: Replay = False,
    fresh: Fresh = False,
    set_back: SetBack = False,
    cache: Cache = True,
    on_stop: OnStop = OnStopChoice.wait,
    as_json: AsJson = False,
) -> None:
    """Trade on live prices without orders. Stopped or killed and started again it goes on where it was."""
    if not replay and (from_ or to or frame):
        raise UsageError("--from, --to and --frame choose what is replayed; they need --replay")
    if replay and set_back:
        raise UsageError("--set-back is about the clock of a run in real time; a replay has none")
    if not replay and not cache:
        raise UsageError(
            "--no-cache is about what is replayed; it needs --replay, live prices need the network"
        )
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
    if replay and cache:
        fetch_what_is_missing(loaded)
    mode: Mode = "replay" if replay else "paper"
    run = TradingRun(loaded.settings, loaded.root, mode, fresh=fresh, set_back=set_back)
    ended = run_trading(run, StopControl(on_stop.value), loaded.root, as_json)
    error = first_error(ended.outcome)
    if replay and error is not None:
        raise error
