"""What can go wrong with a request that trades; each fault knows whether the venue did what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.venue.trading_requests import JSON, Request

HTML = "<html><body><h1>Please stand by</h1></body></html>"
WEB = {"Content-Type": "text/html"}
PLAIN = {"Content-Type": "text/plain"}
UNKNOWN_CODES = frozenset({-1000, -1001, -1006, -1007})
PAUSE_SECONDS = 7
BAN_SECONDS = 120
ENGINE_MS = 10_000

Market = Literal["spot", "contracts"]


@dataclass(frozen=True, slots=True)
class Says:
    """These words, whatever the truth is."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


@dataclass(frozen=True, slots=True)
class Cuts:
    """The connection ends; `torn` in the middle of the true answer."""

    torn: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing is ever heard."""


@dataclass(frozen=True, slots=True)
class Late:
    """On the way for `network_ms`, when the venue looks at the timestamp; then `engine_ms` before it is done.

    Counted from the end of the request's own window when `after_window`: that much too late, or just in time.
    """

    network_ms: int = 0
    engine_ms: int = 0
    after_window: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """`executes`: the venue does what was asked, at once or `late`; `market` when only one of them says so."""

    name: str
    reply: Says | Cuts | Silent
    executes: bool = False
    late: Late | None = None
    market: Market | None = None

    @property
    def is_refusal(self) -> bool:
        """The client can know for sure that nothing was done: the venue said so in its own words."""
        if self.executes or not isinstance(self.reply, Says) or '"code":' not in self.reply.body:
            return False
        return json.loads(self.reply.body)["code"] not in UNKNOWN_CODES


class NoAnswer(Exception):
    """The venue is silent: the client waits until it has enough."""


class ConnectionCut(Exception):
    """The venue hung up, after half of `body` when there is one."""

    def __init__(self, body: str = "") -> None:
        super().__init__("cut")
        self.body = body


def is_order(request: Request) -> bool:
    """A new order of any kind."""
    return request.is_order


def is_cancel(request: Request) -> bool:
    return request.is_cancel


def is_change(request: Request) -> bool:
    """A new order or a cancel."""
    return request.is_order or request.is_cancel


def is_question(request: Request) -> bool:
    """A signed reading."""
    return request.method == "GET" and "signature" in request.sent


@dataclass(slots=True)
class Turn:
    """The `nth` request that matches, and the next `times - 1` after it."""

    on: Callable[[Request], bool] = is_order
    nth: int = 1
    times: int = 1
    seen: int = 0

    @property
    def is_over(self) -> bool:
        return self.seen >= self.nth + self.times - 1

    def comes_with(self, request: Request) -> bool:
        """Whether it is this one's turn; asked once a request."""
        if not self.on(request):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


def refused(code: int, message: str, status: int = 400, data: Any = None) -> Says:
    """The venue's document for an error."""
    document = {"code": code, "msg": message} | ({} if data is None else {"data": data})
    return Says(status, json.dumps(document, separators=(",", ":")))


def _paused(status: int, message: str, seconds: int) -> Says:
    return Says(status, refused(-1003, message).body, {**JSON, "Retry-After": str(seconds)})


def _both(name: str, reply: Says | Cuts | Silent) -> list[Fault]:
    return [Fault(f"{name}, not executed", reply), Fault(f"{name}, executed", reply, executes=True)]


