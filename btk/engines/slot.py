"""A slot at work: the state of one strategy on one symbol, and what each phase of a tick makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from btk.core import facts, milestones
from btk.core.books import MONEY_EVENTS
from btk.core.desk import Desk, Moment
from btk.core.holding import Holding, Plan
from btk.core.market import Market
from btk.core.model import Candle, Minutes, Row
from btk.core.notes import Notes
from btk.core.position import Position
from btk.core.risk import candidate
from btk.core.rules import Terms
from btk.core.states import IDLE, Idle, Open, Opening, State, holding_of, plan_of
from btk.core.strategy import Strategy
from btk.engines.foresight import Foresight
from btk.engines.inbox import Inbox
from btk.engines.journal import Phase
from btk.engines.refusals import Errors, Refusals
from btk.engines.requests import Answer, Ask
from btk.engines.schedule import QuestionSchedule
from btk.engines.sightings import Sightings
from btk.engines.slot_hooks import Change, Hooks
from btk.engines.world import World
from btk.model.commands import Command
from btk.model.events import Event, OpenedEvent, StoppedEvent
from btk.model.intents import Intent
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.signal import Signal


class Slot:
    """`next_ms` is the next tick at which it has to be looked at, `hard_next_ms` the next one to be stepped.

    Before the hard one nothing can happen to it but its once-a-minute hook, before the next one not even that.
    `touched_ms` is the next one whose candle means anything to it.
    """

    def __init__(
        self, key: SlotKey, terms: Terms, strategy: Strategy, schedule: QuestionSchedule, inbox: Inbox
    ) -> None:
        self.key = key
        self.terms = terms
        self.strategy = strategy
        self.question: Callable[[Market], Any] = strategy.get_signal
        self.schedule = schedule
        self.inbox = inbox
        self.hooks = Hooks(strategy)
        self.foresight = Foresight()
        self.state: State = IDLE
        self.phase = Phase.EXITS
        self.order = 0
        self.next_ms: float = 0
        self.hard_next_ms: float = 0
        self.touched_ms: float = 0
        self.reached_ms = 0
        self.answer: Answer | None = None
        self.prepared: Ask | None = None
        self.queued: Signal | None = None
        self.paused = False
        self.stopping = self.flattening = False
        self.needs_attention = ""
        self.held_back = ""
        self.intents: tuple[Intent, ...] = ()
        self.notes = Notes()
        self.used_ids: set[str] = set()
        self.refusals = Refusals(terms)
        self.errors = Errors(terms)
        self.market: Market
        self.sightings: Sightings
        self._world: World
        self._new_market: Callable[[], Market]
        self._late = False
        self.minutes = Minutes.nothing()
        self._last_price = 0.0
        self.planned: State | None = None

    def join(self, world: World, new_market: Callable[[], Market], order: int) -> None:
        """Take a place in a run."""
        self._world = world
        self.sightings = Sightings(world.model.orders_fill_at_once, self.terms.rules)
        self._new_market = new_market
        self.market = new_market()
        self.order = order

    def leave_market(self) -> None:
        """Give the strategy another market: a call that has not returned keeps the old one, which leads nowhere."""
        old, self.market = self.market, self._new_market()
        self.market._minutes, self.market.now_ms = old._minutes, old.now_ms
        self.note_down(old.notes)
        old.close()

    def note_down(self, notes: Notes) -> None:
        """A call to the strategy is over, and this is what it wants remembered."""
        self.notes = self.market.notes = notes

    def forget_signal(self) -> None:
        """Nothing of its signal is remembered once it is over and the strategy has heard so."""
        if not self.hooks.end_is_due:
            self.note_down(self.notes.without_state())

    def enter(self, minutes: Minutes, tick_ms: int, late: bool = False) -> None:
        """Begin a stretch of minutes whose first tick is `tick_ms`; `late`: they are only caught up on."""
        self._late = late
        if len(self.minutes):
            self._last_price = float(self.minutes.price[-1])
        self.minutes = minutes
        self.sightings.enter(minutes)
        self.market._minutes = minutes
        self.market._windows.clear()
        self.market.now_ms = tick_ms
        self.planned = None

    @property
    def row(self) -> Row:
        """What the present state does with each input."""
        return self._world.model.table[type(self.state)]

    def price_at(self, tick_ms: int) -> float:
        """The execution model's price at a tick."""
        return self.minutes.price.item(self.minutes.row_at(tick_ms))

    def exits(self, tick_ms: int) -> None:
        """React: fills and exits in the candle that closed at the tick."""
        self.phase = Phase.EXITS
        if self.foresight.ahead:
            step = self.foresight.next()
            self.become(step.state, step.events)
            return
        kind = type(self.state)
        if kind is not Opening:
            self.settle(tick_ms - MINUTE_MS)
        candle = self.minutes.candle(self.minutes.row_at(tick_ms))
        step = self.row.exits(self.state, candle, self.terms, self._gate)
        self.foresight.note(tick_ms, step)
        self.become(step.state, step.events)
        if kind is Opening:
            self.sightings.begin(candle.open_ms, candle.open_ms)

    def activation(self, tick_ms: int) -> None:
        """React: a resting entry in the candle that closed at the tick."""
        self.phase = Phase.ACTIVATIONS
        candle = self.minutes.candle(self.minutes.row_at(tick_ms))
        step = self.row.activation(self.state, candle, self.terms, self._gate)
        self.become(step.state, step.events)
        if isinstance(self.state, Open):
            counts = self._world.model.activation_candle_counts
            self.sightings.begin(tick_ms, candle.open_ms if counts else tick_ms)

    def clock(self, tick_ms: int) -> None:
        """Decide: a waiting or a lifetime that is over."""
        if type(self.state) is Idle or self.foresight.ahead:
            return
        row = self.row
        if row.deadline_ms(self.state, self.terms) <= tick_ms:
            step = row.clock(self.state, tick_ms, self.price_at(tick_ms), self.terms)
            self.become(step.state, step.events)

    def end(self, candle: Candle) -> None:
        """The frame is over."""
        self.phase = Phase.DECISIONS
        self.settle(self.minutes.tick_of(len(self.minutes) - 1))
        step = self.row.end(self.state, candle, self.terms)
        self.become(step.state, step.events)

    def finish(self, tick_ms: int) -> None:
        """Tell what was not told yet: what was still being counted, and milestones of minutes nobody looked at."""
        self.settle(tick_ms)
        self.phase = Phase.DECISIONS
        self.tell([*self.refusals.end(tick_ms), *self.errors.end(tick_ms)])

    def tell_refusals_over(self, tick_ms: int) -> None:
        """Tell refusals whose interval slot is over."""
        self.phase = Phase.DECISIONS
        self.tell(self.refusals.end_if_over(tick_ms))

    def place(self, plan: Plan) -> None:
        """Make a state of a plan whose money and places are reserved."""
        step = self._world.model.place(plan, self.terms)
        self.become(step.state, step.events)
        self.sightings.begin(plan.created_ms, plan.created_ms)
        self.foresight.begin(plan)

    def become(self, state: State, events: Sequence[Event]) -> None:
        """Take on a state and tell the events that led to it."""
        was, self.state = self.state, state
        if events:
            self._remember(was, events)
            self.tell(events)
        if type(state) is Idle and self.notes.state:
            self.forget_signal()

    def settle_orders(self, state: State, events: Sequence[Event]) -> None:
        """Between two ticks: take on what orders at an exchange have made of the state."""
        self.phase = Phase.EXITS
        self.become(state, events)

    def correct_cost(self, cost: float) -> None:
        """What is held was really paid with this: the money set aside for it is no more and no less."""
        self._world.books.correct(self.key, cost)

    def tell(self, events: Sequence[Event]) -> None:
        """Book events and note them in the journal."""
        world = self._world
        if not events:
            return
        world.tape.change(self.key, events, holding_of(self.state), self.terms.rules)
        world.journal.note_all(self.phase, self.order, self.key, events)
        for event in events:
            if type(event) in MONEY_EVENTS:
                world.books.apply(self.key, event)

    def settle(self, tick_ms: int) -> None:
        """Account for every minute of a position up to a tick: best and worst, break-even, milestones."""
        holding = holding_of(self.state)
        if holding is not None:
            row = self.minutes.row_at(tick_ms)
            self._settle_extremes(row)
            self._settle_milestones(row, holding)

    def settle_after_hook(self, tick_ms: int, before: Holding) -> None:
        """The same after a hook, against the position as it was `before`; a hook that ended it leaves no milestones."""
        row = self.minutes.row_at(tick_ms)
        self._settle_extremes(row)
        if isinstance(self.state, Open):
            self._settle_milestones(row, before)
        else:
            self._settle_milestones(row - 1, before)
            self.sightings.milestones_ms = tick_ms

    def holding_at(self, tick_ms: int) -> Holding:
        """The open position with the best and worst it has seen until a tick."""
        holding = holding_of(self.state)
        if holding is None:
            raise LookupError("no position is open")
        return self.sightings.with_extremes(holding, self.minutes.row_at(tick_ms))

    def open_desk(self, tick_ms: int) -> Desk:
        """A desk for commands given by a hook at a tick; what the candle showed counts before what they change."""
        row = self.minutes.row_at(tick_ms)
        self._settle_extremes(row)
        in_candle = self._world.model.orders_fill_at_once and self.phase is not Phase.DECISIONS
        late = in_candle and self.terms.rules.quirks.commands_one_candle_late
        price = float(self.minutes.price[row])
        before = float(self.minutes.price[row - 1]) if row else self._last_price
        moment = Moment(
            at_ms=tick_ms - MINUTE_MS if in_candle else tick_ms,
            tick_ms=tick_ms,
            price=price,
            order_price=before if late else price,
            late=self._late,
        )
        return self._desk_at(moment)

    def _desk_at(self, moment: Moment) -> Desk:
        return Desk(self.state, moment, self._world.model, self.terms, self._lend)

    def take_desk(self) -> None:
        """Apply the commands that a hook gave."""
        desk, self.market._desk = self.market._desk, None
        if desk is not None:
            self.become(desk.state, desk.told)

    def obey(self, command: Command, tick_ms: int) -> None:
        """Apply a command from outside, in the decide phase."""
        self.settle(tick_ms)
        price = self.price_at(tick_ms)
        desk = self._desk_at(Moment(tick_ms, tick_ms, price, price))
        self.inbox.obey(self, command, desk, tick_ms)
        self.become(desk.state, desk.told)

    @property
    def asks(self) -> bool:
        """Whether an idle slot may be asked for a signal."""
        return not (self.paused or self.stopping or self.needs_attention or self.held_back)

    def resume(self, tick_ms: int) -> bool:
        """Ask again, and lift what halts the slot's risk profiles; whether anything had been in the way."""
        halted = self._world.books.resume(self.key)
        if halted:
            self._world.tape.forgive(tick_ms)
        found = bool(self.paused or self.needs_attention or halted)
        self.paused, self.needs_attention = False, ""
        return found

    def stop_at_rest(self, tick_ms: int) -> None:
        """End a slot that holds nothing, between two ticks."""
        if not self.stopping:
            self.stopping = True
            self.tell([StoppedEvent(tick_ms, tick_ms, self.key.symbol, self.key.strategy)])

    @property
    def changed(self) -> bool:
        """Whether its state is another than the one its next ticks were found for."""
        return self.state is not self.planned

    @property
    def watches(self) -> bool:
        """Whether somebody wants to hear of every minute in the present state."""
        if not self.hooks.heeded or (self.stopping and type(self.state) is Idle):
            return False
        return self.hooks.watch(self.state)

    def view(self, holding: Holding) -> Position:
        """What hooks see of a position."""
        return Position(holding, self.market, self.terms)

    def _gate(self, plan: Plan, price: float) -> str | None:
        wish = candidate(plan, self.terms.symbol, self.terms.strategy, price, self.reached_ms)
        standing = self._world.tape.standing(self.reached_ms)
        own = self.terms.rules.quirks.own_reservation_counts
        refusal = self._world.books.risk_refusal(self.key, wish, standing, own)
        return None if refusal is None else refusal.words

    def _lend(self, cost: float) -> str | None:
        return self._world.books.reserve_more(self.key, cost)

    def _settle_extremes(self, row: int) -> None:
        before = holding_of(self.state)
        if before is not None:
            holding = self.sightings.count_extremes(before, row)
            if holding is not before:
                self.state = msgspec.structs.replace(self.state, holding=holding)

    def _settle_milestones(self, row: int, before: Holding) -> None:
        state, holding = self.state, holding_of(self.state)
        wanted = self.hooks.hear_milestones or self._world.tells_milestones
        if holding is None or not wanted:
            return
        found = self.sightings.count_milestones(before, row)
        if not found:
            return
        self.state = msgspec.structs.replace(state, holding=milestones.told(holding, found))
        events = facts.milestones(before.plan, found, self.minutes, self.terms)
        self._world.journal.note_all(Phase.HOOKS, self.order, self.key, events)
        if self.hooks.hear_milestones:
            self._remember(state, events)

    def _remember(self, was: State, events: Sequence[Event]) -> None:
        hooks = self.hooks
        for event in events:
            if type(event) is OpenedEvent:
                self._remember_id(was)
            if hooks.heeded:
                hooks.remember(event, Change(was, self.state), self.view, self.terms.rules)

    def _remember_id(self, was: State) -> None:
        plan = plan_of(was) or plan_of(self.state)
        if plan is not None and plan.own_id:
            if self.terms.rules.quirks.only_last_id_remembered:
                self.used_ids.clear()
            self.used_ids.add(plan.id)
