"""Plays a scenario, a few candles and a script, through the backtest engine and notes down what a trader would see.

Every scenario is played twice, minute by minute and in one jump, and must come out the same. Prices of a scenario are
written for a long position; `side="short"` plays it in the mirror (100 + x becomes 100 - x) and reads it in the mirror.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from btk.core.rules import Rules
from btk.core.strategy import HOOKS, Strategy
from btk.engines.backtest import Backtest, BoundProfile, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.model.commands import Command
from btk.model.events import BreakevenEvent, Event, LossLevelEvent, ProfitLevelEvent
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame, Sizing
from btk.model.signal import Signal
from btk.model.verdict import Refused
from tests.fakes.recorded_candles import RecordedCandles, minutes_of
from tests.scenarios.mirror import Mirror
from tests.scenarios.note import note_of
from tests.scenarios.script import Script, hooked, method_of

NINE_MS = 1_704_186_000_000  # 2024-01-02T09:00Z, a Tuesday
MIDNIGHT_MS = NINE_MS - 9 * 60 * MINUTE_MS
WARM_UP_MINUTES = 120
JUMP = 65_536
MILESTONES = (BreakevenEvent, LossLevelEvent, ProfitLevelEvent)

Line = tuple[str, str]
both_sides = pytest.mark.parametrize("side", ["long", "short"])


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays (by symbol, or "symbol/strategy"), how long, by which settings, and which lines a trader would note.

    `late_ms` is how long after their minute commands from outside arrive.
    """

    title: str = ""
    scripts: Mapping[str, Script]
    until: str
    rules: Rules = Rules()
    wallet: float = 10_000.0
    profiles: Mapping[str, BoundProfile] = {}
    sizing: Sizing = Sizing()
    model: str = "candle"
    frame_interval: str = "1m"
    late_ms: int = 0
    lines: Sequence[Line] = ()


