"""A live run at the venue that trades: the real session, state, orders and ccxt client, on a clock that jumps.

Prices follow a script of (seconds since the start, price); the candles are what the script makes of every minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from btk import wiring
from btk.adapters.command_files import CommandFiles
from btk.adapters.run_folder import RunFolder
from btk.adapters.state_factory import Factory
from btk.adapters.state_lock import this_process
from btk.adapters.state_memory import MemoryBackend
from btk.adapters.venue_pause import VenuePause
from btk.core.rules import Rules
from btk.core.strategy import Strategy
from btk.engines.backtest import Job, Seat
from btk.engines.drivers import is_async
from btk.engines.loop import Conversation
from btk.engines.requests import Ahead
from btk.engines.trading import Memory, Trading
from btk.library.broker_start import tend_orders
from btk.library.orders_from_outside import OrdersFromOutside
from btk.library.run_memory import RunMemory
from btk.library.settling import HALT
from btk.library.state_backends import StateBackends
from btk.library.state_store import Roster, StateStore
from btk.library.stop_control import StopControl
from btk.library.trading_session import LIVE, Session
from btk.library.trading_start import Wish, beginning
from btk.model.bars import Bars
from btk.model.errors import DumpError
from btk.model.intervals import MINUTE_MS, floor_to
from btk.model.names import SlotKey
from btk.model.settings import Broker, Frame
from btk.ports import Stored
from tests.fakes.recorded_candles import RecordedCandles
from tests.venue.broker_seat import SYMBOLS, Kind, seated_broker
from tests.venue.trading_loop import LoopClock
from tests.venue.trading_transport import Stage
from tests.venue.trading_venue import TradingVenue

Script = Sequence[tuple[float, float]]
WARM_MINUTES = 30
FOREVER_MS = 253_402_300_740_000


def candles_of(script: Script, start_ms: int, minutes: int) -> Bars:
    """Minutes of the script, after half an hour at its first price."""
    rows, price, events = [], script[0][1], list(script)
    for minute in range(-WARM_MINUTES, minutes):
        seen = [price]
        while events and events[0][0] < (minute + 1) * 60:
            price = events.pop(0)[1]
            seen.append(price)
        rows.append((seen[0], max(seen), min(seen), price, 1.0))
    first_ms = start_ms - WARM_MINUTES * MINUTE_MS
    return Bars(first_ms, MINUTE_MS, np.array(rows, np.float64).T)


class LoopTicks:
    """Ticks by the loop's clock; every minute is known when it has closed, `late_seconds` after it was asked for."""

    def __init__(self, symbols: Sequence[str], now_ms: Callable[[], int], late_seconds: float = 0.0) -> None:
        self._symbols = symbols
        self._now_ms = now_ms
        self._late_seconds = late_seconds

    async def next(self, after_ms: int, wake: asyncio.Event) -> int | None:
        left = (after_ms + MINUTE_MS + 1000 - self._now_ms()) / 1000
        if left > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), left)
        tick_ms = floor_to(self._now_ms() - 1000, MINUTE_MS)
        return tick_ms if tick_ms > after_ms else None

    async def known(self, tick_ms: int, leaving: asyncio.Event) -> dict[str, int]:
        await asyncio.sleep(self._late_seconds)
        return dict.fromkeys(self._symbols, tick_ms)

    def troubles(self) -> dict[str, str]:
        return {}


class InlineDriver:
    """Asks strategies where they stand: on a clock that jumps no thread can be waited for."""

    async def drive(self, conversation: Conversation) -> None:
        answer: Any = None
        try:
            while True:
                request = conversation.send(answer)
                if isinstance(request, Ahead):
                    answer = None
                else:
                    answer = await request.perform_async() if is_async(request) else request.perform()
        except StopIteration:
            return

    def close(self) -> None:
        return None


class Disk(MemoryBackend):
    """A state in memory that can be full, unreadable too, or gone, and counts how often it is written."""

    fault: Literal["", "full", "broken", "gone"] = ""
    writes = 0

    def read(self, entity_id: str) -> Stored | None:
        if self.fault == "broken":
            raise DumpError("Input/output error")
        return None if self.fault == "gone" else super().read(entity_id)

    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        if self.fault:
            raise DumpError("No space left on device")
        self.writes += 1
        return super().write(entity_id, value, expected_generation)


