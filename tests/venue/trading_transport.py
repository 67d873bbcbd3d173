"""The venue under a ccxt client without sockets: a session whose answers and waits cost no real time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
from multidict import CIMultiDict

from tests.venue.trading_clock import SetClock
from tests.venue.trading_faults import ConnectionCut, NoAnswer
from tests.venue.trading_venue import Answered, TradingVenue

Stage = Literal["before", "after"]
# aiohttp itself sends these once more when the connection is cut before an answer.
RESENT_METHODS = frozenset({"GET", "PUT", "DELETE"})
CUT: Answered = (0, {}, "")


class VenueSession:
    """Give it to ccxt as `{"session": VenueSession(venue)}`: what ccxt asks of aiohttp, and no more.

    A request and its answer take `latency_ms`; `wait` spends seconds, by default on the venue's own set clock.
    `on_request` is told of every request before the venue hears it and after it answered, and may raise.
    """

    closed = False
    headers: Mapping[str, str] = {}

    def __init__(
        self, venue: TradingVenue, wait: Callable[[float], Awaitable[None]] | None = None, latency_ms: int = 0
    ) -> None:
        self.venue = venue
        self.latency_ms = latency_ms
        self.on_request: Callable[[Stage, str, str], None] = lambda stage, method, url: None
        self._wait = wait or self._wait_on_clock

    def get(self, url: Any, **request: Any) -> _Exchanged:
        return _Exchanged(self, "GET", url, request)

    def post(self, url: Any, **request: Any) -> _Exchanged:
        return _Exchanged(self, "POST", url, request)

    def put(self, url: Any, **request: Any) -> _Exchanged:
        return _Exchanged(self, "PUT", url, request)

    def delete(self, url: Any, **request: Any) -> _Exchanged:
        return _Exchanged(self, "DELETE", url, request)

    async def close(self) -> None:
        self.closed = True

    async def spend(self, ms: int) -> None:
        if ms:
            await self._wait(ms / 1000)

    async def _wait_on_clock(self, seconds: float) -> None:
        assert isinstance(self.venue.clock, SetClock), "any other clock needs a wait of its own"
        await asyncio.sleep(0)
        self.venue.clock.advance(round(seconds * 1000))


class _Exchanged:
    status = 200
    reason = ""

    def __init__(self, session: VenueSession, method: str, url: Any, request: Mapping[str, Any]) -> None:
        self._session = session
        self._method = method
        self._url = str(url)
        self._request = request
        self.headers: CIMultiDict[str] = CIMultiDict()
        self._body = ""
        self._is_torn = False

    async def __aenter__(self) -> Self:
        session = self._session
        body = (self._request.get("data") or b"").decode()
        session.on_request("before", self._method, self._url)
        await session.spend(session.latency_ms // 2)
        place = len(session.venue.heard)
        answered = self._answered(body)
        if self._is_torn and answered is CUT and self._method in RESENT_METHODS:
            session.venue.heard[place].lost = True
            self._is_torn, place = False, len(session.venue.heard)
            answered = self._answered(body)
        heard, arrived = session.venue.heard[place], False
        try:
            await self._return(answered)
            arrived = True
        finally:
            # A client that died, gave up or was cut off on the way back does not know.
            heard.lost = heard.lost or not arrived
        return self

    def _answered(self, body: str) -> Answered | None:
        try:
            return self._session.venue.answer(self._method, self._url, self._request["headers"] or {}, body)
        except NoAnswer:
            return None
        except ConnectionCut as cut:
            self._is_torn = True
            return (200, {}, cut.body) if cut.body else CUT

    async def _return(self, answered: Answered | None) -> None:
        session = self._session
        back_ms = session.latency_ms - session.latency_ms // 2
        await session.spend(round(self._request["timeout"].total * 1000) if answered is None else back_ms)
        session.on_request("after", self._method, self._url)
        if answered is None:
            raise TimeoutError
        self.status, headers, self._body = answered
        self.headers = CIMultiDict(headers)
        if answered is CUT:
            raise aiohttp.ServerDisconnectedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def text(self, errors: str = "strict") -> str:
        if self._is_torn:
            raise aiohttp.ClientPayloadError("the body ended too early")
        return self._body
