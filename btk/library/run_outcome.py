"""A finished run in the shape of its result document: the same for backtests, paper and live."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from btk import wiring
from btk.adapters.settings_document import settings_document
from btk.adapters.strategy_loader import parameter_values
from btk.engines.backtest import Job
from btk.engines.outcome import Outcome
from btk.library.warnings import warnings_of
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.errors import StrategyError
from btk.model.plain_words import excerpt
from btk.model.settings import Settings
from btk.report.document import Digests, RunOutcome, StrategyUsed, SymbolOutcome

RUNS = Path("runs")
RunMode = Literal["backtest", "paper", "live"]


class Setup(NamedTuple):
    """What a run was made of: `job` is what `settings` say in the project at `root`, before it has run.

    `code` names the code that was loaded: its files may be edited while it runs.
    """

    settings: Settings
    root: Path
    job: Job
    strategies: tuple[StrategyUsed, ...]
    code: str

    @staticmethod
    def of(settings: Settings, root: Path, job: Job) -> Setup:
        """With the parameters that the strategies have now: a running one may change its own."""
        used = {seat.key.strategy: seat.strategy for seat in job.seats}
        strategies = tuple(
            StrategyUsed(name=name, params=parameter_values(strategy)) for name, strategy in used.items()
        )
        return Setup(settings, root, job, strategies, wiring.code_digest(job, settings, root))


def description(run_id: str, mode: RunMode, settings: Settings) -> dict[str, object]:
    """What `run.json` holds: what was asked, before anything happens."""
    return {
        "schema": "btk.run/1",
        "run_id": run_id,
        "mode": mode,
        "started_at_ms": wiring.now_ms(),
        "settings": settings_document(settings),
    }


def run_outcome(run_id: str, mode: RunMode, setup: Setup, outcome: Outcome) -> RunOutcome:
    """Everything the result document tells of a run."""
    settings, job = setup.settings, setup.job
    _, data, digest = wiring.digests(job, settings, setup.root)
    return RunOutcome(
        run_id=run_id,
        mode=mode,
        status="complete" if outcome.complete else "partial",
        strategies=setup.strategies,
        exchange=settings.exchange.name,
        model=settings.execution.model,
        frame=Span(job.frame.from_ms, job.frame.to_ms),
        digests=Digests(code=setup.code, data=data, settings=digest),
        currency=settings.wallet.currency,
        symbols=tuple(_symbol(symbol, outcome) for symbol in outcome.symbols),
        curve=outcome.equity,
        warnings=warnings_of(settings, job, outcome),
        seconds=outcome.seconds,
    )


def _symbol(symbol: str, outcome: Outcome) -> SymbolOutcome:
    facts = outcome.symbols[symbol]
    records = [record for key, record in outcome.records.items() if key.symbol == symbol]
    first, last = facts.first_price, facts.last_price
    return SymbolOutcome(
        symbol=symbol,
        candles=facts.candles,
        gaps=facts.gaps,
        empty=facts.empty,
        own_bars=facts.own_bars,
        trades=tuple(
            sorted((trade for r in records for trade in r.trades), key=lambda trade: trade.closed_at_ms)
        ),
        cancelled=tuple(
            sorted((item for r in records for item in r.cancelled), key=lambda item: item.cancelled_at_ms)
        ),
        rejected=tuple(sorted((item for r in records for item in r.rejected), key=lambda item: item.at_ms)),
        curve=facts.equity,
        buy_and_hold_pct=(last / first - 1) * 100 if first and last else None,
    )


def first_error(outcome: Outcome) -> StrategyError | None:
    """The first error a strategy made, and how many there were."""
    errors = [(record.errors[0], key) for key, record in outcome.records.items() if record.errors]
    if not errors:
        return None
    first, key = min(errors, key=lambda pair: (pair[0].at_ms, pair[1].order))
    total = sum(error.count for record in outcome.records.values() for error in record.errors)
    at = format_date(first.at_ms)
    more = f" ({total} errors in all; see events.jsonl)" if total > 1 else ""
    return StrategyError(
        f"{key.strategy} on {key.symbol}: {first.where} at {at}: {excerpt(first.message)}{more}"
    )
