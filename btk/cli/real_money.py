"""Before real orders: what is at stake is shown, and a person says yes, once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer

from btk.adapters.terminal import is_terminal
from btk.cli.trading_screen import say
from btk.model.accounts import AccountFacts
from btk.model.errors import UsageError
from btk.model.settings import Settings


def check_askable(settings: Settings, yes: bool) -> None:
    """`UsageError` where real orders are to be sent and nobody can be asked; before anything is opened."""
    if not (yes or settings.exchange.sandbox or is_terminal()):
        raise UsageError(
            "real orders were asked for and nobody can be asked back: --yes sends them all the same,"
            " --sandbox needs no asking"
        )


def asking(settings: Settings, symbols: Sequence[str], yes: bool) -> Callable[[AccountFacts], None]:
    """Called with the account once it is known: says what is at stake and asks, unless --yes or it is no real money."""

    def ask(account: AccountFacts) -> None:
        for line in at_stake(settings, symbols, account):
            say(line)
        if not (yes or account.sandbox):
            confirm("Send real orders?")

    return ask


def at_stake(settings: Settings, symbols: Sequence[str], account: AccountFacts) -> list[str]:
    """Account, exchange, symbols and size in a few lines, and what is doubtful about the account."""
    money = "sandbox, no real money" if account.sandbox else "REAL MONEY"
    currency = settings.wallet.currency
    proven = () if account.proven else (f"orders have not been proven safe at {account.exchange}",)
    return [
        f"{money}: {account.exchange} {account.market}, account {account.account_id}, {' '.join(symbols)}",
        f"size: {_entry(settings)}; all of them together at most {settings.wallet.start:g} {currency}",
        *(f"warning: {words}" for words in (*proven, *account.warnings)),
    ]


def confirm(question: str) -> None:
    """Go on with yes; anything else aborts."""
    with _first_ctrl_c_counts():
        typer.confirm(question, abort=True, err=True)


def _entry(settings: Settings) -> str:
    if settings.sizing.method != "fixed_cost":
        return f"an entry costs what sizing.method: {settings.sizing.method} says"
    return (
        f"an entry costs {settings.signal.position_cost:g} {settings.wallet.currency}"
        " unless its signal says otherwise"
    )


@contextmanager
def _first_ctrl_c_counts() -> Iterator[None]:
    # A running event loop makes the first one a request to its task, which waits for the answer meanwhile.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