class Played(msgspec.Struct, frozen=True):
    """What came of a scene: `lines` (all but milestones and break-even), `every_line`, and what stands behind them.

    `calls` are the calls of the strategies, those of the first symbol first; `refused` what hooks were refused.
    """

    lines: list[Line]
    every_line: list[Line]
    events: list[Event]
    calls: list[Line]
    refused: list[Line]
    outcome: Outcome

    @property
    def trades(self) -> list[Any]:
        """The closed trades of all slots."""
        return [trade for record in self.outcome.records.values() for trade in record.trades]

    @property
    def asked(self) -> list[str]:
        """The times at which a strategy was asked for a signal."""
        return [at for at, call in self.calls if call == "get_signal"]

    def of(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def scene(title: str = "", *, lines: Sequence[Line] = (), **rest: Any) -> Scene:
    """A scene of one symbol: what `Script` and `Scene` take, in one call."""
    of_script = {name: rest.pop(name) for name in Script.__struct_fields__ if name in rest}
    return Scene(title=title, scripts={"BTC": Script(**of_script)}, lines=lines, **rest)


def table(*scenes: Scene) -> pytest.MarkDecorator:
    """One test per scene, named by its title."""
    return pytest.mark.parametrize("scene", [pytest.param(one, id=one.title) for one in scenes])


def play(scene: Scene, side: str = "long") -> Played:
    """Play a scene minute by minute and in one jump."""
    stepped, jumped = _run(scene, side, 1), _run(scene, side, JUMP)
    assert jumped.events == stepped.events
    assert jumped.calls == stepped.calls
    assert jumped.refused == stepped.refused
    assert jumped.outcome.equity == stepped.outcome.equity
    return jumped


def at_ms(clock: str) -> int:
    """The moment of a clock time; "+1 09:30" is on the next day."""
    day, _, clock = clock.rpartition(" ")
    hour, minute = clock.split(":")
    return MIDNIGHT_MS + (int(day or 0) * 1440 + int(hour) * 60 + int(minute)) * MINUTE_MS


def clock(moment_ms: int) -> str:
    """The clock time of a moment."""
    day = (moment_ms - MIDNIGHT_MS) // (1440 * MINUTE_MS)
    shown = f"{datetime.fromtimestamp(moment_ms / 1000, UTC):%H:%M}"
    return f"+{day} {shown}" if day else shown


def _run(scene: Scene, side: str, block_minutes: int) -> Played:
    mirror = Mirror(side == "short")
    events: list[Event] = []
    calls: dict[str, list[Line]] = {symbol: [] for symbol in scene.scripts}
    refused: list[Line] = []
    job = Job(
        seats=[_seat(symbol, s, mirror, calls[symbol], refused) for symbol, s in scene.scripts.items()],
        source=RecordedCandles(
            {_key(name).symbol: _minutes(s.candles, scene.until, mirror) for name, s in scene.scripts.items()}
        ),
        frame=Frame(from_ms=NINE_MS, to_ms=at_ms(scene.until), interval=scene.frame_interval),
        model=scene.model,
        rules=scene.rules,
        wallet_start=scene.wallet,
        sizing=scene.sizing,
        profiles=scene.profiles,
        commands={_key(name): _commands(s, mirror, scene.late_ms) for name, s in scene.scripts.items()},
        block_minutes=block_minutes,
    )
    outcome = Backtest(job, lambda key, event: events.append(event), time.perf_counter).run(StopSwitch())
    several = len(scene.scripts) > 1
    told = [(clock(e.at_ms), f"{e.symbol} " * several + note_of(e, mirror)) for e in events]
    lines = [line for line, event in zip(told, events, strict=True) if not isinstance(event, MILESTONES)]
    return Played(lines, told, events, [line for of in calls.values() for line in of], refused, outcome)


def _key(name: str) -> SlotKey:
    symbol, _, strategy = name.partition("/")
    return SlotKey(symbol, strategy or "scripted", "test")


def _commands(script: Script, mirror: Mirror, late_ms: int) -> list[tuple[int, Command]]:
    return [(at_ms(time) + late_ms, mirror.command(command)) for time, command in script.commands]


def _minutes(candles: Mapping[str, str], until: str, mirror: Mirror) -> Any:
    said = {at_ms(time): [float(part) for part in row.split()] for time, row in candles.items()}
    first_ms = NINE_MS - WARM_UP_MINUTES * MINUTE_MS
    last = said[min(said)][0]
    rows = []
    for open_ms in range(first_ms, at_ms(until) + MINUTE_MS, MINUTE_MS):
        row = said.get(open_ms, [last])
        low_to_high = row if len(row) > 1 else row * 4
        last = low_to_high[3]
        rows.append((*mirror.candle(low_to_high[:4]), low_to_high[4] if len(low_to_high) > 4 else 1.0))
    return minutes_of(first_ms, rows)


def _seat(symbol: str, script: Script, mirror: Mirror, calls: list[Line], refused: list[Line]) -> Seat:
    def get_signal(self: Strategy, market: Any) -> Any:
        calls.append((clock(market.now_ms), "get_signal"))
        answer = script.signals.get(clock(market.now_ms), script.otherwise)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(market)
        return mirror.signal(answer) if isinstance(answer, Signal) else answer

    def hook(name: str) -> Callable[..., None]:
        def called(self: Strategy, market: Any, *args: Any) -> None:
            at = clock(market.now_ms)
            calls.append((at, name))
            for asked in hooked(script, name, at):
                if isinstance(asked, Exception):
                    raise asked
                verdict = (
                    asked(market, *args)
                    if callable(asked)
                    else method_of(mirror.command(asked), market, args)
                )
                if isinstance(verdict, Refused):
                    refused.append((at, verdict.reason))

        return called

    wanted = {name for name, _ in script.hooks} | set(script.listens)
    methods = {name: hook(name) for name in HOOKS if name in wanted}
    body = {"interval": script.interval, "warmup": script.warmup, "get_signal": get_signal, **methods}
    return Seat(_key(symbol), type("Scripted", (Strategy,), body)(), script.risk)
