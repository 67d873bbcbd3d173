"""Wild runs: a whole backtest drawn from a few numbers; everything it leaves can be compared with another one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from btk.core.risk import Book, Candidate
from btk.core.rules import ORIGIN, Rules
from btk.core.strategy import HOOKS, Strategy
from btk.engines.backtest import Backtest, BoundProfile, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.model.bars import Bars
from btk.model.commands import (
    ActivateScheduled,
    AverageBuy,
    CancelScheduled,
    ClosePosition,
    Command,
    MoveToBreakeven,
    PartialClose,
    Pause,
    Resume,
    Stop,
    SubmitSignal,
    TrailStop,
    TrailTake,
)
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame, RiskProfile
from btk.model.signal import Signal
from tests.fakes.recorded_candles import RecordedCandles
from tests.properties.random_market import random_minutes
from tests.properties.wild_strategy import Diary, Temper, made_async, wild_strategy

START_MS = 1_704_153_600_000  # 2024-01-02T00:00Z
WARM_UP_MINUTES = 20
JUMP = 65_536
WHILE_OPEN = frozenset({"on_active", "on_waiting", "on_partial_profit", "on_partial_loss", "on_breakeven"})


class Wild(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a run; `start_minute` is the minute of the day at which the frame begins."""

    seed: int
    minutes: int = 240
    start_minute: int = 0
    model: str = "candle"
    origin: bool = False
    symbols: int = 2
    strategies: int = 1
    interval: str = "1m"
    frame_interval: str = "1m"
    hooks: frozenset[str] = frozenset()
    temper: Temper = Temper()
    commands: int = 6
    limited: bool = True
    loose: bool = False
    asynchronous: bool = False
    wallet: float = 5_000.0

    @property
    def frame(self) -> Frame:
        """The window of the run."""
        from_ms = START_MS + self.start_minute * MINUTE_MS
        return Frame(from_ms=from_ms, to_ms=from_ms + self.minutes * MINUTE_MS, interval=self.frame_interval)


class Ran(msgspec.Struct, frozen=True):
    """What a run leaves."""

    events: list[tuple[SlotKey, Event]]
    diaries: list[Diary]
    outcome: Outcome

    @property
    def figures(self) -> tuple[Any, ...]:
        """All that is in the outcome but the time it took."""
        outcome = self.outcome
        return (outcome.complete, outcome.reached_ms, outcome.records, outcome.symbols, outcome.equity)


def wild_worlds(**fixed: Any) -> st.SearchStrategy[Wild]:
    """Any run; what is named is fixed."""
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "seed": st.integers(0, 2**32 - 1),
        "start_minute": st.sampled_from((0, 7, 1300)),
        "model": st.sampled_from(("candle", "candle", "vwap")),
        "symbols": st.sampled_from((1, 1, 2, 3)),
        "strategies": st.sampled_from((1, 1, 2)),
        "interval": st.sampled_from(("1m", "1m", "3m", "15m")),
        "frame_interval": st.sampled_from(("1m", "1m", "1m", "5m", "1h")),
        "hooks": st.sampled_from((frozenset(), WHILE_OPEN, frozenset(HOOKS)))
        | st.frozensets(st.sampled_from(HOOKS)),
        "temper": st.builds(
            Temper,
            wishes=st.sampled_from((0.02, 0.2, 0.6)),
            commands=st.sampled_from((0.0, 0.05, 0.4)),
            nonsense=st.sampled_from((0.0, 0.1)),
        ),
        "commands": st.sampled_from((0, 0, 4, 12)),
        "limited": st.booleans(),
        "loose": st.booleans(),
    }
    return st.builds(
        Wild,
        **{name: st.just(value) for name, value in fixed.items()},
        **{name: values for name, values in drawn.items() if name not in fixed},
    )


def candles_of(wild: Wild) -> dict[str, Bars]:
    """The minutes of every symbol, warm-up and the minute after the end included."""
    first_ms = wild.frame.from_ms - WARM_UP_MINUTES * MINUTE_MS
    count = WARM_UP_MINUTES + wild.minutes + 2
    return {f"S{at}": random_minutes(wild.seed + at, first_ms, count) for at in range(wild.symbols)}


