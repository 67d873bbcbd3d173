"""The minutes of a venue as they close, read with one account-less client; what is stored already is not asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_series import symbol_names
from btk.adapters.ccxt_candles import MarketCandles, Page
from btk.adapters.ccxt_client import VenueClient
from btk.adapters.ccxt_venues import VenueMarket, chosen_market
from btk.adapters.recent_minutes import RecentMinutes
from btk.adapters.venue_memory import own_interval
from btk.model.bars import Bars, Span
from btk.model.errors import SettingsError
from btk.model.intervals import DAY_MS, MINUTE_MS, floor_to, interval_ms
from btk.model.quotes import OrderBook, PublicTrade
from btk.ports import CandleSource

LATENESS_MS = MINUTE_MS
"""A minute that is still absent so long after its close had no trade, unless the venue tells of one."""
ROWS_A_REQUEST = 1000


class VenueFeed:
    """Entered, it knows the venue's markets and clock. `stored` are candles that need not be fetched again.

    `intervals` are those of strategies: where the venue has forgotten minutes, its own bars of them are learnt too.
    """

    def __init__(
        self,
        client: VenueClient,
        stored: CandleSource,
        symbols: Sequence[str],
        intervals: Iterable[str] = (),
    ) -> None:
        self._client = client
        self._stored = stored
        self._symbols = symbols
        self.source = RecentMinutes(client.venue.name)
        self._candles: dict[str, MarketCandles] = {}
        self._own = {own for name in intervals if (own := own_interval(client.venue.name, name))}
        self._warm: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        try:
            for symbol in self._symbols:
                market = self._market(symbol)
                self._candles[symbol] = MarketCandles(self._client, market, "1m", ROWS_A_REQUEST)
        except SettingsError:
            await self._client.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(None, None, None)

    async def exchange_ms(self) -> int:
        """The venue's own time."""
        return await self._client.measure_clock()

    def known_ms(self, symbol: str) -> int:
        """The moment up to which the minutes of a symbol are known."""
        return self.source.known_ms(symbol)

    async def fetch(self, symbol: str, from_ms: int, until_ms: int) -> None:
        """Learn the minutes `[from_ms, until_ms)` as far as the venue has them."""
        candles = self._candles[symbol]
        if symbol not in self._warm:
            await self._learn_own_bars(symbol, from_ms)
            self._warm.add(symbol)
        if not self.known_ms(symbol):
            from_ms = self._first_to_be_had_ms(symbol, from_ms)
            self.source.begin(symbol, from_ms)
            self._take_stored(symbol, Span(from_ms, max(from_ms, until_ms)))
        while (known_ms := self._still_known_ms(symbol)) < until_ms:
            span = Span(known_ms, min(known_ms + candles.page_ms, until_ms))
            page = await candles.page(span)
            if page.refusal is not None:
                raise page.refusal
            self.source.learn(symbol, page.rows, await self._settled_ms(symbol, page))
            if self.known_ms(symbol) < span.to_ms:
                return

    async def order_book(self, symbol: str) -> OrderBook:
        """The order book at this moment."""
        return await self._client.order_book(self._market(symbol))

    async def trades(self, symbol: str) -> tuple[PublicTrade, ...]:
        """The last single trades, the newest last."""
        return await self._client.trades(self._market(symbol))

    def _still_known_ms(self, symbol: str) -> int:
        known_ms, kept_ms = self.known_ms(symbol), self._candles[symbol].kept_ms
        if kept_ms is None or known_ms >= kept_ms:
            return known_ms
        # So long asleep that the venue has forgotten what came next: that is lost, and what came before is of no use.
        self.source.begin_anew(symbol, kept_ms)
        return kept_ms

    def _first_to_be_had_ms(self, symbol: str, from_ms: int) -> int:
        # What the venue has forgotten is not empty: minutes begin after the last one that nobody has.
        kept_ms = self._candles[symbol].kept_ms
        if kept_ms is None or kept_ms <= from_ms:
            return from_ms
        lost = self._stored.missing(symbol, Span(from_ms, kept_ms))
        return lost[-1].to_ms if lost else from_ms

    async def _learn_own_bars(self, symbol: str, from_ms: int) -> None:
        kept_ms = self._candles[symbol].kept_ms
        if kept_ms is None or kept_ms <= from_ms:
            return
        for interval in sorted(self._own, key=interval_ms):
            self.source.learn_own(symbol, interval, await self._own_bars(symbol, interval, from_ms))

    async def _own_bars(self, symbol: str, interval: str, from_ms: int) -> Bars:
        candles = MarketCandles(self._client, self._market(symbol), interval, ROWS_A_REQUEST)
        # A day is whole bars of every interval.
        whole = Span(floor_to(from_ms, DAY_MS), candles.closed_ms)
        columns = np.stack(self._stored.own_bars(symbol, interval, whole).columns)
        first_ms = max(whole.from_ms, candles.kept_ms or 0)
        page = await candles.page(Span(max(first_ms, whole.to_ms - candles.page_ms), whole.to_ms))
        columns[:, (page.rows.open_ms - whole.from_ms) // candles.step_ms] = page.rows.table
        return Bars(whole.from_ms, candles.step_ms, columns)

    def _market(self, symbol: str) -> VenueMarket:
        return chosen_market(self._client.markets, symbol_names(symbol), self._client.venue)

    def _take_stored(self, symbol: str, span: Span) -> None:
        holes = self._stored.missing(symbol, span)
        end_ms = holes[0].from_ms if holes else span.to_ms
        if end_ms > span.from_ms:
            bars = self._stored.read(symbol, Span(span.from_ms, end_ms))
            times = np.arange(bars.first_ms, bars.end_ms, MINUTE_MS)
            self.source.learn(symbol, CandleRows(times, np.stack(bars.columns)), end_ms)

    async def _settled_ms(self, symbol: str, page: Page) -> int:
        if page.next_ms is not None:
            return page.span.to_ms
        told = page.rows.open_ms
        last_ms = int(told[-1]) + MINUTE_MS if len(told) else page.span.from_ms
        quiet_ms = floor_to(self._client.now_ms - LATENESS_MS, MINUTE_MS)
        silent = Span(last_ms, min(page.span.to_ms, quiet_ms))
        return last_ms if silent.to_ms <= last_ms else await self._untraded_ms(symbol, silent)

    async def _untraded_ms(self, symbol: str, silent: Span) -> int:
        # Candles that are late look like minutes without a trade.
        try:
            traded = [trade.at_ms for trade in await self.trades(symbol)]
        except SettingsError:  # it does not tell its trades, so that its silence has to be believed
            return silent.to_ms
        if traded and min(traded) > silent.from_ms:
            return silent.from_ms
        minutes = [floor_to(at_ms, MINUTE_MS) for at_ms in traded if at_ms >= silent.from_ms]
        return min([silent.to_ms, *minutes])
