"""Semantics, section 6: one wallet for all slots; money is held from the order to the end, and sizes come from equity."""

from __future__ import annotations

import pytest

from btk.core.rules import Rules
from btk.model.commands import AverageBuy, CancelScheduled, ClosePosition, PartialClose, SubmitSignal
from btk.model.events import OpenedEvent, PartialClosedEvent
from btk.model.settings import Sizing
from tests.scenarios.harness import Played, Scene, both_sides, play, scene
from tests.scenarios.script import Script, long

FLAT = {"09:00": "100"}
FREE = Rules(slippage_pct=0, fee_pct=0, dca_everywhere=True, partials_everywhere=True)


def shared(wallet: float, side: str = "long", **scripts: Script) -> Played:
    """Symbols with one wallet, no costs."""
    return play(Scene(scripts=scripts, wallet=wallet, rules=FREE, until="09:10"), side)


def cash_refusals(played: Played) -> list[tuple[str, str]]:
    return [(at, line.partition("cash: ")[2]) for at, line in played.lines if " cash: " in line]


def wish(at: str, cost: float, **rest: object) -> Script:
    return Script(candles=FLAT, signals={at: long(cost=cost)}, **rest)


@both_sides
def test_a_cost_of_all_there_is_can_be_paid_and_a_cent_more_cannot(side):
    assert cash_refusals(shared(100, side, A=wish("09:01", 100))) == []
    assert cash_refusals(shared(100, side, A=wish("09:01", 100.01))) == [
        ("09:01", "cost 100.01 is above the free cash 100.00")
    ]


@both_sides
def test_symbols_share_the_wallet_in_slot_order(side):
    played = shared(250, side, B=wish("09:01", 100), A=wish("09:01", 100), C=wish("09:01", 100))
    assert cash_refusals(played) == [("09:01", "cost 100.00 is above the free cash 50.00")]
    assert [event.symbol for event in played.of(OpenedEvent)] == ["A", "B"]


@both_sides
def test_a_waiting_signal_holds_its_money_until_it_is_given_up(side):
    resting = Script(
        candles=FLAT,
        signals={"09:01": long(price_open=98, cost=100)},
        commands=[("09:04", CancelScheduled())],
    )
    eager = Script(candles=FLAT, signals={f"09:0{minute}": long(cost=100) for minute in range(1, 9)})
    played = shared(100, side, A=resting, B=eager)
    assert cash_refusals(played) == [
        (f"09:0{minute}", "cost 100.00 is above the free cash 0.00") for minute in (1, 2, 3)
    ]
    assert [event.symbol for event in played.of(OpenedEvent)] == ["B"]


@both_sides
def test_a_closed_position_gives_back_its_cost_with_its_profit(side):
    winner = Script(
        candles=FLAT | {"09:02": "105"},
        signals={"09:01": long(cost=100)},
        commands=[("09:03", ClosePosition())],
    )
    played = shared(100, side, A=winner, B=wish("09:03", 105), C=wish("09:04", 105))
    assert cash_refusals(played) == [("09:03", "cost 105.00 is above the free cash 0.00")]
    assert [event.symbol for event in played.of(OpenedEvent)] == ["A", "C"]


@both_sides
def test_a_loss_is_gone(side):
    loser = Script(
        candles=FLAT | {"09:02": "96"},
        signals={"09:01": long(cost=100)},
        commands=[("09:03", ClosePosition())],
    )
    played = shared(100, side, A=loser, B=wish("09:05", 97), C=wish("09:06", 96))
    assert cash_refusals(played) == [("09:05", "cost 97.00 is above the free cash 96.00")]
    assert [event.symbol for event in played.of(OpenedEvent)] == ["A", "C"]


@both_sides
def test_a_partial_close_gives_back_its_share_with_its_profit(side):
    half = Script(
        candles=FLAT | {"09:02": "110"},
        signals={"09:01": long(take=150, cost=100)},
        commands=[("09:03", PartialClose("profit", pct=50))],
    )
    played = shared(100, side, A=half, B=wish("09:05", 55.01), C=wish("09:06", 55))
    assert cash_refusals(played) == [("09:05", "cost 55.01 is above the free cash 55.00")]
    (partial,) = played.of(PartialClosedEvent)
    assert partial.realised_cost == pytest.approx(5)


