"""`btk state adopt`: what an account shows to be ours, and the state does not know, is taken into the state."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.settings import Loaded
from btk.adapters.terminal import is_terminal
from btk.cli.broker_flags import Sandbox, UnprovenVenue, WithdrawalKey, account_of, with_sandbox
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.real_money import confirm
from btk.cli.run_options import OfStrategies, OfSymbols, names_in
from btk.cli.trading_screen import say
from btk.library.broker_start import RECONCILIATION, Brokerage
from btk.library.settling import Wish
from btk.library.stop_control import StopControl
from btk.library.trading_run import Started, TradingRun
from btk.model.errors import SettingsError, UsageError
from btk.model.events import AlarmEvent, Event
from btk.model.names import SlotKey
from btk.wiring import Allowances

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def adopt(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    symbols: OfSymbols = None,
    strategy: OfStrategies = None,
    sandbox: Sandbox = False,
    allow_withdrawal_key: WithdrawalKey = False,
    unproven_venue: UnprovenVenue = False,
    yes: Yes = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Take what is provably ours at the account into the live state. Protects it, opens nothing.

    Ours are orders with ids of btk's own form, and the position that a stop among them protects.
    """
    loaded = chosen_settings(context, config, with_sandbox(assignments, sandbox))
    _ask(loaded, yes)
    wish = Wish("adopt", _traded(symbols, loaded), names_in(strategy))
    allowed = Allowances(allow_withdrawal_key, unproven_venue)
    adopted = _adopted(loaded, account_of(context, loaded, allowed)._replace(on_mismatch=wish))
    if as_json:
        print_document({"schema": "btk.state-adopt/1", "adopted": adopted})
    else:
        typer.echo("\n".join(adopted) or "there was nothing to adopt: account and state match")


def _ask(loaded: Loaded, yes: bool) -> None:
    if loaded.settings.broker.kind == "none":
        raise SettingsError("broker.kind: none has no account to adopt from; set broker.kind: ccxt")
    if yes:
        return
    if not is_terminal():
        raise UsageError("nothing was adopted: --yes adopts where nobody can be asked")
    confirm("Take what is ours at the account into the state?")


def _traded(symbols: list[str] | None, loaded: Loaded) -> tuple[str, ...] | None:
    names = names_in(symbols)
    return None if names is None else tuple(wiring.traded_name(name, loaded.settings) for name in names)


def _adopted(loaded: Loaded, account: Brokerage) -> list[str]:
    # A live run that is left before its first tick.
    settings, root, words = loaded.settings, loaded.root, list[str]()
    run, control = TradingRun(settings, root, "live", brokerage=account), StopControl("leave")
    control.leave(0)

    def listen(seq: int, key: SlotKey, event: Event) -> None:
        if isinstance(event, AlarmEvent) and event.subject == RECONCILIATION:
            words.append(event.message)

    def started(start: Started) -> None:
        say(", ".join(run.words()))
        start.session.memory.observers.append(listen)

    with strategies_print_to_stderr():
        asyncio.run(run.run(control, started))
    return words
