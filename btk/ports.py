"""The doors to what is outside: who implements them lives in adapters, who walks through them in engines."""

from __future__ import annotations

from asyncio import Event
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol, Self

import msgspec

from btk.model.accounts import AccountFacts, Balance, MarketLimits, VenuePosition
from btk.model.bars import Bars, Span
from btk.model.orders import Answer, Fill, LookUp, OrderRequest, VenueOrder
from btk.model.quotes import OrderBook, PublicTrade


class CandleSource(Protocol):
    """One-minute candles of one exchange, addressable by time, for replays. Never fetches."""

    @property
    def exchange(self) -> str:
        """The exchange's name."""

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """The stretches of `span` it does not hold, ascending, on whole minutes; `DataError` for an unknown symbol."""

    def read(self, symbol: str, span: Span) -> Bars:
        """One row for every minute of `span` (whole minutes); rows it does not hold are NaN. May be mapped files."""

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        """Bars of `interval` (`span` on its grid) as the exchange made them, where it keeps no old minutes.

        NaN where there are none: most exchanges keep all minutes, and every bar is made from those.
        """

    def empty_minutes(self, symbol: str, span: Span) -> int:
        """How many minutes of `span` the exchange is known to have nothing for: they read flat, without volume."""

    def digest(self, symbol: str, span: Span) -> str:
        """A short hexadecimal name of exactly these candles: equal data, equal digest."""

    def remedy(self, symbol: str, span: Span) -> str:
        """The command line that would fetch or import what is missing."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a state backend. `generation` counts the writes of this id from 1; `value` is plain JSON."""

    id: str
    generation: int
    saved_at_ms: int
    value: Any


class StateBackend(Protocol):
    """Where the state of one entity (a slot, a risk profile, a run) is kept: values of plain JSON by id.

    Values are dicts with text keys, lists, text, finite numbers, booleans and None; `InvalidInput` for others.
    When a write returns it is durable, and everybody reads the old value or the new one, never a mix. Errors:
    `Transient`, try again; `DumpError`, the store refuses; `Unknown`, it did not answer. After any of them a write
    may have happened all the same: read before writing again. `DamagedState`: a value is there and cannot be
    trusted; that is never answered as "nothing is stored".
    """

    async def wait_for_init(self) -> None:
        """Make ready, before anything else; a second call does nothing."""

    async def read_value(self, entity_id: str) -> Stored | None:
        """What is stored, or None where certainly nothing is."""

    async def write_value(self, entity_id: str, value: Any, *, expected_generation: int | None = None) -> int:
        """Store a value and answer its generation, one more than that of the value before.

        With `expected_generation` (0: nothing is stored) only if that is the one stored, in one step with the
        writing; else `Overtaken`. Without it the last writer wins, and a damaged value is set aside.
        """

    async def has_value(self, entity_id: str) -> bool:
        """Whether something is stored, damaged or not."""

    async def remove_value(self, entity_id: str) -> None:
        """Nothing is stored there any more; also when nothing was."""

    async def remove_all(self) -> None:
        """Remove every value of the entity."""

    def keys(self) -> AsyncIterator[str]:
        """The ids of all values, in order."""

    def values(self) -> AsyncIterator[Stored]:
        """All values, in the order of their ids."""

    def filter(self, predicate: Callable[[Stored], bool]) -> AsyncIterator[Stored]:
        """The values for which the predicate holds."""

    def take(self, count: int, predicate: Callable[[Stored], bool] | None = None) -> AsyncIterator[Stored]:
        """The first `count` values (of those for which the predicate holds)."""


class Broker(Protocol):
    """One account at one exchange. Symbols in their file form; times are the exchange's, UTC milliseconds.

    `send`, `look_up` and `cancel` answer and never raise for what the exchange or the network does. The others raise
    `Transient` and `Unknown` (ask again later), `Fatal` (keys) or `SettingsError`.
    """

    async def connect(self, symbols: Sequence[str]) -> AccountFacts:
        """Reach the account and prepare its markets, before anything else; `SettingsError` for what may not be traded."""

    async def close(self) -> None:
        """Let go of the connection; orders stay where they are."""

    def limits(self, symbol: str) -> MarketLimits:
        """The rules of a market, as last told by the exchange."""

    async def reload_limits(self) -> None:
        """Ask for the rules of the markets again: they change, halt and end while a process runs."""

    async def send(self, request: OrderRequest) -> Answer:
        """Send an order, once. Accepted only with proof, refused only with proof."""

    async def look_up(self, request: OrderRequest) -> LookUp:
        """What became of an order, by our id for it."""

    async def cancel(self, request: OrderRequest) -> LookUp:
        """Cancel an order by our id. Never `Absent`: what is not there any more has to be looked up."""

    async def open_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """All open orders of a market, conditional ones and those of others included."""

    async def position(self, symbol: str) -> VenuePosition:
        """The position in a contract; of quantity 0 where there is none."""

    async def price(self, symbol: str) -> float:
        """The last price of a market."""

    async def balances(self) -> tuple[Balance, ...]:
        """What the account holds."""

    async def worth(self, currency: str, quote: str) -> float | None:
        """What one of a currency costs in another now; None where no market of the two says it."""

    async def fills_since(self, symbol: str, since_ms: int) -> tuple[Fill, ...]:
        """The account's trades in a market from a time on, the oldest first."""

    async def sync_clock(self) -> int:
        """Measure the exchange's clock anew; how far it is ahead of this machine's, in milliseconds."""

    def now_ms(self) -> int:
        """The exchange's time, carried on by a clock that never steps."""


class MarketFeed(Protocol):
    """The closed minutes of an exchange as they come, and its clock; entered before anything is asked."""

    @property
    def source(self) -> CandleSource:
        """Every minute known so far."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...

    async def exchange_ms(self) -> int:
        """The exchange's own time; `Transient` or `Unknown` when it does not answer."""

    async def order_book(self, symbol: str) -> OrderBook:
        """The order book at this moment; `NotRecorded` where there is none."""

    async def trades(self, symbol: str) -> tuple[PublicTrade, ...]:
        """The last single trades, the newest last; `NotRecorded` where there are none."""

    def known_ms(self, symbol: str) -> int:
        """The moment up to which the minutes of a symbol are known."""

    async def fetch(self, symbol: str, from_ms: int, until_ms: int) -> None:
        """Learn the minutes `[from_ms, until_ms)` as far as the exchange has them; `Transient`, `Unknown`, `Fatal`."""


class Host(Protocol):
    """The machine's clocks, and waiting."""

    def monotonic(self) -> float:
        """Seconds that never go back, whatever is done to the wall clock."""

    def wall_ms(self) -> int:
        """What the wall clock says, UTC milliseconds; nothing is decided by it."""

    async def pause(self, seconds: float, wake: Event) -> None:
        """Come back after so long, or when `wake` is set."""
