"""Somebody's own sell order locks a part of our coins: what is free has its stop, and the rest again once it is free."""

from __future__ import annotations

from decimal import Decimal

from btk.model.commands import ClosePosition
from tests.venue.story import Act, Stage, Told, told
from tests.venue.test_adversity import cancel_the_stop, command, is_over, moves, probe
from tests.venue.trading_nouns import Order, Wish


def lock_a_part(stage: Stage) -> None:
    cancel_the_stop(stage)
    lock("0.006")(stage)


def lock(quantity: str) -> Act:
    wish = Wish("BTCUSDT", "SELL", "LIMIT", "web_1", Decimal(quantity), Decimal(60_000), owner="hand")
    return lambda stage: stage.venue.spot.place(wish)


def lock_all(stage: Stage) -> None:
    cancel_the_stop(stage)
    lock("0.01998")(stage)


def hands_order(stage: Stage) -> Order:
    return next(one for one in stage.venue.spot.book.open_orders() if one.wish.owner == "hand")


def unlock(stage: Stage) -> None:
    stage.venue.spot.cancel(hands_order(stage), by="hand")


def sell_what_is_locked(stage: Stage) -> None:
    stage.venue.spot.fill(hands_order(stage), "0.006")


def pairs(seen: Told) -> list[tuple[str, str]]:
    """What was asked for as a pair, and what came of it."""
    return [
        (each.sent["quantity"], "refused" if each.code else "taken")
        for each in seen.stage.venue.heard
        if "belowType" in each.sent
    ]


def without_a_stop_ms(seen: Told, share: str) -> int:
    """How long more than this share of the position had no stop."""
    total, since_ms = 0, None
    for each in (one for one in seen.stage.market.timeline if one.symbol == "BTCUSDT"):
        if since_ms is not None:
            total += each.at_ms - since_ms
        since_ms = each.at_ms if each.held - each.stopped > each.held * Decimal(share) else None
    return total


def test_what_is_free_is_protected_and_the_rest_once_it_is_free_again() -> None:
    acts: list[tuple[float, Act]] = [(100, lock_a_part), (400, unlock)]
    seen = told("spot", probe("long"), moves("long", (600, -900)), acts, until=1200)
    taken = [quantity for quantity, answer in pairs(seen) if answer == "taken"]
    assert taken == ["0.01998", "0.01398", "0.01998"]
    assert any(words.endswith("orders of others lock them") for words in seen.alarms)
    assert without_a_stop_ms(seen, "0.35") < 40_000
    assert seen.closed == ["stop_loss"]
    is_over(seen)


def test_a_close_sells_what_is_free_and_the_rest_once_it_is_free_again() -> None:
    acts: list[tuple[float, Act]] = [
        (100, lock_a_part),
        (300, command(ClosePosition("enough"))),
        (500, unlock),
    ]
    seen = told("spot", probe("long"), moves("long", (90, 300)), acts, until=900)
    sold = [each.quantity for each in seen.audit.done if each.side == "SELL"]
    assert sold == [Decimal("0.01398"), Decimal("0.006")]
    assert seen.closed == ["user"]
    is_over(seen)


def test_what_is_locked_and_then_sold_by_its_owner_is_a_part_that_others_have_sold() -> None:
    acts: list[tuple[float, Act]] = [(100, lock_a_part), (300, sell_what_is_locked)]
    seen = told("spot", probe("long"), moves("long", (600, -900)), acts, until=1200)
    assert any("0.006 BTC less than remembered, as if closed at 59940" in words for words in seen.alarms)
    assert seen.closed == ["stop_loss"]
    is_over(seen)


def test_what_its_owner_sells_of_a_position_that_is_being_closed_ends_it() -> None:
    acts: list[tuple[float, Act]] = [(100, lock_a_part), (280, command(ClosePosition("enough")))]
    seen = told("spot", probe("long"), acts=[*acts, (300, sell_what_is_locked)], until=600)
    assert seen.closed == ["external"]
    is_over(seen)


def test_a_position_that_is_locked_as_a_whole_is_protected_when_it_is_free_again() -> None:
    acts: list[tuple[float, Act]] = [(100, lock_all), (400, unlock)]
    seen = told("spot", probe("long"), moves("long", (600, -900)), acts, until=1200)
    assert [quantity for quantity, answer in pairs(seen) if answer == "taken"] == ["0.01998", "0.01998"]
    assert any("0.01998 BTC have no stop at the exchange" in words for words in seen.alarms)
    assert seen.closed == ["stop_loss"]
    is_over(seen)
