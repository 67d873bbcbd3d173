"""Market: what a strategy may see of the world at one moment; nothing in it reaches past now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from btk.core.desk import Desk
from btk.core.holding import Holding
from btk.core.model import Minutes
from btk.core.notes import Notes, Pad
from btk.core.states import IDLE, State, plan_of
from btk.model.bars import Bars, Candles
from btk.model.errors import InvalidInput, LookAhead, NotRecorded
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.quotes import OrderBook, PublicTrade
from btk.model.verdict import Verdict

When = int | datetime
T = TypeVar("T")
_TOO_LATE = NotRecorded("this call took too long and was given up: nothing it asks for is done any more")


class History(Protocol):
    """Closed bars of one symbol, made ready before they are asked for."""

    def window(self, interval: str, from_ms: int, now_ms: int) -> Bars:
        """Bars of an interval that cover at least `[from_ms, now_ms)`; `InsufficientData` where they do not exist."""


class Quotes(Protocol):
    """What the exchange shows at this moment."""

    async def order_book(self, symbol: str) -> OrderBook:
        """Its order book."""

    async def trades(self, symbol: str) -> tuple[PublicTrade, ...]:
        """Its last trades."""


class Bench(Protocol):
    """Where commands are taken in: the slot behind a market."""

    @property
    def state(self) -> State:
        """What the slot is in."""

    def open_desk(self, tick_ms: int) -> Desk:
        """A desk for commands given at a tick."""

    def holding_at(self, tick_ms: int) -> Holding:
        """The open position as it stands at a tick, with the best and worst it has seen."""


class _NobodyThere:
    state: State = IDLE

    def open_desk(self, tick_ms: int) -> Desk:
        raise _TOO_LATE

    def holding_at(self, tick_ms: int) -> Holding:
        raise _TOO_LATE


class Indicators(Mapping[str, NDArray[Any]]):
    """Precomputed indicator columns, each cut at the last bar that is closed now."""

    __slots__ = ("_columns", "_market", "first_ms", "step_ms")

    def __init__(
        self, columns: Mapping[str, NDArray[Any]], first_ms: int, step_ms: int, market: Market
    ) -> None:
        self._columns = columns
        self._market = market
        self.first_ms = first_ms
        self.step_ms = step_ms

    def __getitem__(self, name: str) -> NDArray[Any]:
        closed = (self._market.now_ms - self.first_ms) // self.step_ms
        return self._columns[name][: max(0, closed)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class Market:
    """One symbol at one moment: `symbol`, `now_ms` (UTC milliseconds), `price` (quote currency), closed candles.

    The engine moves `now_ms`; a strategy only reads.
    """

    __slots__ = (
        "_bench",
        "_desk",
        "_history",
        "_minutes",
        "_windows",
        "hears_of_signal",
        "indicators",
        "notes",
        "now_ms",
        "quotes",
        "symbol",
    )

    def __init__(self, symbol: str, history: History, bench: Bench) -> None:
        self.symbol = symbol
        self.now_ms = 0
        self.indicators: Mapping[str, NDArray[Any]] = {}
        self.notes = Notes()
        self.hears_of_signal = False
        self._history = history
        self._bench = bench
        self._desk: Desk | None = None
        self._minutes = Minutes.nothing()
        self._windows: dict[str, Bars] = {}
        self.quotes: Quotes | None = None

    def close(self) -> None:
        """Nothing that is asked of it from now on reaches the slot: its time is over."""
        self._bench = _NobodyThere()

    @property
    def now(self) -> datetime:
        """Now, aware, in UTC."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    @property
    def price(self) -> float:
        """The execution model's price at now: the close of the last closed candle, or the average price."""
        minutes = self._minutes
        return minutes.price.item((self.now_ms - minutes.first_ms) // MINUTE_MS - 1)

    def candles(self, interval: str, limit: int) -> Candles:
        """Exactly the last `limit` closed candles of `interval`; `InsufficientData` when there are fewer."""
        try:
            bars = self._windows[interval]
            stop = (self.now_ms - bars.first_ms) // bars.step_ms
            if type(limit) is int and 0 <= stop - limit < stop <= len(bars):
                return Candles(bars, stop - limit, stop)
        except KeyError:
            pass
        return self._candles_from_history(interval, limit)

    def candles_between(self, interval: str, start: When, end: When) -> Candles:
        """The closed candles of `interval` that open in `[start, end)`; milliseconds or aware datetimes.

        `LookAhead` when `end` is after now, `InsufficientData` where there is no such history.
        """
        from_ms, to_ms, step_ms = _to_ms(start), _to_ms(end), interval_ms(interval)
        if to_ms > self.now_ms:
            raise LookAhead(
                f"candles until {_iso(to_ms)} were asked for at {_iso(self.now_ms)}: they are not closed yet"
            )
        if from_ms >= to_ms:
            raise InvalidInput(
                f"candles from {_iso(from_ms)} to {_iso(to_ms)}: the start must lie before the end"
            )
        first_ms = -(-from_ms // step_ms) * step_ms
        bars = self._history.window(interval, first_ms, self.now_ms)
        start_row = (first_ms - bars.first_ms) // step_ms
        stop_row = min(-(-(to_ms - bars.first_ms) // step_ms), (self.now_ms - bars.first_ms) // step_ms)
        return Candles(bars, start_row, max(start_row, stop_row))

    def cancel(self, note: str = "") -> Verdict:
        """Give up the scheduled signal."""
        return self._now_desk().cancel(note)

    def activate(self, note: str = "") -> Verdict:
        """Open the scheduled signal now instead of waiting for its price."""
        return self._now_desk().activate(note)

    @property
    def session(self) -> Pad:
        """What is to be remembered of this slot, also after a restart."""
        return Pad(self, "session")

    @property
    def state(self) -> Pad:
        """What is to be remembered of the signal that waits or is open, until it is over."""
        return Pad(self, "state")

    @property
    def has_signal(self) -> bool:
        """Whether a signal waits or is open, or a hook is still told of one that is over by now."""
        if self.hears_of_signal:
            return True
        state = self._bench.state if self._desk is None else self._desk.state
        return plan_of(state) is not None

    def every(self, interval: str, call: Callable[[Market], T], name: str = "") -> T | None:
        """Call `call(market)` if it was not called since the last boundary of `interval`, and answer what it answers.

        Boundaries are those of UTC (`1h`: each full hour); between them it answers None. It is remembered by its
        name, also after a restart, so that a lambda needs one (`InvalidInput`). One that raises is called again.
        """
        known = name or getattr(call, "__qualname__", "<lambda>")
        if known.endswith("<lambda>"):
            raise InvalidInput(f"every({interval!r}): it has no name to be remembered by; add name=")
        key, boundary_ms = f"{known} {interval}", self.now_ms - self.now_ms % interval_ms(interval)
        if self.notes.fired.get(key, -1) >= boundary_ms:
            return None
        answer = call(self)
        self.notes = self.notes.with_fired(key, boundary_ms)
        return answer

    async def order_book(self) -> OrderBook:
        """The order book at this moment, live; `NotRecorded` in a backtest. `Transient`, `Unknown` from the exchange."""
        if self.quotes is None:
            raise NotRecorded("recorded minutes have no order books: order_book() works live only")
        return await self.quotes.order_book(self.symbol)

    async def trades(self) -> tuple[PublicTrade, ...]:
        """The last single trades, the newest last, live; `NotRecorded` in a backtest. Errors as above."""
        if self.quotes is None:
            raise NotRecorded("recorded minutes have no single trades: trades() works live only")
        return await self.quotes.trades(self.symbol)

    def _candles_from_history(self, interval: str, limit: int) -> Candles:
        if isinstance(limit, bool) or not isinstance(limit, (int, np.integer)) or limit < 1:
            raise InvalidInput(f"candles({interval!r}, {limit!r}): the limit must be a whole number above 0")
        step_ms = interval_ms(interval)
        end_ms = self.now_ms - self.now_ms % step_ms
        first_ms = end_ms - int(limit) * step_ms
        bars = self._history.window(interval, first_ms, self.now_ms)
        self._windows[interval] = bars
        return Candles(bars, (first_ms - bars.first_ms) // step_ms, (end_ms - bars.first_ms) // step_ms)

    def _now_desk(self) -> Desk:
        if self._desk is None:
            self._desk = self._bench.open_desk(self.now_ms)
        return self._desk

    def __repr__(self) -> str:
        return f"Market({self.symbol} at {_iso(self.now_ms)})"


def _to_ms(when: When) -> int:
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise InvalidInput(f"the time {when} has no time zone: use datetime(..., tzinfo=UTC)")
        return int(when.timestamp() * 1000)
    return int(when)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
