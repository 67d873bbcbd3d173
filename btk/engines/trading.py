"""The trading engine: the slots of a paper or live run, taken through one tick after the other, remembered and recalled.

It drives the same loop as a backtest, in stretches of one minute. When a tick is due, and what is done about the
events it tells, is decided by whoever owns it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from btk.core.equity import EquitySummary
from btk.core.ledger import Ledger
from btk.core.market import Market, Quotes
from btk.core.model import NEVER
from btk.core.risk import BookPosition, Standing
from btk.core.rules import Terms
from btk.core.slot_record import NumberedEvent, SlotRecord
from btk.core.states import Idle, State, holding_of, plan_of
from btk.core.strategy import overrides
from btk.engines.backtest import MODELS, Job, Seat, books_of
from btk.engines.catch_up import Part, Reached, parts
from btk.engines.equity_tape import EquityTape, PastEquity
from btk.engines.feed import Stretch
from btk.engines.frame_end import FrameEnd
from btk.engines.history import ReplayHistory
from btk.engines.inbox import Inbox
from btk.engines.journal import Journal
from btk.engines.known_minutes import KnownMinutes
from btk.engines.live_indicators import LiveIndicators, only_at_candidates
from btk.engines.loop import Conversation, Loop, end_frame
from btk.engines.outcome import SymbolFacts
from btk.engines.past import Past, own_bars_used
from btk.engines.ping import Ping
from btk.engines.preflight import first_question_ms, needed_history
from btk.engines.schedule import QuestionSchedule
from btk.engines.slot import Slot
from btk.engines.slot_memory import place_of, recall, remembered
from btk.engines.world import World
from btk.model.bars import Span
from btk.model.commands import Command
from btk.model.events import Event
from btk.model.intents import Intent
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.names import SlotKey
from btk.model.records import BookRecord, WalletRecord
from btk.model.settings import Frame


class Memory(NamedTuple):
    """What a run was when it was left: the record of every slot that had one, its wallet, its profiles, its equity."""

    slots: Mapping[SlotKey, SlotRecord]
    wallet: WalletRecord
    books: Sequence[BookRecord]
    past: PastEquity


class Trading:
    """A run of `job`, whose frame begins at the run's first tick; `reached` says how far every slot has come.

    `job.source` holds every minute known since the warm-up before `warm_ms`, which is the tick to go on from where a
    source does not keep more than that, and those until `held_ms` already. Without `quotes` strategies
    see no order book.
    """

    def __init__(self, job: Job, warm_ms: int, held_ms: int = 0, quotes: Quotes | None = None) -> None:
        self._job = job
        self._quotes = quotes
        self._model = MODELS[job.model]
        self._end = FrameEnd(job.frame, self._model)
        self._warm = Frame(from_ms=warm_ms, to_ms=job.frame.to_ms)
        self._minutes = KnownMinutes(job, self._model, held_ms, self._paid_for, self._move_histories)
        self._told: list[tuple[SlotKey, Event | Ping]] = []
        self._ledger = Ledger(job.wallet_start)
        self._books = books_of(job, self._ledger)
        watches = job.watches_equity or self._books.watch_equity
        self._tape = EquityTape(job.wallet_start, watches, job.frame.from_ms)
        self._tape.restore(_no_past(job), None)
        journal = Journal(self._note)
        journal.on_ping = self._note_ping
        self._world = World(self._model, self._books, self._tape, journal)
        self._warm_ms: dict[str, int] = {}
        self._histories: dict[str, list[ReplayHistory]] = {symbol: [] for symbol in job.symbols}
        seats = sorted(job.seats, key=lambda seat: seat.key.order)
        self.slots = {seat.key: self._slot(seat, order) for order, seat in enumerate(seats)}
        self._seen = dict.fromkeys(self.slots, job.frame.from_ms - MINUTE_MS)
        self._drawn_ms = job.frame.from_ms - MINUTE_MS
        self._gone: dict[str, float] = {}
        self.first_prices: dict[str, float] = {}
        slots = list(self.slots.values())
        self._loop = Loop(self._world, slots, job.sizing, self._end.tick_ms - MINUTE_MS, asks_ahead=True)

    @property
    def reached(self) -> Reached:
        """The tick every slot has gone through, and the one the equity is drawn to."""
        return Reached(self._seen, self._drawn_ms)

    @property
    def end_tick_ms(self) -> int:
        """The tick at which the frame ends."""
        return self._end.tick_ms

    def recall(self, memory: Memory, drawn_ms: int) -> None:
        """Become what the run was after the tick `drawn_ms`, before the first tick is gone through."""
        self._drawn_ms = drawn_ms
        self._seen = dict.fromkeys(self.slots, drawn_ms)
        held = {key: (record.committed, record.realised_part) for key, record in memory.slots.items()}
        self._ledger.restore(memory.wallet.realised, held)
        self._tape.restore(memory.past, memory.wallet.equity)
        self._gone = {name: memory.wallet.realised_by_symbol.get(name, 0.0) for name in memory.past.gone}
        for symbol in self._job.symbols:
            parts_of = {key: held[key][1] for key in held if key.symbol == symbol and held[key][1]}
            self._tape.recall(symbol, memory.wallet.realised_by_symbol.get(symbol, 0.0), parts_of)
        for key, record in memory.slots.items():
            slot = self.slots[key]
            recall(slot, record)
            self._seen[key] = record.last_candle_ms
            self._tape.hold(key, holding_of(slot.state), self._job.rules)
        self._recall_books(memory)

    def ping(self, states: frozenset[type[State]]) -> None:
        """Have every minute in these states told of too."""
        for slot in self.slots.values():
            slot.hooks.ping(states)

    def hold_back(self, reason: str) -> None:
        """Ask for no signals while there is a reason; "" takes it away."""
        for slot in self.slots.values():
            slot.held_back = reason

    def take_over(self, key: SlotKey, state: State, intents: tuple[Intent, ...], cost: float) -> None:
        """A slot becomes what an account shows of it; `cost` is the money that is in it beyond what was known."""
        slot, plan = self.slots[key], plan_of(state)
        slot.state, slot.intents = state, intents
        if cost and plan is not None:
            self._books.take_over(key, BookPosition(key.symbol, key.strategy, plan.position, cost))

    def order(self, keys: Iterable[SlotKey], command: Command, at_ms: int) -> None:
        """Give some slots a command; it is carried out at their next tick at or after `at_ms`."""
        for key in keys:
            self.slots[key].inbox.put(at_ms, command)

    @property
    def at_rest(self) -> bool:
        """Whether no slot holds anything or has anything on its way."""
        return all(
            type(slot.state) is Idle
            and slot.queued is None
            and not any(intent.in_flight for intent in slot.intents)
            for slot in self.slots.values()
        )

    def stop_at_rest(self) -> None:
        """End slots that hold nothing, without waiting for a tick."""
        for slot in self.slots.values():
            slot.stop_at_rest(self._drawn_ms)

    def take_back_stop(self, keys: Iterable[SlotKey]) -> None:
        """Nobody has said stop to these slots."""
        for key in keys:
            self.slots[key].stopping = False

    def awaits(self, keys: Iterable[SlotKey]) -> bool:
        """Whether some of the slots have commands that they have not carried out yet."""
        return any(self.slots[key].inbox.next_ms != NEVER for key in keys)

    @property
    def ended(self) -> bool:
        """Whether every slot was told to stop and holds nothing any more."""
        return self.at_rest and all(slot.stopping for slot in self.slots.values())

    def skip_lost(self, known: Mapping[str, int]) -> dict[str, Span]:
        """By symbol, minutes that were missed and are not to be had any more: nobody can catch up on them."""
        lost: dict[str, Span] = {}
        averaged_ms = (self._job.rules.average_price_candles - 1) * MINUTE_MS if self._model.averages else 0
        for key, seen_ms in self._seen.items():
            known_ms = known[key.symbol]
            if known_ms <= seen_ms + MINUTE_MS:
                continue
            gaps = self._job.source.missing(key.symbol, Span(seen_ms, known_ms))
            if gaps and gaps[0].from_ms == seen_ms:
                self._seen[key] = min(gaps[0].to_ms + averaged_ms, known_ms)
                lost[key.symbol] = gaps[0]
        return lost

    def parts(self, known: Mapping[str, int], now_ms: int) -> Iterator[Part]:
        """What is to be gone through until `now_ms`, of the symbols as far as they are known."""
        return parts(self.reached, known, now_ms)

    def step(self, part: Part, known: Mapping[str, int]) -> Conversation:
        """One tick of some slots."""
        tick_ms = part.tick_ms
        minutes = {symbol: self._minutes.at(symbol, tick_ms, known[symbol]) for symbol in self._job.symbols}
        yield from self._loop.step(
            Stretch(tick_ms, tick_ms, minutes, part.slots, decides=part.decides, drawn=part.drawn)
        )
        for key in part.slots:
            self._seen[key] = tick_ms
        if part.drawn:
            self._drawn_ms = tick_ms
        if tick_ms == self._job.frame.from_ms + MINUTE_MS:
            self.first_prices = {symbol: float(minute.open[0]) for symbol, minute in minutes.items()}

    def end_frame(self) -> None:
        """Close what is open and cancel what waits, at the candle that ends the frame."""
        candles = self._end.candles(self._job.symbols, self._minutes.feed, self._job.source)
        end_frame(list(self.slots.values()), self._end.tick_ms, candles)

    def finish(self) -> None:
        """The run is over: tell what was still being counted."""
        for key, slot in self.slots.items():
            slot.finish(self._seen[key])

    def draw(self) -> dict[str, tuple[float, float]]:
        """By symbol, its profit and the money in positions at the close of the minute that was drawn last."""
        self._world.journal.flush()
        self._tape.end(self._drawn_ms)
        drawn = self._tape.drawn()
        return {
            symbol: (float(profit[-1]), float(invested[-1]))
            for symbol, (_, profit, invested) in drawn.items()
            if len(profit)
        }

    def take_told(self) -> list[tuple[SlotKey, Event | Ping]]:
        """The events since the last call, in the order of time, and the pings that were asked for among them."""
        self._world.journal.flush()
        told, self._told = self._told, []
        return told

    def records(self, untold: Sequence[tuple[SlotKey, NumberedEvent]]) -> tuple[SlotRecord, ...]:
        """Every slot as it is now, with its events that nobody has been told of."""
        return tuple(
            remembered(slot, self._ledger, self._seen[key], [event for of, event in untold if of == key])
            for key, slot in self.slots.items()
        )

    def wallet(self) -> WalletRecord:
        """The money of the run as it is now."""
        return WalletRecord(
            start=self._ledger.start,
            realised=self._ledger.realised,
            realised_by_symbol={**self._gone, **self._tape.realised()},
            equity=self._tape.record(),
        )

    def standing(self) -> Standing:
        """Where the equity stands at the tick that was drawn last."""
        return self._tape.standing(self._drawn_ms)

    def begin_day_anew(self) -> None:
        """What was lost today counts no more."""
        self._tape.begin_day(self._drawn_ms)

    def books(self) -> tuple[BookRecord, ...]:
        """What the risk profiles remember."""
        return tuple(book.record() for book in self._books.profiles.values())

    def summary(self) -> EquitySummary:
        """The whole wallet so far."""
        return self._tape.summary()

    def summary_of(self, symbol: str) -> EquitySummary:
        """The wallet as if only this symbol had been traded."""
        return self._tape.summary_of(symbol)

    def price(self, symbol: str) -> float:
        """The last price known of a symbol, also before the first tick."""
        known = self._minutes.last_close(symbol, self._drawn_ms)
        return self._minutes.close_at(symbol, self._warm.from_ms) if known is None else known

    def facts(self, symbol: str, to_ms: int) -> SymbolFacts:
        """What a replay can say of a symbol's candles until a tick, as a backtest does."""
        span = Span(self._job.frame.from_ms, to_ms)
        return SymbolFacts(
            candles=(span.to_ms - span.from_ms) // MINUTE_MS,
            gaps=0,
            first_price=self.first_prices.get(symbol),
            last_price=self.last_price(symbol),
            warming_up_until_ms=self._warm_ms[symbol],
            equity=self.summary_of(symbol),
            empty=self._job.source.empty_minutes(symbol, span),
            own_bars=own_bars_used(history.past for history in self._histories[symbol]),
        )

    def last_price(self, symbol: str) -> float | None:
        """The close of the minute gone through last."""
        return self._minutes.last_close(symbol, self._drawn_ms)

    def _note(self, key: SlotKey, event: Event) -> None:
        self._told.append((key, event))

    def _note_ping(self, key: SlotKey, ping: Ping) -> None:
        self._told.append((key, ping))

    def _recall_books(self, memory: Memory) -> None:
        remembered_books = {record.profile: record for record in memory.books}
        bound = {seat.key: seat.profiles for seat in self._job.seats}
        for name, book in self._books.profiles.items():
            taken = {
                key: place
                for key, record in memory.slots.items()
                if name in bound[key] and (place := place_of(record)) is not None
            }
            book.restore(remembered_books.get(name, BookRecord(profile=name)), taken)

    def _paid_for(self, symbol: str) -> float:
        held = [holding_of(slot.state) for slot in self.slots.values() if slot.key.symbol == symbol]
        return next((holding.price_open for holding in held if holding), np.nan)

    def _move_histories(self, symbol: str, ahead_ms: int) -> None:
        for history in self._histories[symbol]:
            history.move_to(ahead_ms)

    def _slot(self, seat: Seat, order: int) -> Slot:
        job, strategy, symbol = self._job, seat.strategy, seat.key.symbol
        window, frame = job.rules.average_price_candles, job.frame
        past = Past(job.source, symbol, needed_history(self._warm, strategy, window))
        first_ms = max(frame.from_ms, first_question_ms(past, self._warm, strategy, window))
        self._warm_ms[symbol] = max(first_ms, self._warm_ms.get(symbol, 0))
        schedule = QuestionSchedule(
            interval_ms(strategy.interval), first_ms, interval_ms(frame.interval), frame.from_ms
        )
        terms = Terms(symbol, seat.key.strategy, seat.key.exchange, job.rules)
        slot = Slot(seat.key, terms, strategy, schedule, Inbox())
        history = ReplayHistory(job.source, past)
        self._histories[symbol].append(history)
        slot.join(self._world, lambda: _market(slot, history, self._quotes), order)
        if overrides(strategy, "candidates"):
            slot.question = only_at_candidates(strategy)
        return slot


def _no_past(job: Job) -> PastEquity:
    nothing = np.empty(0)
    return PastEquity(job.frame.from_ms, dict.fromkeys(job.symbols, (nothing, nothing)), {})


def _market(slot: Slot, history: ReplayHistory, quotes: Quotes | None) -> Market:
    market = Market(slot.key.symbol, history, slot)
    market.quotes = quotes
    if overrides(slot.strategy, "indicators"):
        market.indicators = LiveIndicators(slot.strategy, market)
    return market
