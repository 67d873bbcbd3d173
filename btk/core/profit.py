"""Profit of a position at a price: fee and slippage inside, and each of them apart.

Formulas: shared design, origin-core.md section 5. `side` is +1 for long and -1 for short; sums run left to right so that
results are equal to the last bit wherever they are computed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.core.rules import Rules
from btk.model.trade import Entry, Partial


class Leg(msgspec.Struct, frozen=True):
    """A share of a position (`weight` 0..1 of what was invested), entered at one price and left at another."""

    weight: float
    price_open: float
    price_close: float


class Costs(msgspec.Struct, frozen=True):
    """What fees and slippage took of the gross profit, in percent of what was invested."""

    fee_pct: float
    slippage_pct: float


def leg_return(side: int, price_open: float, price_close: float, rules: Rules) -> tuple[float, float]:
    """(return in percent with slippage, closing value over opening value) of one leg, fees not taken yet."""
    slippage = side * rules.slippage_pct / 100
    opened = price_open * (1 + slippage)
    closed = price_close * (1 - slippage)
    # Not side * (closed - opened): a short that moved nowhere has earned 0, not -0.
    return (side * closed - side * opened) / opened * 100, closed / opened


def net_pct(side: int, price_open: float, price_close: float, rules: Rules) -> float:
    """Net profit in percent of a position of one leg."""
    gross, ratio = leg_return(side, price_open, price_close, rules)
    return gross - rules.fee_pct * (1 + ratio)


def legs_net_pct(side: int, legs: Sequence[Leg], rules: Rules) -> float:
    """Net profit in percent over weighted legs: the opening fee is charged once, every closing fee by weight."""
    total, fees = 0.0, rules.fee_pct
    for leg in legs:
        gross, ratio = leg_return(side, leg.price_open, leg.price_close, rules)
        total += leg.weight * gross
        fees += rules.fee_pct * leg.weight * ratio
    return total - fees


def costs(side: int, legs: Sequence[Leg], rules: Rules) -> Costs:
    """Fees and slippage apart; gross - fees - slippage is the net profit."""
    slippage, fees = 0.0, rules.fee_pct
    for leg in legs:
        slipped, ratio = leg_return(side, leg.price_open, leg.price_close, rules)
        gross = side * (leg.price_close - leg.price_open) / leg.price_open * 100
        slippage += leg.weight * (gross - slipped)
        fees += rules.fee_pct * leg.weight * ratio
    return Costs(fees, slippage)


def basis_after(partial: Partial) -> float:
    """What was left of the cost basis right after a partial close."""
    return partial.cost_basis * (1 - partial.pct / 100)


def remaining_basis(entries: Sequence[Entry], partials: Sequence[Partial]) -> float:
    """The cost basis still invested, in quote currency."""
    if not partials:
        return _total_cost(entries)
    last = partials[-1]
    return basis_after(last) + _total_cost(entries[last.entry_count :])


def effective_price(entries: Sequence[Entry], partials: Sequence[Partial]) -> float:
    """The cost-weighted harmonic mean of the entries; selling never changes it, buying blends into what is left."""
    return effective_prices(entries, partials)[-1]


def effective_prices(entries: Sequence[Entry], partials: Sequence[Partial]) -> list[float]:
    """The effective entry price at each partial close, and at present (last)."""
    if not partials:
        return [_total_cost(entries) / _coins(entries)]
    first = partials[0]
    prices = [first.cost_basis / _coins(entries[: first.entry_count])]
    for index, partial in enumerate(partials):
        until = partials[index + 1].entry_count if index + 1 < len(partials) else len(entries)
        added = entries[partial.entry_count : until]
        prices.append(_blended(basis_after(partial), prices[-1], added))
    return prices


def _blended(remaining: float, price: float, added: Sequence[Entry]) -> float:
    coins = remaining / price + _coins(added)
    return price if coins == 0 else (remaining + _total_cost(added)) / coins


def _total_cost(entries: Sequence[Entry]) -> float:
    total = 0.0
    for entry in entries:
        total += entry.cost
    return total


def _coins(entries: Sequence[Entry]) -> float:
    total = 0.0
    for entry in entries:
        total += entry.cost / entry.price
    return total