class Bot:
    """One account; every strategy on every symbol. `run` as often as a process would start; the state outlives it.

    `on_request` sees what leaves and what comes back, and may raise: that is a kill.
    """

    rules = Rules(slippage_pct=0.0, position_cost=1000.0)
    on_mismatch = HALT
    broker_rules = Broker()
    wallet_start = 10_000.0
    candles_late_seconds = 0.0

    def __init__(
        self,
        venue: TradingVenue,
        clock: LoopClock,
        strategies: Sequence[type[Strategy]],
        kind: Kind,
        runs: Path,
    ) -> None:
        self.venue = venue
        self.clock = clock
        self.kind: Kind = kind
        self.events: list[Any] = []
        self.session: Session
        self.control = StopControl("wait")
        self.on_request: Callable[[Stage, str, str], None] = lambda stage, method, url: None
        self.start_ms = clock.true_ms()
        self._strategies = strategies
        self._runs = runs
        self.disks: dict[str, Disk] = {}
        self._bars: dict[str, Bars] = {}

    @property
    def keys(self) -> tuple[SlotKey, ...]:
        """Its slots."""
        keys = (SlotKey(symbol, each.name, "binance") for symbol in self._bars for each in self._strategies)
        return tuple(sorted(keys, key=lambda key: key.order))

    def follow(self, script: Script, minutes: int, base: str = "BTC") -> None:
        """Let the venue's price take its course, in candles too."""
        symbol = SYMBOLS[self.kind].replace("BTC", base)
        self._bars[symbol] = candles_of(script, floor_to(self.start_ms, MINUTE_MS), minutes)
        loop = asyncio.get_running_loop()
        market = self.venue.spot if self.kind == "spot" else self.venue.contracts
        for seconds, price in script:
            loop.call_later(seconds, market.move, f"{base}USDT", str(price))

    async def run(self, until_seconds: float) -> None:
        """A process from now until it is told to leave."""
        self.control = control = StopControl("wait")
        left = until_seconds - (self.clock.true_ms() - self.start_ms) / 1000
        store = StateStore(StateBackends("live", self._factory()), self._roster(), this_process("btk live"))
        found = await store.load()
        pause = VenuePause(self._runs / ".pause", self.clock.true_ms)
        broker = seated_broker(self.venue, self.clock, self.kind, self.on_request, pause)
        facts = await broker.connect(list(self._bars))
        leaving = asyncio.get_running_loop().call_later(left, control.leave, 143)
        try:
            now_ms = floor_to(self.clock.true_ms(), MINUTE_MS)
            start = beginning(found, Wish(now_ms, None, self.wallet_start, fresh=False))
            job = self._job(Frame(from_ms=start.mark.from_ms, to_ms=FOREVER_MS))
            trading = Trading(job, start.reached_ms + MINUTE_MS)
            folder = RunFolder(self._runs, start.mark.run_id, known_seq=start.next_seq - 1)
            memory = RunMemory(store, folder, start.mark, start.next_seq, self.keys[0])
            memory.observers.append(lambda seq, key, event: self.events.append(event))
            past = memory.past(job.symbols, start.reached_ms)
            trading.recall(Memory(start.slots, start.wallet, start.books, past), start.reached_ms)
            ticks = LoopTicks(list(self._bars), self.clock.true_ms, self.candles_late_seconds)
            session = Session(trading, ticks, memory, InlineDriver(), LIVE)
            self.session = session
            with memory.folder:
                memory.tell_again(list(start.slots.values()))
                store.identify({"broker": "ccxt", "account": facts.account_id})
                await tend_orders(session, broker, store, self.broker_rules, self.on_mismatch)
                outside = OrdersFromOutside(CommandFiles(self._runs / "command"))
                if await session.run(control, outside):
                    await session.end(outside)
        finally:
            leaving.cancel()
            await broker.close()

    def _job(self, frame: Frame) -> Job:
        source = RecordedCandles(self._bars, exchange="binance")
        rules = msgspec.structs.replace(self.rules, short=self.kind == "swap")
        kinds = {each.name: each for each in self._strategies}
        seats = [Seat(key, kinds[key.strategy](), ()) for key in self.keys]
        return wiring.brokered(
            Job(
                seats=seats,
                source=source,
                frame=frame,
                model="candle",
                rules=rules,
                wallet_start=self.wallet_start,
            ),
            self.kind,
        )

    def _roster(self) -> Roster:
        return Roster(exchange="binance", slots=self.keys)

    def _factory(self) -> Factory:
        def made(entity: str, base: str) -> Disk:
            return self.disks.setdefault(f"{base}/{entity}", Disk(entity, base))

        return made
