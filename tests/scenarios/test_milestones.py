"""Semantics, section 5: break-even and the way to target and stop, told once each, at the closes of the candles."""

from __future__ import annotations

from btk.core.rules import Rules
from btk.model.commands import AverageBuy, ClosePosition, MoveToBreakeven, PartialClose, TrailStop, TrailTake
from btk.model.events import BreakevenEvent, ProfitLevelEvent
from tests.scenarios.harness import Played, at_ms, both_sides, play, scene, table
from tests.scenarios.script import long

BREAK_EVEN = "break-even @100.6"


def ups(at: str, price: str, *levels: int) -> list[tuple[str, str]]:
    return [(at, f"{level} % of the way to the target @{price}") for level in levels]


def downs(at: str, price: str, *levels: int) -> list[tuple[str, str]]:
    return [(at, f"{level} % of the way to the stop @{price}") for level in levels]


def marks(played: Played) -> list[tuple[str, str]]:
    return [line for line in played.every_line if "way to" in line[1] or "break-even" in line[1]]


def walk(*prices: float, title: str = "", lines=(), stop: float = 90.0, take: float = 110.0, **rest: object):
    """A long from 100 opened at 09:00; flat candles at these prices from 09:01 on."""
    candles = {"09:00": "100"} | {
        f"09:{minute:02}": f"{price}" for minute, price in enumerate(prices, start=1)
    }
    signals = {"09:00": long(stop=stop, take=take)}
    until = f"09:{len(prices) + 2:02}"
    return scene(title, candles=candles, signals=signals, until=until, lines=lines, **rest)


@both_sides
@table(
    walk(
        101,
        103.2,
        103.2,
        102,
        105,
        title="each level once, ascending, several in one candle; break-even before them",
        lines=[
            ("09:01", "break-even @101"),
            *ups("09:01", "101", 10),
            *ups("09:02", "103.2", 20, 30),
            *ups("09:05", "105", 40, 50),
        ],
    ),
    walk(
        99,
        97,
        100,
        95,
        title="the way to the stop",
        lines=[*downs("09:01", "99", 10), *downs("09:02", "97", 20, 30), *downs("09:04", "95", 40, 50)],
    ),
    walk(
        102,
        98,
        title="both ways are remembered apart",
        lines=[
            ("09:01", "break-even @102"),
            *ups("09:01", "102", 10, 20),
            *downs("09:02", "98", 10, 20),
        ],
    ),
    walk(
        109.9,
        title="90 is the last level; the target itself is the end",
        lines=[("09:01", "break-even @109.9"), *ups("09:01", "109.9", *range(10, 100, 10))],
    ),
    walk(
        100.5999, 100.6, 100.7, title="break-even at exactly its price, once", lines=[("09:02", BREAK_EVEN)]
    ),
    walk(
        103,
        title="levels go by the close, not by the high",
        lines=[("09:01", "break-even @103"), *ups("09:01", "103", 10, 20, 30)],
    ),
    walk(
        101,
        103,
        title="a target that is moved counts from the next candle on",
        hooks={("on_active", "09:02"): TrailTake(price=106)},
        lines=[
            ("09:01", "break-even @101"),
            *ups("09:01", "101", 10),
            *ups("09:02", "103", 20, 30, 40, 50),
        ],
    ),
    walk(
        99,
        98,
        title="a stop that is moved counts from the next candle on",
        hooks={("on_active", "09:02"): TrailStop(price=96)},
        lines=[*downs("09:01", "99", 10), *downs("09:02", "98", 20, 30, 40, 50)],
    ),
    walk(
        100,
        102,
        title="also one that on_opened moved, while on_active is watching",
        hooks={("on_opened", "09:01"): TrailTake(price=105)},
        listens=["on_active"],
        lines=[("09:02", "break-even @102"), *ups("09:02", "102", 10, 20, 30, 40)],
    ),
    walk(
        101,
        title="a hook that asks for the end leaves its candle without either",
        hooks={("on_active", "09:02"): ClosePosition()},
    ),
    walk(
        101,
        title="so does a partial close of everything",
        hooks={("on_active", "09:02"): PartialClose("profit", pct=100)},
    ),
    walk(
        101,
        title="a partial close of less does not",
        hooks={("on_active", "09:02"): PartialClose("profit", pct=99)},
        lines=[("09:01", "break-even @101"), *ups("09:01", "101", 10)],
    ),
    walk(
        101,
        101,
        title="a close from outside comes after the candle was looked at",
        commands=[("09:02", ClosePosition())],
        lines=[("09:01", "break-even @101"), *ups("09:01", "101", 10)],
    ),
    scene(
        "the candle of a market fill counts",
        candles={"09:00": "100 102 99 102"},
        signals={"09:00": long(stop=90, take=110)},
        until="09:02",
        lines=[("09:00", "break-even @102"), *ups("09:00", "102", 10, 20)],
    ),
    scene(
        "the candle of a resting fill counts by its close",
        candles={"09:00": "100", "09:01": "100 107 98 99.2"},
        signals={"09:00": long(price_open=98, stop=88, take=110)},
        until="09:03",
        lines=[("09:01", "break-even @99.2"), *ups("09:01", "99.2", 10)],
    ),
    scene(
        "the candle of an exit does not",
        candles={"09:00": "100", "09:01": "100 111 99 109"},
        signals={"09:00": long(stop=90, take=110)},
        until="09:03",
    ),
)
def test_milestones(scene, side):
    assert marks(play(scene, side)) == list(scene.lines)


