"""Orders at a real exchange: decided, saved, sent, and asked about until nothing is in doubt; never twice, never forgotten.

Every round takes in what is known, writes down what is wanted, saves it, and only then acts. It can be broken off
anywhere: the next round, or the next process, begins with what is saved.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from btk.core.order_course import (
    Answered,
    Ask,
    Cancel,
    CancelAnswered,
    LookedUp,
    OrderEvent,
    OrderStep,
    ReadFills,
    Rest,
    Restarted,
    Send,
    Sending,
    Traded,
    step_of,
)
from btk.core.protection import may_send, situation
from btk.core.reconcile import OurSlot, Picture, Row, Theirs, compare, to_ask
from btk.core.states import Idle, Opening, Scheduled, plan_of
from btk.engines.brokered_slots import BrokeredSlots
from btk.engines.trading import Trading
from btk.library.alarms import Alarms
from btk.model.errors import Fatal, Transient, Unknown
from btk.model.intents import ENTRY_LEGS, Intent
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.orders import RefusedOrder
from btk.ports import Broker

POLL_MS = 15_000
"""So often an order that stands at the exchange is looked at."""
ENTRY_POLL_MS = 1_000
"""So often a resting entry is: once it is filled its position has no stop."""
EACH_ENTRY_MS = 250
"""The same for many entries, so that they take no more than a part of what an exchange allows."""
MOST_ROUNDS = 50
MOST_SENDS_A_MINUTE = 60
FILLS_BEFORE_MS = 60_000


class Due(NamedTuple):
    """An order of a slot, and the step that is due for it."""

    key: SlotKey
    intent: Intent
    step: OrderStep


class Keeping(NamedTuple):
    """`save` makes everything durable and says whether it could; `confirm` asks whether the state is still this
    process's (`Overtaken`)."""

    save: Callable[[], Awaitable[bool]]
    confirm: Callable[[], Awaitable[None]]


