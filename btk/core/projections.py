"""Projections: what the state files show, computed from the slots' records and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from btk.core.slot_record import SlotRecord
from btk.core.states import Closing, Idle, Open, Opening, holding_of, plan_of
from btk.model.intervals import MINUTE_MS
from btk.model.records import Levels, RiskPosition, ScheduleRow, SignalRow

LEVEL_STEP = 10


def signal_row(record: SlotRecord) -> SignalRow | None:
    """The open position of a slot, or None."""
    state = record.state
    if not isinstance(state, Open | Closing):
        return None
    holding, plan = state.holding, state.holding.plan
    return SignalRow(
        symbol=record.symbol,
        strategy=record.strategy,
        exchange=record.exchange,
        id=plan.id,
        position=plan.position,
        price_open=holding.price_open,
        price_take_profit=holding.take,
        price_stop_loss=holding.stop,
        original_price_open=plan.price_open,
        original_price_take_profit=plan.price_take_profit,
        original_price_stop_loss=plan.price_stop_loss,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        cost=holding.invested,
        note=plan.note,
        scheduled_at_ms=plan.created_ms,
        pending_at_ms=holding.opened_ms,
        entries=holding.entries,
        partials=holding.partials,
        peak_profit_pct=holding.best_pct,
        max_drawdown_pct=holding.worst_pct,
        closing=state.reason if isinstance(state, Closing) else None,
    )


def schedule_row(record: SlotRecord) -> ScheduleRow | None:
    """The signal of a slot that is not open yet, or None."""
    state = record.state
    if isinstance(state, Idle | Open | Closing):
        return None
    plan = state.plan
    return ScheduleRow(
        symbol=record.symbol,
        strategy=record.strategy,
        exchange=record.exchange,
        id=plan.id,
        position=plan.position,
        price_open=plan.price_open,
        price_take_profit=plan.price_take_profit,
        price_stop_loss=plan.price_stop_loss,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        cost=plan.cost,
        note=plan.note,
        scheduled_at_ms=plan.created_ms,
        ordered_at_ms=state.ordered_ms if isinstance(state, Opening) else None,
    )


def levels(record: SlotRecord) -> dict[str, Levels]:
    """The milestones reached by the open position of a slot, by signal id."""
    holding = holding_of(record.state)
    if holding is None:
        return {}
    reached = Levels(
        profit_levels=_up_to(holding.profit_level),
        loss_levels=_up_to(holding.loss_level),
        breakeven=holding.breakeven_reached,
    )
    return {holding.plan.id: reached}


def risk_position(record: SlotRecord) -> RiskPosition | None:
    """The place a slot takes in its risk profiles, or None."""
    state = record.state
    if isinstance(state, Idle):
        return None
    holding = holding_of(state)
    plan = plan_of(state)
    assert plan is not None
    return RiskPosition(
        symbol=record.symbol,
        strategy=record.strategy,
        exchange=record.exchange,
        id=plan.id,
        position=plan.position,
        price_open=plan.price_open if holding is None else holding.price_open,
        cost=record.committed,
        scheduled_at_ms=plan.created_ms,
        pending_at_ms=None if holding is None else holding.opened_ms,
    )


def risk_positions(records: Iterable[SlotRecord]) -> list[tuple[str, RiskPosition]]:
    """The places of a profile's slots by slot key, in the order of the keys."""
    ordered = sorted(records, key=lambda record: record.key.order)
    places = ((str(record.key), risk_position(record)) for record in ordered)
    return [(key, place) for key, place in places if place is not None]


def _up_to(level: int) -> tuple[int, ...]:
    return tuple(range(LEVEL_STEP, level + 1, LEVEL_STEP))
