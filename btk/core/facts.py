"""Facts: the events that transitions tell, and the trade that a closed position leaves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from btk.core import profit
from btk.core.holding import Holding, Plan, legs, pnl_pct, realised_cost
from btk.core.milestones import Reached
from btk.core.model import Minutes
from btk.core.rules import Terms
from btk.model.events import (
    AveragedEvent,
    BreakevenEvent,
    CancelledEvent,
    ClosedEvent,
    Event,
    LossLevelEvent,
    OpenedEvent,
    PartialClosedEvent,
    ProfitLevelEvent,
    ScheduledEvent,
)
from btk.model.intervals import MINUTE_MS
from btk.model.trade import CancelReason, CloseReason, Trade


class Exit(msgspec.Struct, frozen=True):
    """How a position ended: the price, the time, the reason, and two marks of honesty."""

    price: float
    at_ms: int
    tick_ms: int
    reason: CloseReason
    ambiguous: bool = False
    exact_touch: bool = False
    note: str = ""


def scheduled(plan: Plan, terms: Terms) -> ScheduledEvent:
    """A plan began to wait for its entry price."""
    return ScheduledEvent(
        at_ms=plan.created_ms,
        tick_ms=plan.created_ms,
        symbol=terms.symbol,
        strategy=terms.strategy,
        id=plan.id,
        position=plan.position,
        price=plan.price,
        price_open=plan.price_open,
        price_take_profit=plan.price_take_profit,
        price_stop_loss=plan.price_stop_loss,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        cost=plan.cost,
        note=plan.note,
    )


def opened(holding: Holding, tick_ms: int, terms: Terms) -> OpenedEvent:
    """A position began."""
    plan = holding.plan
    return OpenedEvent(
        at_ms=holding.opened_ms,
        tick_ms=tick_ms,
        symbol=terms.symbol,
        strategy=terms.strategy,
        id=plan.id,
        position=plan.position,
        price_open=holding.entries[0].price,
        price_take_profit=holding.take,
        price_stop_loss=holding.stop,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        cost=plan.cost,
        scheduled_at_ms=plan.created_ms,
        note=plan.note,
    )


def milestones(plan: Plan, found: Sequence[Reached], minutes: Minutes, terms: Terms) -> list[Event]:
    """What was reached, in the order given: told of the candle that reached it."""
    told: list[Event] = []
    for row, level in found:
        at_ms, price = minutes.first_ms + row * MINUTE_MS, float(minutes.price[row])
        stamp = (at_ms, at_ms + MINUTE_MS, terms.symbol, terms.strategy)
        if level > 0:
            told.append(ProfitLevelEvent(*stamp, id=plan.id, level=level, price=price))
        elif level < 0:
            told.append(LossLevelEvent(*stamp, id=plan.id, level=-level, price=price))
        else:
            told.append(BreakevenEvent(*stamp, id=plan.id, price=price))
    return told


def averaged(holding: Holding, tick_ms: int, terms: Terms) -> AveragedEvent:
    """A position was added to; its last entry says how."""
    entry = holding.entries[-1]
    return AveragedEvent(
        at_ms=entry.at_ms,
        tick_ms=tick_ms,
        symbol=terms.symbol,
        strategy=terms.strategy,
        id=holding.plan.id,
        price=entry.price,
        cost=entry.cost,
        price_open=holding.price_open,
        entries=len(holding.entries),
    )


def partial_closed(holding: Holding, tick_ms: int, terms: Terms) -> PartialClosedEvent:
    """A share of a position was closed; its last partial says how."""
    partial = holding.partials[-1]
    pct = pnl_pct(holding, partial.price, terms.rules)
    before = msgspec.structs.replace(holding, partials=holding.partials[:-1])
    realised = realised_cost(holding, terms.rules)
    if before.partials:
        realised -= realised_cost(before, terms.rules)
    return PartialClosedEvent(
        at_ms=partial.at_ms,
        tick_ms=tick_ms,
        symbol=terms.symbol,
        strategy=terms.strategy,
        id=holding.plan.id,
        kind=partial.kind,
        pct=partial.pct,
        price=partial.price,
        cost_basis=partial.cost_basis,
        realised_cost=realised,
        pnl_pct=pct,
        pnl_cost=pct / 100 * holding.invested,
    )


def cancelled(
    plan: Plan,
    when: tuple[int, int],
    price: float,
    reason: CancelReason,
    terms: Terms,
    *,
    note: str = "",
) -> CancelledEvent:
    """A waiting plan was given up at `when` = (at_ms, tick_ms)."""
    return CancelledEvent(
        at_ms=when[0],
        tick_ms=when[1],
        symbol=terms.symbol,
        strategy=terms.strategy,
        id=plan.id,
        position=plan.position,
        price_open=plan.price_open,
        scheduled_at_ms=plan.created_ms,
        reason=reason,
        price=price,
        note=note,
    )


def closed(holding: Holding, exit: Exit, terms: Terms) -> ClosedEvent:
    """A position ended; the exit price counts for the best and the worst it has seen (not by the origin's rules)."""
    pct = pnl_pct(holding, exit.price, terms.rules)
    extremes = (holding.best_pct, holding.worst_pct)
    if not terms.rules.quirks.extremes_by_price:
        extremes = (max(holding.best_pct, pct), min(holding.worst_pct, pct))
    trade = _trade(holding, exit, pct, extremes, terms)
    return ClosedEvent(
        at_ms=exit.at_ms,
        tick_ms=exit.tick_ms,
        symbol=terms.symbol,
        strategy=terms.strategy,
        id=trade.id,
        close_reason=exit.reason,
        price=exit.price,
        pnl_pct=trade.pnl_pct,
        pnl_cost=trade.pnl_cost,
        trade=trade,
    )


def _trade(holding: Holding, exit: Exit, pct: float, extremes: tuple[float, float], terms: Terms) -> Trade:
    plan, invested = holding.plan, holding.invested
    costs = profit.costs(plan.side, legs(holding, exit.price), terms.rules)
    return Trade(
        id=plan.id,
        symbol=terms.symbol,
        strategy=terms.strategy,
        position=plan.position,
        price_open=holding.price_open,
        price_close=exit.price,
        price_take_profit=holding.take,
        price_stop_loss=holding.stop,
        original_price_take_profit=plan.price_take_profit,
        original_price_stop_loss=plan.price_stop_loss,
        scheduled_at_ms=plan.created_ms,
        opened_at_ms=holding.opened_ms,
        closed_at_ms=exit.at_ms,
        close_reason=exit.reason,
        ambiguous=exit.ambiguous,
        exact_touch=exit.exact_touch,
        cost=invested,
        pnl_pct=pct,
        pnl_cost=pct / 100 * invested,
        fee_cost=costs.fee_pct / 100 * invested,
        slippage_cost=costs.slippage_pct / 100 * invested,
        entries=holding.entries,
        partials=holding.partials,
        peak_profit_pct=extremes[0],
        max_drawdown_pct=extremes[1],
        note=f"{plan.note}; {exit.note}" if plan.note and exit.note else plan.note or exit.note,
    )
