"""The door of a venue that trades: keys, signatures, time, weight and faults, before and behind its dialects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from tests.venue.trading_clock import VenueClock
from tests.venue.trading_contracts import ContractMarket
from tests.venue.trading_faults import (
    ConnectionCut,
    Cuts,
    Fault,
    Late,
    NoAnswer,
    Says,
    Silent,
    Turn,
    is_order,
    refused,
)
from tests.venue.trading_futures import FUTURES_ROUTES
from tests.venue.trading_market import SpotMarket
from tests.venue.trading_nouns import Order, Refusal
from tests.venue.trading_replace import cancel_replace
from tests.venue.trading_requests import JSON, Heard, Params, Request, request_of
from tests.venue.trading_spot import SPOT_ROUTES, Route

AHEAD_MS = 1_000
WINDOW_MS = 5_000
MINUTE_MS = 60_000
REMEMBERED_MS = 2 * 1440 * MINUTE_MS
SPOT_HOSTS = frozenset({"api.binance.com", "demo-api.binance.com", "testnet.binance.vision"})
REPLACE = ("POST", "/api/v3/order/cancelReplace")
FUTURES_HOSTS = frozenset({"fapi.binance.com", "demo-fapi.binance.com"})
ROUTES: Mapping[str, Mapping[tuple[str, str], Route]] = {
    **{host: {**SPOT_ROUTES, REPLACE: Route(cancel_replace)} for host in SPOT_HOSTS},
    **dict.fromkeys(FUTURES_HOSTS, FUTURES_ROUTES),
}

Answered = tuple[int, dict[str, str], str]


@dataclass(slots=True)
class Key:
    """The key of the account, and what it may do."""

    api_key: str = "fakekey"
    secret: str = "fakesecret"
    can_trade: bool = True
    can_withdraw: bool = False
    is_bound_to_addresses: bool = True
    is_revoked: bool = False


class TradingVenue:
    """`answer` is the venue without sockets; `plan` sets faults, `heard` is its log, the markets are its insides."""

    def __init__(self, clock: VenueClock) -> None:
        self.clock = clock
        self.key = Key()
        self.account_id = 4711
        self.spot = SpotMarket(clock)
        self.contracts = ContractMarket(clock)
        self.heard: list[Heard] = []
        self.reading_lag_ms = 0
        self._planned: list[tuple[Turn, Fault]] = []
        self._meanwhile: list[tuple[Turn, Callable[[], None]]] = []
        self.weight_limit = 6_000
        self._weights: dict[int, int] = {}
        self._quiet_since_ms = 0
        self._quiet_until_ms = 0
        self._quiet_status = 429
        self._ids = count(1)

    def plan(
        self, fault: Fault, nth: int = 1, *, on: Callable[[Request], bool] = is_order, times: int = 1
    ) -> None:
        """Strike the nth request from now on that `on` accepts."""
        self._planned.append((Turn(on, nth, times), fault))

    def meanwhile(
        self, act: Callable[[], None], nth: int = 1, *, on: Callable[[Request], bool] = is_order
    ) -> None:
        """The world acts just before the nth request from now on that `on` accepts."""
        self._meanwhile.append((Turn(on, nth), act))

    def sees(self, order: Order) -> bool:
        """Whether readings know of it yet: some venues place an order before they can find it."""
        return self.clock.now_ms() - order.placed_ms >= self.reading_lag_ms

    def forget_past(self) -> None:
        """What was heard, done and held until now, and orders that are long over: an audit begins anew, and memory
        stays flat."""
        self.heard.clear()
        for market in (self.spot, self.contracts):
            market.book.deeds.clear()
            market.book.forget(self.clock.true_ms() - REMEMBERED_MS)
            market.timeline[:] = {each.symbol: each for each in market.timeline}.values()

    def knows(self, method: str, host: str, path: str) -> bool:
        """Whether this is for the venue that trades."""
        return (method.upper(), path) in ROUTES.get(host, {})

    def made_up_id(self) -> str:
        """A client id for those who sent none."""
        return f"made-up-{next(self._ids)}"

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Answered:
        """Status, headers and text. `NoAnswer` and `ConnectionCut` are the two ways of not answering."""
        self.clock.settle()
        request = request_of(method, url, headers, body)
        heard = Heard(self.clock.true_ms(), request, sent=request.sent)
        self.heard.append(heard)
        fault = self._fault_for(request)
        for turn, act in list(self._meanwhile):
            if turn.comes_with(request):
                act()
        if (left_ms := self._quiet_until_ms - self.clock.true_ms()) > 0:
            heard.pause_age_ms = self.clock.true_ms() - self._quiet_since_ms
            return self._said(heard, _pause(self._quiet_status, left_ms))
        if fault is None:
            return self._said(heard, self._performed(request, heard))
        heard.fault = fault.name
        return self._struck(request, heard, fault)

    def _fault_for(self, request: Request) -> Fault | None:
        struck = [fault for turn, fault in self._planned if turn.comes_with(request)]
        self._planned = [planned for planned in self._planned if not planned[0].is_over]
        self._meanwhile = [meanwhile for meanwhile in self._meanwhile if not meanwhile[0].is_over]
        return struck[0] if struck else None

    def _struck(self, request: Request, heard: Heard, fault: Fault) -> Answered:
        truth = None
        if fault.late is not None:
            self._delay(request, heard, fault.late)
        elif fault.executes:
            truth = self._performed(request, heard)
        heard.lost = not fault.is_refusal
        match fault.reply:
            case Silent():
                raise NoAnswer
            case Cuts(torn=torn):
                raise ConnectionCut(truth.body if torn and truth is not None else "")
            case Says() as reply:
                return self._said(heard, reply)

    def _delay(self, request: Request, heard: Heard, late: Late) -> None:
        def arrive() -> None:
            if self._entry_refused(request) is None:
                done_ms = self.clock.true_ms() + late.engine_ms
                self.clock.call_at(done_ms, lambda: self._do(request, heard))

        sent, now = request.sent, self.clock.now_ms()
        window_end = int(sent.get("timestamp", now)) + int(sent.get("recvWindow", WINDOW_MS))
        start = window_end if late.after_window else now
        self.clock.call_at(max(start, now) - self.clock.skew_ms + late.network_ms, arrive)

    def _performed(self, request: Request, heard: Heard) -> Says:
        refusal = self._entry_refused(request)
        return refused_as(refusal) if refusal is not None else self._do(request, heard)

    def _do(self, request: Request, heard: Heard) -> Says:
        route = ROUTES[request.host][(request.method, request.path)]
        try:
            document = route.answer(self, Params(request.sent))
        except Refusal as refusal:
            heard.code, heard.executed = refusal.code, refusal.data is not None and refusal.status == 409
            return refused_as(refusal)
        heard.executed = request.method != "GET"
        return Says(200, json.dumps(document))

    def _entry_refused(self, request: Request) -> Refusal | None:
        route = ROUTES.get(request.host, {}).get((request.method, request.path))
        if route is None:
            return Refusal(-1000, f"no {request.method} {request.host}{request.path} here", 404)
        if not self._has_room_for(route.weight):
            return Refusal(-1003, "Too much request weight used; current limit reached.", 429)
        return self._unsigned(request) if route.signed else None

    def _unsigned(self, request: Request) -> Refusal | None:
        key = next((value for name, value in request.headers.items() if name.lower() == "x-mbx-apikey"), "")
        if not key:
            return Refusal(-2014, "API-key format invalid.", 401)
        may = not self.key.is_revoked and (self.key.can_trade or request.method == "GET")
        if key != self.key.api_key or not may:
            return Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        if not request.has_signature_of(self.key.secret):
            return Refusal(-1022, "Signature for this request is not valid.")
        sent, now = request.sent, self.clock.now_ms()
        at, window = int(sent.get("timestamp", 0)), int(sent.get("recvWindow", WINDOW_MS))
        if at >= now + AHEAD_MS:
            return Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if now - at > window:
            return Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
        return None

    def _has_room_for(self, weight: int) -> bool:
        minute = self.clock.true_ms() // MINUTE_MS
        self._weights = {minute: self._weights.get(minute, 0) + weight}
        return self._weights[minute] <= self.weight_limit

    def _said(self, heard: Heard, said: Says) -> Answered:
        heard.status = said.status
        if "Retry-After" in said.headers and heard.pause_age_ms < 0:
            self._quiet_status = said.status
            self._quiet_since_ms = self.clock.true_ms()
            self._quiet_until_ms = self.clock.true_ms() + int(said.headers["Retry-After"]) * 1000
        if heard.code is None and said.body.startswith('{"code":-'):
            heard.code = json.loads(said.body)["code"]
        used = str(sum(self._weights.values()))
        weight = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        return said.status, {**said.headers, **weight}, said.body


def refused_as(refusal: Refusal) -> Says:
    """The venue's document for it."""
    if refusal.status == 429:
        return _pause(429, MINUTE_MS)
    return refused(refusal.code, refusal.message, refusal.status, refusal.data)


def _pause(status: int, left_ms: int) -> Says:
    said = refused(-1003, "Too many requests; wait until the pause is over.", status)
    return Says(status, said.body, {**JSON, "Retry-After": str(-(-left_ms // 1000))})
