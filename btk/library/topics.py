"""The table of all that can be listened to: what is told of it, what it is made of, and in which runs it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from btk.core.states import Closing, Idle, Open, Scheduled, State
from btk.model.events import (
    AlarmEvent,
    AveragedEvent,
    BreakevenEvent,
    CancelledEvent,
    ClosedEvent,
    ErrorEvent,
    Event,
    LossLevelEvent,
    OpenedEvent,
    PartialClosedEvent,
    PausedEvent,
    ProfitLevelEvent,
    RejectedEvent,
    ResumedEvent,
    ScheduledEvent,
    StopMovedEvent,
    StoppedEvent,
    TakeMovedEvent,
)
from btk.model.told import (
    BacktestProgressTold,
    BreakevenTold,
    CommitTold,
    DoneTold,
    ErrorTold,
    ExitTold,
    MilestoneTold,
    OrderScheduleTold,
    OrderTold,
    PauseTold,
    PerformanceTold,
    PingTold,
    RiskTold,
    RunMode,
    SignalTold,
    Told,
    ValidationTold,
    WalkerCompleteTold,
    WalkerProgressTold,
    WalkerTold,
)

BACKTEST: frozenset[RunMode] = frozenset({"backtest"})
REAL_TIME: frozenset[RunMode] = frozenset({"paper", "live"})
LIVE: frozenset[RunMode] = frozenset({"live"})
WALKER: frozenset[RunMode] = frozenset({"walker"})
TRADING = BACKTEST | REAL_TIME
ANY = TRADING | WALKER

LIFE = (ScheduledEvent, OpenedEvent, ClosedEvent, CancelledEvent)
MINUTES: frozenset[type[State]] = frozenset({Idle, Scheduled, Open, Closing})


class Topic(NamedTuple):
    """What is told, in runs of which modes, and after which events and in which minutes (none: the run tells it)."""

    payload: type[Told]
    modes: frozenset[RunMode]
    events: tuple[type[Event], ...] = ()
    minutes: frozenset[type[State]] = frozenset()


TOPICS: Mapping[str, Topic] = {
    "signal_backtest": Topic(SignalTold, BACKTEST, LIFE, MINUTES),
    "signal_live": Topic(SignalTold, REAL_TIME, LIFE, MINUTES),
    "signal": Topic(SignalTold, TRADING, LIFE, MINUTES),
    "signal_event": Topic(SignalTold, TRADING, (OpenedEvent, ClosedEvent)),
    "order_schedule": Topic(OrderScheduleTold, TRADING, (ScheduledEvent, CancelledEvent)),
    "order": Topic(OrderTold, LIVE),
    "order_fill": Topic(OrderTold, LIVE),
    "order_reject": Topic(OrderTold, LIVE),
    "idle_ping": Topic(PingTold, TRADING, minutes=frozenset({Idle})),
    "scheduled_ping": Topic(PingTold, TRADING, minutes=frozenset({Scheduled})),
    "active_ping": Topic(PingTold, TRADING, minutes=frozenset({Open, Closing})),
    "partial_profit": Topic(MilestoneTold, TRADING, (ProfitLevelEvent,)),
    "partial_loss": Topic(MilestoneTold, TRADING, (LossLevelEvent,)),
    "breakeven": Topic(BreakevenTold, TRADING, (BreakevenEvent,)),
    "commit": Topic(CommitTold, TRADING, (PartialClosedEvent, StopMovedEvent, TakeMovedEvent, AveragedEvent)),
    "pause": Topic(PauseTold, TRADING, (PausedEvent, ResumedEvent, StoppedEvent)),
    "risk": Topic(RiskTold, TRADING, (RejectedEvent,)),
    "validation": Topic(ValidationTold, TRADING, (RejectedEvent,)),
    "error": Topic(ErrorTold, ANY, (ErrorEvent, AlarmEvent)),
    "exit": Topic(ExitTold, ANY),
    "done_backtest": Topic(DoneTold, BACKTEST),
    "done_live": Topic(DoneTold, REAL_TIME),
    "done_walker": Topic(DoneTold, WALKER),
    "backtest_progress": Topic(BacktestProgressTold, BACKTEST),
    "walker_progress": Topic(WalkerProgressTold, WALKER),
    "walker": Topic(WalkerTold, WALKER),
    "walker_complete": Topic(WalkerCompleteTold, WALKER),
    "performance": Topic(PerformanceTold, ANY),
}
"""In this order one event is told to several topics."""


def topics_of(kind: type[Event], mode: RunMode) -> tuple[str, ...]:
    """The topics that hear of an event."""
    return tuple(name for name, topic in TOPICS.items() if mode in topic.modes and kind in topic.events)


def topics_of_minute(kind: type[State], mode: RunMode) -> tuple[str, ...]:
    """The topics that hear of every minute in a state."""
    return tuple(name for name, topic in TOPICS.items() if mode in topic.modes and kind in topic.minutes)
