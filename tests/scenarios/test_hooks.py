"""When each hook is called: the life of a signal as its strategy hears it."""

from __future__ import annotations

from btk.core.rules import Rules
from btk.core.strategy import HOOKS
from btk.model.commands import CancelScheduled
from btk.model.intervals import MINUTE_MS
from tests.scenarios.harness import both_sides, play, scene, table
from tests.scenarios.script import long

FLAT = {"09:00": "100"}


def heard(side: str, *, listens=HOOKS, until="09:06", **script) -> list[str]:
    """Calls as one line each, in order; those of `get_signal` among them."""
    played = play(scene(listens=listens, until=until, **script), side)
    return [f"{at} {call}" for at, call in played.calls]


@both_sides
def test_a_market_order_that_reaches_its_target(side):
    calls = heard(
        side,
        candles=FLAT | {"09:02": "104", "09:03": "104 111 103 100"},
        signals={"09:01": long(take=110)},
        interval="5m",
        until="09:05",
    )
    assert calls == [
        "09:00 on_idle",
        "09:00 get_signal",
        "09:01 on_idle",
        "09:02 on_idle",
        "09:03 on_idle",
        "09:04 on_idle",
        "09:05 on_idle",
    ]
    calls = heard(
        side,
        candles=FLAT | {"09:02": "104", "09:03": "104 111 103 100"},
        signals={"09:00": long(take=110)},
        interval="5m",
        until="09:05",
    )
    assert calls == [
        "09:00 on_idle",
        "09:00 get_signal",
        "09:01 on_opened",
        "09:01 on_active",
        "09:02 on_active",
        "09:03 on_active",
        "09:03 on_breakeven",
        *["09:03 on_partial_profit"] * 4,
        "09:04 on_closed",
        "09:04 on_idle",
        "09:05 on_idle",
    ]


@both_sides
def test_a_resting_entry_that_fills_and_stops(side):
    calls = heard(
        side,
        candles=FLAT | {"09:02": "100 100 98 97.5", "09:03": "97.5 98 95 96"},
        signals={"09:00": long(price_open=98)},
        interval="15m",
        until="09:05",
    )
    assert calls == [
        "09:00 on_idle",
        "09:00 get_signal",
        "09:00 on_scheduled",
        "09:01 on_waiting",
        "09:02 on_waiting",
        "09:03 on_opened",
        "09:03 on_active",
        "09:03 on_partial_loss",
        "09:04 on_closed",
        "09:04 on_idle",
        "09:05 on_idle",
    ]


@both_sides
def test_a_resting_entry_that_is_given_up(side):
    calls = heard(
        side,
        candles=FLAT,
        signals={"09:00": long(price_open=98)},
        rules=Rules(await_ms=2 * MINUTE_MS),
        interval="15m",
        until="09:04",
    )
    assert calls == [
        "09:00 on_idle",
        "09:00 get_signal",
        "09:00 on_scheduled",
        "09:01 on_waiting",
        "09:02 on_waiting",
        "09:02 on_cancelled",
        "09:03 on_idle",
        "09:04 on_idle",
    ]


@both_sides
def test_an_entry_that_opens_and_stops_in_one_candle(side):
    calls = heard(
        side,
        candles=FLAT | {"09:01": "100 101 95 96"},
        signals={"09:01": long()},
        listens=("on_opened", "on_active", "on_closed"),
        until="09:03",
    )
    assert calls == [
        "09:00 get_signal",
        "09:01 get_signal",
        "09:02 on_opened",
        "09:02 on_closed",
        "09:02 get_signal",
    ]


@both_sides
@table(
    scene(
        "an invalid signal",
        candles=FLAT,
        signals={"09:01": long(stop=101)},
        listens=["on_rejected"],
        until="09:03",
        lines=[("09:01", "on_rejected")],
    ),
    scene(
        "an error",
        candles=FLAT,
        signals={"09:01": ValueError("no")},
        listens=["on_error"],
        until="09:03",
        lines=[("09:01", "on_error")],
    ),
    scene(
        "the same refusal of one interval is heard once",
        candles=FLAT,
        interval="5m",
        signals={f"09:0{minute}": long(cost=1e9) for minute in (0, 1, 2, 5)},
        listens=["on_rejected"],
        until="09:07",
        lines=[("09:00", "on_rejected"), ("09:05", "on_rejected")],
    ),
    scene(
        "a command from outside that cancels",
        candles=FLAT,
        signals={"09:01": long(price_open=98)},
        commands=[("09:03", CancelScheduled())],
        listens=["on_cancelled"],
        until="09:05",
        lines=[("09:03", "on_cancelled")],
    ),
)
def test_what_goes_wrong_is_heard(scene, side):
    assert [call for call in play(scene, side).calls if call[1] != "get_signal"] == scene.lines


def test_hooks_see_the_market_at_their_own_moment():
    seen = []
    play(
        scene(
            candles=FLAT | {"09:01": "101", "09:02": "102", "09:03": "103"},
            signals={"09:00": long(take=120)},
            hooks={
                ("on_active", "09:03"): lambda market, position: seen.append(
                    (market.price, market.candles("1m", 2).close.tolist())
                )
            },
            until="09:05",
        )
    )
    assert seen[-1] == (102, [101, 102])
