"""A whole run on a disk that tests can break: state, events and equity, one process after the other until it has ended."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from btk.adapters.command_files import CommandFiles
from btk.adapters.disk import Disk
from btk.adapters.run_folder import RunFolder
from btk.adapters.state_file import FileBackend
from btk.core.slot_record import AnyEvent
from btk.engines.backtest import Backtest, Job
from btk.engines.drivers import StopSwitch
from btk.engines.patient_driver import ENDLESS, PatientDriver
from btk.engines.ticks import ReplayTicks
from btk.engines.trading import Memory, Trading
from btk.library.orders_from_outside import OrdersFromOutside
from btk.library.run_memory import RunMemory
from btk.library.state_backends import StateBackends
from btk.library.state_store import Restored, Roster, StateStore
from btk.library.stop_control import StopControl
from btk.library.trading_result import trading_outcome
from btk.library.trading_session import Pace, Session
from btk.library.trading_start import Beginning, Wish, beginning
from btk.model.events import AlarmEvent, Event
from btk.model.records import Owner, RunMark
from btk.ports import StateBackend
from tests.crash.state_disks import RememberingDisk
from tests.properties.wild_run import Wild, candles_of, job_of
from tests.properties.wild_strategy import Temper

OWNER = Owner(pid=1, host="here", started_at_ms=0, command="btk paper --replay")
EVERY_TICK = Pace(save_seconds=0.0, spread_seconds=0.0, forgiving=False)
STUBBORN = EVERY_TICK._replace(forgiving=True)
HOOKS = frozenset(
    {"on_active", "on_opened", "on_waiting", "on_partial_profit", "on_partial_loss", "on_closed"}
)
WILD = Wild(
    seed=11,
    minutes=22,
    symbols=2,
    hooks=HOOKS,
    temper=Temper(wishes=0.7, commands=0.35, nonsense=0.03),
    commands=0,
    loose=True,
)
CANDLES = candles_of(WILD)
"""Opens, waiting entries, partial closes, averaging, milestones, moved stops, refusals and errors in 22 minutes."""


class Came(NamedTuple):
    """What came of a run: its events, and the figures of its money."""

    events: list[Event]
    figures: tuple[Any, ...]


def job() -> Job:
    """The run's job, its strategies new."""
    return job_of(WILD, [], CANDLES)


def backtested() -> Came:
    """What a backtest makes of it."""
    events: list[Event] = []
    outcome = Backtest(job(), lambda _, event: events.append(event), time.perf_counter).run(StopSwitch())
    return Came(events, (outcome.complete, outcome.reached_ms, outcome.records, outcome.equity))


class Process:
    """One process of the run; `run` ends when the run does, or when the disk kills it."""

    def __init__(self, dump: Path, disk: Disk, pace: Pace = EVERY_TICK) -> None:
        self.began_ms = 0
        self.notes: tuple[str, ...] = ()
        self._dump = dump
        self._disk = disk
        self._pace = pace
        self._job = job()
        self._threads = ThreadPoolExecutor(1)
        self._driver = PatientDriver(ENDLESS, time.perf_counter)

    def run(self) -> Came:
        """From wherever the run stands to its end."""
        try:
            return asyncio.run(self._run())
        finally:
            self._driver.close()
            self._threads.shutdown()

    async def _run(self) -> Came:
        store = self._store()
        found = await store.load()
        start = self._begun(found)
        trading, memory = self._recalled(store, start)
        session = Session(trading, self._ticks(trading), memory, self._driver, self._pace)
        session.watchers.append(lambda _: self._note_saved(session.tick_ms))
        self.began_ms = start.reached_ms
        self.notes = (*found.notes, *memory.doubts(list(start.slots.values())))
        with memory.folder:
            memory.tell_again(list(start.slots.values()))
            outside = OrdersFromOutside(CommandFiles(self._dump / "command"))
            assert await session.run(StopControl("wait"), outside)
            came = came_of(
                trading, msgspec.structs.replace(memory.mark, ended=True), memory.folder.events_path
            )
            memory.folder.finish({"events": len(came.events)})
            await session.end(outside)
        return came

    def _note_saved(self, tick_ms: int) -> None:
        if isinstance(self._disk, RememberingDisk):
            self._disk.committed = tick_ms

    def _store(self) -> StateStore:
        def backend(entity_name: str, base_dir: str) -> StateBackend:
            base = self._dump / base_dir
            return FileBackend(entity_name, base, disk=self._disk, wait=lambda _: None, threads=self._threads)

        keys = tuple(sorted((seat.key for seat in self._job.seats), key=lambda key: key.order))
        roster = Roster(exchange="test", slots=keys, profiles=dict.fromkeys(self._job.profiles, keys))
        return StateStore(StateBackends("replay", backend), roster, OWNER)

    def _begun(self, found: Restored) -> Beginning:
        frame = self._job.frame
        return beginning(found, Wish(frame.from_ms, frame.to_ms, self._job.wallet_start, fresh=False))

    def _ticks(self, trading: Trading) -> ReplayTicks:
        return ReplayTicks(self._job.symbols, self._job.frame.from_ms, trading.end_tick_ms)

    def _recalled(self, store: StateStore, start: Beginning) -> tuple[Trading, RunMemory]:
        frame = self._job.frame
        trading = Trading(self._job, frame.from_ms, held_ms=frame.to_ms)
        known_seq = start.next_seq - 1
        folder = RunFolder(self._dump / "runs", start.mark.run_id, known_seq=known_seq, disk=self._disk)
        if not start.goes_on:
            folder.describe({"run_id": start.mark.run_id})
        memory = RunMemory(store, folder, start.mark, start.next_seq, next(iter(trading.slots)))
        past = memory.past(self._job.symbols, start.reached_ms)
        trading.recall(Memory(start.slots, start.wallet, start.books, past), start.reached_ms)
        trading.first_prices = dict(start.mark.first_prices)
        return trading, memory


def came_of(trading: Trading, mark: RunMark, path: Path) -> Came:
    """What stands in the run's files, read as its result document is."""
    events = [msgspec.json.decode(line, type=AnyEvent) for line in path.read_bytes().splitlines()]
    outcome = trading_outcome(trading, mark, path, 0.0)
    told = [event for event in events if not isinstance(event, AlarmEvent)]
    return Came(told, (outcome.complete, outcome.reached_ms, outcome.records, outcome.equity))
