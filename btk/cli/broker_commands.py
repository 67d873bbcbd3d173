"""`btk broker`: an account tried out before it is trusted with a run."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.check_journal import CheckJournal
from btk.adapters.settings import Loaded
from btk.adapters.state_lock import only_writer
from btk.cli.broker_flags import Sandbox, UnprovenVenue, WithdrawalKey, Yes, account_of, with_sandbox
from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.cli.real_money import check_askable, confirm
from btk.cli.selection import ExchangeName
from btk.cli.trading_screen import say
from btk.library.broker_check import BrokerCheck, Checked, Subject
from btk.library.broker_start import Brokerage
from btk.library.state_backends import FOLDERS
from btk.model.accounts import AccountFacts
from btk.wiring import Allowances

app = command_group("Try out an account before a run is trusted with it.")

COMMAND = "btk broker check"
OneSymbol = Annotated[
    str | None, typer.Option("--symbol", metavar="NAME", help="The market to try; default: the first.")
]


@app.command()
def check(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    symbol: OneSymbol = None,
    exchange: ExchangeName = None,
    sandbox: Sandbox = False,
    allow_withdrawal_key: WithdrawalKey = False,
    unproven_venue: UnprovenVenue = False,
    yes: Yes = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Go through every kind of order with the smallest size. Each step is said before it is done.

    Costs fees and the spread, some cents. Real money asks first. Exit 0: all worked; 5: the exchange or the key did
    not answer; 7: a step failed, or something is left, which is named then.
    """
    named = [f"exchange.name={exchange}"] if exchange else []
    loaded = chosen_settings(context, config, with_sandbox([*(assignments or ()), *named], sandbox))
    check_askable(loaded.settings, yes)
    allowed = Allowances(allow_withdrawal_key, unproven_venue)
    account = account_of(context, loaded, allowed)
    checked = _checked(loaded, account, symbol, yes)
    if as_json:
        print_document(checked.report)
    elif checked.error is None:
        typer.echo(f"passed: {len(checked.report.steps)} steps, nothing is left at the exchange")
    if checked.error is not None:
        raise checked.error


def _checked(loaded: Loaded, account: Brokerage, symbol: str | None, yes: bool) -> Checked:
    settings, root = loaded.settings, loaded.root
    name = wiring.traded_name(symbol, settings) if symbol else wiring.symbols(settings)[0]
    data = root / settings.state.path / FOLDERS["live"]
    subject = Subject(
        broker=account.broker,
        symbol=name,
        exchange=settings.exchange.name,
        sandbox=settings.exchange.sandbox,
        journal=CheckJournal(data),
        allow=lambda facts: _ask(facts, name, yes),
        say=say,
    )
    # A live run of this project would take the orders of the check for strangers.
    with only_writer(data, COMMAND):
        return asyncio.run(BrokerCheck(subject).run())


def _ask(account: AccountFacts, symbol: str, yes: bool) -> None:
    if not (yes or account.sandbox):
        confirm(
            f"Send real orders of the smallest size in {symbol} at {account.exchange}, account {account.account_id}?"
        )
