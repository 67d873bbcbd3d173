"""The order part of a live loop, reduced to what the pure core asks of it: persist, then act; after a crash, ask first."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from btk.core.documents import from_document, to_document
from btk.core.holding import Holding, Plan, opened
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
from btk.core.states import IDLE, Closing, Open, Opening, Scheduled, State, plan_of
from btk.model.intents import Intent
from btk.model.orders import Answer, LookUp, OrderRequest, UnknownOutcome
from tests.core.order_samples import KEY
from tests.fakes.model_exchange import ModelExchange


class Record(msgspec.Struct, frozen=True):
    """What survives a crash."""

    state: State = IDLE
    intents: tuple[Intent, ...] = ()
    signals: int = 0


class OnTheWay(msgspec.Struct):
    """A request in the network; `taken` in by the exchange's door, `answer` once its engine has had it."""

    request: OrderRequest
    stamped_ms: int
    answer: Answer | None = None
    orphaned: bool = False
    taken: bool = False


class OrderDriver:
    """One slot. `sent` is everything that ever left, over all lives of the process."""

    def __init__(self, exchange: ModelExchange) -> None:
        self.exchange = exchange
        self.record = Record()
        self.on_disk = b""
        self.persist()
        self.network: list[OnTheWay] = []
        self.sent: list[OrderRequest] = []
        self.blind = False

    def signal(self, plan: Callable[[str], Plan]) -> None:
        """The strategy has an idea."""
        if self.record.state != IDLE or any(one.in_flight for one in self.record.intents):
            return
        made = plan(f"s{self.record.signals}")
        entry = entry_intent(KEY, made, self.exchange.limits, self.exchange.price, self.exchange.now_ms)
        if isinstance(entry, Unfit):
            return
        state = Scheduled(made) if made.resting else Opening(made, self.exchange.now_ms)
        self._save(state=state, intents=(*self.record.intents, entry), signals=self.record.signals + 1)

    def close(self) -> None:
        """The position is to end; a waiting entry is given up."""
        match self.record.state:
            case Open(holding):
                self._save(state=Closing(holding, "user"))
            case Scheduled() | Opening():
                for intent in self.record.intents:
                    if intent.leg == "entry":
                        self._tell(intent.client_order_id, CancelWanted(self.exchange.now_ms))

    def move_stop(self, stop: float) -> None:
        """The stop trails."""
        if isinstance(self.record.state, Open):
            holding = msgspec.structs.replace(self.record.state.holding, stop=stop)
            self._save(state=Open(holding))

    def tick(self) -> None:
        """Bring the state up to the orders, decide, and do every step that is due."""
        self._adopt()
        now = self._situation()
        for action in next_actions(now) if now else ():
            match action:
                case Place(intent):
                    self._save(intents=(*self.record.intents, intent))
                case Drop(client_order_id):
                    self._tell(client_order_id, CancelWanted(self.exchange.now_ms))
                case CloseNow(reason):
                    if isinstance(self.record.state, Open):
                        self._save(state=Closing(self.record.state.holding, reason))
                case Gone():
                    self._save(state=IDLE)
        for intent in sorted(self.record.intents, key=lambda one: one.kind != "protect"):
            self._step(intent)

    def crash(self) -> None:
        """The process dies and another one reads what was written; requests on their way may still arrive."""
        self.record = from_document(msgspec.json.decode(self.on_disk), Record)
        self.network = [way for way in self.network if way.answer is None]
        for way in self.network:
            way.orphaned = True
        for intent in self.record.intents:
            self._tell(intent.client_order_id, Restarted(self.exchange.now_ms))

    def persist(self) -> None:
        """Write everything down."""
        self.on_disk = msgspec.json.encode(to_document(self.record))

    def hear(self, way: OnTheWay, answer: Answer) -> None:
        """An answer (or the end of waiting for one) comes in."""
        if not way.orphaned:
            self._tell(way.request.client_order_id, Answered(answer, self.exchange.now_ms))

    def intent(self, client_order_id: str) -> Intent | None:
        """What is known of an order."""
        return next((one for one in self.record.intents if one.client_order_id == client_order_id), None)

    def _situation(self) -> Situation | None:
        venue = (self.exchange.limits, self.exchange.now_ms)
        return situation(KEY, self.record.state, self.exchange.price, self.record.intents, venue)

    def _adopt(self) -> None:
        now = self._situation()
        if now is None or not isinstance(self.record.state, Scheduled | Opening):
            return
        entries = now.of_leg("entry")
        if now.lot.quantity and not any(one.in_flight for one in entries):
            self._save(state=Open(_holding(self.record.state, now)))
        elif not any(one.in_flight for one in now.intents if one.signal_id == now.signal_id):
            self._save(state=IDLE)

    def _step(self, intent: Intent) -> None:
        now_ms, id_ = self.exchange.now_ms, intent.client_order_id
        match step_of(intent):
            case Send(at_ms) if at_ms <= now_ms:
                now = self._situation()
                if now is not None and may_send(intent, now):
                    self._send(intent)
            case Rest() if not self.blind:
                self._tell(id_, LookedUp(self.exchange.look_up(id_), now_ms))
            case Ask(at_ms) if at_ms <= now_ms:
                found: LookUp = UnknownOutcome("503") if self.blind else self.exchange.look_up(id_)
                self._tell(id_, LookedUp(found, now_ms))
            case Cancel(at_ms) if at_ms <= now_ms:
                self.persist()
                answer = self.exchange.cancel(id_)
                self._tell(id_, CancelAnswered(UnknownOutcome("lost") if self.blind else answer, now_ms))
            case ReadFills(at_ms) if at_ms <= now_ms and not self.blind:
                self._tell(id_, Traded(self.exchange.fills_of(id_), now_ms))

    def _send(self, intent: Intent) -> None:
        self._tell(intent.client_order_id, Sending(self.exchange.now_ms))
        self.persist()
        self.sent.append(intent.request)
        self.network.append(OnTheWay(intent.request, self.exchange.now_ms))

    def _tell(self, client_order_id: str, event: OrderEvent) -> None:
        self._save(
            intents=tuple(
                follow(one, event).intent if one.client_order_id == client_order_id else one
                for one in self.record.intents
            )
        )

    def _save(self, **changes: object) -> None:
        self.record = msgspec.structs.replace(self.record, **changes)


def _holding(state: State, now: Situation) -> Holding:
    plan = plan_of(state)
    assert plan is not None
    return opened(plan, now.lot.entered.price or plan.price_open, now.now_ms, Rules())
