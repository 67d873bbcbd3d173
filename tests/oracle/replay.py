"""Replays a scenario through the backtest engine, with the vwap model and the origin's rules or ours."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from btk.core.risk import Book, Candidate, RiskRule
from btk.core.rules import ORIGIN, Quirks, Rules
from btk.engines.backtest import Backtest, BoundProfile, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.model.commands import (
    AverageBuy,
    ClosePosition,
    Command,
    MoveToBreakeven,
    PartialClose,
    Pause,
    Resume,
    Stop,
    SubmitSignal,
    TrailStop,
)
from btk.model.events import Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame, RiskProfile
from tests.fakes.recorded_candles import RecordedCandles, minutes_of
from tests.oracle.rows import Refused
from tests.oracle.scenarios import CommitSpec, Plain, Scenario
from tests.oracle.scripted import Quiet, Scripted, signal_of

Told = TypeVar("Told", bound=Event)

RICH = 1e12
PROFILE = "recorded"
PAD_MINUTES = 5


class Replay(msgspec.Struct, frozen=True):
    """All that a replay left."""

    events: list[Event]
    strategy: Quiet
    refusals: list[Refused]
    outcome: Outcome


class Mode(msgspec.Struct, frozen=True):
    """How to replay: by which rules, looking at every minute or jumping."""

    quirks: Quirks = ORIGIN
    watch: bool = True
    block_minutes: int = 65_536


THEIRS = Mode()


def replay(scenario: Scenario, mode: Mode = THEIRS) -> Replay:
    """Run a scenario; `DataError` where its candles cannot be used."""
    key = SlotKey(scenario.symbol, "scripted", "test")
    strategy = Scripted(scenario) if mode.watch else Quiet(scenario)
    refusals: list[Refused] = []
    job = Job(
        seats=[Seat(key, strategy, (PROFILE,) if scenario.risk else ())],
        source=_source(scenario),
        frame=Frame(
            from_ms=scenario.first_tick_ms,
            to_ms=scenario.last_tick_ms + MINUTE_MS,
            interval=scenario.frame.interval,  # type: ignore[arg-type]
        ),
        model="vwap",
        rules=rules_of(scenario.config, mode.quirks),
        wallet_start=RICH,
        profiles={PROFILE: _profile(scenario, refusals)},
        commands={key: _commands(scenario)},
        block_minutes=mode.block_minutes,
    )
    events: list[Event] = []
    outcome = Backtest(job, lambda _, event: events.append(event), time.perf_counter).run(StopSwitch())
    return Replay(events, strategy, refusals, outcome)


def only(events: Sequence[Event], kind: type[Told]) -> Told:
    """The one event of a kind."""
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1
    return found[0]


def rules_of(config: Plain, quirks: Quirks) -> Rules:
    """Our rules for the origin's constants, its defaults where it does not say."""
    get = config.get
    slippage, fee = get("CC_PERCENT_SLIPPAGE", 0.1), get("CC_PERCENT_FEE", 0.1)
    return Rules(
        slippage_pct=slippage,
        fee_pct=fee,
        average_price_candles=get("CC_AVG_PRICE_CANDLES_COUNT", 5),
        await_ms=get("CC_SCHEDULE_AWAIT_MINUTES", 120) * MINUTE_MS,
        max_lifetime_ms=get("CC_MAX_SIGNAL_LIFETIME_MINUTES", 1440) * float(MINUTE_MS),
        min_take_profit_pct=get("CC_MIN_TAKEPROFIT_DISTANCE_PERCENT", 0.5),
        min_stop_loss_pct=get("CC_MIN_STOPLOSS_DISTANCE_PERCENT", 0.5),
        max_stop_loss_pct=get("CC_MAX_STOPLOSS_DISTANCE_PERCENT", 20.0),
        breakeven_pct=(slippage + fee) * 2 + get("CC_BREAKEVEN_THRESHOLD", 0.2),
        position_cost=get("CC_POSITION_ENTRY_COST", 100.0),
        long=get("CC_ENABLE_LONG_SIGNAL", True),
        short=get("CC_ENABLE_SHORT_SIGNAL", True),
        dca_everywhere=get("CC_ENABLE_DCA_EVERYWHERE", False),
        partials_everywhere=get("CC_ENABLE_PPPL_EVERYWHERE", False),
        trailing_everywhere=get("CC_ENABLE_TRAILING_EVERYWHERE", False),
        tolerance=0.0 if quirks.no_tolerance else Rules().tolerance,
        quirks=quirks,
    )


