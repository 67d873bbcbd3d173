"""What hooks see of a position: the present one, also while it changes, and what it was once it is gone."""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
from btk.model.verdict import Refused
from tests.scenarios.harness import both_sides, play, scene
from tests.scenarios.script import long

FREE = Rules(slippage_pct=0, fee_pct=0)


def seen_by(hook: str, at: str, look, candles, side: str = "long", **signal):
    """What `look(position)` answers in a hook at a time."""
    answers = []
    played = play(
        scene(
            candles=candles,
            signals={"09:01": long(**signal)},
            hooks={(hook, at): lambda market, position, *rest: answers.append(look(position))},
            rules=FREE,
            until="09:07",
        ),
        side,
    )
    assert "error" not in str(played.lines)
    return answers[-1]


@both_sides
def test_it_shows_its_prices_its_cost_and_its_time(side):
    def look(p):
        return (p.side, p.price_open, p.price_stop_loss, p.price_take_profit, p.cost, p.note, p.minutes_left)

    stop, take = (95, 110) if side == "long" else (105, 90)
    seen = seen_by("on_active", "09:03", look, {"09:00": "100"}, side, note="dip", lifetime_minutes=10)
    assert seen == (side, 100, stop, take, 100, "dip", 8)


@both_sides
def test_its_profit_is_at_the_price_of_now(side):
    seen = seen_by(
        "on_active",
        "09:03",
        lambda p: (p.pnl_pct, p.pnl_cost),
        {"09:00": "100", "09:02": "103"},
        side,
        cost=50,
    )
    assert seen == pytest.approx((3, 1.5))


@both_sides
def test_its_best_and_worst_hold_the_candle_that_just_closed(side):
    candles = {"09:00": "100", "09:02": "100 104 98 101"}
    seen = seen_by("on_active", "09:03", lambda p: (p.peak_profit_pct, p.max_drawdown_pct), candles, side)
    assert seen == pytest.approx((4, -2))


@both_sides
def test_what_a_command_moved_is_seen_at_once(side):
    def look(p):
        assert p.trail_stop(-2)
        return p.price_stop_loss

    seen = seen_by("on_active", "09:03", look, {"09:00": "100", "09:02": "101"}, side)
    assert seen == pytest.approx(97 if side == "long" else 103)


@both_sides
def test_an_order_is_not_a_fill(side):
    def look(p):
        assert p.average_buy(50)
        assert p.partial_loss(10)
        return (len(p.entries), len(p.partials), p.cost)

    assert seen_by("on_active", "09:03", look, {"09:00": "100", "09:02": "99"}, side) == (1, 0, 100)


@both_sides
def test_entries_and_partials_are_listed_after_their_fill(side):
    played = []

    def act(market, position):
        position.average_buy(50)
        position.partial_loss(20)

    def look(market, position):
        played.append(([e.cost for e in position.entries], [p.pct for p in position.partials], position.cost))

    play(
        scene(
            candles={"09:00": "100", "09:02": "99"},
            signals={"09:01": long()},
            hooks={("on_active", "09:03"): act, ("on_active", "09:04"): look},
            until="09:06",
        ),
        side,
    )
    assert played[-1] == ([100, 50], [20], 150)


@both_sides
def test_a_position_that_ended_in_its_first_candle_can_still_be_looked_at(side):
    def look(p):
        return (p.price_open, p.peak_profit_pct, p.max_drawdown_pct, isinstance(p.close(), Refused))

    candles = {"09:00": "100", "09:01": "100 101 95 96"}
    assert seen_by("on_opened", "09:02", look, candles, side) == pytest.approx((100, 0, 0, True))


@both_sides
def test_one_that_was_kept_after_its_end_shows_what_it_was(side):
    kept, seen = [], []
    play(
        scene(
            candles={"09:00": "100", "09:02": "100 111 99 104"},
            signals={"09:01": long(id="first"), "09:03": long(id="second", stop=90)},
            hooks={
                ("on_opened", "09:02"): lambda market, position: kept.append(position),
                ("on_closed", "09:03"): lambda market, trade: seen.append(
                    (kept[-1].id, kept[-1].price_stop_loss, kept[-1].peak_profit_pct)
                ),
                ("on_active", "09:05"): lambda market, position: seen.append(
                    (kept[-1].id, kept[-1].price_stop_loss, kept[-1].peak_profit_pct, kept[-1].trail_stop(-1))
                ),
            },
            rules=FREE,
            until="09:07",
        ),
        side,
    )
    stop = 95 if side == "long" else 105
    assert seen[-2] == ("first", stop, 0)
    *shown, verdict = seen[-1]
    assert shown == ["first", stop, 0]
    assert verdict == Refused("no position is open")


@both_sides
def test_one_that_was_kept_while_it_lives_shows_what_is_so_now(side):
    kept, seen = [], []
    play(
        scene(
            candles={"09:00": "100", "09:02": "101"},
            signals={"09:01": long()},
            hooks={
                ("on_opened", "09:02"): lambda market, position: kept.append(position),
                ("on_active", "09:03"): lambda market, position: position.trail_stop(-2),
                ("on_active", "09:05"): lambda market, position: seen.append(kept[-1].price_stop_loss),
            },
            until="09:07",
        ),
        side,
    )
    assert seen[-1] == pytest.approx(97 if side == "long" else 103)


def test_it_names_itself():
    assert seen_by("on_active", "09:03", repr, {"09:00": "100"}) == "Position(long BTC at 100)"
