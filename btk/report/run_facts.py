"""Run facts: one run in a list, from its result or from what its events tell."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from btk.report.run_record import FramePart, ResultRecord

UNFINISHED = "unfinished"


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One run in a list; what it has not come to yet is None."""

    run_id: str
    mode: str
    status: str
    strategy: str | tuple[str, ...] = ()
    params: dict[str, Any] = {}
    exchange: str | None = None
    symbols: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    total_trades: int | None = None
    return_pct: float | None = None


class _Figures(msgspec.Struct, frozen=True):
    total_trades: int | None = None
    return_pct: float | None = None


class _Part(msgspec.Struct, frozen=True):
    statistics: _Figures = _Figures()


class _Window(msgspec.Struct, frozen=True):
    out_of_sample_return_pct: float | None = None


class _Forward(msgspec.Struct, frozen=True):
    windows: tuple[_Window, ...] = ()
    statistics: _Figures = _Figures()

    def figures(self) -> _Figures:
        returned = [window.out_of_sample_return_pct for window in self.windows]
        grown = [1 + pct / 100 for pct in returned if pct is not None]
        # One window that nobody knows, and nobody knows the whole.
        known = bool(grown) and len(grown) == len(returned)
        return _Figures(self.statistics.total_trades, (math.prod(grown) - 1) * 100 if known else None)


class Summary(msgspec.Struct, frozen=True):
    """What a list needs of a result document of any mode; msgspec skips the trades, however many."""

    mode: str
    status: str
    strategy: str | tuple[str, ...]
    exchange: str
    frame: FramePart
    symbols: dict[str, msgspec.Raw] | tuple[str, ...]
    params: dict[str, Any] = {}
    portfolio: _Part = _Part()
    best: _Part | None = None
    walk_forward: _Forward | None = None

    def facts(self, run_id: str) -> RunFacts:
        """The run in a list; of a walk with the figures of its winner, of a walk-forward with those out of sample."""
        figures = (self.best or self.portfolio).statistics
        if self.walk_forward:
            figures = self.walk_forward.figures()
        return RunFacts(
            run_id=run_id,
            mode=self.mode,
            status=self.status,
            strategy=self.strategy,
            params=self.params,
            exchange=self.exchange,
            symbols=tuple(self.symbols),
            from_ms=self.frame.from_ms,
            to_ms=self.frame.to_ms,
            total_trades=figures.total_trades,
            return_pct=figures.return_pct,
        )


def told_facts(told: ResultRecord) -> RunFacts:
    """A run that has no result yet, in a list."""
    returned = told.portfolio.statistics.get("return_pct")
    return RunFacts(
        run_id=told.run_id,
        mode=told.mode,
        status=told.status,
        strategy=told.strategy,
        exchange=told.exchange,
        symbols=tuple(told.symbols),
        from_ms=told.frame.from_ms,
        to_ms=told.frame.to_ms,
        total_trades=len(told.trades()),
        return_pct=returned if isinstance(returned, float) else None,
    )
