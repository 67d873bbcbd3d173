"""What is looked over before an account is trusted with orders."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from btk.adapters.ccxt_account import account_client, account_id, check_key
from btk.adapters.ccxt_broker import CcxtBroker
from btk.adapters.ccxt_venues import Kind, Venue
from btk.adapters.request_gate import RequestGate
from btk.model.errors import BtkError, SettingsError, Unknown
from btk.model.intents import Leg
from btk.model.orders import RECV_WINDOW_MS, Accepted, Found
from tests.venue.broker_seat import START_MS, SYMBOLS, Seat, play, seated_broker, terms_of
from tests.venue.server import VenueServer
from tests.venue.trading_client import stocked_venue
from tests.venue.trading_clock import SetClock, running_clock
from tests.venue.trading_faults import FAULTS
from tests.venue.trading_loop import LoopClock, run_virtual
from tests.venue.trading_nouns import Wish
from tests.venue.trading_venue import TradingVenue


def connected(kind: Kind, before: Callable[[TradingVenue], None], **changes: Any) -> Any:
    async def main(clock: LoopClock) -> Any:
        venue = stocked_venue(clock)
        before(venue)
        broker = seated_broker(venue, clock, kind, **changes)
        facts = await broker.connect([SYMBOLS[kind]])
        await broker.close()
        return facts, venue

    return run_virtual(START_MS, main)


def withdrawing(venue: TradingVenue) -> None:
    venue.key.can_withdraw = True


def hedged(venue: TradingVenue) -> None:
    venue.contracts.set_hedged(True)


def from_anywhere(venue: TradingVenue) -> None:
    venue.key.is_bound_to_addresses = False


def nothing(venue: TradingVenue) -> None:
    """As it is."""


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_a_key_that_can_withdraw_is_refused_and_taken_only_when_that_is_said(kind: Kind) -> None:
    with pytest.raises(SettingsError, match="this key can withdraw; take that right from it"):
        connected(kind, withdrawing)
    facts, _ = connected(kind, withdrawing, allow_withdrawals=True)
    assert "the key can withdraw" in facts.warnings


def test_a_key_that_may_be_used_from_anywhere_is_warned_of() -> None:
    facts, _ = connected("spot", from_anywhere)
    assert facts.warnings == ("the key may be used from any address; restrict it to yours",)


def test_an_account_has_the_name_its_exchange_gave_it_or_one_made_of_its_key() -> None:
    spot, _ = connected("spot", nothing)
    swap, _ = connected("swap", nothing)
    assert (spot.account_id, spot.proven, spot.warnings) == ("4711", True, ())
    assert swap.account_id == "SgsR"


def test_an_account_without_a_name_of_its_own_is_named_after_its_key_which_it_does_not_tell() -> None:
    bybit = Venue("bybit", "swap")
    terms = terms_of(stocked_venue(SetClock(START_MS)), "swap", venue=bybit, unproven_venue=True)
    name = asyncio.run(account_id(account_client(terms), terms))
    assert name.startswith("key-")
    assert "fakekey" not in name


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_a_key_of_which_nobody_says_whether_it_can_withdraw_is_not_taken_for_one_that_cannot(
    kind: Kind,
) -> None:
    async def silent() -> dict[str, Any]:
        return {"ipRestrict": True}

    client = SimpleNamespace(sapiGetAccountApiRestrictions=silent)
    venue = stocked_venue(SetClock(START_MS))
    with pytest.raises(Unknown, match="does not say whether the key can withdraw"):
        asyncio.run(check_key(client, terms_of(venue, kind)))


def test_hedge_mode_is_refused() -> None:
    with pytest.raises(SettingsError, match="hedge mode; switch it to one-way mode"):
        connected("swap", hedged)


def test_leverage_and_margin_mode_are_set_before_anything_is_traded() -> None:
    _, venue = connected("swap", nothing)
    terms = venue.contracts.terms["BTCUSDT"]
    assert (terms.leverage, terms.margin) == (1, "ISOLATED")


@pytest.mark.parametrize("deaf_to", ["set_leverage", "set_margin"])
def test_leverage_or_margin_that_is_not_as_it_was_set_is_refused(deaf_to: str) -> None:
    with pytest.raises(SettingsError, match="instead of 1 and isolated, although they were set"):
        connected("swap", lambda venue: setattr(venue.contracts, deaf_to, lambda *told: None))


def test_leverage_that_an_open_position_fixes_is_warned_of() -> None:
    def holding(venue: TradingVenue) -> None:
        venue.contracts.place(Wish("BTCUSDT", "BUY", "MARKET", "web_1", Decimal("0.01"), owner="hand"))

    facts, venue = connected("swap", holding)
    assert any("cannot be changed while a position is open" in words for words in facts.warnings)
    assert not [each for each in venue.heard if each.request.method == "POST"]


def test_what_is_set_already_is_not_set_again() -> None:
    def prepared(venue: TradingVenue) -> None:
        venue.contracts.set_leverage("BTCUSDT", 1)
        venue.contracts.set_margin("BTCUSDT", "ISOLATED")

    _, venue = connected("swap", prepared)
    assert not [each for each in venue.heard if each.request.method == "POST"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"api_key": None}, "exchange.api_key and exchange.secret: not set"),
        ({"venue": Venue("kraken", "spot")}, "real orders have not been proven safe there"),
        (
            {"venue": Venue("kraken", "spot"), "unproven_venue": True},
            "real orders have not been proven safe there",
        ),
        ({"venue": Venue("okx", "swap")}, "--unproven-venue takes the risk"),
    ],
)
def test_an_account_that_cannot_be_traded_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    venue = stocked_venue(SetClock(START_MS))
    with pytest.raises(SettingsError, match=words):
        account_client(terms_of(venue, "spot", **changes))


@pytest.mark.parametrize("host", ["api.bybit.com.example.org", "api.notbybit.com"])
def test_keys_are_never_sent_to_an_address_that_is_not_the_exchanges(host: str) -> None:
    venue = stocked_venue(SetClock(START_MS))
    options = {"api": f"https://{host}"}
    terms = terms_of(venue, "swap", venue=Venue("bybit", "swap"), unproven_venue=True)
    import ccxt.async_support as ccxt

    class Bybit(ccxt.bybit):  # type: ignore[misc]
        def describe(self) -> Any:
            return self.deep_extend(super().describe(), {"urls": {"api": options}})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ccxt, "bybit", Bybit)
        with pytest.raises(SettingsError, match="not from ccxt; something has replaced it"):
            account_client(terms)
        Bybit.__module__ = "ccxt.async_support.bybit"
        with pytest.raises(SettingsError, match=f"{host} is none of its addresses"):
            account_client(terms)


def test_neither_logs_nor_errors_hold_the_keys_or_a_signature(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    words = []

    async def scene(seat: Seat) -> Any:
        for name in ("500, executed", "-2015", "reset, executed", "200 {}"):
            seat.venue.plan(FAULTS[name], on=lambda request: True)
            try:
                await seat.broker.open_orders(SYMBOLS["spot"])
            except BtkError as error:
                words.append(f"{error!r} {error.__cause__!r}")
            seat.venue.plan(FAULTS[name], on=lambda request: True)
            words.append(repr(await seat.broker.look_up(seat.request("entry", "buy"))))
            seat.venue.plan(FAULTS[name])
            words.append(repr(await seat.broker.send(seat.request("entry", "buy"))))

    play("spot", scene)
    told = caplog.text + "".join(words)
    assert len(words) >= 11
    assert not [each for each in ("fakekey", "fakesecret", "signature") if each in told]


@pytest.fixture
def trading(venue: VenueServer) -> Iterator[TradingVenue]:
    venue.trading = stocked_venue(running_clock())
    yield venue.trading
    venue.trading = None


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_over_real_sockets_it_is_the_same(trading: TradingVenue, kind: Kind) -> None:
    async def scene() -> Any:
        broker = CcxtBroker(terms_of(trading, kind), RequestGate())
        await broker.connect([SYMBOLS[kind]])
        request = Seat(broker, trading, kind).request("entry", "buy")
        try:
            return await broker.send(request), await broker.look_up(request)
        finally:
            await broker.close()

    answer, found = asyncio.run(scene())
    assert isinstance(answer, Accepted)
    assert isinstance(found, Found)
    assert found.order.filled == 0.01


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_no_signed_request_may_arrive_later_than_absences_are_reckoned_with(kind: Kind) -> None:
    async def scene(seat: Seat) -> TradingVenue:
        entry = seat.request("entry", "buy")
        leg: Leg = "pair" if kind == "spot" else "stop"
        stop = seat.request(leg, "sell", leg, 0.009, price=52_000.0, price_trigger=48_000.0)
        for request in (entry, stop):
            await seat.broker.send(request)
            await seat.broker.look_up(request)
            await seat.broker.cancel(request)
        await seat.broker.open_orders(SYMBOLS[kind])
        await seat.broker.balances()
        return seat.venue

    signed = [each.sent for each in play(kind, scene).heard if "signature" in each.sent]
    assert len(signed) > 10
    assert {each["recvWindow"] for each in signed} == {str(RECV_WINDOW_MS)}
    assert RECV_WINDOW_MS <= 5_000


def test_a_wall_clock_that_steps_changes_nothing() -> None:
    async def scene(seat: Seat) -> Any:
        # The client's own clock would read the wall; ours is carried on from what the exchange told.
        return seat.broker._client.milliseconds(), seat.broker.now_ms(), seat.venue.clock.now_ms()

    signed_ms, ours_ms, theirs_ms = play("spot", scene)
    assert signed_ms == ours_ms
    assert 0 <= theirs_ms - ours_ms <= 40
