"""Semantics, section 7: every built-in limit of a risk profile, on both sides."""

from __future__ import annotations

from btk.core.rules import Rules
from btk.model.commands import AverageBuy, PartialClose
from btk.model.signal import Signal
from tests.scenarios.bound import FLAT, FREE, limited, once, openings, refusals, together
from tests.scenarios.harness import Played, Scene, both_sides, play, scene
from tests.scenarios.script import Script, long


@both_sides
def test_max_positions_counts_all_symbols_in_slot_order(side):
    played = together(limited(max_positions=2), side, C=once("09:01"), A=once("09:01"), B=once("09:01"))
    assert openings(played) == [("09:01", "A"), ("09:01", "B")]
    assert refusals(played) == [("09:01", "p.max_positions 2: 2 taken")]


@both_sides
def test_max_per_symbol_counts_the_strategies_on_it(side):
    scripts = {"A/first": once("09:01"), "A/second": once("09:02"), "B/second": once("09:02")}
    played = together(limited(max_per_symbol=1), side, **scripts)
    assert openings(played) == [("09:01", "A"), ("09:02", "B")]
    assert refusals(played) == [("09:02", "p.max_per_symbol 1: 1 taken")]


def test_max_long_and_max_short_count_their_own_side():
    short = {"signals": {"09:02": Signal("short", 90, 105)}}
    longs = together(limited(max_long=1), A=once("09:01"), B=once("09:02"), C=short)
    assert openings(longs) == [("09:01", "A"), ("09:02", "C")]
    assert refusals(longs) == [("09:02", "p.max_long 1: 1 taken")]
    shorts = together(limited(max_short=0), A=once("09:01"), C=short)
    assert refusals(shorts) == [("09:02", "p.max_short 0: 0 taken")]


@both_sides
def test_max_exposure_counts_costs_and_allows_exactly_the_limit(side):
    profiles = limited(max_exposure=300)
    costs = {"A": once("09:01", cost=200), "B": once("09:02", cost=100.01), "C": once("09:03", cost=100)}
    played = together(profiles, side, **costs)
    assert openings(played) == [("09:01", "A"), ("09:03", "C")]
    assert refusals(played) == [("09:02", "p.max_exposure 300: 200 taken, the entry costs 100.01")]


@both_sides
def test_another_entry_grows_the_place_and_a_partial_close_shrinks_it(side):
    played = together(
        limited(max_exposure=250),
        side,
        rules=Rules(dca_everywhere=True, partials_everywhere=True),
        A=once("09:01", cost=100)
        | {
            "commands": [
                ("09:02", AverageBuy(100)),
                ("09:03", AverageBuy(100)),
                ("09:05", PartialClose("profit", pct=75)),
            ]
        },
        B=once("09:04", cost=100) | {"otherwise": None},
        C=once("09:06", cost=200),
    )
    assert openings(played) == [("09:01", "A"), ("09:06", "C")]
    assert [line for line in played.lines if "command" in line[1]] == [
        (
            "09:03",
            "A rejected x1 command: AverageBuy: p: max_exposure 250: 200 is taken, 100 more would exceed it",
        )
    ]
    assert [line for line in played.lines if "B rejected" in line[1]] == [
        ("09:04", "B rejected x1 risk: p.max_exposure 250: 200 taken, the entry costs 100")
    ]


@both_sides
def test_min_reward_risk_allows_exactly_the_ratio(side):
    played = together(
        limited(min_reward_risk=2),
        side,
        A=once("09:01", stop=95, take=110),
        B=once("09:01", stop=95, take=109),
    )
    assert openings(played) == [("09:01", "A")]
    assert refusals(played) == [("09:01", "p.min_reward_risk 2: reward over risk is 1.8")]


@both_sides
def test_a_cooldown_after_a_loss_holds_for_the_symbol_it_was_made_on(side):
    loser = Script(
        candles={"09:00": "100", "09:02": "100 100 95 100"},
        signals={"09:01": long(), **{f"09:{m:02}": long() for m in range(3, 10)}},
        interval="1m",
        risk=("p",),
    )
    other = Script(candles=FLAT, signals={"09:04": long()}, risk=("p",))
    played = play(
        Scene(scripts={"A": loser, "B": other}, profiles=limited(cooldown_minutes=5), until="09:10"), side
    )
    assert openings(played) == [("09:01", "A"), ("09:04", "B"), ("09:07", "A")]
    assert [line for _, line in refusals(played)] == ["p.cooldown_minutes 5: after a loss on A"] * 4


