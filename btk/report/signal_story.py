"""Signal stories: each event beside what the events until then say of its signal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from btk.report.gates import EPSILON
from btk.report.run_record import EventRecord
from btk.report.tables import Cell


def with_signals(events: Sequence[EventRecord]) -> list[tuple[EventRecord, dict[str, Cell]]]:
    """Events in the order of time, each with the cells of its signal; none where it is about no signal."""
    known: dict[tuple[str, str, str], _Signal] = {}
    found = []
    for event in events:
        # A refused signal may have the id of one that is open: it changes nothing of it.
        if event.id and event.type != "rejected":
            key = (event.symbol, event.strategy, event.id)
            known[key] = _after(known.get(key), event)
            found.append((event, known[key].cells()))
        else:
            found.append((event, {}))
    return found


class _Signal(NamedTuple):
    """What the events so far say of one signal."""

    opened: EventRecord
    first: EventRecord
    pending_at_ms: int | None
    invested: float = 0.0
    executed: float = 0.0
    entries: int = 1
    partials: int = 0

    def cells(self) -> dict[str, Cell]:
        return {
            "position": self.opened.position,
            "note": self.opened.note or None,
            "price_open": self.opened.price_open,
            "price_take_profit": self.opened.price_take_profit,
            "price_stop_loss": self.opened.price_stop_loss,
            "original_price_take_profit": self.first.price_take_profit,
            "original_price_stop_loss": self.first.price_stop_loss,
            "original_price_open": self.first.price_open,
            "entries": self.entries,
            "partials": self.partials,
            "partial_executed_pct": self.executed / self.invested * 100 if self.invested > EPSILON else None,
            "pending_at_ms": self.pending_at_ms,
            "scheduled_at_ms": self.opened.scheduled_at_ms or self.first.at_ms,
        }


def _after(signal: _Signal | None, event: EventRecord) -> _Signal:
    if signal is None:
        return _Signal(event, event, event.at_ms if event.type == "opened" else None, event.cost or 0.0)
    changed = {
        name: getattr(event, name)
        for name in ("price_open", "price_take_profit", "price_stop_loss", "scheduled_at_ms")
        if getattr(event, name) is not None
    }
    return signal._replace(
        opened=msgspec.structs.replace(signal.opened, **changed),
        pending_at_ms=event.at_ms if event.type == "opened" else signal.pending_at_ms,
        invested=signal.invested + ((event.cost or 0.0) if event.type == "averaged" else 0.0),
        executed=signal.executed + (event.pct or 0.0) / 100 * (event.cost_basis or 0.0),
        entries=event.entries or signal.entries,
        partials=signal.partials + (event.type == "partial_closed"),
    )
