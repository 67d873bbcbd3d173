"""Telling listeners of a walk: each variant as it ends, how far it is, and what came out."""

from __future__ import annotations

from typing import NamedTuple

from btk import wiring
from btk.engines.walker import Score
from btk.library.telling import Teller
from btk.model.bars import Span
from btk.model.names import SlotKey
from btk.model.told import WalkerCompleteTold, WalkerProgressTold, WalkerTold
from btk.report.ranking import Ranking


class Standing(NamedTuple):
    """How a walk stands: its ranking, how many variants have ended of all, the symbol if there is only one."""

    ranking: Ranking
    tested: int
    total: int
    symbol: str


def tell_variant(teller: Teller, score: Score, standing: Standing) -> None:
    """A variant has ended."""
    at_ms, (ranking, tested, total, symbol) = wiring.now_ms(), standing
    best, value = ranking.best, score.statistics.get(ranking.metric)
    whose = teller.whose(symbol, score.strategy, at_ms)
    teller.tell(
        "walker",
        WalkerTold(
            **whose,
            number=score.number,
            params=score.params,
            statistics=score.statistics,
            metric=ranking.metric,
            value=float(value) if isinstance(value, int | float) else None,
            error=score.error,
            best_strategy=best.strategy if best else None,
            best_params=best.params if best else None,
            best_value=best.value if best else None,
            tested=tested,
            total=total,
        ),
    )
    progress = tested / total if total else 1.0
    teller.tell(
        "walker_progress", WalkerProgressTold(**whose, processed=tested, total=total, progress=progress)
    )
    teller.timed("walker_variant", score.seconds, at_ms)


def tell_walk(teller: Teller, standing: Standing, key: SlotKey, frame: Span, complete: bool) -> None:
    """A walk is over."""
    ranking, best = standing.ranking, standing.ranking.best
    teller.tell(
        "walker_complete",
        WalkerCompleteTold(
            **teller.whose(key.symbol, key.strategy, wiring.now_ms()),
            metric=ranking.metric,
            total=standing.total,
            best_strategy=best.strategy if best else None,
            best_params=best.params if best else None,
            best_value=best.value if best else None,
            best_statistics=ranking.best_statistics,
        ),
    )
    teller.done([key], frame, complete)