@both_sides
def test_a_win_needs_no_cooldown(side):
    winner = {"09:00": "100", "09:02": "100 111 99 100"}
    played = play(
        scene(
            candles=winner,
            signals={"09:01": long(), "09:03": long()},
            risk=("p",),
            profiles=limited(cooldown_minutes=5),
            until="09:05",
        ),
        side,
    )
    assert [line for line in played.lines if "rejected" in line[1]] == []


@both_sides
def test_a_losing_streak_rests_until_the_next_utc_day_and_begins_anew(side):
    candles = FLAT | {f"09:{m:02}": "100 100 95 100" for m in range(2, 9, 2)}
    candles |= {"+1 00:01": "100 100 95 100"}
    played = play(
        scene(
            candles=candles,
            interval="1m",
            otherwise=long(),
            risk=("p",),
            profiles=limited(max_losing_streak=2),
            until="+1 00:05",
        ),
        side,
    )
    opened = [at for at, line in played.lines if line.startswith("opened")]
    assert opened == ["09:00", "09:03", "+1 00:00", "+1 00:02"]
    (first, *_) = [line for _, line in played.lines if "rejected" in line]
    assert first.endswith("p.max_losing_streak 2: rests until the next UTC day")


def test_a_win_ends_a_losing_streak():
    candles = FLAT | {"09:02": "100 100 95 100", "09:04": "100 110 99 100", "09:06": "100 100 95 100"}
    played = play(
        scene(
            candles=candles,
            otherwise=long(),
            risk=("p",),
            profiles=limited(max_losing_streak=2),
            until="09:10",
        )
    )
    assert [line for line in played.lines if "rejected" in line[1]] == []


@both_sides
def test_the_daily_loss_is_realised_and_open_of_the_days_first_equity(side):
    falling = Script(candles=FLAT | {"09:03": "97"}, signals={"09:01": long(cost=1_000)}, risk=("p",))
    before, after = (Script(candles=FLAT, signals={at: long()}, risk=("p",)) for at in ("09:03", "09:04"))

    def under(limit: float) -> Played:
        return play(
            Scene(
                scripts={"A": falling, "B": before, "C": after},
                profiles=limited(max_daily_loss_pct=limit),
                wallet=1_200.0,
                rules=FREE,
                until="09:06",
            ),
            side,
        )

    assert openings(under(2.6)) == [("09:01", "A"), ("09:03", "B"), ("09:04", "C")]
    assert openings(under(2.5)) == [("09:01", "A"), ("09:03", "B")]
    assert refusals(under(2.5)) == [("09:04", "p.max_daily_loss_pct 2.5: the day stands at -2.50 %")]


@both_sides
def test_the_daily_loss_is_forgotten_at_midnight_utc(side):
    candles = FLAT | {"09:02": "100 100 95 100"}
    signals = {"09:01": long(cost=1_000), "09:05": long(), "+1 00:00": long()}
    played = play(
        scene(
            candles=candles,
            signals=signals,
            risk=("p",),
            profiles=limited(max_daily_loss_pct=2),
            wallet=1_000.0,
            rules=FREE,
            until="+1 00:03",
        ),
        side,
    )
    assert [at for at, line in played.lines if line.startswith("opened")] == ["09:01", "+1 00:00"]
    assert [line for _, line in refusals(played)] == ["p.max_daily_loss_pct 2: the day stands at -5.00 %"]


@both_sides
def test_a_drawdown_halts_for_good_even_when_the_equity_has_recovered(side):
    candles = FLAT | {"09:03": "96", "09:04": "100", "09:05": "100 111 100 100"}
    signals = {"09:01": long(cost=1_000), "09:06": long(), "+1 09:00": long()}
    played = play(
        scene(
            candles=candles,
            signals=signals,
            risk=("p",),
            profiles=limited(max_drawdown_pct=3),
            wallet=1_000.0,
            rules=FREE,
            until="+1 09:03",
        ),
        side,
    )
    assert [at for at, line in played.lines if line.startswith("opened")] == ["09:01"]
    assert [line for _, line in refusals(played)] == ["p.max_drawdown_pct 3: halted until it is resumed"] * 2


def test_the_drawdown_is_measured_from_the_highest_equity_so_far():
    candles = FLAT | {"09:03": "108", "09:04": "103", "09:05": "103"}
    signals = {"09:01": long(cost=1_000, take=112), "09:06": long()}
    script = Script(candles=candles, signals=signals, risk=("p",))
    other = Script(candles=FLAT, signals={"09:05": long(cost=1)}, risk=("p",))
    played = play(
        Scene(
            scripts={"A": script, "B": other},
            profiles=limited(max_drawdown_pct=4.5),
            wallet=1_001.0,
            rules=FREE,
            until="09:07",
        )
    )
    assert refusals(played) == [("09:05", "p.max_drawdown_pct 4.5: halted until it is resumed")]