def job_of(wild: Wild, diaries: list[Diary], candles: dict[str, Bars] | None = None) -> Job:
    """The job of a run; each seat writes into its own diary."""
    candles = candles_of(wild) if candles is None else candles
    keys = [SlotKey(symbol, f"wild{at}", "test") for symbol in candles for at in range(wild.strategies)]
    diaries.extend([] for _ in keys)
    profiles = ("shared", "second") if wild.limited else ()
    return Job(
        seats=[
            Seat(key, _strategy(wild, key, diary), profiles) for key, diary in zip(keys, diaries, strict=True)
        ],
        source=RecordedCandles(candles),
        frame=wild.frame,
        model=wild.model,
        rules=_rules(wild),
        wallet_start=wild.wallet,
        profiles=limits() if wild.limited else {},
        commands={key: _commands(wild, key) for key in keys},
    )


def _strategy(wild: Wild, key: SlotKey, diary: Diary) -> Strategy:
    strategy = wild_strategy(f"{wild.seed}/{key}", wild.hooks, wild.interval, wild.temper, diary)
    return made_async(strategy) if wild.asynchronous else strategy


def run(
    wild: Wild,
    block_minutes: int = JUMP,
    candles: dict[str, Bars] | None = None,
    seats_reversed: bool = False,
) -> Ran:
    """Run it."""
    diaries: list[Diary] = []
    job = job_of(wild, diaries, candles)
    seats: Sequence[Seat] = job.seats[::-1] if seats_reversed else job.seats
    job = msgspec.structs.replace(job, block_minutes=block_minutes, seats=seats)
    events: list[tuple[SlotKey, Event]] = []
    engine = Backtest(job, lambda key, event: events.append((key, event)), time.perf_counter)
    return Ran(events, diaries, engine.run(StopSwitch()))


def limits() -> dict[str, BoundProfile]:
    """Two profiles that refuse often, each in its own ways."""
    shared = RiskProfile(
        max_positions=3,
        max_per_symbol=1,
        max_long=2,
        max_short=2,
        max_exposure=3_000.0,
        max_daily_loss_pct=4.0,
        cooldown_minutes=3,
    )
    second = RiskProfile(max_losing_streak=4, max_drawdown_pct=15.0, min_reward_risk=0.3)
    return {"shared": (shared, [("moody", _moody)]), "second": (second, ())}


def _moody(candidate: Candidate, book: Book) -> str | None:
    minute = candidate.now_ms // MINUTE_MS
    if minute % 31 == 0:
        raise ArithmeticError("not today")
    return "bad minute" if minute % 17 == 0 else None


def _rules(wild: Wild) -> Rules:
    if wild.origin:
        return Rules(quirks=ORIGIN, tolerance=0.0)
    return Rules(
        await_ms=25 * MINUTE_MS,
        position_cost=100.0,
        min_stop_loss_pct=0.2,
        min_take_profit_pct=0.2,
        dca_everywhere=wild.loose,
        partials_everywhere=wild.loose,
        trailing_everywhere=wild.loose,
    )


def _commands(wild: Wild, key: SlotKey) -> list[tuple[int, Command]]:
    dice = Random(f"{wild.seed}/{key}/commands")
    from_ms = wild.frame.from_ms
    return [
        (from_ms + dice.randrange(10, wild.minutes) * MINUTE_MS, _outside(dice)) for _ in range(wild.commands)
    ]


def _outside(dice: Random) -> Command:
    level = 100 + dice.randint(-20, 20) / 4
    signal = Signal.bracket(
        dice.choice(("long", "short")), level, 2, 2, price_open=dice.choice((None, level))
    )
    return dice.choice(
        (
            ClosePosition("outside"),
            PartialClose(dice.choice(("profit", "loss")), pct=dice.choice((30, 100))),
            TrailStop(price=level),
            TrailTake(shift_pct=-0.5),
            MoveToBreakeven(),
            AverageBuy(20.0),
            CancelScheduled("outside"),
            ActivateScheduled(),
            SubmitSignal(signal),
            SubmitSignal(signal),
            Pause(),
            Resume(),
            Resume(),
            Stop() if dice.random() < 0.2 else Resume(),
        )
    )
