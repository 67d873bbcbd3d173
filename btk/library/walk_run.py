"""One walk from beginning to end: `WalkRun(settings, root, Walk(...)).run()`; both doors stand on this."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk import wiring
from btk.adapters.settings_document import settings_document
from btk.adapters.walk_folder import WalkFolder, read_variants
from btk.adapters.worker_pool import processors
from btk.engines.drivers import StopSwitch
from btk.engines.walker import Score, Variant
from btk.library.contenders import Contenders, Recipe, check_ranges
from btk.library.parameter_grid import Axis
from btk.library.run_ids import new_run_id
from btk.library.telling import RunName, Teller
from btk.library.walk_courses import Course, Grid, Searched
from btk.library.walk_document import Tally, walk_document
from btk.library.walk_executors import Pool, dask_pool, local_pool, scores
from btk.library.walk_forward import Forward, Lengths
from btk.library.walk_telling import Standing, tell_variant, tell_walk
from btk.model.bars import Span
from btk.model.errors import UsageError
from btk.model.names import SlotKey
from btk.model.settings import Settings
from btk.report.document import Document
from btk.report.ranking import Ranked, Ranking, check_metric

RUNS = Path("runs")


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """What to try and how.

    `axes` are the parameters, `jobs` the processes (None: one for each processor). `lengths` makes it a
    walk-forward, `trials` a search. `resume` names an earlier walk, `scheduler` a Dask cluster to run on.
    """

    axes: tuple[Axis, ...] = ()
    metric: str = "sharpe_ratio"
    minimize: bool = False
    jobs: int | None = None
    resume: str | None = None
    lengths: Lengths | None = None
    trials: int | None = None
    scheduler: str | None = None


class Progress(NamedTuple):
    """How far a walk is: variants ended (failed and reused ones too) of all, seconds since the start, the best so far."""

    ended: int
    total: int
    failed: int
    seconds: float
    best: Ranked | None


class WalkResult(NamedTuple):
    """A walk that ended: its document, its folder, and whether every variant was tried."""

    document: Document
    folder: Path
    complete: bool


Watch = Callable[[Progress], None]


class WalkRun:
    """One walk over the strategies of `settings` in the project at `root`.

    The constructor checks everything and refuses: `SettingsError`, `StrategyError`, `UsageError`, `DataError`.
    `run` writes `dump/runs/<run_id>/` and answers the result; press `switch` to end it early.
    """

    def __init__(self, settings: Settings, root: Path, walk: Walk, *, fill_gaps: bool = False) -> None:
        check_metric(walk.metric)
        _check_choices(walk)
        self._settings = settings
        self._walk = walk
        self._recipe = Recipe(settings, root, fill_gaps)
        self._contenders = Contenders(self._recipe)
        self._contenders.check(walk.axes)
        self._course = _course(self._contenders, walk)
        self._jobs = min(walk.jobs or processors(), max(1, self._course.total))
        self._runs = root / settings.state.path / RUNS
        self._earlier = _earlier(self._runs, walk.resume)
        self._tally = Tally()
        self.run_id = new_run_id()
        self._teller = Teller(RunName("walker", self.run_id, settings.exchange.name, waits=True))
        self.switch = StopSwitch()

    @property
    def keys(self) -> list[SlotKey]:
        """Every strategy on every symbol."""
        return [seat.key for one in self._contenders.all for seat in one.job.seats]

    def run(self, watch: Watch = lambda progress: None) -> WalkResult:
        """Try every variant. `watch` is told several times a second how far it is."""
        started = time.perf_counter()

        def look() -> bool:
            tally, course = self._tally, self._course
            seconds = time.perf_counter() - started
            watch(Progress(tally.ended, course.total, tally.failed, seconds, course.ranking.best))
            return not self.switch.requested

        with self._pool() as pool, WalkFolder(self._runs, self.run_id) as folder:
            folder.describe(self._description())
            for scored in self._course.scores(lambda variants: self._scores(pool, variants, look)):
                folder.add(scored)
                self._tally.take(scored)
                tell_variant(self._teller, scored, self._standing)
            document = self._document(time.perf_counter() - started)
            folder.finish(document)
        self._tell_end()
        return WalkResult(document, folder.path, self._complete)

    @property
    def _standing(self) -> Standing:
        symbols = self._contenders.job.symbols
        symbol = symbols[0] if len(symbols) == 1 else ""
        return Standing(self._course.ranking, self._tally.ended, self._course.total, symbol)

    def _tell_end(self) -> None:
        job, standing = self._contenders.job, self._standing
        names = {cls.name for cls in self._contenders.classes}
        key = SlotKey(standing.symbol, names.pop() if len(names) == 1 else "", job.seats[0].key.exchange)
        tell_walk(self._teller, standing, key, Span(job.frame.from_ms, job.frame.to_ms), self._complete)

    @property
    def _complete(self) -> bool:
        return not self.switch.requested or self._tally.ended == self._course.total

    def _pool(self) -> Pool:
        if self._walk.scheduler is None:
            return local_pool(self._contenders, self._jobs)
        pool = dask_pool(self._contenders, self._recipe, self._walk.scheduler)
        self._jobs = pool.jobs
        return pool

    def _scores(self, pool: Pool, variants: Iterable[Variant], look: Callable[[], bool]) -> Iterator[Score]:
        known: list[Score] = []

        def unknown() -> Iterator[Variant]:
            for variant in variants:
                found = self._done_before(variant)
                if found is None:
                    yield variant
                else:
                    self._tally.reused += 1
                    known.append(found)

        for scored in scores(pool, self._contenders, unknown(), look):
            yield from _drained(known)
            yield scored
        yield from _drained(known)

    def _done_before(self, variant: Variant) -> Score | None:
        key = self._contenders.key(variant)
        found = self._earlier.get(key)
        if found is None and not variant.keep_trades:
            # A smaller walk kept the trades: all that is asked for here, and more.
            kept = msgspec.structs.replace(variant, keep_trades=True)
            found = self._earlier.get(self._contenders.key(kept))
        if found is None:
            return None
        trades = found.trades if variant.keep_trades else ()
        # It costs nothing this time.
        return msgspec.structs.replace(found, number=variant.number, key=key, seconds=0.0, trades=trades)

    def _description(self) -> dict[str, object]:
        return {
            "schema": "btk.run/1",
            "run_id": self.run_id,
            "mode": "walker",
            "started_at_ms": wiring.now_ms(),
            "variants": self._course.total,
            "metric": self._walk.metric,
            "resumes": self._walk.resume,
            "settings": settings_document(self._settings),
        }

    def _document(self, seconds: float) -> Document:
        busy = self._tally.seconds / (seconds * self._jobs) * 100 if seconds else None
        varied = [axis.name for axis in self._walk.axes if axis.range or len(axis.values) > 1]
        facts: Document = {
            "status": "complete" if self._complete else "partial",
            "varied": varied,
            "total": self._course.total,
            "course": self._course.document(),
            "timing": {"seconds": seconds, "jobs": self._jobs, "busy_pct": busy},
        }
        return walk_document(self.run_id, self._contenders, self._course.ranking, self._tally, facts)


def _course(contenders: Contenders, walk: Walk) -> Course:
    ranking = Ranking(walk.metric, walk.minimize)
    if walk.lengths is not None:
        return Forward(contenders, walk.axes, ranking, walk.lengths)
    if walk.trials is not None:
        return Searched(contenders, walk.axes, ranking, walk.trials)
    return Grid(contenders, walk.axes, ranking)


def _check_choices(walk: Walk) -> None:
    if walk.lengths is not None and walk.trials is not None:
        raise UsageError("--walk tries every combination on each window: leave out either --walk or --trials")
    if walk.trials is None:
        check_ranges(walk.axes)


def _earlier(runs: Path, run_id: str | None) -> Mapping[str, Score]:
    if run_id is None:
        return {}
    # A failed one is tried again: its worker may have died of something that has passed.
    return {score.key: score for score in read_variants(runs, run_id, Score) if score.status == "done"}


def _drained(known: list[Score]) -> Iterator[Score]:
    yield from known
    known.clear()
