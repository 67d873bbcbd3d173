"""One slot's orders over the real broker: the order part of a live loop and nothing else, killed and started at will."""

from __future__ import annotations

import asyncio

import msgspec

from btk.adapters.ccxt_broker import CcxtBroker
from btk.core.documents import from_document, to_document
from btk.core.holding import Plan, opened
from btk.core.order_course import (
    Answered,
    Ask,
    Cancel,
    CancelAnswered,
    CancelWanted,
    LookedUp,
    OrderEvent,
    ReadFills,
    Rest,
    Restarted,
    Send,
    Sending,
    Traded,
    follow,
    step_of,
)
from btk.core.order_intents import Unfit, entry_intent
from btk.core.protection import CloseNow, Drop, Gone, Place, Situation, may_send, next_actions, situation
from btk.core.rules import Rules
from btk.core.states import IDLE, Closing, Open, Opening, Scheduled, State
from btk.model.errors import Transient, Unknown
from btk.model.intents import Intent
from btk.model.names import SlotKey

POLL_SECONDS = 1.0


class Kept(msgspec.Struct, frozen=True):
    """What survives a kill."""

    state: State = IDLE
    intents: tuple[Intent, ...] = ()
    signals: int = 0


class Disk:
    """What is written, for whoever reads it next."""

    def __init__(self) -> None:
        self.written = msgspec.json.encode(to_document(Kept()))


class BrokerDriver:
    """`price` is the market's, told by the test. Errors of readings are left for the next round."""

    def __init__(self, broker: CcxtBroker, disk: Disk, key: SlotKey, price: float) -> None:
        self.broker = broker
        self.key = key
        self.price = price
        self._disk = disk
        self.kept = from_document(msgspec.json.decode(disk.written), Kept)
        for intent in self.kept.intents:
            self._tell(intent, Restarted(broker.now_ms()))

    def signal(self, plan: Plan) -> None:
        """The strategy has an idea; the same one twice is one."""
        if self.kept.signals:
            return
        entry = entry_intent(
            self.key, plan, self.broker.limits(self.key.symbol), self.price, self.broker.now_ms()
        )
        assert not isinstance(entry, Unfit), entry
        state = Scheduled(plan) if plan.resting else Opening(plan, self.broker.now_ms())
        self._keep(state=state, intents=(entry,), signals=1)
        self._write()

    def close(self) -> None:
        """The position is to end, or the waiting for it."""
        match self.kept.state:
            case Open(holding):
                self._keep(state=Closing(holding, "user"))
            case Scheduled() | Opening():
                for intent in self.kept.intents:
                    if intent.leg == "entry":
                        self._tell(intent, CancelWanted(self.broker.now_ms()))

    def move_stop(self, stop: float) -> None:
        """The stop trails."""
        if isinstance(self.kept.state, Open):
            self._keep(state=Open(msgspec.structs.replace(self.kept.state.holding, stop=stop)))

    async def run(self, rounds: int) -> None:
        """So many rounds, a moment apart, or until there is nothing left."""
        for _ in range(rounds):
            await self.round()
            await asyncio.sleep(POLL_SECONDS)

    async def round(self) -> None:
        """Decide and act until nothing is left to do at this moment."""
        for again in range(12):
            before = self.kept
            self._adopt()
            self._decide()
            for intent in sorted(self.kept.intents, key=lambda one: one.kind != "protect"):
                await self._step(intent, polls=again == 0)
            self._write()
            if self.kept == before:
                return

    def _decide(self) -> None:
        now = self._situation()
        for action in next_actions(now) if now else ():
            match action:
                case Place(intent):
                    self._keep(intents=(*self.kept.intents, intent))
                case Drop(client_order_id):
                    self._tell(self._named(client_order_id), CancelWanted(self.broker.now_ms()))
                case CloseNow(reason) if isinstance(self.kept.state, Open):
                    self._keep(state=Closing(self.kept.state.holding, reason))
                case Gone():
                    self._keep(state=IDLE)

    def _adopt(self) -> None:
        now = self._situation()
        state = self.kept.state
        if now is None or not isinstance(state, Scheduled | Opening):
            return
        if now.lot.quantity and not any(one.in_flight for one in now.of_leg("entry")):
            price = now.lot.entered.price or state.plan.price_open
            self._keep(state=Open(opened(state.plan, price, now.now_ms, Rules())))
        elif not any(one.in_flight for one in now.intents):
            self._keep(state=IDLE)

    async def _step(self, intent: Intent, polls: bool) -> None:
        now_ms = self.broker.now_ms()
        match step_of(intent):
            case Send(at_ms, resync) if at_ms <= now_ms:
                await self._send(intent, resync)
            case Rest() if polls:
                self._tell(intent, LookedUp(await self.broker.look_up(intent.request), self.broker.now_ms()))
            case Ask(at_ms) if at_ms <= now_ms:
                self._tell(intent, LookedUp(await self.broker.look_up(intent.request), self.broker.now_ms()))
            case Cancel(at_ms) if at_ms <= now_ms:
                self._write()
                self._tell(
                    intent, CancelAnswered(await self.broker.cancel(intent.request), self.broker.now_ms())
                )
            case ReadFills(at_ms) if at_ms <= now_ms:
                await self._read_fills(intent)

    async def _send(self, intent: Intent, resync: bool) -> None:
        now = self._situation()
        if now is None or not may_send(intent, now):
            return
        try:
            if resync:
                await self.broker.sync_clock()
        except (Transient, Unknown):
            return
        self._tell(intent, Sending(self.broker.now_ms()))
        self._write()
        answer = await self.broker.send(intent.request)
        self._tell(self._named(intent.client_order_id), Answered(answer, self.broker.now_ms()))

    async def _read_fills(self, intent: Intent) -> None:
        try:
            fills = await self.broker.fills_since(intent.symbol, intent.prepared_at_ms)
        except (Transient, Unknown):
            return
        own = tuple(fill for fill in fills if intent.owns(fill))
        self._tell(intent, Traded(own, self.broker.now_ms()))

    def _situation(self) -> Situation | None:
        venue = (self.broker.limits(self.key.symbol), self.broker.now_ms())
        return situation(self.key, self.kept.state, self.price, self.kept.intents, venue)

    def _named(self, client_order_id: str) -> Intent:
        return next(one for one in self.kept.intents if one.client_order_id == client_order_id)

    def _tell(self, intent: Intent, event: OrderEvent) -> None:
        intents = (
            follow(one, event).intent if one.client_order_id == intent.client_order_id else one
            for one in self.kept.intents
        )
        self._keep(intents=tuple(intents))

    def _keep(self, **changes: object) -> None:
        self.kept = msgspec.structs.replace(self.kept, **changes)

    def _write(self) -> None:
        self._disk.written = msgspec.json.encode(to_document(self.kept))
