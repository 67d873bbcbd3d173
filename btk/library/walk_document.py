"""The document of a walk (`btk.walker/1`): who was tried, in which order they came out, and how far to believe it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from btk.engines.walker import Score
from btk.library.contenders import Contender, Contenders
from btk.report.deflated_sharpe import deflated_sharpe
from btk.report.document import Document, json_values
from btk.report.gates import Figure
from btk.report.ranking import LESS_IS_BETTER, Ranked, Ranking

SCHEMA = "btk.walker/1"
LIKELY = 0.95


class Failure(msgspec.Struct, frozen=True):
    """A variant that did not run to its end, and why."""

    number: int
    strategy: str
    params: Any
    error: str


class Tally:
    """Counts variants as they end; keeps why the failed ones failed."""

    def __init__(self) -> None:
        self.ended = 0
        self.reused = 0
        self.seconds = 0.0
        self.failures: list[Failure] = []

    @property
    def failed(self) -> int:
        """How many failed."""
        return len(self.failures)

    def take(self, scored: Score) -> None:
        """One more has ended."""
        self.ended += 1
        self.seconds += scored.seconds
        if scored.status == "failed":
            self.failures.append(Failure(scored.number, scored.strategy, scored.params, scored.error))


def walk_document(
    run_id: str, contenders: Contenders, ranking: Ranking, tally: Tally, facts: Document
) -> Document:
    """The document, builtins only; a missing number is None.

    `ranking`: one row a variant that ran, the best first: `rank`, `number` (the order in which it was written),
    `strategy`, `params` (all of them), `value` (its metric) and the statistics of `btk.report.ranking.SHOWN`.
    `best`: the first of them with all of its statistics and the `entry` to run it again. `failed`: the others, with
    their `error`. `counts`: `variants` there were, `done`, `without_value`, `failed`, `reused` from an earlier walk.
    `fill_gaps`: whether missing minutes were filled. `digests`: of code, candles and settings, by strategy.
    `deflated_sharpe`: see `btk.report.deflated_sharpe`.
    `varied`: the parameters that differ. `timing.busy_pct`: the share of the processes' time in which they ran
    variants. Of a search also `search`; of a walk-forward `walk_forward`: its `windows` (`train` and `test` frames,
    the winner, `in_sample` and `out_of_sample`), the `efficiency_pct`, and the `statistics` of all trades out of
    sample.

    `facts` are `status`, `varied`, `total`, `timing` and `course`: what only a walk-forward or a search has to say.
    """
    job, rows = contenders.job, ranking.rows()
    best = ranking.best
    deflated = deflated_sharpe(ranking.best_statistics, ranking.sharpes) if best else None
    return json_values(
        {
            "schema": SCHEMA,
            "run_id": run_id,
            "mode": "walker",
            "status": facts["status"],
            "strategy": [cls.name for cls in contenders.classes],
            "exchange": job.seats[0].key.exchange,
            "model": job.model,
            "symbols": job.symbols,
            "frame": {"from_ms": job.frame.from_ms, "to_ms": job.frame.to_ms},
            "fill_gaps": job.fill_gaps,
            "digests": [_digests(contender) for contender in contenders.all],
            "metric": ranking.metric,
            "minimize": ranking.minimize,
            "varied": facts["varied"],
            "counts": _counts(rows, tally, facts),
            "best": _best(contenders, ranking),
            "deflated_sharpe": deflated,
            **_course(facts),
            "ranking": [{"rank": rank, **_row(row)} for rank, row in enumerate(rows, 1)],
            "failed": sorted(tally.failures, key=lambda failure: failure.number),
            "warnings": [*_interruption(tally, facts), *_warnings(ranking, tally, deflated)],
            "timing": facts["timing"],
        }
    )


def _counts(rows: list[Ranked], tally: Tally, facts: Document) -> Document:
    return {
        "variants": facts["total"],
        "done": tally.ended - tally.failed,
        "without_value": sum(row.value is None for row in rows),
        "failed": tally.failed,
        "reused": tally.reused,
    }


def _digests(contender: Contender) -> Document:
    code, data, settings = contender.digests
    return {"strategy": contender.cls.name, "code": code, "data": data, "settings": settings}


def _course(facts: Document) -> Document:
    course = facts["course"]
    assert isinstance(course, dict)
    return course


def _row(row: Ranked) -> Document:
    return {
        "number": row.number,
        "strategy": row.strategy,
        "params": row.params,
        "value": row.value,
        **row.statistics,
    }


def _best(contenders: Contenders, ranking: Ranking) -> Document | None:
    best = ranking.best
    if best is None:
        return None
    entry = next(one.entry for one in contenders.all if one.cls.name == best.strategy)
    return {
        "number": best.number,
        "strategy": best.strategy,
        "entry": entry,
        "params": best.params,
        "value": best.value,
        "statistics": ranking.best_statistics,
    }


def _interruption(tally: Tally, facts: Document) -> Iterator[str]:
    if facts["status"] == "partial":
        yield f"interrupted: {tally.ended:,} of {facts['total']:,} variants were tried, a better one may be among the others"


def _warnings(ranking: Ranking, tally: Tally, deflated: Mapping[str, Figure] | None) -> Iterator[str]:
    if ranking.metric in LESS_IS_BETTER and not ranking.minimize:
        yield f"the winner has the highest {ranking.metric}, of which less is better: --minimize ranks the other way round"
    if tally.failed:
        first = min(tally.failures, key=lambda failure: failure.number)
        yield f"left out because they failed: {tally.failed}; the first, number {first.number}: {first.error}"
    if len(ranking) and ranking.best is None:
        yield (
            f"no variant has a {ranking.metric}: the samples cannot carry it"
            " (10 trades are needed, 14 days for what is annualised)"
        )
    sharpe = ranking.best_statistics.get("sharpe_ratio")
    probability = deflated["probability"] if deflated else None
    if not (isinstance(probability, float) and isinstance(sharpe, float)):
        return
    if sharpe > 0 and probability < LIKELY:
        yield (
            f"the winner may be luck: after {len(ranking.sharpes)} tries the chance that its true Sharpe is"
            f" above 0 is {probability * 100:.0f} %"
        )