def _source(scenario: Scenario) -> RecordedCandles:
    candles = scenario.candles
    rows: list[Sequence[float] | None] = list(candles.rows)
    end_ms = candles.start + len(rows) * MINUTE_MS
    missing = (scenario.last_tick_ms - end_ms) // MINUTE_MS + PAD_MINUTES
    if candles.pad != "none" and rows[-1] is not None:
        close = rows[-1][3]
        rows += [[close] * 4 + [1.0]] * missing
    return RecordedCandles({scenario.symbol: minutes_of(candles.start, rows)})


def _profile(scenario: Scenario, refusals: list[Refused]) -> BoundProfile:
    specs = (scenario.risk or {}).get("rules", [])
    return RiskProfile(), [(f"{row}_{spec['kind']}", _rule(spec, refusals)) for row, spec in enumerate(specs)]


def _rule(spec: Plain, refusals: list[Refused]) -> RiskRule:
    hits = _RULES[spec["kind"]]

    def rule(signal: Candidate, book: Book) -> str | None:
        if not hits(spec, signal, book):
            return None
        if spec["kind"] == "emptyString":
            return ""
        note = spec.get("note", "price")
        rule_id = spec.get("id") if spec.get("object") else None
        taken = len(book.positions)
        refusals.append(Refused(signal.now_ms, signal.price, taken, signal.id, rule_id, note))
        if spec["kind"] == "throw":
            raise RuntimeError(note)
        return str(note)

    return rule


def _reward(signal: Candidate) -> float:
    reward = abs(signal.price_take_profit - signal.price_open)
    risk = abs(signal.price_open - signal.price_stop_loss)
    return reward / risk if risk else math.inf


_RULES: dict[str, Callable[[Plain, Candidate, Book], bool]] = {
    "maxActive": lambda spec, signal, book: len(book.positions) >= spec["value"],
    "position": lambda spec, signal, book: signal.position == spec["value"],
    "minRR": lambda spec, signal, book: _reward(signal) < spec["value"],
    "before": lambda spec, signal, book: signal.now_ms < spec["t"],
    "priceAbove": lambda spec, signal, book: signal.price > spec["value"],
    "throw": lambda spec, signal, book: signal.id in spec["ids"],
    "emptyString": lambda spec, signal, book: True,
}


def _commands(scenario: Scenario) -> list[tuple[int, Command]]:
    found = []
    for commit in scenario.commits:
        command = _command(commit)
        if command is not None:
            found.append((commit.at + MINUTE_MS, command))
    return found


def _command(commit: CommitSpec) -> Command | None:
    from_outside = _FROM_OUTSIDE.get(commit.op)
    if from_outside is None and commit.on == "schedule":
        from_outside = ON_NO_POSITION.get(commit.op)
    return None if from_outside is None else from_outside(commit.args)


_FROM_OUTSIDE: dict[str, Callable[[list[Any]], Command]] = {
    "createSignal": lambda args: SubmitSignal(signal_of(args[0])),
    "pause": lambda args: Pause() if args[0] else Resume(),
    "stop": lambda args: Stop(),
}
ON_NO_POSITION: dict[str, Callable[[list[Any]], Command]] = {
    "partialProfit": lambda args: PartialClose("profit", *args),
    "trailingStop": lambda args: TrailStop(*args),
    "breakeven": lambda args: MoveToBreakeven(),
    "averageBuy": lambda args: AverageBuy(*args),
    "closePending": lambda args: ClosePosition(),
}
