"""The backtest engine: replays recorded candles through the loop, and gathers the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from btk.core.books import Books
from btk.core.brokered_model import BROKERED
from btk.core.candle_model import CANDLE
from btk.core.ledger import Ledger
from btk.core.market import Indicators, Market
from btk.core.model import NEVER, ExecutionModel, Minutes
from btk.core.risk import RiskBook, RiskRule
from btk.core.rules import Rules, Terms
from btk.core.states import Idle, State
from btk.core.strategy import Strategy, overrides
from btk.core.vwap_model import VWAP
from btk.engines.drivers import StopSwitch, drive
from btk.engines.equity_tape import EquityTape
from btk.engines.feed import ReplayFeed, Stretch
from btk.engines.filled import FilledSource, count_minutes
from btk.engines.foresight import Fates, Foresight
from btk.engines.frame_end import FrameEnd
from btk.engines.held_candles import HeldCandles
from btk.engines.history import ReplayHistory
from btk.engines.inbox import Inbox
from btk.engines.indicator_columns import candidate_closes, frame_bars, indicator_columns
from btk.engines.journal import Journal, Observer, PingObserver
from btk.engines.loop import Loop, end_frame
from btk.engines.outcome import Outcome, Recorder, SymbolFacts
from btk.engines.past import Past, own_bars_used
from btk.engines.preflight import check_frame, first_question_ms, needed_history
from btk.engines.schedule import QuestionSchedule
from btk.engines.slot import Slot
from btk.engines.world import World
from btk.model.bars import Span
from btk.model.commands import Command
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.names import SlotKey
from btk.model.settings import Frame, RiskProfile, Sizing
from btk.ports import CandleSource

MODELS: Mapping[str, ExecutionModel] = {"candle": CANDLE, "vwap": VWAP, "brokered": BROKERED}

BoundProfile = tuple[RiskProfile, Sequence[tuple[str, RiskRule]]]


MOST_FATES = 16_384
"""Of so many plans a process remembers at most what became of them, all slots and strategies together: about 30 MB."""


class Seat(NamedTuple):
    """One strategy object on one symbol, bound by risk profiles."""

    key: SlotKey
    strategy: Strategy
    profiles: tuple[str, ...] = ()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest to run: everything chosen, nothing opened.

    `figures_only`: nobody reads events or draws the curve, so break-even, milestones and its outline are not even looked
    for; no trade depends on them. `watches_equity`: the day's loss is known at every tick, also where no profile asks.
    """

    seats: Sequence[Seat]
    source: CandleSource
    frame: Frame
    model: str
    rules: Rules
    wallet_start: float = 10_000.0
    sizing: Sizing = Sizing()
    profiles: Mapping[str, BoundProfile] = msgspec.field(default_factory=dict)
    fill_gaps: bool = False
    commands: Mapping[SlotKey, Sequence[tuple[int, Command]]] = msgspec.field(default_factory=dict)
    block_minutes: int | None = None
    figures_only: bool = False
    watches_equity: bool = False

    @property
    def symbols(self) -> list[str]:
        """Every symbol once, in order."""
        return sorted({seat.key.symbol for seat in self.seats})


class Instruments(NamedTuple):
    """What a run is recorded with."""

    journal: Callable[[Observer], Journal] = Journal
    tape: Callable[[float, bool, int, bool], EquityTape] = EquityTape


PLAIN = Instruments()