@both_sides
def test_another_entry_holds_its_money_from_its_order_on(side):
    adding = wish("09:01", 100, commands=[("09:03", AverageBuy(50)), ("09:03", AverageBuy(50))])
    played = shared(150, side, A=adding, B=wish("09:03", 1))
    assert [line for line in played.lines if "command" in line[1]] == [
        ("09:03", "A rejected x1 command: AverageBuy: cost 50.00 is above the free cash 0.00")
    ]
    assert cash_refusals(played)[-1] == ("09:03", "cost 1.00 is above the free cash 0.00")


def sized(sizing: Sizing, candles=FLAT, wallet: float = 10_000.0, **signal: object) -> Played:
    return play(
        scene(candles=candles, signals={"09:05": long(**signal)}, sizing=sizing, wallet=wallet, until="09:08")
    )


@pytest.mark.parametrize(
    ("sizing", "cost"),
    [
        (Sizing(), 100),
        (Sizing(method="fixed_percentage", risk_pct=1.0), 2_000),
        (Sizing(method="fixed_percentage", risk_pct=1.0, max_cost=1_500), 1_500),
        (Sizing(method="fixed_percentage", risk_pct=1.0, max_position_pct=5), 500),
        (Sizing(method="fixed_percentage", risk_pct=0.01, min_cost=50), 50),
        (Sizing(method="kelly", win_rate=0.55, reward_ratio=1.5, fraction=0.25), 625),
        (Sizing(method="atr", risk_pct=1.0, atr_multiple=2, atr_bars=3), 2_500),
    ],
    ids=lambda value: value.method if isinstance(value, Sizing) else f"{value}",
)
def test_a_cost_that_the_strategy_does_not_name_comes_from_the_sizing(sizing, cost):
    candles = FLAT | {f"09:0{minute}": "100 101 99 100" for minute in range(5)}
    (opened,) = sized(sizing, candles).of(OpenedEvent)
    assert opened.cost == pytest.approx(cost)


def test_a_cost_that_the_strategy_names_is_taken_as_it_is():
    (opened,) = sized(Sizing(method="fixed_percentage", risk_pct=1.0, max_cost=10), cost=77).of(OpenedEvent)
    assert opened.cost == 77


def test_the_risk_at_the_stop_is_of_the_equity_with_what_is_open():
    holder = Script(candles=FLAT | {"09:02": "110"}, signals={"09:01": long(take=150, cost=1_000)})
    sizes = Script(candles=FLAT, signals={"09:04": long(take=110, stop=90)})
    played = play(
        Scene(
            scripts={"A": holder, "B": sizes},
            wallet=2_000.0,
            sizing=Sizing(method="fixed_percentage", risk_pct=1.0),
            rules=FREE,
            until="09:06",
        )
    )
    assert [event.cost for event in played.of(OpenedEvent)] == pytest.approx([1_000, 210])


@pytest.mark.parametrize(
    ("sizing", "words"),
    [
        (Sizing(method="kelly", win_rate=0.3, reward_ratio=1.0), "sizing.kelly: nothing to stake"),
        (Sizing(method="atr", risk_pct=1.0, atr_bars=3), "sizing.atr: the average true range is 0"),
        (
            Sizing(method="atr", risk_pct=1.0, atr_bars=500),
            "sizing.atr: BTC: 490 more bars of 5m were asked for than exist: the history begins at"
            " 2024-01-02 08:10 UTC; raise `warmup` (bars of the strategy's `interval`) until it reaches 2,450 minutes"
            " farther back, or start the frame later",
        ),
    ],
    ids=["no edge", "no range", "no history"],
)
def test_a_size_that_cannot_be_found_is_a_refusal_that_gives_the_slot_back(sizing, words):
    played = play(
        scene(
            candles=FLAT,
            interval="5m",
            warmup=10,
            signals={"09:05": long(), "09:06": long()},
            sizing=sizing,
            until="09:09",
        )
    )
    assert played.lines == [("09:05", f"rejected x2 sizing: {words}")]
    assert played.asked == ["09:00", "09:05", "09:06", "09:07"]


def test_the_range_that_sizes_a_signal_from_outside_is_that_of_its_own_moment():
    candles = FLAT | {f"09:0{minute}": f"100 {100 + minute} 100 100" for minute in range(1, 9)}
    played = play(
        scene(
            candles=candles,
            interval="1m",
            frame_interval="15m",
            commands=[("09:07", SubmitSignal(long()))],
            sizing=Sizing(method="atr", risk_pct=1.0, atr_multiple=1, atr_bars=2),
            until="09:09",
        )
    )
    (opened,) = played.of(OpenedEvent)
    assert opened.cost == pytest.approx(10_000 * 0.01 / 5.5 * 100)