_UNKNOWN = "execution status unknown."
_ANY_TIME = [
    *_both("reset", Cuts()),
    *_both("no answer", Silent()),
    *(fault for status in (500, 502, 503, 504, 520) for fault in _both(str(status), Says(status, HTML, WEB))),
    *_both("503 unknown", Says(503, "Unknown error, please check your request or try again later.", PLAIN)),
    *_both("-1000", refused(-1000, "An unknown error occurred while processing the request.", 503)),
    *_both("-1001", refused(-1001, "Internal error; unable to process your request. Please try again.", 503)),
    *_both(
        "-1006", refused(-1006, f"An unexpected response was received from the message bus. E{_UNKNOWN[1:]}")
    ),
    *_both(
        "-1007",
        refused(-1007, f"Timeout waiting for response from backend server. Send status unknown; {_UNKNOWN}"),
    ),
]
_UNREADABLE = [
    Fault("200 HTML", Says(200, HTML, WEB), executes=True),
    Fault("200 empty", Says(200, ""), executes=True),
    Fault("200 {}", Says(200, "{}"), executes=True),
    Fault("200 {}, not executed", Says(200, "{}")),
    Fault("200 null", Says(200, "null"), executes=True),
    Fault("torn", Cuts(torn=True), executes=True),
]
_REFUSALS = [
    Fault("403", Says(403, HTML, WEB)),
    Fault("404", Says(404, HTML, WEB)),
    Fault("503 failed", Says(503, "Service Unavailable.", PLAIN)),
    Fault("429", _paused(429, "Too much request weight used; please use WebSocket Streams.", PAUSE_SECONDS)),
    Fault("418", _paused(418, "Way too much request weight used; IP banned.", BAN_SECONDS)),
    Fault("-1015", refused(-1015, "Too many new orders; current limit is 50 orders per TEN_SECONDS.", 429)),
    Fault("-1021", refused(-1021, "Timestamp for this request is outside of the recvWindow.")),
    Fault("-2015", refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)),
]
_SPOT_REFUSALS = [
    ("-2010 duplicate", refused(-2010, "Duplicate order sent.")),
    ("-2010 balance", refused(-2010, "Account has insufficient balance for requested action.")),
    ("-2010 trigger", refused(-2010, "Stop price would trigger immediately.")),
    ("-1013 NOTIONAL", refused(-1013, "Filter failure: NOTIONAL")),
    ("-1013 LOT_SIZE", refused(-1013, "Filter failure: LOT_SIZE")),
    ("-1013 PRICE_FILTER", refused(-1013, "Filter failure: PRICE_FILTER")),
    ("-1013 MARKET_LOT_SIZE", refused(-1013, "Filter failure: MARKET_LOT_SIZE")),
    ("-1013 MAX_NUM_ALGO_ORDERS", refused(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")),
    ("-1013 closed", refused(-1013, "Market is closed.")),
]
_CONTRACT_REFUSALS = [
    ("-4116", refused(-4116, "ClientOrderId is duplicated.")),
    ("-2019", refused(-2019, "Margin is insufficient.")),
    ("-2021", refused(-2021, "Order would immediately trigger.")),
    ("-2022", refused(-2022, "ReduceOnly Order is rejected.")),
    ("-4164", refused(-4164, "Order's notional must be no smaller than 5 (unless you choose reduce only).")),
    ("-1111", refused(-1111, "Precision is over the maximum defined for this asset.")),
    ("-4014", refused(-4014, "Price not increased by tick size.")),
    ("-4045", refused(-4045, "Reach max stop order limit.")),
    ("-4140", refused(-4140, "Invalid symbol status for opening position")),
]
_LATE = [
    Fault("late by 3 s", Silent(), executes=True, late=Late(3_000)),
    Fault("late in the engine", Silent(), executes=True, late=Late(1_000, 8_000)),
    Fault("as late as can be", Silent(), executes=True, late=Late(0, ENGINE_MS - 1, after_window=True)),
    Fault("too late", Silent(), late=Late(1, after_window=True)),
]
VERY_LATE = Fault("later than it can be", Silent(), executes=True, late=Late(0, 60_000, after_window=True))
"""No venue says that this happens, and none promises that it does not: only what watches for a day is ready for it."""
FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        *_ANY_TIME,
        *_UNREADABLE,
        *_REFUSALS,
        *(Fault(name, reply, market="spot") for name, reply in _SPOT_REFUSALS),
        *(Fault(name, reply, market="contracts") for name, reply in _CONTRACT_REFUSALS),
        *_LATE,
    )
}


def faults_of(market: Market) -> list[Fault]:
    """Those that this market knows."""
    return [fault for fault in FAULTS.values() if fault.market in (None, market)]
