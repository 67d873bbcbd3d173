"""Backtests from Python: `Backtest(settings, root).run()`; the command line stands on this."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from btk import wiring
from btk.adapters.run_folder import RunFolder
from btk.adapters.settings_document import settings_document
from btk.adapters.strategy_loader import parameter_values
from btk.engines.backtest import Backtest as Engine
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.library.run_ids import new_run_id
from btk.library.spreading import spread_outcome
from btk.library.warnings import warnings_of
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.errors import StrategyError
from btk.model.events import Event
from btk.model.names import SlotKey
from btk.model.plain_words import one_line
from btk.model.settings import Settings
from btk.report.document import (
    Digests,
    Document,
    RunOutcome,
    StrategyUsed,
    SymbolOutcome,
    result_document,
)

RUNS = Path("runs")


class Result(NamedTuple):
    """A finished backtest: its result document, its folder under `dump/runs`, and the first error of a strategy."""

    document: Document
    folder: Path
    first_error: StrategyError | None
    complete: bool


class Backtest:
    """One backtest of `settings` in the project at `root`.

    The constructor checks everything and refuses: `SettingsError`, `StrategyError`, `DataError` for missing
    candles unless `fill_gaps`. `run` writes `dump/runs/<run_id>/` and answers the result. `jobs` processes share
    the symbols where nothing else is shared; `together` says afterwards why they could not.
    """

    def __init__(self, settings: Settings, root: Path, *, fill_gaps: bool = False, jobs: int = 1) -> None:
        self._settings = settings
        self._root = root
        self._job = wiring.backtest_job(settings, root, fill_gaps)
        self.run_id = new_run_id()
        self._engine = Engine(self._job, self._observe, time.perf_counter)
        # Made last: a backtest that is refused leaves no folder behind.
        self.folder = RunFolder(root / settings.state.path / RUNS, self.run_id)
        self.switch = StopSwitch()
        self.together: str | None = None
        self._jobs = jobs

    @property
    def frame(self) -> Span:
        """The window of the run."""
        return Span(self._job.frame.from_ms, self._job.frame.to_ms)

    @property
    def slots(self) -> int:
        """How many strategies on how many symbols run together."""
        return len(self._job.seats)

    @property
    def reached_ms(self) -> int:
        """How far the run has come; for progress, from any thread."""
        return self._engine.reached_ms

    def run(self) -> Result:
        """Run it to the end of the frame, or until `switch` is pressed."""
        with self.folder as folder:
            folder.describe(self._description())
            outcome = self._run_engine()
            document = result_document(self._outcome(outcome))
            folder.finish(document)
        return Result(document, folder.path, _first_error(outcome), outcome.complete)

    def _run_engine(self) -> Outcome:
        if self._jobs > 1:
            spread = spread_outcome(self._job, self._jobs, self.folder.observe, self.switch)
            if isinstance(spread, Outcome):
                return spread
            self.together = spread
        return self._engine.run(self.switch)

    def _observe(self, key: SlotKey, event: Event) -> None:
        self.folder.observe(key, event)

    def _description(self) -> dict[str, object]:
        return {
            "schema": "btk.run/1",
            "run_id": self.run_id,
            "mode": "backtest",
            "started_at_ms": wiring.now_ms(),
            "settings": settings_document(self._settings),
        }

    def _outcome(self, outcome: Outcome) -> RunOutcome:
        code, data, settings = wiring.digests(self._job, self._settings, self._root)
        return RunOutcome(
            run_id=self.run_id,
            mode="backtest",
            status="complete" if outcome.complete else "partial",
            strategies=self._strategies(),
            exchange=self._settings.exchange.name,
            model=self._settings.execution.model,
            frame=self.frame,
            digests=Digests(code=code, data=data, settings=settings),
            currency=self._settings.wallet.currency,
            symbols=tuple(self._symbol(symbol, outcome) for symbol in outcome.symbols),
            curve=outcome.equity,
            warnings=warnings_of(self._settings, self._job, outcome),
            seconds=outcome.seconds,
        )

    def _strategies(self) -> tuple[StrategyUsed, ...]:
        used = {seat.key.strategy: seat.strategy for seat in self._job.seats}
        return tuple(
            StrategyUsed(name=name, params=parameter_values(strategy)) for name, strategy in used.items()
        )

    def _symbol(self, symbol: str, outcome: Outcome) -> SymbolOutcome:
        facts = outcome.symbols[symbol]
        records = [record for key, record in outcome.records.items() if key.symbol == symbol]
        first, last = facts.first_price, facts.last_price
        return SymbolOutcome(
            symbol=symbol,
            candles=facts.candles,
            gaps=facts.gaps,
            trades=tuple(
                sorted((trade for r in records for trade in r.trades), key=lambda trade: trade.closed_at_ms)
            ),
            cancelled=tuple(
                sorted((item for r in records for item in r.cancelled), key=lambda item: item.cancelled_at_ms)
            ),
            rejected=tuple(
                sorted((item for r in records for item in r.rejected), key=lambda item: item.at_ms)
            ),
            curve=facts.equity,
            buy_and_hold_pct=(last / first - 1) * 100 if first and last else None,
        )


def _first_error(outcome: Outcome) -> StrategyError | None:
    errors = [(record.errors[0], key) for key, record in outcome.records.items() if record.errors]
    if not errors:
        return None
    first, key = min(errors, key=lambda pair: (pair[0].at_ms, pair[1].order))
    total = sum(error.count for record in outcome.records.values() for error in record.errors)
    at = format_date(first.at_ms)
    more = f" ({total} errors in all; see events.jsonl)" if total > 1 else ""
    return StrategyError(
        f"{key.strategy} on {key.symbol}: {first.where} at {at}: {one_line(first.message)}{more}"
    )
