"""The outcome of a run: what each slot did, gathered from its events as they pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from btk.core.equity import EquitySummary
from btk.engines.journal import Observer
from btk.model.bars import Span
from btk.model.events import CancelledEvent, ClosedEvent, ErrorEvent, Event, RejectedEvent
from btk.model.names import SlotKey
from btk.model.trade import Cancelled, Rejected, Trade


class SlotRecord(msgspec.Struct):
    """Trades, cancelled and rejected signals and errors of one slot, in the order of time."""

    trades: list[Trade] = msgspec.field(default_factory=list)
    cancelled: list[Cancelled] = msgspec.field(default_factory=list)
    rejected: list[Rejected] = msgspec.field(default_factory=list)
    errors: list[ErrorEvent] = msgspec.field(default_factory=list)


class Recorder:
    """Keeps what the outcome needs and passes every event on."""

    def __init__(self, keys: Sequence[SlotKey], observer: Observer) -> None:
        self.records = {key: SlotRecord() for key in keys}
        self._observer = observer

    def __call__(self, key: SlotKey, event: Event) -> None:
        """One event of one slot."""
        keep = _KEEPERS.get(type(event))
        if keep is not None:
            keep(self.records[key], event)
        self._observer(key, event)


def _keep_trade(record: SlotRecord, event: Any) -> None:
    record.trades.append(event.trade)


def _keep_cancelled(record: SlotRecord, event: Any) -> None:
    record.cancelled.append(
        Cancelled(
            id=event.id,
            position=event.position,
            price_open=event.price_open,
            scheduled_at_ms=event.scheduled_at_ms,
            cancelled_at_ms=event.at_ms,
            reason=event.reason,
        )
    )


def _keep_rejected(record: SlotRecord, event: Any) -> None:
    record.rejected.append(
        Rejected(at_ms=event.at_ms, reason=event.reason, detail=event.detail, count=event.count)
    )


def _keep_error(record: SlotRecord, event: Any) -> None:
    record.errors.append(event)


_KEEPERS: dict[type[Event], Callable[[SlotRecord, Any], None]] = {
    ClosedEvent: _keep_trade,
    CancelledEvent: _keep_cancelled,
    RejectedEvent: _keep_rejected,
    ErrorEvent: _keep_error,
}


class SymbolFacts(msgspec.Struct, frozen=True):
    """The candles of one symbol (how many, how many filled in, first and last price), and the wallet it alone makes.

    `empty`: minutes in which the exchange had nothing, None where they were not counted. `own_bars`: by interval, from
    when to when bars of the warm-up are the exchange's own, not made from minutes.
    """

    candles: int
    gaps: int
    first_price: float | None
    last_price: float | None
    warming_up_until_ms: int
    equity: EquitySummary
    empty: int | None = None
    own_bars: Mapping[str, Span] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """All a run leaves: `complete` is False after an interruption; `open_slots` still held something then."""

    complete: bool
    reached_ms: int
    records: Mapping[SlotKey, SlotRecord]
    symbols: Mapping[str, SymbolFacts]
    equity: EquitySummary
    open_slots: tuple[SlotKey, ...]
    seconds: float
