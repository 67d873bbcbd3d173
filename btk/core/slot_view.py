"""What a slot looks like at a price: its record in the words of the status."""

from __future__ import annotations

import math
from collections.abc import Iterable

from btk.core.holding import Holding, pnl_pct
from btk.core.rules import Rules
from btk.core.slot_record import SlotRecord
from btk.core.states import Closing, Open, Opening, Scheduled, State
from btk.model.records import WalletRecord
from btk.model.run_status import EntryStatus, PositionStatus, SlotState, SlotStatus
from btk.model.trade import CloseReason


def slot_status(record: SlotRecord, price: float | None, rules: Rules) -> SlotStatus:
    """The slot at the last price of its symbol; None where nobody knows it."""
    error = record.error
    return SlotStatus(
        symbol=record.symbol,
        strategy=record.strategy,
        exchange=record.exchange,
        state=_word(record.state),
        price=price,
        last_tick_ms=record.last_candle_ms,
        position=_position(record.state, price, rules),
        entry=_entry(record.state, price),
        paused=record.paused,
        stopping=record.stopping,
        needs_attention=record.needs_attention,
        last_error=f"{error.event.where}: {error.event.message}" if error else "",
    )


def equity(wallet: WalletRecord, records: Iterable[SlotRecord], slots: Iterable[SlotStatus]) -> float:
    """What the wallet is worth with its positions at the prices of their slots, where those are known."""
    total = wallet.start + wallet.realised
    for record, slot in zip(records, slots, strict=True):
        if slot.position is not None and slot.position.pnl_cost is not None:
            total += slot.position.pnl_cost - record.realised_part
    return total


def _word(state: State) -> SlotState:
    word: SlotState = type(state).__struct_config__.tag  # type: ignore[assignment]
    return word


def _position(state: State, price: float | None, rules: Rules) -> PositionStatus | None:
    match state:
        case Open(holding):
            return _open(holding, price, rules, None)
        case Closing(holding, reason):
            return _open(holding, price, rules, reason)
    return None


def _open(holding: Holding, price: float | None, rules: Rules, closing: CloseReason | None) -> PositionStatus:
    plan, invested = holding.plan, holding.invested
    profit = None if price is None else pnl_pct(holding, price, rules)
    return PositionStatus(
        id=plan.id,
        position=plan.position,
        price_open=holding.price_open,
        price_take_profit=holding.take,
        price_stop_loss=holding.stop,
        cost=invested,
        opened_at_ms=holding.opened_ms,
        expires_at_ms=None if math.isinf(holding.expires_ms) else int(holding.expires_ms),
        to_take_profit_pct=_way(price, holding.take, plan.side),
        to_stop_loss_pct=_way(price, holding.stop, -plan.side),
        pnl_pct=profit,
        pnl_cost=None if profit is None else profit / 100 * invested,
        closing=closing,
    )


def _entry(state: State, price: float | None) -> EntryStatus | None:
    match state:
        case Scheduled(plan) | Opening(plan):
            return EntryStatus(
                id=plan.id,
                position=plan.position,
                price_open=plan.price_open,
                price_take_profit=plan.price_take_profit,
                price_stop_loss=plan.price_stop_loss,
                cost=plan.cost,
                scheduled_at_ms=plan.created_ms,
                to_open_pct=_way(price, plan.price_open, -plan.side),
            )
    return None


def _way(price: float | None, level: float, side: int) -> float | None:
    return None if price is None else (level - price) / price * 100 * side
