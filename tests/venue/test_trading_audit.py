"""The audit finds each thing that may never happen, and nothing in a scenario that is as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base import errors as told

from tests.venue.trading_audit import Audit, audit
from tests.venue.trading_client import seated_client, stocked_venue
from tests.venue.trading_clock import SetClock
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_nouns import Wish

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
START_MS = 1_700_000_000_000


class Killed(BaseException):
    """The process dies here."""


class Scene:
    """A venue on a set clock with a client on its seat."""

    def __init__(self, kind: str) -> None:
        self.clock = SetClock(START_MS)
        self.venue = stocked_venue(self.clock)
        self.kind = kind
        self.symbol = SPOT if kind == "spot" else SWAP

    def play(self, act: Callable[[Any], Awaitable[None]]) -> Audit:
        async def played() -> None:
            client = seated_client(self.venue, self.kind)
            client.timeout_on_exit = 0
            try:
                await client.load_markets()
                await act(client)
            finally:
                await client.close()

        asyncio.run(played())
        return audit(self.venue)

    async def buy(self, client: Any, client_id: str) -> None:
        with suppress(told.BaseError):
            params = {"clientOrderId": client_id}
            await client.create_order(self.symbol, "market", "buy", 0.01, None, params)

    async def ask(self, client: Any, client_id: str) -> None:
        with suppress(told.OrderNotFound):
            await client.fetch_order(None, self.symbol, {"clientOrderId": client_id})

    async def protect(self, client: Any) -> None:
        if self.kind == "spot":
            await client.create_order(SPOT, "STOP_LOSS", "sell", 0.00999, None, {"stopPrice": 49_000})
        else:
            asked = {"stopLossPrice": 49_000, "reduceOnly": True}
            await client.create_order(SWAP, "market", "sell", 0.01, None, asked)


@pytest.fixture(params=["spot", "swap"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def test_a_careful_trade_has_nothing_against_it(scene: Scene) -> None:
    async def act(client: Any) -> None:
        scene.venue.plan(FAULTS["no answer, executed"])
        await scene.buy(client, "a")
        await scene.ask(client, "a")
        await scene.protect(client)

    told_by = scene.play(act)
    assert told_by.violations == []
    assert [(each.client_id, each.quantity) for each in told_by.done] == [("a", Decimal("0.01"))]
    assert told_by.longest_naked_ms == 10_000


def test_an_id_that_was_filled_twice_is_a_double(scene: Scene) -> None:
    async def act(client: Any) -> None:
        await scene.buy(client, "a")
        await scene.buy(client, "a")

    assert scene.play(act).doubles == ["a"]


@pytest.mark.parametrize("again", ["a", "b"])
def test_sending_again_without_asking_is_blind(scene: Scene, again: str) -> None:
    async def act(client: Any) -> None:
        scene.venue.plan(FAULTS["reset, not executed"])
        await scene.buy(client, "a")
        await scene.buy(client, again)

    assert len(scene.play(act).blind_retries) == 1


def test_a_question_about_another_order_is_none(scene: Scene) -> None:
    async def act(client: Any) -> None:
        scene.venue.plan(FAULTS["reset, not executed"])
        await scene.buy(client, "a")
        await scene.ask(client, "c")
        await scene.buy(client, "a")

    assert len(scene.play(act).blind_retries) == 1


def test_the_same_id_again_before_the_first_can_no_longer_arrive_is_hasty(scene: Scene) -> None:
    async def act(client: Any) -> None:
        scene.venue.plan(FAULTS["too late"])
        client.timeout = 1_000
        await scene.buy(client, "a")
        await scene.ask(client, "a")
        await scene.buy(client, "a")

    told_by = scene.play(act)
    assert told_by.blind_retries == []
    assert len(told_by.hasty_resends) == 1


def test_the_same_id_again_after_that_is_fine(scene: Scene) -> None:
    async def act(client: Any) -> None:
        scene.venue.plan(FAULTS["too late"])
        await scene.buy(client, "a")
        scene.clock.advance(5_001)
        await scene.ask(client, "a")
        await scene.buy(client, "a")

    assert scene.play(act).violations == []


def test_a_position_is_naked_until_its_stop_is_there(scene: Scene) -> None:
    async def act(client: Any) -> None:
        await scene.buy(client, "a")
        scene.clock.advance(1_234)
        await scene.protect(client)
        scene.clock.advance(60_000)

    [naked] = scene.play(act).naked
    assert (naked.since_ms, naked.for_ms) == (START_MS, 1_234)


def test_a_position_is_naked_again_when_its_stop_is_cancelled_by_hand(scene: Scene) -> None:
    async def act(client: Any) -> None:
        await scene.buy(client, "a")
        await scene.protect(client)
        scene.clock.advance(1_000)
        if scene.kind == "spot":
            scene.venue.spot.cancel(scene.venue.spot.book.open_orders()[0], by="hand")
        else:
            market = scene.venue.contracts
            market.cancel(market.book.open_orders(conditional=True)[0], by="hand")
        scene.clock.advance(500)

    told_by = scene.play(act)
    assert [each.for_ms for each in told_by.naked] == [500]
    assert told_by.foreign_touched == []


def test_what_was_closed_by_hand_is_no_longer_naked(scene: Scene) -> None:
    async def act(client: Any) -> None:
        await scene.buy(client, "a")
        await scene.protect(client)
        market = scene.venue.spot if scene.kind == "spot" else scene.venue.contracts
        market.close_by_hand("BTCUSDT")
        scene.clock.advance(60_000)

    told_by = scene.play(act)
    assert (told_by.naked, told_by.foreign_touched) == ([], [])


def test_cancelling_what_is_not_ours_is_found() -> None:
    scene = Scene("spot")
    foreign = Wish("BTCUSDT", "BUY", "LIMIT", "web_1", Decimal("0.1"), Decimal(45_000), owner="hand")
    scene.venue.spot.place(foreign)

    async def act(client: Any) -> None:
        await client.cancel_all_orders(SPOT)

    assert scene.play(act).foreign_touched == ["web_1"]


def test_asking_inside_a_pause_is_found(scene: Scene) -> None:
    async def act(client: Any) -> None:
        scene.venue.plan(FAULTS["429"])
        await scene.buy(client, "a")
        scene.clock.advance(6_999)
        with suppress(told.DDoSProtection):
            await client.fetch_balance()
        scene.clock.advance(1)
        await client.fetch_balance()

    assert len(scene.play(act).asked_inside_pause) == 1


def test_a_stop_that_outlived_its_position_is_found() -> None:
    scene = Scene("swap")

    async def act(client: Any) -> None:
        await scene.buy(client, "a")
        await scene.protect(client)
        await client.create_order(SWAP, "market", "sell", 0.01, None, {"reduceOnly": True})

    assert len(scene.play(act).orders_without_position) == 1


@pytest.mark.parametrize(("stage", "executed"), [("before", 0), ("after", 1)])
def test_a_client_that_is_killed_at_a_request_does_not_know_its_answer(
    scene: Scene, stage: str, executed: int
) -> None:
    async def act(client: Any) -> None:
        def kill(at: str, method: str, url: str) -> None:
            if at == stage and method == "POST":
                raise Killed

        client.session.on_request = kill
        with suppress(Killed):
            await scene.buy(client, "a")
        client.session.on_request = lambda at, method, url: None
        await scene.buy(client, "b")

    told_by = scene.play(act)
    assert len(told_by.done) == executed + 1
    assert len(told_by.blind_retries) == executed
