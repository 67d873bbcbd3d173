"""Orders at a real exchange: decided, saved, sent, and asked about until nothing is in doubt; never twice, never forgotten.

Every round takes in what is known, writes down what is wanted, saves it, and only then acts. It can be broken off
anywhere: the next round, or the next process, begins with what is saved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from btk.core.broker_plan import Attempts
from btk.core.kill_switch import SwitchLimits
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
    Settled,
    Traded,
    must_watch,
    step_of,
)
from btk.core.protection import may_send, situation
from btk.core.reconcile import Row
from btk.core.states import Idle, plan_of
from btk.engines.brokered_slots import BrokeredSlots
from btk.engines.kill_switch import KillSwitch
from btk.engines.trading import Trading
from btk.library.alarms import Alarms
from btk.library.fee_prices import FeePrices
from btk.library.holdings import Holdings
from btk.library.market_rules import MarketRules
from btk.library.order_alarms import OrderAlarms
from btk.library.order_clock import OrderClock
from btk.model.errors import DumpError, Transient, Unknown
from btk.model.intents import ENTRY_LEGS, Intent
from btk.model.names import SlotKey
from btk.model.orders import RefusedOrder
from btk.model.settings import Broker as BrokerRules
from btk.ports import Broker

POLL_MS = 15_000
"""So often an order that stands at the exchange is looked at."""
ENTRY_POLL_MS = 1_000
"""So often a resting entry is: once it is filled its position has no stop."""
EACH_ENTRY_MS = 250
"""The same for many entries, so that they take no more than a part of what an exchange allows."""
WATCH_MS, WATCH_CLOSELY_MS, CLOSELY_MS = 60_000, 10_000, 600_000
"""So often an order that was believed absent is, and how often in its first minutes."""
STARTING_MS = 30_000
"""So long a start waits for orders in doubt before it calls a difference a mismatch."""
MOST_ROUNDS = 50
LEAST_PAUSE_MS = 20
UNREAD_MS = 3_000
"""So long after trades could not be read they are read again."""
KILL_SWITCH = "kill switch"
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
    """The orders of a run; `rules` say how often a failed entry is tried again, and when nothing more is opened."""

    def __init__(
        self, broker: Broker, trading: Trading, alarms: Alarms, keeping: Keeping, rules: BrokerRules
    ) -> None:
        self._broker = broker
        self._trading = trading
        self._alarms = alarms
        self._keeping = keeping
        attempts = Attempts(rules.order_open_attempts, rules.order_close_attempts, rules.order_check_attempts)
        self._slots = BrokeredSlots(trading, attempts)
        self._switch = KillSwitch(trading, SwitchLimits.of(rules))
        self._looked_ms: dict[str, int] = {}
        self._unread_until_ms: dict[str, int] = {}
        self._order_alarms = OrderAlarms(alarms)
        self._holdings = Holdings(broker, trading, self._slots, alarms, self._ask_all)
        self._market_rules = MarketRules(broker, self._holdings.symbols, alarms)
        self._clock = OrderClock(broker, alarms)
        self._fee_prices = FeePrices(broker, self._slots)
        self._is_new = True
        self.tick_ms = 0
        self.is_leaving: Callable[[], bool] = lambda: False

    async def start(self) -> tuple[Row, ...]:
        """After a start: ask about everything in flight, protect what is held; what nobody can match."""
        now_ms = self._broker.now_ms()
        for key, intent in list(self._slots.intents()) if self._is_new else ():
            self._slots.follow(key, intent.client_order_id, Restarted(now_ms))
        self._is_new = False
        await self._do_due(opens=False)
        found = await self.mismatches()
        while found and self._in_doubt() and self._broker.now_ms() < now_ms + STARTING_MS:
            # An order that nobody can be sure of yet may be all the difference.
            await asyncio.sleep(1)
            await self._do_due(opens=False)
            found = await self.mismatches()
        return found

    async def mismatches(self) -> tuple[Row, ...]:
        """What nobody can match now."""
        return await self._holdings.mismatches()

    async def work(self, tick_ms: int) -> int | None:
        """Do all that is due; in how many milliseconds something will be due again, None for nothing in sight."""
        self.tick_ms = tick_ms
        await self._do_due(opens=True)
        next_ms = self._next_ms()
        return None if next_ms is None else max(LEAST_PAUSE_MS, next_ms - self._broker.now_ms())

    async def check_account(self) -> None:
        """After a tick: hold what we have against what the exchange shows, and what was lost against its limit."""
        self._switch.look()
        self._tell_switch()
        if not self.is_leaving():
            await self._clock.keep_true(self.tick_ms)
            await self._market_rules.renew(self.tick_ms)
            await self._holdings.check(self.tick_ms)

    async def _do_due(self, opens: bool) -> None:
        for _ in range(MOST_ROUNDS):
            changed = self.look()
            due = [one for one in self._due() if opens or not _opens(one)]
            if (not changed and not due) or self.is_leaving():
                break
            await self._round(due, changed)
        known = {intent.client_order_id for _, intent in self._slots.intents()}
        for times in (self._looked_ms, self._unread_until_ms):
            for name in times.keys() - known:
                del times[name]
        if not self.is_leaving():
            await self._fee_prices.learn()

    def look(self) -> bool:
        """Take in what orders have done and write down what is wanted; whether anything changed."""
        now_ms, changed = self._broker.now_ms(), False
        for key in self._trading.slots:
            found = self._slots.look(key, self._broker.limits(key.symbol), now_ms)
            changed |= found.changed
            self._order_alarms.tell(key, found, self.tick_ms, now_ms)
            if not found.alarms and isinstance(self._trading.slots[key].state, Idle):
                self._order_alarms.settled(key, self.tick_ms)
        return changed

    def _due(self) -> list[Due]:
        now_ms = self._broker.now_ms()
        found = []
        for key, intent in self._slots.intents():
            step = step_of(intent)
            if isinstance(step, Rest | Settled) and now_ms >= (self._look_again_ms(intent) or now_ms + 1):
                step = Ask(now_ms)
            at_ms = self._time_of(intent, step)
            if at_ms is not None and at_ms <= now_ms and self._may(key, intent, step):
                found.append(Due(key, intent, step))
        return sorted(found, key=lambda due: due.intent.leg in ENTRY_LEGS)

    def _may(self, key: SlotKey, intent: Intent, step: OrderStep) -> bool:
        if not isinstance(step, Send):
            return True
        slot = self._trading.slots[key]
        plan = plan_of(slot.state)
        if plan is None or plan.id != intent.signal_id:
            return True
        now = situation(
            key,
            slot.state,
            self._trading.price(key.symbol),
            slot.intents,
            (self._broker.limits(key.symbol), self._broker.now_ms()),
        )
        return now is not None and may_send(intent, now)

    async def _round(self, due: list[Due], changed: bool) -> None:
        sends = [one for one in due if isinstance(one.step, Send)]
        for key, intent, _ in sends:
            self._slots.follow(key, intent.client_order_id, Sending(self._broker.now_ms()))
        # A question can be asked again: it needs nobody to know that it was.
        saved = not (sends or changed) or await self._keeping.save()
        saved = saved and (not sends or await self._is_ours())
        by_slot: dict[SlotKey, list[Due]] = {}
        for one in due:
            withheld = self._obstacle(one, saved)
            if withheld is not None:
                self._follow(one.key, one.intent, Answered(withheld, self._broker.now_ms()))
                continue
            by_slot.setdefault(one.key, []).append(one)
            if isinstance(one.step, Send) and not self._slots.follows_a_fill(one.key, one.intent):
                self._switch.sent(self._broker.now_ms())
        await asyncio.gather(*(self._carry_out(steps) for steps in by_slot.values()))

    async def _is_ours(self) -> bool:
        try:
            await self._keeping.confirm()
        except (DumpError, Transient, Unknown) as error:
            self._alarms.ring(self.tick_ms, "state", f"the state cannot be read: {error}")
            return False
        return True

    def _obstacle(self, due: Due, saved: bool) -> RefusedOrder | None:
        # Only what opens something has to have its intent on disk, and stops at the kill switch.
        if not _opens(due):
            return None
        words = self._switch.stops(due.key, self._broker.now_ms()) or self._holdings.dispute(due.key.symbol)
        self._tell_switch()
        if words:
            return RefusedOrder(code="", words=words)
        unsaved = RefusedOrder(code="", words="its intent could not be saved", transient=True)
        return None if saved else unsaved

    def _tell_switch(self) -> None:
        if words := self._switch.words:
            self._alarms.ring(self.tick_ms, KILL_SWITCH, words)
        else:
            self._alarms.over(self.tick_ms, KILL_SWITCH)

    async def _carry_out(self, steps: list[Due]) -> None:
        for key, intent, step in steps:
            if self.is_leaving() and not isinstance(step, Send):
                continue
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
            await self._clock.measure(self.tick_ms)
        objection = await self._holdings.objection(key.symbol) if intent.leg == "entry" else None
        answer = objection or await self._broker.send(intent.request)
        counted = not self._slots.follows_a_fill(key, intent)
        if isinstance(answer, RefusedOrder) and answer.nothing_was_sent and counted:
            self._switch.unsent()
        self._follow(key, intent, Answered(answer, self._broker.now_ms()))
        match answer:
            case RefusedOrder(cause="filter"):
                await self._market_rules.doubt(self.tick_ms)
            case RefusedOrder(cause="balance") if intent.leg not in ENTRY_LEGS:
                await self._holdings.doubt(self.tick_ms, key.symbol)

    async def _ask(self, key: SlotKey, intent: Intent) -> None:
        found = await self._broker.look_up(intent.request)
        now_ms = self._broker.now_ms()
        self._looked_ms[intent.client_order_id] = now_ms
        self._follow(key, intent, LookedUp(found, now_ms))

    async def _ask_all(self, symbol: str) -> None:
        for key, intent in list(self._slots.intents()):
            if key.symbol == symbol and intent.in_flight and intent.status != "prepared":
                await self._ask(key, intent)
        await self._do_due(opens=False)

    def _in_doubt(self) -> bool:
        return any(one.status in ("sent", "unknown", "ended") for _, one in self._slots.intents())

    async def _read_fills(self, key: SlotKey, intent: Intent) -> None:
        try:
            told = await self._broker.fills_since(key.symbol, intent.prepared_at_ms - FILLS_BEFORE_MS)
        except (Transient, Unknown) as error:
            # Not read is not the same as not there: it costs none of the tries.
            self._unread_until_ms[intent.client_order_id] = self._broker.now_ms() + UNREAD_MS
            self._alarms.ring(self.tick_ms, f"trades of {key.symbol}", str(error))
            return
        self._alarms.over(self.tick_ms, f"trades of {key.symbol}")
        own = tuple(fill for fill in told if intent.owns(fill))
        self._follow(key, intent, Traded(own, self._broker.now_ms()))

    def _follow(self, key: SlotKey, intent: Intent, event: OrderEvent) -> None:
        self._slots.follow(key, intent.client_order_id, event)

    def _next_ms(self) -> int | None:
        now_ms = self._broker.now_ms()
        times = [*self._order_alarms.times_ms(now_ms)]
        for key, intent in self._slots.intents():
            step = step_of(intent)
            rests = isinstance(step, Rest | Settled)
            at_ms = self._look_again_ms(intent) if rests else self._time_of(intent, step)
            # What waits until another order lets go of the balance has no time of its own.
            if at_ms is not None and self._may(key, intent, step):
                times.append(at_ms)
        return min(times, default=None)

    def _time_of(self, intent: Intent, step: OrderStep) -> int | None:
        at_ms: int | None = getattr(step, "at_ms", None)
        if isinstance(step, ReadFills):
            return max(step.at_ms, self._unread_until_ms.get(intent.client_order_id, 0))
        return at_ms

    def _look_again_ms(self, intent: Intent) -> int | None:
        looked_ms, poll_ms = self._looked_ms.get(intent.client_order_id, 0), POLL_MS
        now_ms = self._broker.now_ms()
        if not intent.in_flight:
            return looked_ms + _watch_ms(intent, now_ms) if must_watch(intent, now_ms) else None
        if intent.leg in ENTRY_LEGS:
            resting = sum(one.leg in ENTRY_LEGS and one.standing for _, one in self._slots.intents())
            poll_ms = max(ENTRY_POLL_MS, EACH_ENTRY_MS * resting)
        return looked_ms + poll_ms


def _watch_ms(intent: Intent, now_ms: int) -> int:
    return WATCH_CLOSELY_MS if now_ms < (intent.settled_at_ms or 0) + CLOSELY_MS else WATCH_MS


def _opens(due: Due) -> bool:
    return isinstance(due.step, Send) and due.intent.leg in ENTRY_LEGS
