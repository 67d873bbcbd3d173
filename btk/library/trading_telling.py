"""Telling listeners of a paper or live run: its events once they are saved, its minutes, and how long its ticks took."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from btk.core.renewal import naked_ms
from btk.core.slot_record import SlotRecord
from btk.library.order_news import OrderSteps
from btk.library.telling import Teller
from btk.library.trading_session import Session, TickTimes
from btk.model.bars import Span
from btk.model.events import Event
from btk.model.names import SlotKey
from btk.model.told import Metric

PARTS: Mapping[str, Metric] = {"fetch": "live_fetch", "decide": "live_decide", "save": "live_save"}


def tell_session(session: Session, teller: Teller) -> None:
    """Let a run's listeners hear of everything from its first tick on; those that come later hear from then on."""
    trading, memory = session.trading, session.memory
    teller.begin({key: slot.state for key, slot in trading.slots.items()})
    steps = OrderSteps([intent for slot in trading.slots.values() for intent in slot.intents])

    def heard(seq: int, key: SlotKey, event: Event) -> None:
        teller.event(key, event)

    def saved(records: Sequence[SlotRecord]) -> None:
        for record in records:
            for intent, filled in steps.after(record.intents):
                teller.order(record.key, intent, filled, naked_ms(record.intents, intent))

    def ticked(times: TickTimes) -> None:
        parts = times._asdict()
        teller.timed("live_tick", sum(parts.values()), session.tick_ms)
        for part, seconds in parts.items():
            teller.timed(PARTS[part], seconds, session.tick_ms)
        trading.ping(teller.minutes)

    memory.observers.append(heard)
    memory.record_observers.append(saved)
    memory.ping_observers.append(teller.ping)
    session.watchers.append(ticked)
    trading.ping(teller.minutes)


async def tell_end(session: Session, teller: Teller, complete: bool) -> None:
    """Let a run's listeners hear that it is over, and wait for them."""
    frame = Span(session.memory.mark.from_ms, session.tick_ms)
    tell = partial(teller.done, session.trading.slots, frame, complete=complete)
    # Not in a thread of the loop, which would want another one to end it.
    with ThreadPoolExecutor(1) as thread:
        try:
            telling = asyncio.get_running_loop().run_in_executor(thread, tell)
        except (
            RuntimeError
        ):  # there is no thread to be had, and nothing left that the loop could be kept from
            tell()
        else:
            await telling
