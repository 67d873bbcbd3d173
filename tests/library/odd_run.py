"""A live run on a machine and an exchange that misbehave: the real session and state, in memory and without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from btk.adapters.command_files import CommandFiles
from btk.adapters.disk import Disk
from btk.adapters.run_folder import RunFolder
from btk.adapters.state_factory import Factory
from btk.adapters.state_memory import MemoryBackend
from btk.core.rules import Rules
from btk.core.slot_record import AnyEvent
from btk.core.strategy import Strategy
from btk.engines.backtest import Job, Seat
from btk.engines.exchange_clock import ExchangeClock
from btk.engines.patient_driver import Patience, PatientDriver
from btk.engines.ticks import SETTLE_MS, LiveTicks
from btk.engines.trading import Memory, Trading
from btk.library.orders_from_outside import OrdersFromOutside
from btk.library.run_memory import RunMemory
from btk.library.state_backends import StateBackends
from btk.library.state_store import Roster, StateStore
from btk.library.stop_control import StopControl
from btk.library.trading_session import LIVE, Session
from btk.library.trading_start import FOREVER_MS, Wish, beginning, first_minutes
from btk.model.bars import Bars
from btk.model.events import AlarmEvent, Event
from btk.model.intervals import MINUTE_MS, floor_to
from btk.model.names import SlotKey
from btk.model.records import Owner
from btk.model.settings import Frame
from btk.ports import StateBackend
from tests.fakes.odd_world import OddFeed, OddHost

OWNER = Owner(pid=1, host="here", started_at_ms=0, command="btk paper")
FAST = Rules(min_stop_loss_pct=0.2, min_take_profit_pct=0.2)
Make = Callable[[], Strategy]
Act = Callable[["OddRun"], object]


class OddRun:
    """Runs of `strategies` by name on every symbol of `minutes`, one process after the other on one state.

    `begin_ms` is the true time at the start; `plan` has what happens so many seconds later.
    """

    def __init__(
        self, folder: Path, minutes: Mapping[str, Bars], strategies: Mapping[str, Make], begin_ms: int
    ) -> None:
        self.host = OddHost(begin_ms, {})
        self.feed = OddFeed(self.host, minutes)
        self.disk = Disk()
        self.model = "candle"
        self.ticks: list[int] = []
        self.session: Session
        self.control: StopControl
        self.patience = Patience(question=20.0, hook=20.0, limit=180.0)
        self.orders = CommandFiles(folder)
        self.backend: Factory = self._in_memory
        self._backends: dict[tuple[str, str], StateBackend] = {}
        self._folder = folder
        self.minutes = minutes
        self._strategies = strategies

    def live(self, seconds: float, plan: Mapping[float, Act] | None = None) -> None:
        """A process that is told to leave after so many seconds."""
        acts = {at: lambda act=act: act(self) for at, act in (plan or {}).items()}
        begun = self.host.passed
        acts[seconds] = lambda: self.control.leave(143)
        self.host._plan = {begun + at: act for at, act in acts.items()}
        self.feed.source = type(self.feed.source)("test")
        asyncio.run(self._live())

    @property
    def events(self) -> list[Event]:
        """Every event of every run, the oldest first."""
        files = sorted(self._folder.glob("runs/*/events.jsonl"))
        lines = [line for path in files for line in path.read_bytes().splitlines()]
        return [msgspec.json.decode(line, type=AnyEvent) for line in lines]

    def alarms(self, subject: str) -> list[tuple[str, bool]]:
        """What was told of a subject, and whether it was over."""
        found = [event for event in self.events if isinstance(event, AlarmEvent)]
        return [(event.message, event.over) for event in found if event.subject == subject]

    def told(self, *kinds: type[Event]) -> list[Event]:
        """The events of some kinds."""
        return [event for event in self.events if isinstance(event, kinds)]

    async def _live(self) -> None:
        clock = ExchangeClock(self.host, self.feed.exchange_ms)
        await clock.measure()
        newest_ms = floor_to(clock.now_ms() - SETTLE_MS, MINUTE_MS)
        store = self._store()
        found = await store.load()
        start = beginning(found, Wish(newest_ms, None, 1e6, fresh=False))
        frame = Frame(from_ms=start.mark.from_ms, to_ms=FOREVER_MS)
        seats = self._job(frame).seats
        ticks = LiveTicks(self.feed, clock, first_minutes(start, seats, FAST.average_price_candles))
        await ticks.known(newest_ms, asyncio.Event())
        trading = Trading(self._job(frame), start.warm_until_ms(map(self.feed.known_ms, self.minutes)))
        folder = RunFolder(
            self._folder / "runs", start.mark.run_id, known_seq=start.next_seq - 1, disk=self.disk
        )
        memory = RunMemory(store, folder, start.mark, start.next_seq, next(iter(trading.slots)))
        past = memory.past(list(self.minutes), start.reached_ms)
        trading.recall(Memory(start.slots, start.wallet, start.books, past), start.reached_ms)
        driver = PatientDriver(self.patience, self.host.monotonic)
        self.session, self.control = Session(trading, ticks, memory, driver, LIVE), StopControl("wait")
        self.session.watchers.append(lambda _: self.ticks.append(self.session.tick_ms))
        with folder:
            memory.tell_again(list(start.slots.values()))
            await self.session.run(self.control, OrdersFromOutside(self.orders))
        self.session.close()

    def _job(self, frame: Frame) -> Job:
        keys = [SlotKey(symbol, name, "test") for symbol in self.minutes for name in self._strategies]
        seats = [Seat(key, self._strategies[key.strategy]()) for key in keys]
        return Job(
            seats=seats, source=self.feed.source, frame=frame, model=self.model, rules=FAST, wallet_start=1e6
        )

    def _in_memory(self, entity_name: str, base_dir: str) -> StateBackend:
        return self._backends.setdefault((base_dir, entity_name), MemoryBackend(entity_name, base_dir))

    def _store(self) -> StateStore:
        slots = sorted(SlotKey(symbol, name, "test") for symbol in self.minutes for name in self._strategies)
        return StateStore(
            StateBackends("paper", self.backend), Roster(exchange="test", slots=tuple(slots)), OWNER
        )
