"""The loop: two phases a tick, for all slots together, in the order of time. It has no colour and asks for nothing itself.

It is a generator: it yields requests (questions and hooks of strategies) and is sent their answers by a driver.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from operator import attrgetter
from typing import Any

from btk.core.model import NEVER
from btk.core.risk import Refusal
from btk.core.states import Idle, Open, Scheduled
from btk.engines.feed import Stretch
from btk.engines.journal import Phase
from btk.engines.judge import Judge, Rejection
from btk.engines.ping import Ping
from btk.engines.refusals import Wish, rejected
from btk.engines.requests import Ahead, Answer, Ask, Request, Watch
from btk.engines.slot import Slot
from btk.engines.slot_hooks import SIGNAL_HOOKS
from btk.engines.slot_outlook import (
    has_more_at,
    is_asked,
    is_looked_at,
    is_sure_to_be_asked,
    outlook,
    plan_next,
    prepare,
)
from btk.engines.world import World
from btk.model.commands import Flatten
from btk.model.intervals import MINUTE_MS
from btk.model.settings import Sizing
from btk.model.signal import Signal

Conversation = Generator[Request, Answer | None, None]
_NEXT_MS = attrgetter("next_ms")


class Loop:
    """Steps slots (in bytewise order of their keys) through stretches of minutes; `now_ms` is the tick it is at.

    `asks_ahead`: questions that are sure to come are announced together, so that a driver may ask them side by side.
    """

    def __init__(
        self,
        world: World,
        slots: Sequence[Slot],
        sizing: Sizing,
        last_decision_ms: int,
        asks_ahead: bool = False,
    ) -> None:
        self._world = world
        self._slots = sorted(slots, key=lambda slot: slot.key.order)
        self._judge = Judge(world, sizing)
        self._last_decision_ms = last_decision_ms
        self._asks_ahead = asks_ahead
        self._present = self._slots
        self._stretch: Stretch
        self.now_ms = 0

    def run(self, stretches: Iterable[Stretch]) -> Conversation:
        """Every tick of every stretch."""
        for stretch in stretches:
            yield from self.step(stretch)

    def step(self, stretch: Stretch) -> Conversation:
        """Every tick of one stretch."""
        self._begin(stretch)
        while (tick := min(map(_NEXT_MS, self._present), default=NEVER)) <= stretch.last_ms:
            self.now_ms = tick = int(tick)
            due = self._react(tick)
            for slot in due:
                if slot.hooks.heeded:
                    yield from self._hooks(slot, tick, alone=len(due) == 1)
            if stretch.decides and tick <= self._last_decision_ms:
                if self._asks_ahead:
                    yield Ahead([prepare(slot, tick) for slot in due if is_sure_to_be_asked(slot, tick)])
                for slot in due:
                    if self._decide(slot, tick):
                        yield from self._talk(slot, slot.reached_ms)
            for slot in due:
                plan_next(slot, slot.reached_ms)
        self._end(stretch)

    def _begin(self, stretch: Stretch) -> None:
        self._stretch, chosen = stretch, stretch.slots
        self._present = [slot for slot in self._slots if chosen is None or slot.key in chosen]
        if stretch.drawn:
            self._world.tape.begin(stretch.minutes)
        for slot in self._present:
            slot.enter(stretch.minutes[slot.key.symbol], stretch.first_ms, late=not stretch.decides)
            plan_next(slot, stretch.first_ms - MINUTE_MS)

    def _end(self, stretch: Stretch) -> None:
        for slot in self._present:
            slot.settle(stretch.last_ms)
            slot.tell_refusals_over(stretch.last_ms)
        self._world.journal.flush()

    def _react(self, tick: int) -> list[Slot]:
        due, waiting = [], []
        for slot in self._present:
            if slot.next_ms <= tick:
                slot.reached_ms = tick
                due.append(slot)
                if slot.touched_ms <= tick:
                    if type(slot.state) is Scheduled:
                        waiting.append(slot)
                    else:
                        slot.exits(tick)
        for slot in waiting:
            slot.activation(tick)
        return due

    def _decide(self, slot: Slot, tick: int) -> bool:
        # True when the strategy is to be talked to as well: at most ticks it is not, and nothing is yielded.
        at_ms = slot.reached_ms
        if at_ms > self._last_decision_ms or not (slot.hard_next_ms <= tick or slot.changed):
            return False
        slot.phase = Phase.DECISIONS
        slot.clock(at_ms)
        if slot.inbox.next_ms <= at_ms:
            for command in slot.inbox.take(at_ms):
                slot.obey(command, at_ms)
        if slot.flattening:
            slot.obey(Flatten(), at_ms)
        return bool(slot.hooks.due) or (type(slot.state) is Idle and is_asked(slot, at_ms))

    def _hooks(self, slot: Slot, tick: int, alone: bool) -> Conversation:
        slot.phase = Phase.HOOKS
        before = slot.state
        if slot.hooks.due:
            yield from self._call_due_hooks(slot, tick)
        if slot.watches and is_looked_at(slot, tick):
            last = self._watch_until(slot, tick) if alone and slot.state is before else tick
            yield from self._watch(slot, range(tick, last + 1, MINUTE_MS))
        # While nothing was commanded or heard, the minutes are accounted for together later.
        if isinstance(before, Open) and (slot.state is not before or slot.hard_next_ms <= tick):
            slot.settle_after_hook(slot.reached_ms, before.holding)
        if slot.hooks.due:
            yield from self._call_due_hooks(slot, slot.reached_ms)

    def _watch_until(self, slot: Slot, tick: int) -> int:
        next_ms = slot.hard_next_ms
        if slot.changed or next_ms <= tick:
            if has_more_at(slot, tick):
                return tick
            next_ms, _ = outlook(slot, tick)
        others = min((other.next_ms for other in self._present if other is not slot), default=NEVER)
        return max(tick, int(min(next_ms - MINUTE_MS, others - MINUTE_MS, self._stretch.last_ms)))

    def _watch(self, slot: Slot, ticks: range) -> Conversation:
        hook = slot.hooks.watching(slot.state, slot.view)
        if hook is None:
            slot.reached_ms = ticks[-1]
            self._ping(slot, ticks)
            return
        name, args = hook
        answer = yield Watch(getattr(slot.strategy, name), slot.market, args, ticks)
        if answer is not None:
            slot.reached_ms = answer.tick_ms
            self._ping(slot, range(ticks.start, answer.tick_ms + 1, MINUTE_MS))
            yield from self._after_hook(slot, name, answer)

    def _ping(self, slot: Slot, ticks: range) -> None:
        state = slot.state
        if type(state) in slot.hooks.pinged:
            for tick_ms in ticks:
                ping = Ping(tick_ms, slot.price_at(tick_ms), state)
                self._world.journal.note(Phase.HOOKS, slot.order, slot.key, ping)

    def _call_due_hooks(self, slot: Slot, tick: int) -> Conversation:
        while slot.hooks.due:
            name, args = slot.hooks.due.pop(0)
            slot.market.hears_of_signal = name in SIGNAL_HOOKS
            answer = yield Watch(
                getattr(slot.strategy, name), slot.market, args, range(tick, tick + 1, MINUTE_MS)
            )
            slot.market.hears_of_signal = False
            if answer is not None:
                yield from self._after_hook(slot, name, answer)

    def _after_hook(self, slot: Slot, name: str, answer: Answer) -> Conversation:
        if answer.late:
            slot.leave_market()
        slot.note_down(slot.market.notes)
        slot.take_desk()
        if type(slot.state) is Idle and slot.notes.state:
            slot.forget_signal()
        if answer.error is not None:
            yield from self._error(slot, name, answer)

    def _error(self, slot: Slot, where: str, answer: Answer) -> Conversation:
        error = answer.error
        message = f"{type(error).__name__}: {error}"
        slot.tell(slot.errors.add(where, message, answer.tick_ms))
        if "on_error" in slot.hooks and where != "on_error":
            slot.hooks.due.append(("on_error", (error,)))
            yield from self._call_due_hooks(slot, answer.tick_ms)

    def _talk(self, slot: Slot, tick: int) -> Conversation:
        if slot.hooks.due:
            yield from self._call_due_hooks(slot, tick)
            if type(slot.state) is not Idle or not is_asked(slot, tick):
                return
        said = yield from self._question(slot, tick)
        if said is not None:
            yield from self._consider(slot, said)
        if slot.hooks.due:
            yield from self._call_due_hooks(slot, tick)

    def _question(self, slot: Slot, tick: int) -> Generator[Request, Answer | None, Answer | None]:
        if slot.queued is not None:
            queued, slot.queued = slot.queued, None
            slot.market.now_ms = tick
            slot.schedule.mark(tick)
            return Answer(tick, queued)
        if slot.answer is not None:
            found, slot.answer = slot.answer, None
            return found
        if slot.prepared is not None:
            if slot.schedule.next_tick(tick) != tick:
                return None
            said = yield from self._patiently(slot, slot.prepared, tick)
            return said
        last = self._ask_until(slot, tick)
        answer = yield Ask(slot.question, slot.market, slot.schedule.ticks(tick, last))
        slot.schedule.mark(slot.market.now_ms)
        slot.note_down(slot.market.notes)
        slot.take_desk()
        if answer is None:
            slot.reached_ms = slot.market.now_ms
        if answer is not None and answer.tick_ms > tick:
            slot.answer = answer
            return None
        return answer

    def _patiently(self, slot: Slot, ask: Ask, tick: int) -> Generator[Request, Answer | None, Answer | None]:
        # An answer that comes ticks later is the answer of the tick at which it comes.
        answer = yield ask
        slot.schedule.mark(tick)
        if answer is not None and answer.late:
            if ask.market is slot.market:
                slot.leave_market()
            return None
        slot.prepared = None
        slot.note_down(ask.market.notes)
        slot.take_desk()
        return None if answer is None else Answer(tick, answer.value, answer.error)

    def _ask_until(self, slot: Slot, tick: int) -> int:
        if slot.watches:
            return tick
        return int(min(self._stretch.last_ms, self._last_decision_ms, slot.inbox.next_ms - MINUTE_MS))

    def _consider(self, slot: Slot, answer: Answer) -> Conversation:
        if answer.error is not None:
            yield from self._error(slot, "get_signal", answer)
            return
        signal, tick = answer.value, answer.tick_ms
        if not isinstance(signal, Signal):
            wrong = TypeError(f"get_signal answered {signal!r:.80}; a Signal or None is expected")
            yield from self._error(slot, "get_signal", Answer(tick, error=wrong))
            return
        verdict = self._judge.judged(slot, signal, tick)
        if isinstance(verdict, Rejection):
            self._refuse(slot, signal, (verdict.reason, verdict.detail), tick)
        elif isinstance(verdict, Refusal):
            self._give_back(slot, signal, verdict, tick)
        else:
            slot.tell(slot.refusals.end(tick))
            slot.place(verdict)

    def _refuse(self, slot: Slot, signal: Signal, words: tuple[str, str], tick: int) -> None:
        slot.tell([rejected(words, tick, slot.terms, Wish(signal, slot.price_at(tick)))])
        self._remember_rejection(slot, signal, words)

    def _give_back(self, slot: Slot, signal: Signal, refusal: Refusal, tick: int) -> None:
        wish = Wish(signal, slot.price_at(tick))
        slot.tell(slot.refusals.add(wish, refusal, tick, slot.schedule.interval_ms))
        slot.schedule.give_back()
        if slot.refusals.is_first():
            self._remember_rejection(slot, signal, (refusal.kind, refusal.words))

    def _remember_rejection(self, slot: Slot, signal: Signal, words: tuple[str, str]) -> None:
        if "on_rejected" in slot.hooks:
            slot.hooks.due.append(("on_rejected", (signal, f"{words[0]}: {words[1]}")))


def end_frame(slots: Sequence[Slot], end_tick_ms: int, candles: dict[str, Any]) -> None:
    """Close what is open and cancel what waits, at the candle that ends the frame."""
    for slot in sorted(slots, key=lambda slot: slot.key.order):
        slot.end(candles[slot.key.symbol])
        slot.finish(end_tick_ms)
