"""A paper or live run at work: taken through its ticks, saved after each, ended as it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from btk.engines.patient_driver import PatientDriver
from btk.engines.ticks import Ticks
from btk.engines.trading import Trading
from btk.library.alarms import Alarms
from btk.library.broker_work import BrokerWork
from btk.library.orders_from_outside import OrdersFromOutside
from btk.library.run_memory import RunMemory
from btk.library.stop_control import StopControl
from btk.model.commands import Flatten, Stop
from btk.model.dates import format_date
from btk.model.errors import DumpError, Transient, Unknown
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey

UNSAVED = "the state cannot be saved"
LONGEST_CATCH_UP_SECONDS = 60.0
CATCH_UP_SAVE_SECONDS = 1.0
"""Minutes that are caught up on make the same events again after a kill: they need not be saved one by one."""


class Pace(NamedTuple):
    """How a run lives with its disk. Seconds between two savings, and between two writings of what is computed from
    the state; `forgiving`: it goes on where the disk refuses."""

    save_seconds: float
    spread_seconds: float
    forgiving: bool


LIVE = Pace(save_seconds=0.0, spread_seconds=0.0, forgiving=True)
REPLAY = Pace(save_seconds=0.5, spread_seconds=5.0, forgiving=False)


class TickTimes(NamedTuple):
    """Seconds that one tick took: for its candles, for its decisions, for saving and telling."""

    fetch: float
    decide: float
    save: float


class Session:
    """`tick_ms` is the tick gone through last; `watchers` are called after each one."""

    def __init__(
        self,
        trading: Trading,
        ticks: Ticks,
        memory: RunMemory,
        driver: PatientDriver,
        pace: Pace,
    ) -> None:
        self.trading = trading
        self.memory = memory
        self.tick_ms = trading.reached.drawn_ms
        self.alarms = Alarms(memory)
        self.watchers: list[Callable[[TickTimes], None]] = []
        self.orders: BrokerWork | None = None
        self._ticks = ticks
        self._driver = driver
        self._pace = pace
        self._stopped: list[SlotKey] = []
        self._flattened = False
        self._is_saved = True
        self._saved_at = self._spread_at = time.perf_counter()
        self._troubled: set[str] = set()

    async def run(self, control: StopControl, outside: OrdersFromOutside) -> bool:
        """Until it has ended (True: call `end` when its result is written) or is told to leave (False).

        Everything is saved when it returns; `DumpError`, `Transient`, `Unknown` where that cannot be done.
        """
        if self.orders is not None:
            self.orders.is_leaving = lambda: control.left_by is not None
        while control.left_by is None:
            if self._has_ended(control):
                self.trading.finish()
                self.memory.note(self.trading.take_told())
                await self._keep_for_good()
                return True
            await self._tend_orders(control)
            tick_ms = await self._ticks.next(self.tick_ms, control.wake)
            control.wake.clear()
            outside.give(self.trading, self.tick_ms, control)
            if tick_ms is not None:
                await self._go_to(tick_ms, control.leaving)
                if self._is_saved:
                    outside.done(self.trading)
                if self.orders is not None:
                    await self.orders.check_account()
            elif self._ring_troubles(self.tick_ms):
                await self.keep_now()
        if control.second_thoughts:
            self.trading.take_back_stop(self._stopped)
        await self._keep_for_good()
        outside.done(self.trading)
        return False

    async def end(self, outside: OrdersFromOutside) -> None:
        """The run is over; the next start begins another."""
        self.memory.end()
        await self._keep_for_good()
        outside.end()

    async def keep_now(self) -> bool:
        """Save everything, its events told; whether the disk took it."""
        self.memory.note(self.trading.take_told())
        return await self._keep()

    async def _tend_orders(self, control: StopControl) -> None:
        """Do what is due at the exchange, and come back when more will be."""
        if self.orders is None:
            return
        left_ms = await self.orders.work(self.tick_ms)
        if left_ms is not None:
            asyncio.get_running_loop().call_later(left_ms / 1000, control.wake.set)

    def close(self) -> None:
        """Let the strategies' threads end."""
        self._driver.close()

    def _has_ended(self, control: StopControl) -> bool:
        trading = self.trading
        if control.stopping is not None:
            if trading.at_rest:
                trading.stop_at_rest()
            elif not self._stopped:
                self._stopped = [key for key, slot in trading.slots.items() if not slot.stopping]
                trading.order(self._stopped, Stop(), self.tick_ms)
            if control.stopping == "flatten" and not self._flattened:
                self._flattened = True
                trading.order(trading.slots, Flatten(), self.tick_ms)
        return trading.ended or self.tick_ms >= trading.end_tick_ms

    async def _go_to(self, tick_ms: int, leaving: asyncio.Event) -> None:
        started = time.perf_counter()
        known = await self._known(tick_ms, leaving)
        fetched = time.perf_counter()
        saving = 0.0
        self._tell_troubles(tick_ms)
        self._tell_lost(tick_ms, known)
        for part in self.trading.parts(known, tick_ms):
            if leaving.is_set() and not part.decides:
                break  # there may be days to catch up on; the next start goes on with them
            if part.decides and time.perf_counter() - fetched > LONGEST_CATCH_UP_SECONDS:
                break  # catching up took so long that the newest candle is old by now
            self._is_saved = False
            await self._driver.drive(self.trading.step(part, known))
            self.tick_ms = max(self.tick_ms, part.tick_ms)
            if part.tick_ms >= self.trading.end_tick_ms:
                self.trading.end_frame()
            if part.drawn:
                self.memory.draw(part.tick_ms, self.trading.draw())
            saving += await self._keep_in_time(0.0 if part.decides else CATCH_UP_SAVE_SECONDS)
        if not self._is_saved:
            saving += await self._keep_in_time(0.0)
        times = TickTimes(fetched - started, time.perf_counter() - fetched - saving, saving)
        for watch in self.watchers:
            watch(times)

    async def _known(self, tick_ms: int, leaving: asyncio.Event) -> dict[str, int]:
        """What is known at a tick; an entry that fills while candles are late does not wait for its stop."""
        asked = asyncio.ensure_future(self._ticks.known(tick_ms, leaving))
        try:
            while self.orders is not None and not asked.done():
                left_ms = await self.orders.work(self.tick_ms)
                await asyncio.wait([asked], timeout=None if left_ms is None else left_ms / 1000)
            return await asked
        finally:
            asked.cancel()

    def _ring_troubles(self, tick_ms: int) -> bool:
        troubles, before = self._ticks.troubles(), self._troubled
        for subject in before - troubles.keys():
            self.alarms.over(tick_ms, subject)
        for subject, message in troubles.items():
            self.alarms.ring(tick_ms, subject, message)
        self._troubled = set(troubles)
        return self._troubled != before

    def _tell_troubles(self, tick_ms: int) -> None:
        self._ring_troubles(tick_ms)
        missed = (tick_ms - self.tick_ms) // MINUTE_MS - 1
        if missed > 0:
            words = (
                f"{missed} minutes passed without a tick: they are caught up on, nothing is decided in them"
            )
            self.alarms.once(tick_ms, "missed ticks", words)

    def _tell_lost(self, tick_ms: int, known: Mapping[str, int]) -> None:
        for symbol, span in self.trading.skip_lost(known).items():
            minutes = (span.to_ms - span.from_ms) // MINUTE_MS
            words = (
                f"{minutes} minutes from {format_date(span.from_ms)} on are not to be had any more:"
                " what happened in them is not known, the first candle after them decides"
            )
            self.alarms.once(tick_ms, f"lost candles of {symbol}", words)

    async def _keep_in_time(self, seconds: float) -> float:
        self.memory.note(self.trading.take_told())
        started = time.perf_counter()
        if started - self._saved_at < max(seconds, self._pace.save_seconds):
            return 0.0
        await self._keep()
        return time.perf_counter() - started

    async def _keep(self) -> bool:
        try:
            await self._save()
        except (DumpError, Transient, Unknown) as error:
            if not self._pace.forgiving:
                raise
            self.trading.hold_back(UNSAVED)
            self.alarms.cry(self.tick_ms, "state", f"{UNSAVED}, so nothing new is opened: {error}")
            return False
        self.trading.hold_back("")
        self.alarms.over(self.tick_ms, "state")
        return True

    async def _save(self) -> None:
        await self.memory.keep(self.trading, self.tick_ms)
        self._is_saved, self._saved_at = True, time.perf_counter()
        self._tell_unwritten()
        if self._saved_at - self._spread_at >= self._pace.spread_seconds:
            await self._spread()

    def _tell_unwritten(self) -> None:
        error = self.memory.unwritten
        if error is None:
            self.alarms.over(self.tick_ms, "equity")
            return
        if not self._pace.forgiving:
            raise error
        self.alarms.ring(self.tick_ms, "equity", f"its course cannot be written: {error}")

    async def _keep_for_good(self) -> None:
        await self.memory.keep(self.trading, self.tick_ms)
        await self._spread()

    async def _spread(self) -> None:
        await self.memory.spread()
        self._spread_at = time.perf_counter()