@both_sides
def test_levels_are_reached_within_a_billionth(side):
    for short_of, levels in ((1e-10, [10, 20, 30]), (1e-8, [10, 20])):
        played = play(walk(100 + 3 * (1 - short_of)), side)
        assert [event.level for event in played.of(ProfitLevelEvent)] == levels


@both_sides
def test_break_even_needs_a_profit_also_when_its_threshold_is_0(side):
    assert play(walk(100, 100, rules=Rules(breakeven_pct=0)), side).of(BreakevenEvent) == []
    reached = play(walk(100, 100.01, rules=Rules(breakeven_pct=0)), side).of(BreakevenEvent)
    assert [event.at_ms for event in reached] == [at_ms("09:02")]


@both_sides
def test_another_entry_changes_the_way_but_arms_nothing_again(side):
    walked = walk(101, 96, 96, 102, stop=88, hooks={("on_active", "09:03"): AverageBuy(100)})
    played = play(walked, side)
    assert [event.at_ms for event in played.of(BreakevenEvent)] == [at_ms("09:01")]
    told = [(event.level, event.at_ms) for event in played.of(ProfitLevelEvent)]
    assert told == [(10, at_ms("09:01")), (20, at_ms("09:04")), (30, at_ms("09:04"))]


@both_sides
def test_hooks_hear_of_milestones_in_their_order_and_may_act_on_them(side):
    heard: list[tuple[str, int]] = []
    scene = walk(
        104,
        106,
        hooks={
            ("on_partial_profit", "09:02"): lambda market, position, level: heard.append(("profit", level)),
            ("on_breakeven", "09:02"): (
                lambda market, position: heard.append(("break-even", 0)),
                MoveToBreakeven(),
            ),
        },
        listens=["on_active"],
    )
    played = play(scene, side)
    assert heard[: len(heard) // 2] == [("break-even", 0), *(("profit", level) for level in (10, 20, 30, 40))]
    assert [line for line in played.lines if "stop" in line[1]] == [("09:02", "stop 90 -> 100")]
    assert played.calls.index(("09:02", "on_breakeven")) < played.calls.index(("09:03", "on_active"))


@both_sides
def test_a_milestone_hook_that_closes_ends_the_position_at_the_next_open(side):
    scene = walk(104, 106, 107, hooks={("on_partial_profit", "09:02"): (ClosePosition(), ClosePosition())})
    played = play(scene, side)
    assert played.lines == [("09:00", "opened long @100"), ("09:02", "closed user @106")]
    assert len(played.refused) == 7, "the first of four calls closes; every other command finds no position"
