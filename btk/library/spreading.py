"""Running the symbols of a backtest in processes of their own, where nothing but the wallet is shared."""

from __future__ import annotations

import time

from btk.adapters.worker_pool import Died, WorkerPool
from btk.engines.backtest import Job
from btk.engines.drivers import StopSwitch
from btk.engines.journal import Observer
from btk.engines.outcome import Outcome
from btk.engines.spread import Part, merged, obstacle, run_part
from btk.model.errors import BtkError, Fatal


def spread_outcome(job: Job, processes: int, observer: Observer, switch: StopSwitch) -> Outcome | str | None:
    """The outcome, equal to that of one process, or the reason why the symbols have to run together.

    None where the switch ended it before the first symbol was done.
    """
    reason = obstacle(job)
    if reason is not None:
        return reason
    started = time.perf_counter()
    parts = _parts(job, processes, switch)
    if not parts:
        return None
    outcome = merged(job, parts, observer, time.perf_counter() - started)
    return outcome or "the symbols compete for the cash of the wallet"


def _parts(job: Job, processes: int, switch: StopSwitch) -> dict[str, Part]:
    parts: dict[str, Part] = {}

    def work(symbol: str) -> Part | BtkError:
        try:
            return run_part(job, symbol, time.perf_counter)
        except BtkError as error:
            return error

    with WorkerPool(work, min(processes, len(job.symbols))) as pool:
        for symbol, answer in pool.answers(job.symbols, lambda: not switch.requested):
            if isinstance(answer, BtkError):
                raise answer
            if isinstance(answer, Died):
                raise Fatal(f"{symbol}: {answer.reason}; run it without --jobs")
            parts[symbol] = answer
    return {symbol: parts[symbol] for symbol in job.symbols if symbol in parts}
