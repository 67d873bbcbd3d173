"""The doors of a program: `Backtest`, `Paper`, `Live` and `Walker` run, go on in the background, stop, list and report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from btk.library.background import Background, Work
from btk.library.instances import Instances, InstanceStatus
from btk.library.report_doors import ReportDoor
from btk.library.run_events import RunEvents
from btk.library.works import backtest_work, live_work, paper_work, walk_work
from btk.model.told import SignalTold, Told, WalkerTold

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound=Told)
Statuses = list[InstanceStatus]


class Door(ReportDoor, Generic[P, R, E]):
    """Runs of one mode: `run` and `background` take what `work` takes. No strategy runs twice on a symbol.

    What is refused is raised at the call: `InvalidInput` and its kinds, `AlreadyRunning`.
    """

    def __init__(self, kind: str, topic: str, told: type[E], work: Callable[P, Work[R]]) -> None:
        super().__init__(kind, (kind,))
        self.__doc__ = work.__doc__
        self._topic = topic
        self._told = told
        self._work = work
        self._instances = Instances()

    def run(self, *args: P.args, **kwargs: P.kwargs) -> RunEvents[R, E]:
        """A run to loop over, plain or `async`: it begins with the loop, and leaving the loop stops it."""
        run = Background(self._work(*args, **kwargs))
        return RunEvents(run, lambda: self._begin(run), self._topic)

    def background(self, *args: P.args, **kwargs: P.kwargs) -> Background[R]:
        """A run in a thread of its own, begun."""
        run = Background(self._work(*args, **kwargs))
        self._begin(run)
        return run

    def stop(self, symbol: str | None = None, strategy: str | None = None) -> None:
        """Ask what runs to end (None: all of it), and come back at once; saying it twice is the same as once."""
        self._instances.stop(symbol, strategy)

    def list(self) -> Statuses:
        """Every strategy on every symbol that this program has run, and whether it still does."""
        return self._instances.statuses()

    def _begin(self, run: Background[R]) -> None:
        self._instances.add(run)
        run.begin()


Backtest = Door("backtest", "signal_event", SignalTold, backtest_work)
Paper = Door("paper", "signal_event", SignalTold, paper_work)
Live = Door("live", "signal_event", SignalTold, live_work)
Walker = Door("walker", "walker", WalkerTold, walk_work)
