"""The inbox of a slot: commands from outside, by tick, and what each of them does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from btk.core import validation
from btk.core.desk import Desk
from btk.core.facts import cancelled
from btk.core.model import NEVER
from btk.core.rules import Terms
from btk.core.states import IDLE, Idle, Open, Scheduled
from btk.engines.refusals import Refusals, rejected
from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    CancelScheduled,
    ClosePosition,
    Command,
    ConfirmFill,
    Flatten,
    MoveToBreakeven,
    PartialClose,
    Pause,
    Resume,
    Stop,
    SubmitSignal,
    TrailStop,
    TrailTake,
)
from btk.model.events import Event, PausedEvent, ResumedEvent, StoppedEvent
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal
from btk.model.verdict import ACCEPTED, Refused, Verdict

Told = TypeVar("Told", bound=Event)


class Commanded(Protocol):
    """What of a slot a command can reach."""

    terms: Terms
    refusals: Refusals
    queued: Signal | None
    paused: bool
    stopping: bool
    flattening: bool

    def price_at(self, tick_ms: int) -> float:
        """The execution model's price at a tick."""

    def resume(self, tick_ms: int) -> bool:
        """Take away what keeps the slot from entries; whether there was anything."""

    def tell(self, events: Sequence[Event]) -> None:
        """Book and note events."""


class Inbox:
    """Commands in the order of their ticks (the next whole minute); `next_ms` is that of the first one (empty: infinite)."""

    def __init__(self, commands: Sequence[tuple[int, Command]] = ()) -> None:
        ticks = ((-(-at_ms // MINUTE_MS) * MINUTE_MS, command) for at_ms, command in commands)
        self._commands = sorted(ticks, key=lambda item: item[0])
        self.next_ms = self._next_ms()

    def put(self, at_ms: int, command: Command) -> None:
        """Add a command; it is taken at the next tick."""
        self._commands.append((-(-at_ms // MINUTE_MS) * MINUTE_MS, command))
        self._commands.sort(key=lambda item: item[0])
        self.next_ms = self._next_ms()

    def take(self, tick_ms: int) -> list[Command]:
        """The commands given until a tick; they leave the inbox."""
        due = [command for at_ms, command in self._commands if at_ms <= tick_ms]
        self._commands = self._commands[len(due) :]
        self.next_ms = self._next_ms()
        return due

    def _next_ms(self) -> float:
        return self._commands[0][0] if self._commands else NEVER

    def obey(self, slot: Commanded, command: Command, desk: Desk, tick_ms: int) -> Verdict:
        """Do what a command says; a refused one is told as a `rejected` event."""
        verdict = _on_position(command, desk)
        if verdict is None:
            verdict = _on_slot(slot, command, desk, tick_ms)
        if isinstance(verdict, Refused):
            words = ("command", f"{type(command).__name__}: {verdict.reason}")
            slot.tell([rejected(words, tick_ms, slot.terms)])
        return verdict


def _on_position(command: Command, desk: Desk) -> Verdict | None:
    match command:
        case ClosePosition(note):
            return desk.close(note)
        case PartialClose(kind, pct, cost):
            return desk.partial(kind, pct, cost)
        case TrailStop(shift_pct, price):
            return desk.trail_stop(shift_pct, price)
        case TrailTake(shift_pct, price):
            return desk.trail_take(shift_pct, price)
        case MoveToBreakeven():
            return desk.breakeven()
        case AverageBuy(cost):
            return desk.average(cost)
        case ConfirmFill(kind):
            return desk.confirm_fill(kind)
        case CancelScheduled(note):
            return desk.cancel(note)
        case ActivateScheduled(note):
            return desk.activate(note)
        case _:
            return None


def _on_slot(slot: Commanded, command: Command, desk: Desk, tick_ms: int) -> Verdict:
    match command:
        case Pause():
            if not slot.paused:
                slot.tell([_stamped(PausedEvent, slot, tick_ms)])
            slot.paused = True
        case Resume():
            if slot.resume(tick_ms):
                slot.tell([_stamped(ResumedEvent, slot, tick_ms)])
        case Stop():
            if not slot.stopping:
                slot.tell([_stamped(StoppedEvent, slot, tick_ms)])
                _stop(slot, desk, tick_ms)
        case Flatten():
            slot.flattening = _flatten(desk)
        case SubmitSignal(signal):
            return _submit(slot, signal, desk, tick_ms)
    return ACCEPTED


def _stamped(kind: type[Told], slot: Commanded, tick_ms: int) -> Told:
    return kind(at_ms=tick_ms, tick_ms=tick_ms, symbol=slot.terms.symbol, strategy=slot.terms.strategy)


def _stop(slot: Commanded, desk: Desk, tick_ms: int) -> None:
    slot.stopping = True
    slot.queued = None
    waiting = desk.state
    if not isinstance(waiting, Scheduled):
        return
    if desk.waiting_is_asked:
        desk.state = msgspec.structs.replace(waiting, request="stop")
    else:
        when = (tick_ms, tick_ms)
        desk.told.append(cancelled(waiting.plan, when, slot.price_at(tick_ms), "stopped", slot.terms))
        desk.state = IDLE


def _flatten(desk: Desk) -> bool:
    """Toward holding nothing; whether that is not so yet."""
    match desk.state:
        case Open():
            desk.close("flatten")
        case Scheduled(request=None):
            desk.cancel("flatten")
    return not isinstance(desk.state, Idle)


def _submit(slot: Commanded, signal: Signal, desk: Desk, tick_ms: int) -> Verdict:
    if slot.stopping:
        return Refused("the slot is stopping")
    if not isinstance(desk.state, Idle) or slot.queued is not None:
        return Refused("something is open, scheduled or queued already")
    plan = validation.plan(signal, slot.price_at(tick_ms), tick_ms, slot.terms)
    if isinstance(plan, tuple):
        return Refused("; ".join(plan))
    slot.queued = signal
    return ACCEPTED
