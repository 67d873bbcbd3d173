"""A venue that is only read: one account-less ccxt client whose every request obeys pauses and is tried again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from btk.adapters.candle_merge import CandleRows
from btk.adapters.ccxt_errors import in_our_words, is_rate_limit, vendor_errors
from btk.adapters.ccxt_rows import ImpossibleCandles, closed_rows
from btk.adapters.ccxt_venues import Venue, VenueMarket, account_less_client, markets_of, page_rows
from btk.adapters.venue_pause import VenuePause, wall_ms
from btk.model.dates import format_date
from btk.model.errors import Transient, Unknown
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.quotes import OrderBook, PublicTrade

T = TypeVar("T")

# So many that a venue which takes 300 ms to answer is asked nearly as often as it allows (Binance: 50 a second).
REQUESTS_AT_ONCE = 24
_LONGEST_DELAY_SECONDS = 60.0
_SPREAD_SECONDS = 0.25
_OFFERS = 100
_TOO_MANY, _BANNED = 429, 418
# The shortest ban: to knock on the door before its end makes it longer.
_BAN_SECONDS = 120.0


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for a venue: for an answer, between tries, and when it asks for a pause.

    `at_venue_pace` keeps ccxt's limiter, which only a venue of one's own can do without.
    """

    retries: int = 3
    retry_delay_seconds: float = 5.0
    timeout_seconds: float = 10.0
    longest_pause_seconds: float = 300.0
    at_venue_pace: bool = True


class LongPause(Transient):
    """The venue wants to be left alone for longer than anybody would wait here."""


class VenueClient:
    """Entered, it has its markets and the venue's clock. `SettingsError`, `Transient`, `Unknown`, `Fatal`.

    `requests` counts what was sent, tries included.
    """

    def __init__(self, venue: Venue, pause: VenuePause, patience: Patience) -> None:
        self.venue = venue
        self.requests = 0
        self.markets: dict[str, VenueMarket] = {}
        self._pause = pause
        self._patience = patience
        self._places = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._clock_ahead_ms = 0

    async def __aenter__(self) -> Self:
        patience = self._patience
        self._client = account_less_client(self.venue, patience.timeout_seconds, patience.at_venue_pace)
        # ccxt's wait for sockets that nobody will use again.
        self._client.timeout_on_exit = 0
        self._vendor_errors = vendor_errors()
        self._send = self._client.fetch
        self._client.fetch = self._paused_fetch
        self._client.on_rest_response = self._heard
        try:
            await self._retried(self._client.load_markets)
            self.markets = markets_of(self._client, self.venue.kind)
            await self.measure_clock()
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    @property
    def now_ms(self) -> int:
        """The venue's time, never ahead of it; ours for the few venues that do not tell theirs."""
        return time.monotonic_ns() // 1_000_000 + self._clock_ahead_ms

    def page_rows(self, most: int) -> int:
        """How many candles one request can bring."""
        return page_rows(self._client, self.venue, most)

    async def candles(self, market: VenueMarket, interval: str, since_ms: int, count: int) -> CandleRows:
        """Closed candles from `since_ms` on, in order, each once; up to about `count`, perhaps later ones.

        `ImpossibleCandles` when some of them cannot be, each time the venue is asked.
        """

        async def page() -> CandleRows:
            # Read before the request: a candle that closes on the way may have been sent unfinished.
            now_ms = self.now_ms
            rows = await self._client.fetch_ohlcv(market.unified, interval, since_ms, count)
            return closed_rows(rows, interval_ms(interval), now_ms)

        async with self._places:
            return await self._retried(page)

    async def order_book(self, market: VenueMarket) -> OrderBook:
        """The best offers of a market at this moment."""

        async def asked() -> OrderBook:
            told = await self._client.fetch_order_book(market.unified, _OFFERS)
            return OrderBook(
                symbol=market.file_form,
                at_ms=int(told.get("timestamp") or self.now_ms),
                bids=tuple((float(price), float(quantity)) for price, quantity, *_ in told["bids"]),
                asks=tuple((float(price), float(quantity)) for price, quantity, *_ in told["asks"]),
            )

        async with self._places:
            return await self._retried(asked)

    async def trades(self, market: VenueMarket) -> tuple[PublicTrade, ...]:
        """The last trades of a market, the newest last."""

        async def asked() -> tuple[PublicTrade, ...]:
            told = await self._client.fetch_trades(market.unified)
            return tuple(
                PublicTrade(
                    at_ms=int(one["timestamp"]),
                    price=float(one["price"]),
                    quantity=float(one["amount"]),
                    side=one["side"],
                )
                for one in told
            )

        async with self._places:
            return await self._retried(asked)

    async def measure_clock(self) -> int:
        """Ask for the venue's time, and go by it from now on."""

        async def asked() -> int:
            return int(await self._client.fetch_time())

        venue_ms = await self._retried(asked) if self._client.has["fetchTime"] else wall_ms()
        self._clock_ahead_ms = venue_ms - time.monotonic_ns() // 1_000_000
        return venue_ms

    async def _retried(self, ask: Callable[[], Awaitable[T]]) -> T:
        for tries in range(1, self._patience.retries + 2):
            try:
                return await self._told_plainly(ask)
            except LongPause:
                raise
            except (Transient, Unknown) as error:
                # Reading twice harms nobody, so that what is unknown may be asked again too.
                last = error
            if tries <= self._patience.retries:
                await asyncio.sleep(self._delay_seconds(tries))
        if isinstance(last, ImpossibleCandles):
            raise last  # the exchange is up, and this is what it says
        times = "once" if self._patience.retries == 0 else f"{self._patience.retries + 1} times"
        raise type(last)(f"{last} (tried {times}; are the network and the exchange up?)") from last

    async def _told_plainly(self, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            return await ask()
        except self._vendor_errors as error:
            if is_rate_limit(error) and not self._pause.left_seconds():
                self._pause.extend(self._patience.retry_delay_seconds)
            raise in_our_words(self.venue.name, error) from error

    def _delay_seconds(self, tries: int) -> float:
        longest = self._patience.retry_delay_seconds * 2.0 ** (tries - 1)
        return min(longest, _LONGEST_DELAY_SECONDS) * random.uniform(0.5, 1.0)

    async def _paused_fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        # Here and not before the call: ccxt's limiter may have held the request while another one was refused.
        await self._pause_over()
        self.requests += 1
        answer = await self._send(url, method, headers, body)
        if not isinstance(answer, dict | list) or answer == {}:
            raise ValueError(f"{str(answer)[:60]!r} is not what was asked for")
        return answer

    async def _pause_over(self) -> None:
        while left := self._pause.left_seconds():
            if left > self._patience.longest_pause_seconds:
                until = format_date(-(-(wall_ms() + round(left * 1000)) // MINUTE_MS) * MINUTE_MS)
                raise LongPause(f"{self.venue.name} wants no request before {until} UTC; run this again then")
            await asyncio.sleep(left + random.uniform(0, _SPREAD_SECONDS))

    def _heard(self, *told: Any) -> str:
        status, _reason, _url, _method, headers, body = told[:6]
        after = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
        if status in (_TOO_MANY, _BANNED) or (after is not None and status >= 400):
            untold = _BAN_SECONDS if status == _BANNED else self._patience.retry_delay_seconds
            self._pause.extend(told_seconds(after) or untold)
        return str(body).strip()


def told_seconds(told: str | None) -> float | None:
    """The seconds of a `Retry-After` header, which may be a date; None where it says neither."""
    if told is None:
        return None
    try:
        return float(told)
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
