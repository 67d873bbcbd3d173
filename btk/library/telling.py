"""Telling listeners of a run: what its engine and its loop say becomes payloads on the bus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from btk.core.rules import Rules
from btk.core.states import IDLE, State
from btk.engines.ping import Ping
from btk.library.event_bus import BUS, EventBus
from btk.library.news import Scene, minute_news, news
from btk.library.order_news import order_told
from btk.library.signal_rows import SignalRows, row_of
from btk.library.topics import MINUTES, TOPICS, topics_of, topics_of_minute
from btk.model.bars import Span
from btk.model.errors import BtkError
from btk.model.events import Event
from btk.model.intents import Intent
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.told import (
    BacktestProgressTold,
    DoneTold,
    ExitTold,
    Metric,
    PerformanceTold,
    RunMode,
    SignalRow,
    Told,
)

LAST_SECONDS = 3.0
"""How long the end of a run in real time waits for what its listeners have not heard yet."""
UNEXPECTED = 1


class RunName(NamedTuple):
    """Which run, in which mode, on which exchange; `waits` for its listeners where time does not pass by itself."""

    mode: RunMode
    run_id: str
    exchange: str
    waits: bool = False


class Teller:
    """Tells whoever listens of one run."""

    def __init__(self, run: RunName, rules: Rules | None = None, bus: EventBus = BUS) -> None:
        self._run = run
        self._rules = rules
        self._bus = bus
        self._rows = SignalRows()
        self._measured: dict[Metric, int] = {}
        self._routes: dict[type[Event], tuple[str, ...]] = {}
        self._minute_routes = {kind: topics_of_minute(kind, run.mode) for kind in MINUTES}
        self._pinged: tuple[State, SignalRow | None] = (IDLE, None)

    @property
    def minutes(self) -> frozenset[type[State]]:
        """The states whose every minute somebody wants to hear of."""
        return frozenset(kind for kind, topics in self._minute_routes.items() if self._heard(topics))

    def hears(self, topic: str) -> bool:
        """Whether anybody listens to a topic."""
        return self._bus.hears(topic)

    def begin(self, states: Mapping[SlotKey, State]) -> None:
        """The run goes on with these."""
        for key, state in states.items():
            self._rows.begin(key, state)

    def event(self, key: SlotKey, event: Event) -> None:
        """Tell of an event."""
        row = self._rows.after(key, event)
        topics = self._heard(self._route(type(event)))
        if not topics:
            return
        whose = self.whose(event.symbol, event.strategy, event.at_ms)
        scene = Scene(whose, row, self._rows.open_positions)
        made: dict[type[Told], Told | None] = {}
        for topic in topics:
            kind = TOPICS[topic].payload
            if kind not in made:
                made[kind] = news(kind, event, scene)
            self.tell(topic, made[kind])

    def ping(self, key: SlotKey, ping: Ping) -> None:
        """Tell of a minute in which nothing changed."""
        topics = self._heard(self._minute_routes[type(ping.state)])
        if not topics or self._rules is None:
            return
        whose = self.whose(key.symbol, key.strategy, ping.tick_ms)
        row = self._row_of(ping.state)
        made: dict[type[Told], Told] = {}
        for topic in topics:
            kind = TOPICS[topic].payload
            if kind not in made:
                made[kind] = minute_news(kind, ping, row, whose, self._rules)
            self.tell(topic, made[kind])

    def order(self, key: SlotKey, intent: Intent, filled: bool, gap_ms: int | None) -> None:
        """Tell of an order that has come farther; `filled`: more of it is; `gap_ms` as in `order_told`."""
        chosen = {"order": True, "order_fill": filled, "order_reject": intent.status == "refused"}
        topics = self._heard(topic for topic, meant in chosen.items() if meant)
        if topics:
            whose = self.whose(key.symbol, key.strategy, _last_step_ms(intent))
            told = order_told(intent, whose, self._rows.of(key), gap_ms)
            for topic in topics:
                self.tell(topic, told)

    def tell(self, topic: str, payload: Told | None) -> None:
        """Tell of anything."""
        if payload is not None:
            self._bus.publish(topic, payload, self._run.waits)

    def timed(self, metric: Metric, seconds: float, at_ms: int) -> None:
        """Tell how long something took that ended at a time."""
        if not self._bus.hears("performance"):
            return
        whose = self.whose("", "", at_ms)
        previous_ms = self._measured.get(metric)
        self._measured[metric] = at_ms
        told = PerformanceTold(**whose, metric=metric, duration_ms=seconds * 1000, previous_at_ms=previous_ms)
        self.tell("performance", told)

    def progress(self, reached_ms: int, frame: Span) -> None:
        """Tell how far a backtest is, and let everybody hear what was told so far."""
        total = (frame.to_ms - frame.from_ms) // MINUTE_MS
        done = min(max(0, (reached_ms - frame.from_ms) // MINUTE_MS), total)
        if self._bus.hears("backtest_progress"):
            self.tell(
                "backtest_progress",
                BacktestProgressTold(
                    **self.whose("", "", reached_ms),
                    processed_minutes=done,
                    total_minutes=total,
                    progress=done / total if total else 1.0,
                ),
            )
        self.settle()

    def done(self, keys: Iterable[SlotKey], frame: Span, complete: bool) -> None:
        """The run has ended: everybody hears all of it first, then that it is over."""
        self.settle()
        topic = {"backtest": "done_backtest", "walker": "done_walker"}.get(self._run.mode, "done_live")
        for key in keys:
            whose = self.whose(key.symbol, key.strategy, frame.to_ms)
            self.tell(topic, DoneTold(**whose, complete=complete, from_ms=frame.from_ms, to_ms=frame.to_ms))
        self.settle()

    def exit(self, error: BaseException, at_ms: int) -> None:
        """The run could not go on."""
        code = error.exit_code if isinstance(error, BtkError) else UNEXPECTED
        words = str(error) if isinstance(error, BtkError) else f"{type(error).__name__}: {error}"
        self.tell("exit", ExitTold(**self.whose("", "", at_ms), message=words, exit_code=code))
        self.settle()

    def settle(self) -> None:
        """Let everybody hear what was told so far."""
        self._bus.settle(None if self._run.waits else LAST_SECONDS)

    def whose(self, symbol: str, strategy: str, at_ms: int) -> dict[str, Any]:
        """The fields that all payloads share."""
        return {
            "mode": self._run.mode,
            "run_id": self._run.run_id,
            "exchange": self._run.exchange,
            "symbol": symbol,
            "strategy": strategy,
            "at_ms": at_ms,
        }

    def _heard(self, topics: Iterable[str]) -> tuple[str, ...]:
        return tuple(topic for topic in topics if self._bus.hears(topic))

    def _row_of(self, state: State) -> SignalRow | None:
        # One state lasts for many minutes.
        if self._pinged[0] is not state:
            self._pinged = (state, row_of(state))
        return self._pinged[1]

    def _route(self, kind: type[Event]) -> tuple[str, ...]:
        if kind not in self._routes:
            self._routes[kind] = topics_of(kind, self._run.mode)
        return self._routes[kind]


def _last_step_ms(intent: Intent) -> int:
    times = (intent.settled_at_ms, intent.accepted_at_ms, intent.sent_at_ms)
    return next((at_ms for at_ms in times if at_ms is not None), intent.prepared_at_ms)
