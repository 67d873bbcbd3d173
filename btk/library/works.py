"""What a run in the background does: a backtest, a paper or live run, a walk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from btk import wiring
from btk.adapters.command_files import CommandFiles, Order
from btk.library.background import Work
from btk.library.backtest_run import BacktestRun, Result
from btk.library.broker_start import Brokerage
from btk.library.choosing import Changes, Names, Where, chosen_project
from btk.library.parameter_grid import parse_axes
from btk.library.project import Project
from btk.library.state_backends import FOLDERS, Mode
from btk.library.stop_control import OnStop, StopControl
from btk.library.telling import RunName, Teller
from btk.library.trading_run import Ended, Started, TradingRun
from btk.library.walk_run import Walk, WalkResult, WalkRun
from btk.model.errors import UsageError
from btk.model.names import SlotKey
from btk.model.told import RunMode
from btk.wiring import Allowances

PLAIN_WALK = Walk()


class BacktestWork:
    """A backtest; stopped, it ends at once with what it has."""

    def __init__(self, run: BacktestRun) -> None:
        self._backtest = run
        self.keys = run.keys
        self.run_id = run.run_id

    def run(self) -> Result:
        """Replay the frame."""
        return self._backtest.run()

    def stop(self, keys: Sequence[SlotKey]) -> None:
        """End it: one run has one clock, so all of its slots."""
        self._backtest.switch.requested = True

    def tell_exit(self, error: BaseException) -> None:
        """Let its listeners hear that it could not go on."""
        _tell_exit("backtest", self.run_id, self.keys[0].exchange, error)


class TradingWork:
    """A paper or live run, in an event loop of its own."""

    def __init__(self, run: TradingRun, mode: Mode, dump: Path, on_stop: OnStop) -> None:
        self._trading = run
        self._mode = mode
        self._commands = CommandFiles(dump / FOLDERS[mode])
        self._on_stop = on_stop
        self._control: tuple[StopControl, asyncio.AbstractEventLoop] | None = None
        self._stopped = False
        self.keys = run.keys
        self.run_id = ""

    def run(self) -> Ended:
        """Go through its ticks until it is stopped, or its frame is over."""
        return asyncio.run(self._run())

    def stop(self, keys: Sequence[SlotKey]) -> None:
        """End it when what is open is over; of some slots only, they alone open nothing more."""
        if set(keys) < set(self.keys):
            for key in keys:
                self._commands.drop(Order(action="stop", symbols=(key.symbol,), strategies=(key.strategy,)))
            return
        self._stopped = True
        if self._control is not None:
            control, loop = self._control
            with suppress(RuntimeError):  # the loop is closed: the run has ended meanwhile
                loop.call_soon_threadsafe(control.stop)

    def tell_exit(self, error: BaseException) -> None:
        """Let its listeners hear that it could not go on."""
        mode: RunMode = "live" if self._mode == "live" else "paper"
        _tell_exit(mode, self.run_id, self.keys[0].exchange, error)

    async def _run(self) -> Ended:
        control = StopControl(self._on_stop, hears_signals=False)
        self._control = (control, asyncio.get_running_loop())
        try:
            if self._stopped:
                control.stop()
            return await self._trading.run(control, self._begun)
        finally:
            self._control = None

    def _begun(self, start: Started) -> None:
        self.run_id = start.run_id


class WalkWork:
    """A walk; stopped, it ends with the variants that are done."""

    def __init__(self, run: WalkRun) -> None:
        self._walk = run
        self.keys = run.keys
        self.run_id = run.run_id

    def run(self) -> WalkResult:
        """Try every variant."""
        return self._walk.run()

    def stop(self, keys: Sequence[SlotKey]) -> None:
        """End it."""
        self._walk.switch.requested = True

    def tell_exit(self, error: BaseException) -> None:
        """Let its listeners hear that it could not go on."""
        _tell_exit("walker", self.run_id, self.keys[0].exchange, error)


def backtest_work(
    symbols: Names = None,
    strategies: Names = None,
    *,
    where: Where = None,
    changes: Changes = None,
    fill_gaps: bool = False,
) -> Work[Result]:
    """Backtests. `symbols` and `strategies`: names or lists of them (None: those of the settings).

    A strategy is a file, `FILE:CLASS`, or a name; `where` is the folder of the project, or a `Project` whose settings
    were made in Python; `changes` are settings by dotted key.
    """
    project = chosen_project(symbols, strategies, where, changes)
    return BacktestWork(BacktestRun(project.settings, project.root, fill_gaps=fill_gaps))


def paper_work(
    symbols: Names = None,
    strategies: Names = None,
    *,
    where: Where = None,
    changes: Changes = None,
    on_stop: OnStop = "wait",
    replay: bool = False,
    fresh: bool = False,
) -> Work[Ended]:
    """Paper runs; one at a time in a project, of as many symbols and strategies as one likes, named as for backtests.

    `on_stop` is what a stop does with open signals: `wait` for their end, `flatten`, or `leave` them to the next start.
    `replay` goes through the settings' frame at full speed, `fresh` forgets what the run before has left.
    """
    project = chosen_project(symbols, strategies, where, changes)
    mode: Mode = "replay" if replay else "paper"
    run = TradingRun(project.settings, project.root, mode, fresh=fresh)
    return TradingWork(run, mode, project.root / project.settings.state.path, on_stop)


def live_work(
    symbols: Names = None,
    strategies: Names = None,
    *,
    where: Where = None,
    changes: Changes = None,
    on_stop: OnStop = "wait",
    yes: bool = False,
) -> Work[Ended]:
    """Live runs, as paper runs. With a broker in the settings real orders are sent, which `yes` has to say."""
    project = chosen_project(symbols, strategies, where, changes)
    run = TradingRun(project.settings, project.root, "live", brokerage=_brokerage(project, yes))
    return TradingWork(run, "live", project.root / project.settings.state.path, on_stop)


def walk_work(
    symbols: Names = None,
    strategies: Names = None,
    params: Sequence[str] = (),
    walk: Walk = PLAIN_WALK,
    *,
    where: Where = None,
    changes: Changes = None,
) -> Work[WalkResult]:
    """Walks: strategies, with the values of `params` (`["fast=5,10", "slow=30:60:15"]`), on the same candles.

    `walk` says the rest: the metric, the processes, the lengths of a walk-forward, the trials of a search.
    """
    project = chosen_project(symbols, strategies, where, changes)
    if params:
        walk = msgspec.structs.replace(walk, axes=(*walk.axes, *parse_axes(params)))
    return WalkWork(WalkRun(project.settings, project.root, walk))


def _brokerage(project: Project, yes: bool) -> Brokerage | None:
    settings, root = project
    if settings.broker.kind == "none":
        return None
    if not (yes or settings.exchange.sandbox):
        raise UsageError(
            "real orders were asked for: yes=True sends them, exchange.sandbox: true needs no asking"
        )
    keys = tuple(key for key in wiring.account_keys(settings, root) if key is not None)
    return Brokerage(wiring.broker(settings, root, Allowances()), secrets=keys)


def _tell_exit(mode: RunMode, run_id: str, exchange: str, error: BaseException) -> None:
    Teller(RunName(mode, run_id, exchange)).exit(error, wiring.now_ms())
