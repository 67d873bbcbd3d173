"""A job on the live path: taken tick by tick, and at some ticks forgotten and recalled from what was written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np

from btk.core.commit import Change, Commit, commit_of
from btk.core.documents import to_document
from btk.engines.backtest import Job
from btk.engines.equity_tape import PastEquity
from btk.engines.patient_driver import ENDLESS, PatientDriver
from btk.engines.trading import Memory, Trading
from btk.model.bars import Column
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import Owner

OWNER = Owner(pid=1, host="here", started_at_ms=0, command="btk paper --replay")
Kill = Callable[[int], bool]


class Traded(NamedTuple):
    """What a run on the live path leaves, and how often it was recalled."""

    events: list[tuple[SlotKey, Event]]
    equity: dict[str, Any]
    restarts: int


def traded(make: Callable[[], Job], kill: Kill) -> Traded:
    """Every tick of a job; after those (counted from 0) for which `kill` says so, another process goes on."""
    return asyncio.run(_Life(make).live(kill))


class _Life:
    def __init__(self, make: Callable[[], Job]) -> None:
        self._make = make
        self._job = make()
        self._events: list[tuple[SlotKey, Event]] = []
        self._rows: dict[str, list[tuple[float, float]]] = {symbol: [] for symbol in self._job.symbols}
        self._trading = self._begun()
        self._driver = PatientDriver(ENDLESS, time.perf_counter)

    async def live(self, kill: Kill) -> Traded:
        from_ms, end_ms, restarts = self._job.frame.from_ms, self._trading.end_tick_ms, 0
        for tick_ms in range(from_ms, end_ms + 1, MINUTE_MS):
            await self._tick(tick_ms)
            if kill((tick_ms - from_ms) // MINUTE_MS):
                restarts += 1
                self._restart(tick_ms)
        self._trading.finish()
        self._events += self._trading.take_told()
        self._driver.close()
        trading = self._trading
        symbols = {symbol: trading.summary_of(symbol) for symbol in self._job.symbols}
        return Traded(self._events, {"all": trading.summary(), **symbols}, restarts)

    async def _tick(self, tick_ms: int) -> None:
        trading, known = self._trading, dict.fromkeys(self._job.symbols, tick_ms)
        for part in trading.parts(known, tick_ms):
            await self._driver.drive(trading.step(part, known))
            if tick_ms == trading.end_tick_ms:
                trading.end_frame()
            for symbol, values in trading.draw().items():
                self._rows[symbol].append(values)
        self._events += trading.take_told()

    def _begun(self) -> Trading:
        return Trading(self._job, self._job.frame.from_ms, held_ms=self._job.frame.to_ms)

    def _restart(self, tick_ms: int) -> None:
        left, change = self._trading, _written_and_read(self._trading, tick_ms)
        self._driver.close()
        self._driver = PatientDriver(ENDLESS, time.perf_counter)
        self._job = self._make()
        self._trading = self._begun()
        self._trading.first_prices = dict(left.first_prices)
        slots = {record.key: record for record in change.slots}
        assert change.wallet is not None
        drawn = {symbol: _columns(rows) for symbol, rows in self._rows.items()}
        past = PastEquity(self._job.frame.from_ms, drawn, {})
        self._trading.recall(Memory(slots, change.wallet, change.books, past), tick_ms)


def _written_and_read(trading: Trading, tick_ms: int) -> Change:
    change = Change(
        tick_ms=tick_ms, slots=trading.records([]), wallet=trading.wallet(), books=trading.books()
    )
    commit = Commit(exchange="test", epoch=1, number=1, owner=OWNER, identity={}, heads={}, change=change)
    return commit_of(msgspec.json.decode(msgspec.json.encode(to_document(commit)))).change


def _columns(rows: list[tuple[float, float]]) -> tuple[Column, Column]:
    table = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()
