"""How far from the price an exchange takes orders: what lies beyond is refused here, and costs no position its stop."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from btk.model.accounts import MarketLimits, PriceBand
from btk.model.events import CancelledEvent
from tests.venue.broker_seat import SYMBOLS, Kind, Seat, play
from tests.venue.story import Act, Stage, Told, told
from tests.venue.test_adversity import cancel_the_stop, is_over, moves, probe
from tests.venue.trading_venue import TradingVenue


def band(least: str, most: str) -> Act:
    def narrow(stage: Stage) -> None:
        listing = stage.market.book.listing("BTCUSDT")
        listing.filters = replace(listing.filters, band=(Decimal(least), Decimal(most)))

    return narrow


def sent(seen: Told) -> list[str]:
    return [each.code or "taken" for each in seen.stage.venue.heard if each.request.is_order]


@pytest.mark.parametrize(
    ("how", "least", "most", "words"),
    [
        ("market", "0.2", "1.015", "the target 51000 is more than 1.015 times 50000"),
        ("limit", "0.995", "5", "the entry 49500 is less than 0.995 times 50000"),
    ],
)
def test_an_entry_that_the_exchange_would_refuse_is_refused_before_it_is_sent(
    how: str, least: str, most: str, words: str
) -> None:
    seen = told("spot", probe("long", how), acts=[(0.0, band(least, most))], until=300)
    (cancelled,) = seen.of(CancelledEvent)
    assert cancelled.reason == "rejected"
    assert words in cancelled.note
    assert "PERCENT_PRICE_BY_SIDE" in cancelled.note
    assert sent(seen) == []


@pytest.mark.parametrize("side", ["long", "short"])
def test_stops_and_targets_of_contracts_wait_for_their_price_and_have_no_band(side: str) -> None:
    seen = told("swap", probe(side), moves(side, (200, 1_100)), [(0.0, band("0.995", "1.005"))])
    assert seen.closed == ["take_profit"]
    is_over(seen)


@pytest.mark.parametrize(("kind", "side"), [("swap", "long"), ("swap", "short"), ("spot", "long")])
def test_an_entry_inside_the_band_is_taken(kind: Kind, side: str) -> None:
    seen = told(kind, probe(side, "limit"), moves(side, (90, -600)), [(0.0, band("0.98", "1.03"))])
    assert len(seen.opened) == 1


def test_of_a_contract_a_buyer_has_an_upper_bound_and_a_seller_a_lower_one() -> None:
    async def scene(seat: Seat) -> MarketLimits:
        return seat.broker.limits(SYMBOLS["swap"])

    def narrow(venue: TradingVenue) -> None:
        listing = venue.contracts.book.listing("BTCUSDT")
        listing.filters = replace(listing.filters, band=(Decimal("0.95"), Decimal("1.05")))

    limits = play("swap", scene, narrow)
    assert limits.buy_band == PriceBand(name="PERCENT_PRICE", most=1.05)
    assert limits.sell_band == PriceBand(name="PERCENT_PRICE", least=0.95)


def test_a_target_that_has_become_too_far_keeps_no_stop_away_and_is_moved_out_again() -> None:
    def fallen(stage: Stage) -> None:
        cancel_the_stop(stage)

    course = [(0.0, 50_000.0), (90.0, 49_600.0), (400.0, 50_500.0), (700.0, 51_100.0)]
    seen = told("spot", probe("long"), course, [(0.0, band("0.2", "1.025")), (200, fallen)], until=1200)
    assert [code for code in sent(seen) if code != "taken"] == []
    targets = [float(each.sent["abovePrice"]) for each in seen.stage.venue.heard if "abovePrice" in each.sent]
    assert targets == [51_000.0, 50_716.0, 51_000.0]
    assert seen.audit.longest_naked_ms < 16_000
    assert seen.closed == ["take_profit"]
    is_over(seen)