class BrokerWork:
    """The orders of a run; an entry that fails is tried `attempts` times more."""

    def __init__(
        self, broker: Broker, trading: Trading, alarms: Alarms, keeping: Keeping, attempts: int
    ) -> None:
        self._broker = broker
        self._trading = trading
        self._alarms = alarms
        self._keeping = keeping
        self._slots = BrokeredSlots(trading, attempts)
        self._looked_ms: dict[str, int] = {}
        self._sent_ms: deque[int] = deque()
        self._missing: dict[SlotKey, int] = {}
        self.tick_ms = 0

    async def start(self) -> tuple[Row, ...]:
        """After a start: ask about everything in flight, protection first; what nobody can match."""
        now_ms = self._broker.now_ms()
        for key, intent in list(self._slots.intents()):
            self._slots.follow(key, intent.client_order_id, Restarted(now_ms))
        for slot in self._ours():
            for intent in to_ask(slot):
                await self._ask(slot.key, intent)
        return await self.mismatches()

    async def mismatches(self) -> tuple[Row, ...]:
        """What nobody can match now."""
        rows: list[Row] = []
        for symbol in self._symbols():
            picture = await self._reading(symbol)
            rows += picture.mismatches
        return tuple(rows)

    async def work(self, tick_ms: int) -> int | None:
        """Do all that is due; in how many milliseconds something will be due again, None for nothing in sight."""
        self.tick_ms = tick_ms
        for _ in range(MOST_ROUNDS):
            changed = self.look()
            due = self._due()
            if not changed and not due:
                break
            await self._round(due)
        next_ms = self._next_ms()
        return None if next_ms is None else max(0, next_ms - self._broker.now_ms())

    async def check_holdings(self) -> None:
        """Hold what we have against what the exchange shows; a position that is gone twice in a row is gone."""
        for symbol in self._symbols():
            if not self._holds(symbol):
                continue
            try:
                picture = await self._reading(symbol)
            except (Transient, Unknown, Fatal) as error:
                self._alarms.ring(self.tick_ms, f"account, {symbol}", str(error))
                continue
            self._alarms.over(self.tick_ms, f"account, {symbol}")
            self._judge(symbol, picture)

    def look(self) -> bool:
        """Take in what orders have done and write down what is wanted; whether anything changed."""
        now_ms, changed = self._broker.now_ms(), False
        for key in self._trading.slots:
            found = self._slots.look(key, self._broker.limits(key.symbol), now_ms)
            changed |= found.changed
            for words in found.alarms:
                self._alarms.ring(self.tick_ms, f"orders of {key.strategy} on {key.symbol}", words)
            if not found.alarms and isinstance(self._trading.slots[key].state, Idle):
                self._alarms.over(self.tick_ms, f"orders of {key.strategy} on {key.symbol}")
        return changed

    def _due(self) -> list[Due]:
        now_ms = self._broker.now_ms()
        found = []
        for key, intent in self._slots.intents():
            step = step_of(intent)
            if isinstance(step, Rest) and now_ms >= self._look_again_ms(intent):
                step = Ask(now_ms)
            at_ms = getattr(step, "at_ms", None)
            if at_ms is not None and at_ms <= now_ms and self._may(key, intent, step):
                found.append(Due(key, intent, step))
        return sorted(found, key=lambda due: due.intent.leg in ENTRY_LEGS)

    def _may(self, key: SlotKey, intent: Intent, step: OrderStep) -> bool:
        if not isinstance(step, Send):
            return True
        slot = self._trading.slots[key]
        now = situation(
            key,
            slot.state,
            self._trading.price(key.symbol),
            slot.intents,
            (self._broker.limits(key.symbol), self._broker.now_ms()),
        )
        return now is not None and may_send(intent, now)

    async def _round(self, due: list[Due]) -> None:
        sends = [one for one in due if isinstance(one.step, Send)]
        for key, intent, _ in sends:
            self._slots.follow(key, intent.client_order_id, Sending(self._broker.now_ms()))
        saved = await self._keeping.save()
        if sends:
            await self._keeping.confirm()
        by_slot: dict[SlotKey, list[Due]] = {}
        for one in due:
            why_not = self._obstacle(one, saved)
            if why_not:
                withheld = RefusedOrder(code="", words=why_not, transient=True)
                self._follow(one.key, one.intent, Answered(withheld, self._broker.now_ms()))
            else:
                by_slot.setdefault(one.key, []).append(one)
        await asyncio.gather(*(self._carry_out(steps) for steps in by_slot.values()))

    def _obstacle(self, due: Due, saved: bool) -> str:
        """Nothing new is opened without its intent on disk, nor in a rush; what protects or closes is sent all the same."""
        if not isinstance(due.step, Send) or due.intent.leg not in ENTRY_LEGS:
            return ""
        now_ms = self._broker.now_ms()
        while self._sent_ms and self._sent_ms[0] <= now_ms - MINUTE_MS:
            self._sent_ms.popleft()
        if len(self._sent_ms) < MOST_SENDS_A_MINUTE:
            return "" if saved else "its intent could not be saved"
        words = f"{len(self._sent_ms)} orders within a minute: no more entries in it"
        self._alarms.ring(self.tick_ms, "order rate", words)
        return words

    async def _carry_out(self, steps: list[Due]) -> None:
        for key, intent, step in steps:
            match step:
                case Send(resync=resync):
                    await self._send(key, intent, resync)
                case Ask():
                    await self._ask(key, intent)
                case Cancel():
                    found = await self._broker.cancel(intent.request)
                    self._follow(key, intent, CancelAnswered(found, self._broker.now_ms()))
                case ReadFills():
                    await self._read_fills(key, intent)

    async def _send(self, key: SlotKey, intent: Intent, resync: bool) -> None:
        if resync:
            try:
                await self._broker.sync_clock()
            except (Transient, Unknown) as error:
                self._alarms.ring(self.tick_ms, "exchange clock", str(error))
        self._sent_ms.append(self._broker.now_ms())
        answer = await self._broker.send(intent.request)
        self._follow(key, intent, Answered(answer, self._broker.now_ms()))

    async def _ask(self, key: SlotKey, intent: Intent) -> None:
        found = await self._broker.look_up(intent.request)
        now_ms = self._broker.now_ms()
        self._looked_ms[intent.client_order_id] = now_ms
        self._follow(key, intent, LookedUp(found, now_ms))

    async def _read_fills(self, key: SlotKey, intent: Intent) -> None:
        try:
            told = await self._broker.fills_since(key.symbol, intent.prepared_at_ms - FILLS_BEFORE_MS)
        except (Transient, Unknown):
            told = ()
        own = tuple(fill for fill in told if intent.owns(fill))
        self._follow(key, intent, Traded(own, self._broker.now_ms()))

    def _follow(self, key: SlotKey, intent: Intent, event: OrderEvent) -> None:
        self._slots.follow(key, intent.client_order_id, event)

    def _next_ms(self) -> int | None:
        times = []
        for _, intent in self._slots.intents():
            step = step_of(intent)
            if isinstance(step, Rest):
                times.append(self._look_again_ms(intent))
            elif (at_ms := getattr(step, "at_ms", None)) is not None:
                times.append(at_ms)
        return min(times, default=None)

    def _look_again_ms(self, intent: Intent) -> int:
        poll_ms = POLL_MS
        if intent.leg in ENTRY_LEGS:
            resting = sum(one.leg in ENTRY_LEGS and one.standing for _, one in self._slots.intents())
            poll_ms = max(ENTRY_POLL_MS, EACH_ENTRY_MS * resting)
        return self._looked_ms.get(intent.client_order_id, 0) + poll_ms

    async def _reading(self, symbol: str) -> Picture:
        broker, limits = self._broker, self._broker.limits(symbol)
        slots = [slot for slot in self._ours() if slot.key.symbol == symbol]
        picture = compare(slots, await reading_of(broker, symbol), limits, broker.now_ms())
        for slot_key, client_order_id, event in picture.adoptions:
            self._slots.follow(slot_key, client_order_id, event)
        return picture

    def _judge(self, symbol: str, picture: Picture) -> None:
        gone = any(row.cause == "gone" for row in picture.rows)
        for slot in self._ours():
            if slot.key.symbol != symbol or not slot.quantity:
                continue
            self._missing[slot.key] = self._missing.get(slot.key, 0) + 1 if gone else 0
            if self._missing[slot.key] > 1:
                self._slots.vanish(slot.key, self._broker.limits(symbol), self._broker.now_ms())
        subject = f"holdings of {symbol}"
        if picture.mismatches:
            self._alarms.ring(self.tick_ms, subject, "; ".join(map(in_words, picture.mismatches)))
        else:
            self._alarms.over(self.tick_ms, subject)

    def _ours(self) -> list[OurSlot]:
        found = []
        for key, slot in self._trading.slots.items():
            plan = None if isinstance(slot.state, Scheduled | Opening) else plan_of(slot.state)
            found.append(
                OurSlot(
                    key=key,
                    signal_id=plan.id if plan else "",
                    side=plan.side if plan else 0,
                    intents=slot.intents,
                )
            )
        return found

    def _symbols(self) -> Iterable[str]:
        return sorted({key.symbol for key in self._trading.slots})

    def _holds(self, symbol: str) -> bool:
        return any(slot.quantity for slot in self._ours() if slot.key.symbol == symbol)


async def reading_of(broker: Broker, symbol: str) -> Theirs:
    """What an account shows of a market."""
    limits = broker.limits(symbol)
    balances = () if limits.contract else await broker.balances()
    return Theirs(
        open_orders=await broker.open_orders(symbol),
        position=await broker.position(symbol) if limits.contract else None,
        balance=next((one for one in balances if one.currency == limits.base), None),
    )


def in_words(row: Row) -> str:
    """One line for what does not match."""
    whose = f" of {row.slot}" if row.slot else ""
    return f"{row.symbol}: {row.cause.replace('_', ' ')}{whose}: ours {row.ours}, theirs {row.theirs}"
