"""The books of a venue after a scenario: what was done twice, left naked, touched, or asked for too soon."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from btk.core.order_ids import is_ours
from tests.venue.trading_contracts import ContractMarket
from tests.venue.trading_faults import ENGINE_MS
from tests.venue.trading_market import SpotMarket
from tests.venue.trading_nouns import ZERO, Exposure, Order, Side
from tests.venue.trading_requests import Heard
from tests.venue.trading_venue import WINDOW_MS, TradingVenue

NO_CRUMBS: Mapping[str, Decimal] = {}
ASKED_BY = ("origClientOrderId", "clientAlgoId")
SENT_AS = (
    "newClientOrderId",
    "clientAlgoId",
    "listClientOrderId",
    "aboveClientOrderId",
    "belowClientOrderId",
)


@dataclass(frozen=True, slots=True)
class Done:
    """An order of ours that was filled, wholly or partly; `client_id` is the one it was asked for under."""

    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    at_ms: int


@dataclass(frozen=True, slots=True)
class Naked:
    """A time in which some of what we hold had no stop on the exchange."""

    symbol: str
    since_ms: int
    for_ms: int
    uncovered: Decimal


@dataclass(frozen=True, slots=True)
class Audit:
    """`violations` names everything that may never happen; naked times are for the caller to judge."""

    done: list[Done]
    naked: list[Naked]
    doubles: list[str]
    foreign_touched: list[str]
    asked_inside_pause: list[str]
    blind_retries: list[str]
    hasty_resends: list[str]
    orders_without_position: list[str]

    @property
    def violations(self) -> list[str]:
        kinds = ("doubles", "foreign_touched", "asked_inside_pause", "blind_retries", "hasty_resends")
        return [f"{kind}: {each}" for kind in kinds for each in getattr(self, kind)]

    @property
    def longest_naked_ms(self) -> int:
        return max((each.for_ms for each in self.naked), default=0)


def audit(venue: TradingVenue, flight_ms: int = 0, crumbs: Mapping[str, Decimal] = NO_CRUMBS) -> Audit:
    """Now, of everything since the venue opened; `flight_ms`: how long a request may be on its way into a pause.

    `crumbs` is what positions that are over have left of a symbol, each too little to sell.
    """
    markets: tuple[SpotMarket | ContractMarket, ...] = (venue.spot, venue.contracts)
    done = [each for market in markets for each in _done(market)]
    filled = Counter((each.symbol, each.client_id) for each in done)
    orders = [each for each in venue.heard if each.request.is_order]
    return Audit(
        done=sorted(done, key=lambda each: each.at_ms),
        naked=[each for market in markets for each in _naked(market, venue.clock.true_ms(), crumbs)],
        doubles=[client_id for (_, client_id), times in filled.items() if times > 1],
        foreign_touched=[each for market in markets for each in _foreign(market)],
        asked_inside_pause=[_line(each) for each in venue.heard if each.pause_age_ms > flight_ms],
        blind_retries=[_line(later) for lost, later in _successors(orders) if _is_blind(venue, lost, later)],
        hasty_resends=[_line(later) for lost, later in _successors(orders) if _is_hasty(lost, later)],
        orders_without_position=[each for market in markets for each in _left_over(market)],
    )


def _ours(market: SpotMarket | ContractMarket) -> Iterator[Order]:
    return (order for order in market.book.orders.values() if order.wish.owner == "client")


def _done(market: SpotMarket | ContractMarket) -> Iterator[Done]:
    for order in _ours(market):
        if order.filled:
            wish = order.wish
            yield Done(order.intent_id, wish.symbol, wish.side, order.filled, order.trades[0].at_ms)


def _foreign(market: SpotMarket | ContractMarket) -> Iterator[str]:
    for deed in market.book.deeds:
        if deed.who == "client" and deed.order.wish.owner == "hand":
            yield deed.order.wish.client_id


def _left_over(market: SpotMarket | ContractMarket) -> Iterator[str]:
    held = {exposure.symbol: exposure.held for exposure in market.timeline}
    for order in _ours(market):
        closes = order.wish.reduce_only or order.wish.close_position or order.waiting
        if order.is_open and closes and not held.get(order.wish.symbol):
            yield order.wish.client_id


def _naked(
    market: SpotMarket | ContractMarket, now_ms: int, crumbs: Mapping[str, Decimal]
) -> Iterator[Naked]:
    samples: defaultdict[str, list[Exposure]] = defaultdict(list)
    for exposure in market.timeline:
        samples[exposure.symbol].append(exposure)
    for symbol, exposures in samples.items():
        listing = market.book.listings[symbol]
        # What is worth less than this can neither be sold nor protected.
        dust = listing.filters.smallest_notional / listing.price + crumbs.get(symbol, ZERO)
        yield from _naked_times(exposures, dust, now_ms)


def _naked_times(exposures: list[Exposure], dust: Decimal, now_ms: int) -> Iterator[Naked]:
    first: Exposure | None = None
    for exposure in exposures:
        is_naked = _uncovered(exposure) >= dust
        if is_naked and first is None:
            first = exposure
        elif first is not None and not is_naked:
            yield from _span(first, exposure.at_ms)
            first = None
    if first is not None:
        yield from _span(first, now_ms)


def _span(first: Exposure, until_ms: int) -> Iterator[Naked]:
    if until_ms > first.at_ms:
        yield Naked(first.symbol, first.at_ms, until_ms - first.at_ms, _uncovered(first))


def _uncovered(exposure: Exposure) -> Decimal:
    return abs(exposure.held) - exposure.stopped


def _successors(orders: list[Heard]) -> Iterator[tuple[Heard, Heard]]:
    """Each order whose answer was lost, with each later one that may be the same wish again."""
    for place, lost in enumerate(orders):
        if lost.lost:
            for later in orders[place + 1 :]:
                if _ids(later) & _ids(lost) or _could_double(lost, later):
                    yield lost, later


def _could_double(lost: Heard, later: Heard) -> bool:
    same = all(lost.sent.get(name) == later.sent.get(name) for name in ("symbol", "side", "type"))
    same = same and _signal(lost) == _signal(later)
    return same and lost.request.host == later.request.host and not _reduces(later)


def _signal(heard: Heard) -> str:
    """What an id of ours has of the signal it is for; two strategies may want the same at once."""
    return heard.client_id[:24] if is_ours(heard.client_id) else ""


def _is_blind(venue: TradingVenue, lost: Heard, later: Heard) -> bool:
    between = venue.heard[_place(venue.heard, lost) + 1 : _place(venue.heard, later)]
    return not any(_asks_about(each, _ids(lost)) for each in between)


def _is_hasty(lost: Heard, later: Heard) -> bool:
    window_ms = int(lost.sent.get("recvWindow", WINDOW_MS))
    same = bool(_ids(later) & _ids(lost))
    return same and not _reduces(later) and later.at_ms < lost.at_ms + window_ms + ENGINE_MS


def _asks_about(heard: Heard, ids: set[str]) -> bool:
    asks = heard.request.method == "GET" and not heard.lost
    return asks and any(heard.sent.get(name) in ids for name in ASKED_BY)


def _reduces(heard: Heard) -> bool:
    return any(heard.sent.get(name, "").lower() == "true" for name in ("reduceOnly", "closePosition"))


def _ids(heard: Heard) -> set[str]:
    return {heard.sent[name] for name in SENT_AS if name in heard.sent}


def _place(all_heard: Iterable[Heard], wanted: Heard) -> int:
    return next(place for place, heard in enumerate(all_heard) if heard is wanted)


def _line(heard: Heard) -> str:
    return f"{heard.at_ms} {heard.request.method} {heard.request.path} {heard.client_id}".strip()
