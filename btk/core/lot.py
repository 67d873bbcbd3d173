"""The lot: what a signal's orders have really bought and sold, from their trades and not from what was ordered."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from btk.core.order_merge import all_told
from btk.model.intents import ENTRY_LEGS, Intent
from btk.model.orders import Fill


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """What one order did: quantity in base, cost and `fee_quote` in quote currency, `fees_other` by third currency."""

    quantity: float = 0.0
    cost: float = 0.0
    fee_quote: float = 0.0
    fee_base: float = 0.0
    fees_other: dict[str, float] = msgspec.field(default_factory=dict)

    @property
    def price(self) -> float | None:
        """The average price; None where nothing was traded."""
        return self.cost / self.quantity if self.quantity and self.cost else None

    @property
    def fee_cost(self) -> float:
        """The fees in quote currency, those in base currency at the average price."""
        return self.fee_quote + self.fee_base * (self.price or 0.0)

    def share(self, part: float) -> Executed:
        """A part of it, from 0 to 1."""
        return Executed(
            quantity=self.quantity * part,
            cost=self.cost * part,
            fee_quote=self.fee_quote * part,
            fee_base=self.fee_base * part,
            fees_other={currency: fee * part for currency, fee in self.fees_other.items()},
        )


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought into a position and what was taken out of it; `complete`: every trade of it is known."""

    entered: Executed
    left: Executed
    complete: bool

    @property
    def quantity(self) -> float:
        """What is still held, in base currency, never below 0; fees in base currency are gone."""
        return self._held if self._held > self.entered.quantity * 1e-9 else 0.0

    def profit(self, side: int) -> float:
        """What was really earned in quote currency after fees, of a lot that is left again; `side` +1 or -1.

        Fees in base currency are in it already: so much less could be sold. What they took of other coins of the account,
        because all of the lot was sold, counts at the price of the sale. Fees in a third currency are not in it.
        """
        taken_beyond = min(max(-self._held, 0.0), self.left.fee_base) * (self.left.price or 0.0)
        fees = self.entered.fee_quote + self.left.fee_quote + taken_beyond
        return side * (self.left.cost - self.entered.cost) - fees

    @property
    def _held(self) -> float:
        spent = self.entered.fee_base + self.left.quantity + self.left.fee_base
        return self.entered.quantity - spent


def executed(intent: Intent) -> Executed:
    """What an order did: by its trades where they are known, else by the exchange's sums."""
    if intent.fills and all_told(intent):
        return traded(intent.fills)
    known = traded(intent.fills)
    return msgspec.structs.replace(known, quantity=intent.filled_quantity, cost=intent.filled_cost)


def lot_of(intents: Iterable[Intent], signal_id: str) -> Lot:
    """The lot of one signal."""
    own = [intent for intent in intents if intent.signal_id == signal_id]
    entries = [intent for intent in own if intent.leg in ENTRY_LEGS]
    exits = [intent for intent in own if intent.leg not in ENTRY_LEGS]
    return Lot(
        entered=together(map(executed, entries)),
        left=together(map(executed, exits)),
        complete=all(map(all_told, own)),
    )


def traded(fills: Iterable[Fill]) -> Executed:
    """What some trades did."""
    total = Executed()
    for fill in fills:
        others = {fill.fee_currency: fill.fee_other} if fill.fee_other else {}
        one = Executed(
            quantity=fill.quantity,
            cost=fill.quantity * fill.price,
            fee_quote=fill.fee_quote,
            fee_base=fill.fee_base,
            fees_other=others,
        )
        total = _sum(total, one)
    return total


def together(parts: Iterable[Executed]) -> Executed:
    """What several did."""
    total = Executed()
    for part in parts:
        total = _sum(total, part)
    return total


def _sum(one: Executed, other: Executed) -> Executed:
    currencies = {**one.fees_other, **other.fees_other}
    fees = {name: one.fees_other.get(name, 0.0) + other.fees_other.get(name, 0.0) for name in currencies}
    return Executed(
        quantity=one.quantity + other.quantity,
        cost=one.cost + other.cost,
        fee_quote=one.fee_quote + other.fee_quote,
        fee_base=one.fee_base + other.fee_base,
        fees_other=fees,
    )
