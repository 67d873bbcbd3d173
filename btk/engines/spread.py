"""Spreading a backtest: each symbol on its own, then put together as if they had run side by side.

Only where nothing is shared. The wallet always is, so the merged reservations are checked against it afterwards:
where they would not all have fitted, the parts are no result and the symbols have to run together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from btk.core.equity import EquityCurve
from btk.core.ledger import DUST
from btk.engines.backtest import Backtest, Instruments, Job
from btk.engines.drivers import StopSwitch
from btk.engines.equity_tape import EquityTape
from btk.engines.journal import Journal, Observer, Phase
from btk.engines.outcome import Outcome
from btk.model.bars import Column
from btk.model.events import (
    AveragedEvent,
    CancelledEvent,
    ClosedEvent,
    Event,
    OpenedEvent,
    PartialClosedEvent,
    RejectedEvent,
    ScheduledEvent,
)
from btk.model.names import SlotKey


class Note(NamedTuple):
    """An event with its place in the order of time; `serial` keeps the order within one slot and phase."""

    tick_ms: int
    phase: int
    order: bytes
    serial: int
    key: SlotKey
    event: Event


class Minutes(NamedTuple):
    """The profit and the money in positions of one symbol, minute by minute from `first_ms` on."""

    first_ms: int
    profit: Column
    invested: Column


class Part(NamedTuple):
    """What one symbol came to on its own."""

    outcome: Outcome
    notes: list[Note]
    minutes: list[Minutes]


def obstacle(job: Job) -> str | None:
    """Why the symbols of a job cannot run apart, or None."""
    if len(job.symbols) < 2:
        return "there is only one symbol"
    if job.sizing.method != "fixed_cost" or job.sizing.max_position_pct is not None:
        return "sizing looks at the equity of the whole wallet"
    bound = sorted({name for seat in job.seats for name in seat.profiles})
    if bound:
        return f"risk profile {bound[0]} is shared by the symbols"
    return None


def run_part(job: Job, symbol: str, clock: Callable[[], float]) -> Part:
    """One symbol of a job, with the whole wallet to itself."""
    kept_notes: list[KeptJournal] = []
    kept_minutes: list[KeptTape] = []

    def journal(observer: Observer) -> Journal:
        kept_notes.append(KeptJournal(observer))
        return kept_notes[0]

    def tape(start: float, watches: bool, from_ms: int, outlined: bool) -> EquityTape:
        kept_minutes.append(KeptTape(start, watches, from_ms, outlined))
        return kept_minutes[0]

    seats = [seat for seat in job.seats if seat.key.symbol == symbol]
    alone = msgspec.structs.replace(job, seats=seats)
    outcome = Backtest(alone, _unheard, clock, Instruments(journal, tape)).run(StopSwitch())
    return Part(outcome, kept_notes[0].kept, kept_minutes[0].kept)


def merged(job: Job, parts: Mapping[str, Part], observer: Observer, seconds: float) -> Outcome | None:
    """The outcome of the whole job, its events told in order; None where the wallet would have come in between."""
    notes = sorted(note for part in parts.values() for note in part.notes)
    if not _fits_wallet(notes, job.wallet_start):
        return None
    for note in notes:
        observer(note.key, note.event)
    outcomes = [part.outcome for part in parts.values()]
    return Outcome(
        complete=len(parts) == len(job.symbols),
        reached_ms=max(outcome.reached_ms for outcome in outcomes),
        records={key: record for outcome in outcomes for key, record in outcome.records.items()},
        symbols={symbol: facts for outcome in outcomes for symbol, facts in outcome.symbols.items()},
        equity=_whole_curve(job.wallet_start, [part.minutes for part in parts.values()]).summary(),
        open_slots=tuple(key for outcome in outcomes for key in outcome.open_slots),
        seconds=seconds,
    )


class KeptJournal(Journal):
    """Remembers every note it told."""

    def __init__(self, observer: Observer) -> None:
        super().__init__(observer)
        self.kept: list[Note] = []

    def flush(self) -> None:
        """Tell, and keep with the order of the whole job."""
        for tick_ms, phase, _, serial, key, event in self._notes:
            if isinstance(event, Event):
                self.kept.append(Note(tick_ms, phase, key.order, serial, key, event))
        super().flush()


class KeptTape(EquityTape):
    """Remembers every minute it drew."""

    def __init__(self, start: float, watches: bool, from_ms: int, outlined: bool) -> None:
        super().__init__(start, watches, from_ms, outlined)
        self.kept: list[Minutes] = []

    def end(self, tick_ms: int) -> None:
        """Finish the block, and keep it."""
        super().end(tick_ms)
        self.kept += [Minutes(*drawn) for drawn in self.drawn().values()]


def _unheard(key: SlotKey, event: Event) -> None:
    pass


def _whole_curve(start: float, strips: Sequence[Sequence[Minutes]]) -> EquityCurve:
    curve = EquityCurve(start)
    for blocks in zip(*strips, strict=True):
        equity = start + np.sum([block.profit for block in blocks], axis=0)
        curve.add(blocks[0].first_ms, equity, np.sum([block.invested for block in blocks], axis=0))
    return curve


class _Move(NamedTuple):
    """Money that is set aside (`committed` above 0), given back, or earned, at one place in the order of time."""

    tick_ms: int
    phase: int
    order: bytes
    committed: float
    earned: float


def _fits_wallet(notes: Sequence[Note], start: float) -> bool:
    committed, cash = 0.0, start
    for move in sorted(_moves(notes)):
        committed += move.committed
        cash += move.earned
        if move.committed > 0 and committed > cash + DUST * start:
            return False
    return not any(isinstance(note.event, RejectedEvent) and note.event.reason == "cash" for note in notes)


def _moves(notes: Sequence[Note]) -> Iterator[_Move]:
    held: dict[SlotKey, tuple[float, float]] = {}
    for tick_ms, phase, order, _, key, event in notes:
        cost, earned = held.get(key, (0.0, 0.0))
        match event:
            case ScheduledEvent():
                held[key] = (event.cost, 0.0)
                yield _Move(tick_ms, phase, order, event.cost, 0.0)
            case OpenedEvent() if cost == 0.0:
                held[key] = (event.cost, 0.0)
                yield _Move(event.scheduled_at_ms, Phase.DECISIONS, order, event.cost, 0.0)
            case AveragedEvent():
                held[key] = (cost + event.cost, earned)
                yield _Move(event.at_ms, Phase.HOOKS, order, event.cost, 0.0)
            case PartialClosedEvent():
                freed = event.cost_basis * event.pct / 100
                held[key] = (cost - freed, earned + event.realised_cost)
                yield _Move(tick_ms, phase, order, -freed, event.realised_cost)
            case ClosedEvent():
                del held[key]
                yield _Move(tick_ms, phase, order, -cost, event.pnl_cost - earned)
            case CancelledEvent():
                held.pop(key, None)
                yield _Move(tick_ms, phase, order, -cost, 0.0)
            case _:
                pass
