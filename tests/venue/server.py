"""The venue server: HTTPS on loopback behind a proxy that leads every host to it, in a thread of its own.

ccxt is redirected below itself, as by any corporate proxy: its addresses and its tables of errors stay in force.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiohttp import web

from tests.venue import dialects
from tests.venue.candle_book import CandleBook
from tests.venue.certificate import server_context
from tests.venue.faults import Altered, Answer, Fault, Hang, Reset
from tests.venue.trading_http import cut_off, traded
from tests.venue.trading_venue import TradingVenue

NOW_MS = 1_680_000_000_000 - 1_680_000_000_000 % 60_000 + 30_000

CANDLES: Mapping[tuple[str, str], Callable[[CandleBook, dialects.Query], dialects.CandleQuestion]] = {
    ("api.binance.com", "/api/v3/klines"): dialects.binance_candles,
    ("fapi.binance.com", "/fapi/v1/klines"): dialects.binance_candles,
    ("api.bybit.com", "/v5/market/kline"): dialects.bybit_candles,
    ("www.okx.com", "/api/v5/market/candles"): dialects.okx_candles,
    ("www.okx.com", "/api/v5/market/history-candles"): dialects.okx_candles,
    ("api.kraken.com", "/0/public/OHLC"): dialects.kraken_candles,
}
MARKETS: Mapping[tuple[str, str], Callable[[dialects.Query], Any]] = {
    ("api.binance.com", "/api/v3/exchangeInfo"): dialects.binance_info,
    ("api.binance.com", "/api/v3/depth"): dialects.binance_depth,
    ("fapi.binance.com", "/fapi/v1/exchangeInfo"): dialects.binance_contracts,
    ("dapi.binance.com", "/dapi/v1/exchangeInfo"): lambda query: {"symbols": []},
    ("api.bybit.com", "/v5/market/instruments-info"): dialects.bybit_info,
    ("www.okx.com", "/api/v5/public/instruments"): dialects.okx_info,
    ("api.kraken.com", "/0/public/Assets"): dialects.kraken_assets,
    ("api.kraken.com", "/0/public/AssetPairs"): dialects.kraken_info,
}
BOOKS: Mapping[tuple[str, str], Callable[[CandleBook], Any]] = {
    ("api.binance.com", "/api/v3/aggTrades"): dialects.binance_trades,
    ("api.binance.com", "/api/v3/time"): lambda book: {"serverTime": book.now_ms},
    ("fapi.binance.com", "/fapi/v1/time"): lambda book: {"serverTime": book.now_ms},
    ("api.bybit.com", "/v5/market/time"): dialects.bybit_time,
    ("www.okx.com", "/api/v5/public/time"): dialects.okx_time,
    ("api.kraken.com", "/0/public/Time"): dialects.kraken_time,
}


class Asked(NamedTuple):
    """A request for candles, as it came in."""

    symbol: str
    query: Mapping[str, str]
    opened: tuple[int, ...]


class VenueServer:
    """Entered, it listens. `book` is what it knows, `faults` are used up one a candle request, `asked` is its log.

    `trading` answers first for what it knows: it has its own faults and its own log.
    """

    def __init__(self, folder: Path) -> None:
        self.book = CandleBook(NOW_MS)
        self.faults: deque[Fault] = deque()
        self.asked: list[Asked] = []
        self.trading: TradingVenue | None = None
        self.on_candles: Callable[[int], None] = lambda count: None
        self._certificate = folder / "venue.pem"
        self._tls = server_context(self._certificate)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._closing = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def environment(self) -> dict[str, str]:
        """What leads a process here."""
        proxy = f"http://127.0.0.1:{self._proxy_port}"
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "SSL_CERT_FILE": str(self._certificate),
        }

    async def _open(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._proxy = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        self._proxy_port = self._proxy.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._closing.set()
        self._proxy.close()
        await self._runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        with suppress(asyncio.CancelledError):  # the venue closes
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        where = (request.host.partition(":")[0], request.path)
        if self.trading is not None and self.trading.knows(request.method, *where):
            return await traded(self.trading, request, self._closing)
        if where in BOOKS:
            return web.json_response(BOOKS[where](self.book))
        if where in MARKETS:
            return web.json_response(MARKETS[where](request.query))
        if where in CANDLES:
            return await self._candles(request, CANDLES[where](self.book, request.query))
        return web.Response(status=404, text=f"no {where}")

    async def _candles(self, request: web.Request, question: dialects.CandleQuestion) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else None
        rows = fault.change(question.rows) if isinstance(fault, Altered) else question.rows
        opened = tuple(row[0] for row in rows) if fault is None or isinstance(fault, Altered) else ()
        self.asked.append(Asked(question.symbol, dict(request.query), opened))
        self.on_candles(len(self.asked))
        body = json.dumps(question.say(rows))
        match fault:
            case Answer():
                return web.Response(status=fault.status, text=fault.body, headers=dict(fault.headers))
            case Hang():
                await self._closing.wait()
            case Reset():
                return await cut_off(request, body if fault.torn else "")
        return web.Response(text=body, content_type="application/json")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        # One side was cut, which is what the test is about: so is the other.
        writer.transport.abort()
    finally:
        writer.close()
