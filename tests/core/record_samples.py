"""Slot records for tests: one of every state, made by the core itself."""

from __future__ import annotations

import math

import msgspec

from btk.core.holding import Plan, averaged, opened, reduced
from btk.core.rules import Rules
from btk.core.slot_record import NumberedEvent, SlotRecord
from btk.core.states import Add, Closing, Open, Opening, Reduce, Scheduled
from btk.model.events import OpenedEvent, PausedEvent
from btk.model.intents import Intent
from btk.model.names import SlotKey
from btk.model.signal import Signal

KEY = SlotKey("BTCUSDT", "probe", "test")
START_MS = 1_700_000_040_000


def plan(side: int = 1, lifetime_ms: float = math.inf) -> Plan:
    """A long (or short) plan at 100 with no end."""
    return Plan(
        id="probe-1",
        position="long" if side > 0 else "short",
        side=side,
        price_open=100.0,
        price_take_profit=100.0 + 10 * side,
        price_stop_loss=100.0 - 5 * side,
        lifetime_ms=lifetime_ms,
        cost=50.0,
        note="ein Wörtchen",
        created_ms=START_MS,
        price=100.0,
    )


def idle(key: SlotKey = KEY) -> SlotRecord:
    """A slot with nothing open that has seen things."""
    return SlotRecord(
        symbol=key.symbol,
        strategy=key.strategy,
        exchange=key.exchange,
        last_candle_ms=START_MS,
        asked_slot_ms=START_MS,
        used_ids=("a", "b"),
        paused=True,
        queued=Signal("long", 110.0, 90.0, lifetime_minutes=math.inf),
        untold=(
            NumberedEvent(
                7,
                PausedEvent(at_ms=START_MS, tick_ms=START_MS, symbol=key.symbol, strategy=key.strategy),
            ),
        ),
    )


def in_every_state(key: SlotKey = KEY) -> list[SlotRecord]:
    """Idle, scheduled, opening, open (partly closed, averaged, levels told) and closing."""
    waiting = plan()
    holding = averaged(opened(waiting, 100.0, START_MS, Rules()), 96.0, 50.0, START_MS + 60_000)
    holding = reduced(holding, "profit", 25.0, 104.0, START_MS + 120_000)
    holding = msgspec.structs.replace(
        holding, profit_level=30, loss_level=10, breakeven_reached=True, stop=98.0
    )
    states = [
        Scheduled(waiting),
        Opening(waiting, START_MS),
        Open(holding, (Reduce("profit", 10.0), Add(20.0))),
        Closing(holding, "user", note="enough"),
    ]
    return [
        idle(key),
        *(
            msgspec.structs.replace(idle(key), state=state, committed=75.0, intents=(intent(),))
            for state in states
        ),
    ]


def intent() -> Intent:
    """An entry that was sent and not answered."""
    return Intent(
        client_order_id="b7c0" + "0" * 28,
        signal_id="probe-1",
        kind="open",
        leg="entry",
        side="buy",
        quantity=0.5,
        status="sent",
        prepared_at_ms=START_MS,
        sent_at_ms=START_MS,
    )


def opened_event(key: SlotKey = KEY) -> OpenedEvent:
    """An opening without an end of its lifetime."""
    return OpenedEvent(
        at_ms=START_MS,
        tick_ms=START_MS,
        symbol=key.symbol,
        strategy=key.strategy,
        id="probe-1",
        position="long",
        price_open=100.0,
        price_take_profit=110.0,
        price_stop_loss=95.0,
        lifetime_minutes=math.inf,
        cost=50.0,
        scheduled_at_ms=START_MS,
        note="",
    )
