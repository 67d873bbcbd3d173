"""Holding: an open position as a value, and the values it becomes by entries, partial closes and the passing of prices."""

from __future__ import annotations

import msgspec

from btk.core import profit
from btk.core.profit import Leg
from btk.core.rules import Rules
from btk.model.signal import PositionSide
from btk.model.trade import Entry, Partial

WHOLE = 1e-9


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A validated signal: everything decided, nothing opened.

    `side` is +1 long, -1 short; `price` is the market's at creation; `resting`: the entry price is yet to be reached;
    `own_id`: the strategy named it, so it must never open twice.
    """

    id: str
    position: PositionSide
    side: int
    price_open: float
    price_take_profit: float
    price_stop_loss: float
    lifetime_ms: float
    cost: float
    note: str
    created_ms: int
    price: float
    resting: bool = False
    own_id: bool = False


class Holding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position: what was planned, what was bought and sold since, and how far it has been.

    `price_open` is the effective entry. `best_pct` and `worst_pct` are net profits, `*_price` the prices they were seen at.
    `profit_level`, `loss_level` are the highest milestones told (0: none).
    """

    plan: Plan
    opened_ms: int
    entries: tuple[Entry, ...]
    partials: tuple[Partial, ...] = ()
    price_open: float
    take: float
    stop: float
    best_pct: float
    worst_pct: float
    best_price: float
    worst_price: float
    profit_level: int = 0
    loss_level: int = 0
    breakeven_reached: bool = False
    stop_moved: bool = False
    take_moved: bool = False

    @property
    def side(self) -> int:
        """+1 for long, -1 for short."""
        return self.plan.side

    @property
    def invested(self) -> float:
        """The cost of all entries, in quote currency."""
        entries = self.entries
        if len(entries) == 1:
            return entries[0].cost
        total = 0.0
        for entry in entries:
            total += entry.cost
        return total

    @property
    def remaining(self) -> float:
        """The cost basis that is still invested."""
        return profit.remaining_basis(self.entries, self.partials)

    @property
    def expires_ms(self) -> float:
        """The moment the lifetime is over; may be infinite."""
        return self.opened_ms + self.plan.lifetime_ms

    @property
    def exhausted(self) -> bool:
        """Partial closes have left nothing worth speaking of."""
        return bool(self.partials) and self.remaining <= self.invested * WHOLE


def opened(plan: Plan, price: float, at_ms: int, rules: Rules) -> Holding:
    """The position a plan becomes when it is filled at `price`."""
    entry = Entry(price, plan.cost, at_ms)
    effective = plan.cost / (plan.cost / price)
    flat = profit.net_pct(plan.side, effective, price, rules)
    return Holding(
        plan=plan,
        opened_ms=at_ms,
        entries=(entry,),
        price_open=effective,
        take=plan.price_take_profit,
        stop=plan.price_stop_loss,
        best_pct=0.0 if rules.quirks.extremes_by_price else flat,
        worst_pct=flat,
        best_price=price,
        worst_price=price,
    )


def averaged(holding: Holding, price: float, cost: float, at_ms: int) -> Holding:
    """The position after another entry."""
    entries = (*holding.entries, Entry(price, cost, at_ms))
    return msgspec.structs.replace(
        holding, entries=entries, price_open=profit.effective_price(entries, holding.partials)
    )


def reduced(holding: Holding, kind: str, pct: float, price: float, at_ms: int) -> Holding:
    """The position after closing `pct` percent of what was left."""
    partial = Partial(
        "profit" if kind == "profit" else "loss", pct, price, holding.remaining, len(holding.entries), at_ms
    )
    partials = (*holding.partials, partial)
    return msgspec.structs.replace(
        holding, partials=partials, price_open=profit.effective_price(holding.entries, partials)
    )


def legs(holding: Holding, price: float) -> list[Leg]:
    """The weighted legs of the position if what is left of it were closed at `price`."""
    if not holding.partials:
        return [Leg(1.0, holding.price_open, price)]
    invested = holding.invested
    prices = profit.effective_prices(holding.entries, holding.partials)
    parts, closed = [], 0.0
    for partial, price_open in zip(holding.partials, prices, strict=False):
        dollars = partial.pct / 100 * partial.cost_basis
        closed += dollars
        parts.append(Leg(dollars / invested, price_open, partial.price))
    left = (invested - closed) / invested
    if left > 0:
        parts.append(Leg(left, prices[-1], price))
    return parts


def pnl_pct(holding: Holding, price: float, rules: Rules) -> float:
    """Net profit in percent of what was invested, if what is left were closed at `price`."""
    if not holding.partials:
        return profit.net_pct(holding.plan.side, holding.price_open, price, rules)
    return profit.legs_net_pct(holding.plan.side, legs(holding, price), rules)


def realised_cost(holding: Holding, rules: Rules) -> float:
    """Net profit of the partial closes so far, in quote currency, each with its share of the opening fee."""
    total = 0.0
    for leg in legs(holding, holding.price_open)[: len(holding.partials)]:
        total += leg.weight * profit.net_pct(holding.side, leg.price_open, leg.price_close, rules)
    return total * holding.invested / 100


def value_line(holding: Holding, rules: Rules) -> tuple[float, float, float]:
    """(a, b, left): what is left cost `left`, and its unrealised net profit is a + b * price, all in quote currency."""
    left, side, price = holding.remaining, holding.plan.side, holding.price_open
    # At a price of nothing all is lost (or won), and only the opening fee was paid.
    at_zero = (-100 * side - rules.fee_pct) * left / 100
    at_entry = profit.net_pct(side, price, price, rules) * left / 100
    return at_zero, (at_entry - at_zero) / price, left


def seen(holding: Holding, better: float, worse: float, rules: Rules) -> Holding:
    """The position after prices up to `better` and down to `worse` (in its direction); records must be strictly beaten."""
    if rules.quirks.extremes_by_price:
        return _seen_by_price(holding, better, worse, rules)
    best, worst = pnl_pct(holding, better, rules), pnl_pct(holding, worse, rules)
    is_best, is_worst = best > holding.best_pct, worst < holding.worst_pct
    if not is_best and not is_worst:
        return holding
    return msgspec.structs.replace(
        holding,
        best_pct=best if is_best else holding.best_pct,
        best_price=better if is_best else holding.best_price,
        worst_pct=worst if is_worst else holding.worst_pct,
        worst_price=worse if is_worst else holding.worst_price,
    )


def _seen_by_price(holding: Holding, better: float, worse: float, rules: Rules) -> Holding:
    side, entry = holding.side, holding.price_open
    if (better - entry) * side > 0 and (better - holding.best_price) * side > 0:
        best = pnl_pct(holding, better, rules)
        holding = msgspec.structs.replace(holding, best_pct=best, best_price=better)
    if (worse - entry) * side < 0 and (worse - holding.worst_price) * side < 0:
        worst = pnl_pct(holding, worse, rules)
        holding = msgspec.structs.replace(holding, worst_pct=worst, worst_price=worse)
    return holding
