"""What a fill makes of a contract position."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from tests.venue.trading_nouns import ZERO, Position


class Filled(NamedTuple):
    """The position after the fill, and what it brought."""

    position: Position
    realized: Decimal


def filled(position: Position, signed: Decimal, price: Decimal, at_ms: int) -> Filled:
    """`signed` is negative for what was sold; beyond flat it is the other way round from there."""
    amount = position.amount + signed
    if position.amount * signed >= 0:
        cost = position.amount * position.entry + signed * price
        return Filled(Position(position.symbol, position.side, amount, cost / amount, at_ms), ZERO)
    closed = min(abs(position.amount), abs(signed)).copy_sign(position.amount)
    turned = amount * position.amount < 0
    entry = price if turned else position.entry if amount else ZERO
    return Filled(
        Position(position.symbol, position.side, amount, entry, at_ms), closed * (price - position.entry)
    )
