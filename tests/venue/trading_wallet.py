"""The balances of an account: free, and locked for orders."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from tests.venue.trading_nouns import ZERO, Balance, Hold, Refusal


class Wallet:
    """`balances` by asset; nothing ever goes below nothing."""

    def __init__(self) -> None:
        self.balances: defaultdict[str, Balance] = defaultdict(Balance)

    def total(self, asset: str) -> Decimal:
        balance = self.balances[asset]
        return balance.free + balance.locked

    def deposit(self, asset: str, amount: Decimal | int | str) -> None:
        """From outside, or to it when negative."""
        self.balances[asset].free += Decimal(amount)

    def lock(self, asset: str, amount: Decimal) -> Hold:
        """-2010 when there is not as much."""
        balance = self.balances[asset]
        if balance.free < amount:
            raise Refusal(-2010, "Account has insufficient balance for requested action.")
        balance.free -= amount
        balance.locked += amount
        return Hold(asset, amount)

    def pay(self, hold: Hold, amount: Decimal) -> None:
        """Out of what is locked, and of what is free when the price ran away."""
        locked = min(hold.amount, amount)
        hold.amount -= locked
        self.balances[hold.asset].locked -= locked
        self.balances[hold.asset].free -= amount - locked

    def receive(self, asset: str, amount: Decimal) -> None:
        self.balances[asset].free += amount

    def release(self, hold: Hold) -> None:
        """What is left of it is free again."""
        balance = self.balances[hold.asset]
        balance.locked -= hold.amount
        balance.free += hold.amount
        hold.amount = ZERO
