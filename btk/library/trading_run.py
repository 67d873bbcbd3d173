"""Paper and live runs from Python: everything is opened in the one order that is safe, and closed again.

The state's lock first, then what it remembers, then the network: a run that may not start has asked nobody anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk import wiring
from btk.adapters.command_files import CommandFiles
from btk.adapters.host import ThisHost
from btk.adapters.run_folder import RunFolder
from btk.adapters.state_factory import state_factory
from btk.adapters.state_lock import only_writer, this_process
from btk.engines.backtest import MODELS
from btk.engines.exchange_clock import ExchangeClock
from btk.engines.frame_end import FrameEnd
from btk.engines.outcome import Outcome
from btk.engines.patient_driver import ENDLESS, Patience, PatientDriver, QuotesOnLoop
from btk.engines.preflight import check_frame
from btk.engines.ticks import SETTLE_MS, LiveTicks, ReplayTicks, Ticks
from btk.engines.trading import Memory, Trading
from btk.library.attendants import Attendants, Scene
from btk.library.broker_start import ACCOUNT, KIND, Brokerage, check_account, tend_orders
from btk.library.leaving import unless_unanswered
from btk.library.orders_from_outside import OrdersFromOutside
from btk.library.patience import patiently
from btk.library.run_memory import RunMemory
from btk.library.run_outcome import RUNS, RunMode, Setup, description
from btk.library.state_backends import FOLDERS, Mode, StateBackends
from btk.library.state_store import Restored, Roster, StateStore
from btk.library.stop_control import StopControl
from btk.library.telling import RunName, Teller
from btk.library.trading_result import trading_document, trading_outcome
from btk.library.trading_session import LIVE, REPLAY, Session
from btk.library.trading_start import FOREVER_MS, Beginning, Wish, beginning, check_orphans, first_minutes
from btk.library.trading_telling import tell_end, tell_session
from btk.model.accounts import AccountFacts
from btk.model.bars import Span
from btk.model.errors import SettingsError, Transient
from btk.model.intervals import MINUTE_MS, floor_to
from btk.model.names import SlotKey
from btk.model.settings import Frame, Settings
from btk.ports import Host, MarketFeed
from btk.report.document import Document

MADE_OF = "made_of"
CHANGED = (
    "a strategy, a risk rule or a setting is not what it was when the run was left; it goes on all the same"
)
MONEY: dict[Mode, str] = {
    "live": "broker none, so signals only and no orders",
    "paper": "live prices, no orders",
    "replay": "recorded prices, no orders",
}


class Started(NamedTuple):
    """What a run can say before its first tick: left at `reached_ms` if it `goes_on`; a replay has no `attendants`."""

    run_id: str
    folder: Path
    goes_on: bool
    reached_ms: int
    notes: tuple[str, ...]
    session: Session
    attendants: Attendants | None
    account: AccountFacts | None


class Ended(NamedTuple):
    """A run that ended, or that was left by a signal which means the exit code `left_by`."""

    document: Document
    folder: Path
    outcome: Outcome
    left_by: int | None


class TradingRun:
    """A run of `settings` in the project at `root`, in one of the modes; a replay goes through the settings' frame.

    The constructor refuses: `SettingsError`, `StrategyError`. So does `run`, before it asks the network for anything:
    `AlreadyRunning`, `DumpError`, `DamagedState`. `fresh` forgets the run before, `set_back` is for one that followed a
    wrong clock. Without a `brokerage` no order can leave; with one `run` reconciles: `Unmatched` if the account differs.
    """

    def __init__(
        self,
        settings: Settings,
        root: Path,
        mode: Mode,
        *,
        fresh: bool = False,
        set_back: bool = False,
        host: Host | None = None,
        brokerage: Brokerage | None = None,
    ) -> None:
        if settings.execution.origin_quirks:
            raise SettingsError("execution.origin_quirks is for backtests only: it repeats known mistakes")
        self._settings = settings
        self._mode = mode
        self._fresh, self._set_back = fresh, set_back
        self._host = host or ThisHost()
        self._dump = root / settings.state.path
        self._feed = None if mode == "replay" else wiring.market_feed(settings, root, self._host)
        source = wiring.candle_source(settings, root) if self._feed is None else self._feed.source
        job = wiring.trading_job(settings, root, source)
        self._brokerage = brokerage
        self._account: AccountFacts | None = None
        self._setup = Setup.of(
            settings, root, job if brokerage is None else wiring.brokered(job, settings.exchange.market)
        )

    @property
    def keys(self) -> list[SlotKey]:
        """Every strategy on every symbol."""
        return [seat.key for seat in self._setup.job.seats]

    @property
    def command(self) -> str:
        """How it is called on the command line."""
        return {"live": "btk live", "paper": "btk paper", "replay": "btk paper --replay"}[self._mode]

    def words(self) -> list[str]:
        """What the first line says: what runs, whose money it is, where, on what, and what it is made of."""
        settings, job = self._settings, self._setup.job
        code = wiring.digests(job, settings, self._setup.root)[0]
        strategies = ", ".join(dict.fromkeys(seat.key.strategy for seat in job.seats))
        return [
            f"{self.command}: {self._money}",
            f"dump {self._dump / FOLDERS[self._mode]}",
            f"account {self._account.account_id if self._account else 'none'}",
            f"exchange {settings.exchange.name} {settings.exchange.market}",
            f"symbols {' '.join(job.symbols)}",
            f"strategy {strategies} ({code[:12]})",
        ]

    @property
    def _money(self) -> str:
        if self._brokerage is None:
            return MONEY[self._mode]
        return f"broker ccxt, {'sandbox' if self._settings.exchange.sandbox else 'REAL MONEY'}"

    @property
    def _run_mode(self) -> RunMode:
        return "live" if self._mode == "live" else "paper"

    async def run(self, control: StopControl, started: Callable[[Started], None]) -> Ended:
        """Go through its ticks until it has ended or is told to leave; `started` is called before the first."""
        with only_writer(self._dump / FOLDERS[self._mode], self.command):
            store = self._store()
            found = await store.load()
            if self._fresh:
                self._commands.clear()
            if not self._fresh and self._mode != "replay":
                check_orphans(found)
            async with AsyncExitStack() as opened:
                around = opened.enter_context(self._attendants()) if self._feed else None
                start, ticks = await self._begin(found, opened)
                await self._connect(found, opened, around)
                store.identify(self._identity)
                memory, trading = self._recalled(store, found, start)
                session = self._session(trading, ticks, memory)
                teller = self._teller(memory.mark.run_id)
                with memory.folder:
                    tell_session(session, teller)
                    if around is not None:
                        around.attend(session, control, ", ".join(self.words()))
                    started(self._said(start, found, session, around))
                    # What is not told yet is forgotten with the next change.
                    memory.tell_again(list(start.slots.values()))
                    if start.notes:
                        await memory.keep(trading, session.tick_ms)
                    if (account := self._brokerage) is not None:
                        rules = self._settings.broker
                        await tend_orders(session, account.broker, store, rules, account.on_mismatch)
                    ended = await self._ended(session, control, memory)
                    await tell_end(session, teller, complete=ended.left_by is None)
                    return ended

    def _teller(self, run_id: str) -> Teller:
        name = RunName(self._run_mode, run_id, self._settings.exchange.name, waits=self._feed is None)
        return Teller(name, self._setup.job.rules)

    @property
    def _commands(self) -> CommandFiles:
        return CommandFiles(self._dump / FOLDERS[self._mode])

    def _store(self) -> StateStore:
        settings, job = self._settings, self._setup.job
        factory = state_factory(settings.state.backend, self._dump, self._setup.root)
        profiles = {
            name: tuple(seat.key for seat in job.seats if name in seat.profiles) for name in job.profiles
        }
        roster = Roster(
            exchange=settings.exchange.name,
            slots=tuple(sorted((seat.key for seat in job.seats), key=lambda key: key.order)),
            profiles=profiles,
            identity=self._identity,
        )
        return StateStore(StateBackends(self._mode, factory), roster, this_process(self.command))

    async def _begin(self, found: Restored, opened: AsyncExitStack) -> tuple[Beginning, Ticks]:
        if self._feed is None:
            return self._replay(found)
        await opened.enter_async_context(self._feed)
        clock = ExchangeClock(self._host, self._feed.exchange_ms)
        await clock.measure()
        newest_ms = floor_to(clock.now_ms() - SETTLE_MS, MINUTE_MS)
        wish = Wish(newest_ms, None, self._settings.wallet.start, self._fresh, self._set_back)
        start = beginning(found, wish)
        window = self._settings.execution.average_price_candles
        ticks = LiveTicks(self._feed, clock, first_minutes(start, self._setup.job.seats, window))
        await _warm(ticks, self._feed, newest_ms, start.goes_on)
        return start, ticks

    @property
    def _identity(self) -> dict[str, str]:
        return {
            "mode": self._mode,
            "market": self._settings.exchange.market,
            KIND: "none" if self._brokerage is None else "ccxt",
            ACCOUNT: self._account.account_id if self._account else "",
            MADE_OF: self._made_of,
        }

    @property
    def _made_of(self) -> str:
        code, _, settings = wiring.digests(self._setup.job, self._settings, self._setup.root)
        return f"{code}-{settings}"

    def _has_changed(self, found: Restored) -> bool:
        return found.commit is not None and found.commit.identity.get(MADE_OF) != self._made_of

    async def _connect(self, found: Restored, opened: AsyncExitStack, around: Attendants | None) -> None:
        if self._brokerage is None:
            if self._mode == "live":
                check_account(found, "none", "")
            return
        if around is not None:
            around.hide(self._brokerage.secrets)
        broker = self._brokerage.broker
        self._account = await patiently(lambda: broker.connect(self._setup.job.symbols))
        opened.push_async_callback(broker.close)
        check_account(found, "ccxt", self._account.account_id)
        self._brokerage.allow(self._account)

    def _replay(self, found: Restored) -> tuple[Beginning, Ticks]:
        frame, job = self._settings.frame, self._setup.job
        wiring.check_past(frame)
        # The rest of it by other rules would be no replay of anything.
        fresh = self._fresh or self._has_changed(found)
        start = beginning(found, Wish(frame.from_ms, frame.to_ms, self._settings.wallet.start, fresh))
        end_ms = FrameEnd(frame, MODELS[job.model]).tick_ms
        check_frame(job.source, job.symbols, Span(frame.from_ms, end_ms))
        return start, ReplayTicks(job.symbols, frame.from_ms, end_ms)

    def _recalled(self, store: StateStore, found: Restored, start: Beginning) -> tuple[RunMemory, Trading]:
        job, mark = self._setup.job, start.mark
        frame = Frame(
            from_ms=mark.from_ms, to_ms=mark.to_ms or FOREVER_MS, interval=self._settings.frame.interval
        )
        live = self._feed is not None
        job = msgspec.structs.replace(
            job, frame=frame if not live else msgspec.structs.replace(frame, interval="1m")
        )
        warm_ms = mark.from_ms
        if self._feed is not None:
            warm_ms = start.warm_until_ms(map(self._feed.known_ms, job.symbols))
        quotes = QuotesOnLoop(self._feed, asyncio.get_running_loop()) if self._feed else None
        trading = Trading(job, warm_ms, held_ms=0 if live else frame.to_ms, quotes=quotes)
        folder = RunFolder(self._dump / RUNS, mark.run_id, known_seq=start.next_seq - 1)
        memory = RunMemory(store, folder, mark, start.next_seq, next(iter(trading.slots)))
        past = memory.past(job.symbols, start.reached_ms)
        trading.first_prices = dict(mark.first_prices)
        trading.recall(Memory(start.slots, start.wallet, start.books, past), start.reached_ms)
        memory.clear(found.orphans)
        return memory, trading

    def _session(self, trading: Trading, ticks: Ticks, memory: RunMemory) -> Session:
        live = self._feed is not None
        patience = Patience(limit=self._settings.signal.max_generation_seconds) if live else ENDLESS
        driver = PatientDriver(patience, self._host.monotonic)
        return Session(trading, ticks, memory, driver, LIVE if live else REPLAY)

    def _attendants(self) -> Attendants:
        data, owner = self._dump / FOLDERS[self._mode], this_process(self.command)
        return Attendants(Scene(self._mode, data, owner, self._settings, self._setup.root), self._host)

    def _said(
        self, start: Beginning, found: Restored, session: Session, around: Attendants | None
    ) -> Started:
        folder = session.memory.folder
        changed = (CHANGED,) if start.goes_on and self._has_changed(found) else ()
        if not start.goes_on:
            folder.describe(description(start.mark.run_id, self._run_mode, self._settings))
        return Started(
            run_id=start.mark.run_id,
            folder=folder.path,
            goes_on=start.goes_on,
            reached_ms=start.reached_ms,
            notes=(*found.notes, *start.notes, *session.memory.doubts(list(start.slots.values())), *changed),
            session=session,
            attendants=around,
            account=self._account,
        )

    async def _ended(self, session: Session, control: StopControl, memory: RunMemory) -> Ended:
        began = time.perf_counter()
        outside = OrdersFromOutside(self._commands)
        looking = asyncio.create_task(outside.look(control.wake))
        try:
            with control.signals():
                run = session.run(control, outside)
                has_ended = await (run if self._feed else unless_unanswered(run, control))
                mark = msgspec.structs.replace(memory.mark, ended=has_ended)
                seconds = time.perf_counter() - began
                outcome = trading_outcome(session.trading, mark, memory.folder.events_path, seconds)
                document = trading_document(self._run_mode, self._setup, mark, outcome)
                memory.folder.finish(document)
                if has_ended:
                    # Only now: a run that was killed before its result was written is gone on with, and ends again.
                    await session.end(outside)
        finally:
            looking.cancel()
            session.close()
        return Ended(document, memory.folder.path, outcome, control.left_by)


async def _warm(ticks: LiveTicks, feed: MarketFeed, tick_ms: int, goes_on: bool) -> None:
    """Learn the warm-up; `Transient` where a symbol's cannot be had.

    A run that `goes_on` has other symbols to look after: it does without one that has gone, and says so.
    """
    known = await ticks.known(tick_ms, asyncio.Event())
    silent = [symbol for symbol, known_ms in known.items() if known_ms <= 0]
    if len(silent) == len(known) or (silent and not goes_on):
        why = "; ".join(f"{symbol}: {ticks.why(symbol)}" for symbol in silent)
        raise Transient(f"{feed.source.exchange} does not give the candles of the warm-up; {why}")
