"""The flags of commands that reach an account, and the account that they and the settings choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.settings import Loaded
from btk.cli.invocation import invocation
from btk.cli.real_money import asking, check_askable
from btk.cli.trading_screen import say
from btk.library.broker_start import Brokerage
from btk.library.settling import HALT, Wish
from btk.wiring import Allowances


class OnMismatchChoice(StrEnum):
    """What is done where the account and the state do not match."""

    halt = "halt"
    adopt = "adopt"
    flatten = "flatten"


Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before real orders.")]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Use the exchange's test world; as exchange.sandbox: true.")
]
WithdrawalKey = Annotated[
    bool, typer.Option("--allow-withdrawal-key", help="Take a key that can withdraw, at your own risk.")
]
UnprovenVenue = Annotated[
    bool, typer.Option("--unproven-venue", help="Send orders where they have not been proven safe.")
]
OnMismatch = Annotated[
    OnMismatchChoice,
    typer.Option(
        "--on-mismatch",
        help="Where account and state do not match: halt, adopt what is ours into the state, or close it.",
    ),
]


def with_sandbox(assignments: Iterable[str] | None, sandbox: bool) -> list[str]:
    """The assignments of a call, with what --sandbox means."""
    return [*(assignments or ()), *(("exchange.sandbox=true",) if sandbox else ())]


def say_unheeded(given: Mapping[str, bool]) -> None:
    """Without an account, flags about one change nothing: the person who gave them is told."""
    for flag in (name for name, was_given in given.items() if was_given):
        say(f"btk: {flag} changes nothing: broker.kind is none, so there is no account")


def account_of(context: typer.Context, loaded: Loaded, allowed: Allowances) -> Brokerage:
    """The account of the settings, nobody asked; its keys will be in nothing that is said. `SettingsError`."""
    settings, root = loaded.settings, loaded.root
    keys = tuple(key for key in wiring.account_keys(settings, root) if key is not None)
    invocation(context).secrets.extend(keys)
    return Brokerage(broker=wiring.broker(settings, root, allowed), secrets=keys)


def brokerage(
    context: typer.Context, loaded: Loaded, allowed: Allowances, yes: bool, on_mismatch: Wish = HALT
) -> Brokerage:
    """The same for real orders. `UsageError` where real money is meant and nobody can be asked."""
    settings = loaded.settings
    check_askable(settings, yes)
    ask = asking(settings, wiring.symbols(settings), yes)
    return account_of(context, loaded, allowed)._replace(allow=ask, on_mismatch=on_mismatch)