class Backtest:
    """Prepared by its constructor (`DataError` for missing candles), run once. `clock` gives seconds, for the timing.

    `passed` is called with the last tick of each stretch of minutes, once all of its events are told.
    """

    def __init__(
        self,
        job: Job,
        observer: Observer,
        clock: Callable[[], float],
        instruments: Instruments = PLAIN,
    ) -> None:
        self._job = job
        self._clock = clock
        self._model = MODELS[job.model]
        self._end = FrameEnd(job.frame, self._model)
        self._ends_early = self._last_minute_missing()
        self._source = FilledSource(job.source) if job.fill_gaps else job.source
        self._recorder = Recorder([seat.key for seat in job.seats], observer)
        ledger = Ledger(job.wallet_start)
        books = books_of(job, ledger)
        self._world = World(
            self._model,
            books,
            instruments.tape(job.wallet_start, books.watch_equity, job.frame.from_ms, not job.figures_only),
            instruments.journal(self._recorder),
            not job.figures_only,
        )
        self.passed: Callable[[int], None] = _nobody
        self._histories: list[ReplayHistory] = []
        self._prices: dict[str, list[float]] = {}
        self._warm_ms: dict[str, int] = {}
        self.slots = [self._slot(seat) for seat in sorted(job.seats, key=lambda seat: seat.key.order)]
        self._loop = Loop(self._world, self.slots, job.sizing, self._end.tick_ms - MINUTE_MS)

    @property
    def reached_ms(self) -> int:
        """The tick every slot has come to; for progress, from any thread."""
        return max(self._loop.now_ms, min(slot.market.now_ms for slot in self.slots))

    def ping(self, states: frozenset[type[State]], observer: PingObserver) -> None:
        """Have every minute in these states told of too; each of them is looked at then."""
        self._world.journal.on_ping = observer
        for slot in self.slots:
            slot.hooks.ping(states)

    def run(self, switch: StopSwitch) -> Outcome:
        """Replay the frame; ends early, with a marked outcome, when the switch is pressed."""
        started = self._clock()
        complete = drive(self._loop.run(self._stretches()), switch)
        reached_ms = self._end.tick_ms if complete else self.reached_ms
        if complete:
            self._end_frame()
        self._world.tape.end(reached_ms)
        for slot in self.slots:
            slot.finish(reached_ms)
        self._world.journal.flush()
        return self._outcome(complete, reached_ms, self._clock() - started)

    def _last_minute_missing(self) -> bool:
        job, last_ms = self._job, self._end.last_question_ms
        if job.fill_gaps:
            return False
        if not job.rules.quirks.last_minute_may_be_missing:
            check_frame(job.source, job.symbols, Span(job.frame.from_ms, self._end.tick_ms))
            return False
        check_frame(job.source, job.symbols, Span(job.frame.from_ms, last_ms))
        return any(job.source.missing(symbol, Span(last_ms, last_ms + MINUTE_MS)) for symbol in job.symbols)

    def _end_frame(self) -> None:
        if not self._ends_early:
            candles = self._end.candles(self._job.symbols, self._feed(), self._source)
            end_frame(self.slots, self._end.tick_ms, candles)
        elif any(not isinstance(slot.state, Idle) for slot in self.slots):
            check_frame(self._job.source, self._job.symbols, Span(self._job.frame.from_ms, self._end.tick_ms))

    def _stretches(self) -> Iterator[Stretch]:
        last_ms = self._end.last_question_ms if self._ends_early else self._end.tick_ms
        for stretch in self._feed().stretches(self._job.frame.from_ms, last_ms):
            for symbol, minutes in stretch.minutes.items():
                self._note_prices(symbol, minutes)
            for history in self._histories:
                history.move_to(stretch.last_ms)
            yield stretch
            self.passed(stretch.last_ms)

    def _feed(self) -> ReplayFeed:
        window = self._job.rules.average_price_candles
        return ReplayFeed(self._source, self._job.symbols, self._model, window, self._job.block_minutes)

    def _note_prices(self, symbol: str, minutes: Minutes) -> None:
        known, row = self._prices.get(symbol), minutes.row_at(self._job.frame.from_ms + MINUTE_MS)
        if known is not None:
            known[1] = float(minutes.close[-1])
        elif row < len(minutes):
            self._prices[symbol] = [float(minutes.open[row]), float(minutes.close[-1])]

    def _slot(self, seat: Seat) -> Slot:
        job, strategy, symbol = self._job, seat.strategy, seat.key.symbol
        window = job.rules.average_price_candles
        past = Past(job.source, symbol, needed_history(job.frame, strategy, window))
        first_ms = first_question_ms(past, job.frame, strategy, window)
        self._warm_ms[symbol] = max(first_ms, self._warm_ms.get(symbol, 0))
        schedule = QuestionSchedule(
            interval_ms(strategy.interval), first_ms, interval_ms(job.frame.interval), job.frame.from_ms
        )
        terms = Terms(symbol, seat.key.strategy, seat.key.exchange, job.rules)
        slot = Slot(seat.key, terms, strategy, schedule, Inbox(job.commands.get(seat.key, ())))
        history = ReplayHistory(self._source, past)
        self._histories.append(history)
        slot.join(self._world, lambda: Market(symbol, history, slot), len(self._histories) - 1)
        slot.foresight = self._foresight(slot)
        if overrides(strategy, "indicators"):
            self._precompute(slot, past)
        return slot

    def _foresight(self, slot: Slot) -> Foresight:
        job = self._job
        disturbed = slot.hooks.heeded or slot.inbox.next_ms < NEVER
        if disturbed or not job.figures_only or not isinstance(job.source, HeldCandles):
            return Foresight()
        return Foresight(job.source.once(Fates, lambda: Fates(MOST_FATES)), (slot.terms, job.model))

    def _precompute(self, slot: Slot, past: Past) -> None:
        strategy, market = slot.strategy, slot.market
        span = Span(past.begins_ms(strategy.interval), self._job.frame.to_ms)
        made = frame_bars(self._source, slot.key.symbol, strategy.interval, span)
        bars = past.mended(strategy.interval, made)
        columns = indicator_columns(strategy, bars)
        market.indicators = Indicators(columns, bars.first_ms, bars.step_ms, market)
        closes = candidate_closes(strategy, bars, columns)
        if closes is not None:
            slot.schedule.only_at(closes)

    def _outcome(self, complete: bool, reached_ms: int, seconds: float) -> Outcome:
        return Outcome(
            complete=complete,
            reached_ms=reached_ms,
            records=self._recorder.records,
            symbols={symbol: self._facts(symbol, reached_ms) for symbol in self._job.symbols},
            equity=self._world.tape.summary(),
            open_slots=tuple(slot.key for slot in self.slots if not isinstance(slot.state, Idle)),
            seconds=seconds,
        )

    def _facts(self, symbol: str, reached_ms: int) -> SymbolFacts:
        span = Span(self._job.frame.from_ms, max(reached_ms, self._job.frame.from_ms))
        first, last = self._prices.get(symbol, (None, None))
        return SymbolFacts(
            candles=(span.to_ms - span.from_ms) // MINUTE_MS,
            gaps=count_minutes(self._job.source.missing(symbol, span)),
            first_price=first,
            last_price=last,
            warming_up_until_ms=self._warm_ms[symbol],
            equity=self._world.tape.summary_of(symbol),
            empty=self._job.source.empty_minutes(symbol, span),
            own_bars=own_bars_used(
                history.past for history in self._histories if history.past.symbol == symbol
            ),
        )


def _nobody(reached_ms: int) -> None:
    pass


def books_of(job: Job, ledger: Ledger) -> Books:
    """The wallet and the risk profiles of a job, nothing reserved yet."""
    profiles = {name: RiskBook(name, profile, rules) for name, (profile, rules) in job.profiles.items()}
    return Books(ledger, profiles, {seat.key: seat.profiles for seat in job.seats})
