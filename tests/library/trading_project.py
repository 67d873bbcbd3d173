"""Paper and live runs of a small project on the demo exchange, in this process and in no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from btk.library.project import open_project
from btk.library.state_backends import Mode
from btk.library.stop_control import OnStop, StopControl
from btk.library.trading_run import Ended, Started, TradingRun
from tests.cli.strategy_project import make_project
from tests.fakes.stepped_host import SteppedHost

# 2024-01-03T00:30: the strategy wants something half an hour later, and holds it for twenty minutes.
START_MS = 1_704_241_800_000
OPENED = 31
ON_THE_HOUR = """
from btk import Signal, Strategy


class OnTheHour(Strategy):
    interval = "1m"

    def get_signal(self, market):
        if market.now_ms % 3_600_000:
            return None
        return Signal.bracket("long", market.price, take_profit_pct=5, stop_loss_pct=4, lifetime_minutes=20)
"""


def trading_project(folder: Path, strategy: str = ON_THE_HOUR) -> Path:
    """A project with BTCUSDT, ETHUSDT and one strategy, `on_the_hour` unless another is given."""
    make_project(folder, on_the_hour=strategy)
    settings = "symbols: [BTCUSDT, ETHUSDT]\nstrategy: {entry: [strategies/on_the_hour.py]}\n"
    (folder / "config/btk.yaml").write_text(settings)
    return folder


Act = Callable[[StopControl], object]


def traded(
    root: Path,
    plan: Mapping[int, Act],
    *,
    mode: Mode = "paper",
    on_stop: OnStop = "wait",
    start_ms: int = START_MS,
    changes: Mapping[str, Any] | None = None,
    fresh: bool = False,
    set_back: bool = False,
    started: Callable[[Started], None] = lambda start: None,
) -> Ended:
    """A run from 00:30 on, to its end; `plan` has what happens in the so manieth minute. Something in it must end it."""

    async def run() -> Ended:
        control = StopControl(on_stop)
        acts = {minute: lambda act=act: act(control) for minute, act in plan.items()}
        settings, folder = open_project(root, changes)
        host = SteppedHost(start_ms, acts)
        trading = TradingRun(settings, folder, mode, fresh=fresh, set_back=set_back, host=host)
        return await trading.run(control, started)

    return asyncio.run(run())


def leave(control: StopControl) -> None:
    """What SIGTERM does."""
    control.leave(143)


def killed(control: StopControl) -> None:
    """What is left after it is what a kill leaves, but for the lock."""
    raise Killed


class Killed(Exception):
    """The process is no more."""
