"""What the unmodified ccxt client makes of everything that can go wrong with an order: the table we decide by."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_client import play_over_tls, seated_client, stocked_venue
from tests.venue.trading_clock import SetClock
from tests.venue.trading_faults import FAULTS, Fault, Market, faults_of, is_cancel, is_change, is_question
from tests.venue.trading_nouns import Wish
from tests.venue.trading_venue import TradingVenue

KINDS: Mapping[Market, str] = {"spot": "spot", "contracts": "swap"}
SYMBOLS = {"spot": "BTC/USDT", "swap": "BTC/USDT:USDT"}
ID = "b7c0" + "0" * 27 + "1"
IMPATIENT_MS = 300
START_MS = 1_700_000_000_000
AN_EMPTY_ORDER = None
Play = Callable[[TradingVenue, str, Callable[[Any], Awaitable[Any]]], Any]

# By the beginning of a fault's name; the longest one that fits.
RAISED: Mapping[str, type[Exception] | None] = {
    "reset": told.ExchangeNotAvailable,
    "no answer": told.RequestTimeout,
    "5": told.ExchangeNotAvailable,
    "504": told.RequestTimeout,
    "-1000": told.OperationFailed,
    "-1001": told.OperationFailed,
    "-1006": told.OperationFailed,
    "-1007": told.RequestTimeout,
    "200": AN_EMPTY_ORDER,
    "torn": told.ExchangeError,
    "403": told.ExchangeNotAvailable,
    "404": told.ExchangeNotAvailable,
    "429": told.DDoSProtection,
    "418": told.DDoSProtection,
    "-1015": told.DDoSProtection,
    "-1021": told.InvalidNonce,
    "-2015": told.AuthenticationError,
    "-2010 duplicate": told.InvalidOrder,
    "-2010 balance": told.InsufficientFunds,
    "-2010 trigger": told.OrderImmediatelyFillable,
    "-1013 NOTIONAL": told.BadRequest,
    "-1013 LOT_SIZE": told.InvalidOrder,
    "-1013 PRICE_FILTER": told.InvalidOrder,
    "-1013 MARKET_LOT_SIZE": told.InvalidOrder,
    "-1013 MAX_NUM_ALGO_ORDERS": told.BadRequest,
    "-1013 closed": told.MarketClosed,
    "-4116": told.InvalidOrder,
    "-2019": told.InsufficientFunds,
    "-2021": told.OrderImmediatelyFillable,
    "-2022": told.InvalidOrder,
    "-4164": told.InvalidOrder,
    "-1111": told.BadRequest,
    "-4014": told.BadRequest,
    "-4045": told.OperationRejected,
    "-4140": told.BadRequest,
    "late": told.RequestTimeout,
    "as late": told.RequestTimeout,
    "too late": told.RequestTimeout,
}
ROWS = [(market, fault) for market in KINDS for fault in faults_of(market)]
PROMPT = [(market, fault) for market, fault in ROWS if fault.late is None]


def name_of(row: Any) -> str:
    return str(getattr(row, "name", row))


def raised_for(fault: Fault) -> type[Exception] | None:
    return RAISED[max((name for name in RAISED if fault.name.startswith(name)), key=len)]


def play(trading: TradingVenue, kind: str, scene: Callable[[Any], Awaitable[Any]]) -> Any:
    async def with_markets(client: Any) -> Any:
        await client.load_markets()
        return await scene(client)

    return play_over_tls(trading, with_markets, kind, timeout=IMPATIENT_MS)


def play_seated(trading: TradingVenue, kind: str, scene: Callable[[Any], Awaitable[Any]]) -> Any:
    async def played() -> Any:
        client = seated_client(trading, kind)
        try:
            await client.load_markets()
            return await scene(client)
        finally:
            client.timeout_on_exit = 0
            await client.close()

    return asyncio.run(played())


async def outcome(asked: Awaitable[Any]) -> Any:
    """What came back, or the class of what was raised."""
    try:
        return await asked
    except told.BaseError as error:
        return type(error)


def buy(client: Any, kind: str, **params: Any) -> Awaitable[Any]:
    return client.create_order(SYMBOLS[kind], "market", "buy", 0.01, None, {"clientOrderId": ID, **params})


def check_row(trading: TradingVenue, market: Market, fault: Fault, came: Any) -> None:
    expected = raised_for(fault)
    if expected is AN_EMPTY_ORDER:
        assert (came["id"], came["clientOrderId"], came["status"]) == (None, None, None)
    else:
        assert came is expected
    [heard] = [each for each in trading.heard if each.request.is_order]
    book = trading.spot.book if market == "spot" else trading.contracts.book
    filled = [order for order in book.orders.values() if order.filled]
    assert (heard.executed, len(filled)) == (fault.executes, int(fault.executes))


@pytest.mark.parametrize(("market", "fault"), PROMPT, ids=name_of)
def test_an_order_over_tls_ends_as_the_table_says(
    trading: TradingVenue, market: Market, fault: Fault
) -> None:
    trading.plan(fault)
    came = play(trading, KINDS[market], lambda client: outcome(buy(client, KINDS[market])))
    check_row(trading, market, fault, came)


@pytest.mark.parametrize(("market", "fault"), ROWS, ids=name_of)
def test_an_order_in_one_process_ends_as_over_tls(market: Market, fault: Fault) -> None:
    clock = SetClock(START_MS)
    trading = stocked_venue(clock)
    trading.plan(fault)
    came = play_seated(trading, KINDS[market], lambda client: outcome(buy(client, KINDS[market])))
    clock.advance(20_000)
    check_row(trading, market, fault, came)


@pytest.mark.parametrize("name", ["late by 3 s", "late in the engine", "as late as can be", "too late"])
def test_a_late_order_is_done_at_its_moment_and_not_before(name: str) -> None:
    clock = SetClock(START_MS)
    trading = stocked_venue(clock)
    fault = FAULTS[name]
    trading.plan(fault)

    async def scene(client: Any) -> Any:
        client.timeout = 100
        await outcome(buy(client, "spot"))
        return await outcome(client.fetch_order(None, "BTC/USDT", {"origClientOrderId": ID}))

    assert play_seated(trading, "spot", scene) is told.OrderNotFound
    clock.advance(20_000)
    placed = [order.placed_ms - START_MS for order in trading.spot.book.orders.values()]
    expected = {"late by 3 s": [3_000], "late in the engine": [9_000], "as late as can be": [14_999]}
    assert placed == expected.get(name, [])


@pytest.mark.parametrize("name", ["-2010 balance", "-2010 trigger", "-1013 closed"])
def test_some_refusals_carry_no_code_in_their_text(trading: TradingVenue, name: str) -> None:
    trading.plan(FAULTS[name])

    async def scene(client: Any) -> Any:
        with pytest.raises(told.BaseError) as raised:
            await buy(client, "spot")
        return str(raised.value), json.loads(client.last_http_response)["code"]

    text, code = play(trading, "spot", scene)
    assert "-" not in text
    assert name.startswith(str(code))


def test_a_pause_is_told_in_the_headers_and_broken_by_asking_again(trading: TradingVenue) -> None:
    trading.plan(FAULTS["429"])

    async def scene(client: Any) -> Any:
        await outcome(buy(client, "spot"))
        told_seconds = int(client.last_response_headers["Retry-After"])
        return told_seconds, await outcome(client.fetch_balance())

    seconds, came = play(trading, "spot", scene)
    assert (seconds, came) == (7, told.DDoSProtection)
    assert [heard.pause_age_ms >= 0 for heard in trading.heard][-2:] == [False, True]


def test_the_nth_request_is_struck_and_no_other(trading: TradingVenue) -> None:
    trading.plan(FAULTS["reset, not executed"], 2, on=is_change)

    async def scene(client: Any) -> Any:
        return [await outcome(buy(client, "spot", clientOrderId=f"id-{turn}")) for turn in range(3)]

    first, second, third = play(trading, "spot", scene)
    assert (first["status"], second, third["status"]) == ("closed", told.ExchangeNotAvailable, "closed")


@pytest.fixture(params=["over TLS", "in one process"])
def stage(request: pytest.FixtureRequest) -> tuple[TradingVenue, Play]:
    """A venue, and how a client plays there."""
    if request.param == "over TLS":
        return request.getfixturevalue("trading"), play
    return stocked_venue(SetClock(START_MS)), play_seated


def test_a_cancel_whose_answer_is_cut_off_is_sent_again_by_aiohttp_itself(
    stage: tuple[TradingVenue, Play],
) -> None:
    trading, play_there = stage
    trading.spot.place(Wish("BTCUSDT", "BUY", "LIMIT", ID, Decimal("0.01"), Decimal(49_000)))
    trading.plan(FAULTS["reset, executed"], on=is_cancel)

    async def scene(client: Any) -> Any:
        return await outcome(client.cancel_order(None, "BTC/USDT", {"origClientOrderId": ID}))

    assert play_there(trading, "spot", scene) is told.OrderNotFound
    assert [heard.executed for heard in trading.heard if heard.request.is_cancel] == [True, False]


@pytest.mark.parametrize(("times", "came"), [(1, dict), (2, type)])
def test_a_reading_that_is_cut_off_is_repeated_once_by_aiohttp_itself(
    stage: tuple[TradingVenue, Play], times: int, came: type
) -> None:
    trading, play_there = stage
    trading.plan(FAULTS["reset, not executed"], on=is_question, times=times)
    balance = play_there(trading, "spot", lambda client: outcome(client.fetch_balance()))
    assert isinstance(balance, came)
    assert len([heard for heard in trading.heard if heard.request.path == "/api/v3/account"]) == 2
