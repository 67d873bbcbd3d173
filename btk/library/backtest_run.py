"""One backtest from beginning to end: `BacktestRun(settings, root).run()`; both doors stand on this."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk import wiring
from btk.adapters.run_folder import RunFolder
from btk.engines.backtest import Backtest as Engine
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.library.run_ids import new_run_id
from btk.library.run_outcome import RUNS, Setup, description, first_error, run_outcome
from btk.library.spreading import spread_outcome
from btk.library.telling import RunName, Teller
from btk.model.bars import Span
from btk.model.errors import StrategyError
from btk.model.events import Event
from btk.model.names import SlotKey
from btk.model.settings import Settings
from btk.report.document import Document, result_document

DAY_MINUTES = 1440


class Result(NamedTuple):
    """A finished backtest: its result document, its folder under `dump/runs`, and the first error of a strategy."""

    document: Document
    folder: Path
    first_error: StrategyError | None
    complete: bool


class BacktestRun:
    """One backtest of `settings` in the project at `root`.

    The constructor checks everything and refuses: `SettingsError`, `StrategyError`, `DataError` for missing
    candles unless `fill_gaps`. `run` writes `dump/runs/<run_id>/` and answers the result. `jobs` processes share
    the symbols where nothing else is shared; `together` says afterwards why they could not.
    """

    def __init__(self, settings: Settings, root: Path, *, fill_gaps: bool = False, jobs: int = 1) -> None:
        self._settings = settings
        self._root = root
        self._job = wiring.backtest_job(settings, root, fill_gaps)
        self._setup = Setup.of(settings, root, self._job)
        self.run_id = new_run_id()
        name = RunName("backtest", self.run_id, settings.exchange.name, waits=True)
        self._teller = Teller(name, self._job.rules)
        if self._teller.hears("backtest_progress"):
            self._job = msgspec.structs.replace(self._job, block_minutes=DAY_MINUTES)
        self._engine = Engine(self._job, self._observe, time.perf_counter)
        # Made last: a backtest that is refused leaves no folder behind.
        self.folder = RunFolder(root / settings.state.path / RUNS, self.run_id)
        self.switch = StopSwitch()
        self.together: str | None = None
        self._jobs = jobs
        self._measured = time.perf_counter()

    @property
    def frame(self) -> Span:
        """The window of the run."""
        return Span(self._job.frame.from_ms, self._job.frame.to_ms)

    @property
    def keys(self) -> list[SlotKey]:
        """Every strategy on every symbol."""
        return [seat.key for seat in self._job.seats]

    @property
    def slots(self) -> int:
        """How many strategies on how many symbols run together."""
        return len(self._job.seats)

    @property
    def reached_ms(self) -> int:
        """How far the run has come; for progress, from any thread."""
        return self._engine.reached_ms

    def run(self) -> Result:
        """Run it to the end of the frame, or until `switch` is pressed; its listeners have heard all when it returns."""
        with self.folder as folder:
            folder.describe(description(self.run_id, "backtest", self._settings))
            outcome = self._run_engine()
            document = result_document(run_outcome(self.run_id, "backtest", self._setup, outcome))
            folder.finish(document)
        self._tell_end(outcome)
        return Result(document, folder.path, first_error(outcome), outcome.complete)

    def _run_engine(self) -> Outcome:
        minutes = self._teller.minutes
        if minutes:
            self._engine.ping(minutes, self._teller.ping)
        self._engine.passed = self._passed
        if self._jobs > 1 and not minutes:
            spread = spread_outcome(self._job, self._jobs, self._observe, self.switch)
            if isinstance(spread, Outcome):
                return spread
            self.together = spread
        return self._engine.run(self.switch)

    def _observe(self, key: SlotKey, event: Event) -> None:
        self.folder.observe(key, event)
        self._teller.event(key, event)

    def _passed(self, reached_ms: int) -> None:
        seconds, self._measured = time.perf_counter() - self._measured, time.perf_counter()
        self._teller.timed("backtest_stretch", seconds, reached_ms)
        self._teller.progress(reached_ms, self.frame)

    def _tell_end(self, outcome: Outcome) -> None:
        self._teller.timed("backtest_total", outcome.seconds, outcome.reached_ms)
        reached = Span(self.frame.from_ms, min(outcome.reached_ms, self.frame.to_ms))
        self._teller.done(self.keys, reached, outcome.complete)
