"""Our broker with the real ccxt client on a venue that trades: what it sends, what it believes, what it finds again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from btk.adapters.ccxt_venues import Kind
from btk.model.errors import Transient, Unknown
from btk.model.orders import Absent, Accepted, Found, RefusedOrder, UnknownOutcome
from tests.venue.broker_seat import START_MS, SYMBOLS, Seat, play
from tests.venue.trading_faults import FAULTS, faults_of

KINDS: list[Kind] = ["spot", "swap"]
PROTECTIVE = [("stop", "stop", 49_000.0), ("target", "target", 51_000.0)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_market_order_is_accepted_with_what_it_filled_and_found_again(kind: Kind) -> None:
    async def scene(seat: Seat) -> Any:
        request = seat.request("entry", "buy")
        answer = await seat.broker.send(request)
        found = await seat.broker.look_up(request)
        return request, answer, found, await seat.broker.fills_since(request.symbol, START_MS)

    request, answer, found, fills = play(kind, scene)
    assert isinstance(answer, Accepted)
    assert isinstance(found, Found)
    for order in (answer.order, found.order):
        assert order.client_order_id == request.client_order_id
        assert (order.status, order.filled, order.cost, order.average_price) == (
            "filled",
            0.01,
            500.0,
            50_000.0,
        )
    assert [(fill.order_id, fill.quantity, fill.price) for fill in fills] == [
        (answer.order.order_id, 0.01, 50_000.0)
    ]


def test_a_fee_in_what_was_bought_is_told_as_such_and_the_trade_has_one_id() -> None:
    async def scene(seat: Seat) -> Any:
        answer = await seat.broker.send(seat.request("entry", "buy"))
        return answer, await seat.broker.fills_since(SYMBOLS["spot"], START_MS)

    answer, fills = play("spot", scene)
    assert [fill.fee_base for fill in fills] == [0.00001]
    assert [fill.trade_id for fill in answer.order.fills] == [fill.trade_id for fill in fills]


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_order_rests_is_listed_and_is_gone_when_it_is_cancelled(kind: Kind) -> None:
    async def scene(seat: Seat) -> Any:
        request = seat.request("entry", "buy", "limit", price=49_000.0)
        answer = await seat.broker.send(request)
        listed = await seat.broker.open_orders(request.symbol)
        cancelled = await seat.broker.cancel(request)
        again = await seat.broker.cancel(request)
        return request, answer, listed, cancelled, again, await seat.broker.look_up(request)

    request, answer, listed, cancelled, again, after = play(kind, scene)
    assert answer.order.status == "open"
    assert [(order.client_order_id, order.price) for order in listed] == [(request.client_order_id, 49_000.0)]
    assert cancelled.order.client_order_id == request.client_order_id
    assert cancelled.order.status == after.order.status == "cancelled"
    assert isinstance(again, UnknownOutcome)


@pytest.mark.parametrize(
    ("kind", "order"), [("spot", "market"), ("spot", "pair"), ("swap", "market"), ("swap", "stop")]
)
def test_an_order_that_never_was_is_absent(kind: Kind, order: Any) -> None:
    async def scene(seat: Seat) -> Any:
        return await seat.broker.look_up(seat.request("entry", "buy", order))

    assert play(kind, scene) == Absent()


@pytest.mark.parametrize(("leg", "order", "trigger"), PROTECTIVE)
def test_a_conditional_order_stands_is_found_and_tells_what_it_became(
    leg: Any, order: Any, trigger: float
) -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "buy"))
        request = seat.request(leg, "sell", order, price_trigger=trigger, reduce_only=True)
        answer = await seat.broker.send(request)
        listed = await seat.broker.open_orders(request.symbol)
        seat.venue.contracts.move("BTCUSDT", trigger)
        found = await seat.broker.look_up(request)
        fills = await seat.broker.fills_since(request.symbol, START_MS)
        return answer, listed, found, fills, await seat.broker.position(request.symbol)

    answer, listed, found, fills, position = play("swap", scene)
    assert (answer.order.status, answer.order.price_trigger, answer.order.trigger) == ("open", trigger, True)
    assert [(each.client_order_id, each.kind) for each in listed] == [(answer.order.client_order_id, order)]
    assert (found.order.status, found.order.filled, found.order.average_price) == ("filled", 0.01, trigger)
    assert fills[-1].order_id in found.order.trade_order_ids
    assert position.quantity == 0


@pytest.mark.parametrize(
    ("leg", "order", "trigger"), [*PROTECTIVE, ("close", "market", None)], ids=["stop", "target", "close"]
)
def test_what_gets_out_of_a_contract_never_turns_it(leg: Any, order: Any, trigger: float | None) -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "buy", quantity=0.01))
        out = seat.request(leg, "sell", order, quantity=0.03, price_trigger=trigger, reduce_only=True)
        await seat.broker.send(out)
        listed = await seat.broker.open_orders(out.symbol)
        seat.venue.contracts.move("BTCUSDT", trigger or 50_000)
        return listed, await seat.broker.position(out.symbol)

    listed, position = play("swap", scene)
    assert [each.reduce_only for each in listed] == ([True] if trigger else [])
    assert position.quantity == 0


def test_a_conditional_order_is_cancelled_by_our_id() -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "buy"))
        request = seat.request("stop", "sell", "stop", price_trigger=49_000.0, reduce_only=True)
        await seat.broker.send(request)
        await seat.broker.cancel(request)
        return await seat.broker.look_up(request), await seat.broker.open_orders(request.symbol)

    found, listed = play("swap", scene)
    assert (found.order.status, listed) == ("cancelled", ())


@pytest.mark.parametrize(
    ("price", "half", "average"), [(51_000, "target", 51_000.0), (48_990, "stop", 48_990.0)]
)
def test_a_pair_is_one_order_and_tells_which_half_happened(price: int, half: str, average: float) -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "buy"))
        request = seat.request("pair", "sell", "pair", 0.009, price=51_000.0, price_trigger=49_000.0)
        answer = await seat.broker.send(request)
        listed = await seat.broker.open_orders(request.symbol)
        waiting = await seat.broker.look_up(request)
        seat.venue.spot.move("BTCUSDT", price)
        found = await seat.broker.look_up(request)
        return (
            request,
            answer,
            listed,
            waiting,
            found,
            await seat.broker.fills_since(request.symbol, START_MS),
        )

    request, answer, listed, waiting, found, fills = play("spot", scene)
    assert isinstance(answer, Accepted)
    assert (answer.order.status, waiting.order.status) == ("open", "open")
    assert [(each.client_order_id, each.kind) for each in listed] == [(request.client_order_id, "pair")]
    assert (listed[0].price, listed[0].price_trigger) == (51_000.0, 49_000.0)
    assert (found.order.status, found.order.filled, found.order.filled_half) == ("filled", 0.009, half)
    assert found.order.average_price == average
    assert fills[-1].order_id in found.order.trade_order_ids


def test_a_pair_is_cancelled_as_one_and_its_balance_is_free_again() -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "buy"))
        request = seat.request("pair", "sell", "pair", 0.009, price=51_000.0, price_trigger=49_000.0)
        await seat.broker.send(request)
        locked = await seat.broker.balances()
        cancelled = await seat.broker.cancel(request)
        return locked, cancelled, await seat.broker.look_up(request), await seat.broker.balances()

    locked, cancelled, found, free = play("spot", scene)
    assert (cancelled.order.status, found.order.status) == ("cancelled", "cancelled")
    assert [balance.locked for balance in locked if balance.currency == "BTC"] == [0.009]
    assert [balance.locked for balance in free if balance.currency == "BTC"] == [0.0]


def test_a_short_position_is_negative() -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "sell"))
        return await seat.broker.position(SYMBOLS["swap"])

    position = play("swap", scene)
    assert (position.quantity, position.price_open) == (-0.01, 50_000.0)


@pytest.mark.parametrize("kind", KINDS)
def test_trades_of_weeks_are_read_week_by_week_and_page_by_page(kind: Kind) -> None:
    async def scene(seat: Seat) -> Any:
        for part in range(3):
            await seat.broker.send(seat.request("add", "buy", part=part))
            await asyncio.sleep(10 * 86_400)
        return await seat.broker.fills_since(SYMBOLS[kind], START_MS)

    fills = play(kind, scene)
    assert len({fill.trade_id for fill in fills}) == 3
    assert [fill.at_ms for fill in fills] == sorted(fill.at_ms for fill in fills)


@pytest.mark.parametrize("kind", KINDS)
def test_orders_of_others_are_shown_as_theirs(kind: Kind) -> None:
    async def scene(seat: Seat) -> Any:
        client = seat.broker._client
        symbol = client.market({"spot": "BTC/USDT", "swap": "BTC/USDT:USDT"}[kind])["symbol"]
        token = {"clientOrderId": "by-hand"}
        with seat.broker._listening():
            await client.create_order(symbol, "limit", "buy", 0.01, 40_000, token)
        return await seat.broker.open_orders(SYMBOLS[kind])

    assert [order.client_order_id for order in play(kind, scene)] == ["by-hand"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, fault.name)
        for kind, market in (("spot", "spot"), ("swap", "contracts"))
        for fault in faults_of(market)  # type: ignore[arg-type]
    ],
)
def test_whatever_goes_wrong_an_answer_never_says_more_than_is_proven(kind: Kind, name: str) -> None:
    fault = FAULTS[name]

    async def scene(seat: Seat) -> Any:
        seat.venue.plan(fault)
        request = seat.request("entry", "buy")
        answer = await seat.broker.send(request)
        await asyncio.sleep(200)
        return answer, await seat.broker.look_up(request)

    answer, found = play(kind, scene)
    there = isinstance(found, Found)
    assert there == fault.executes
    assert not isinstance(answer, Accepted) or there
    assert not isinstance(answer, RefusedOrder) or not there
    if fault.is_refusal:
        assert isinstance(answer, RefusedOrder), answer


READINGS = ["500, not executed", "200 HTML", "200 empty", "200 {}", "200 null"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize("what", ["open_orders", "position", "balances", "fills_since"])
def test_an_answer_that_cannot_be_read_is_never_taken_for_nothing(kind: Kind, name: str, what: str) -> None:
    async def scene(seat: Seat) -> Any:
        seat.venue.plan(FAULTS[name], on=lambda request: True)
        asked = {"balances": (), "fills_since": (SYMBOLS[kind], START_MS)}.get(what, (SYMBOLS[kind],))
        with pytest.raises((Transient, Unknown)):
            await getattr(seat.broker, what)(*asked)

    play(kind, scene)


@pytest.mark.parametrize(
    ("kind", "order", "name"),
    [
        (kind, order, fault.name)
        for kind, order, market in (
            ("spot", "limit", "spot"),
            ("spot", "pair", "spot"),
            ("swap", "stop", "contracts"),
        )
        for fault in faults_of(market)  # type: ignore[arg-type]
    ],
)
def test_an_order_that_is_there_is_never_called_absent_whatever_goes_wrong(
    kind: Kind, order: Any, name: str
) -> None:
    async def scene(seat: Seat) -> Any:
        await seat.broker.send(seat.request("entry", "buy"))
        side, price = ("buy", 40_000.0) if order == "limit" else ("sell", 60_000.0)
        request = seat.request("add", side, order, 0.009, price=price, price_trigger=45_000.0)
        assert isinstance(await seat.broker.send(request), Accepted)
        seat.venue.plan(FAULTS[name], on=lambda request: request.method == "GET")
        return await seat.broker.look_up(request)

    assert not isinstance(play(kind, scene), Absent)


def test_after_a_wrong_clock_measuring_it_makes_orders_good_again() -> None:
    async def scene(seat: Seat) -> Any:
        seat.venue.clock.skew_ms = 60_000
        refused = await seat.broker.send(seat.request("entry", "buy"))
        await seat.broker.sync_clock()
        return refused, await seat.broker.send(seat.request("entry", "buy"))

    refused, accepted = play("spot", scene)
    assert isinstance(refused, RefusedOrder)
    assert (refused.cause, refused.resync_clock) == ("clock", True)
    assert isinstance(accepted, Accepted)


@pytest.mark.parametrize("name", ["429", "418"])
def test_a_pause_is_obeyed_by_every_request_that_follows(name: str) -> None:
    async def scene(seat: Seat) -> Any:
        seat.venue.plan(FAULTS[name])
        await seat.broker.send(seat.request("entry", "buy"))
        held = await seat.broker.send(seat.request("add", "buy"))
        found = await seat.broker.look_up(seat.request("add", "buy"))
        return held, found, max(each.pause_age_ms for each in seat.venue.heard)

    held, found, pause_age_ms = play("swap", scene)
    assert pause_age_ms < 0, "something was asked inside the pause"
    if name == "418":
        assert isinstance(held, RefusedOrder)
        assert held.transient
        assert isinstance(found, UnknownOutcome)
