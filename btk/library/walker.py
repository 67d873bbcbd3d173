"""Walks from Python: `Walker(settings, root, Walk(...)).run()`; `btk walker` stands on this."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk import wiring
from btk.adapters.settings_document import settings_document
from btk.adapters.walk_folder import WalkFolder, read_variants
from btk.adapters.worker_pool import Died, WorkerPool, processors
from btk.engines.drivers import StopSwitch
from btk.engines.walker import Score, Variant, failed
from btk.library.contenders import Contenders, Recipe, check_ranges
from btk.library.parameter_grid import Axis
from btk.library.run_ids import new_run_id
from btk.library.walk_document import Tally, walk_document
from btk.model.settings import Settings
from btk.report.document import Document
from btk.report.ranking import Ranked, Ranking, check_metric

RUNS = Path("runs")


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """What to try and how: `axes` are the parameters, `jobs` the processes (None: one for each processor)."""

    axes: tuple[Axis, ...] = ()
    metric: str = "sharpe_ratio"
    minimize: bool = False
    jobs: int | None = None
    resume: str | None = None


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


class Walker:
    """One walk over the strategies of `settings` in the project at `root`.

    The constructor checks everything and refuses: `SettingsError`, `StrategyError`, `UsageError`, `DataError`.
    `run` writes `dump/runs/<run_id>/` and answers the result; press `switch` to end it early.
    """

    def __init__(self, settings: Settings, root: Path, walk: Walk, *, fill_gaps: bool = False) -> None:
        check_metric(walk.metric)
        check_ranges(walk.axes)
        self._settings = settings
        self._walk = walk
        self._contenders = Contenders(Recipe(settings, root, fill_gaps))
        self._contenders.check(walk.axes)
        self._jobs = min(walk.jobs or processors(), max(1, self.total))
        self._runs = root / settings.state.path / RUNS
        self._ranking = Ranking(walk.metric, walk.minimize)
        self._tally = Tally()
        self.run_id = new_run_id()
        self.switch = StopSwitch()

    @property
    def total(self) -> int:
        """How many variants there are."""
        return self._contenders.count(self._walk.axes)

    def run(self, watch: Watch = lambda progress: None) -> WalkResult:
        """Try every variant. `watch` is told several times a second how far it is."""
        started = time.perf_counter()

        def look() -> bool:
            best, tally = self._ranking.best, self._tally
            watch(Progress(tally.ended, self.total, tally.failed, time.perf_counter() - started, best))
            return not self.switch.requested

        with WalkFolder(self._runs, self.run_id) as folder:
            folder.describe(self._description())
            for scored in self._scores(look):
                folder.add(scored)
                self._take(scored)
            document = self._document(time.perf_counter() - started)
            folder.finish(document)
        return WalkResult(document, folder.path, self._tally.ended == self.total)

    def _scores(self, look: Callable[[], bool]) -> Iterator[Score]:
        variants: Iterable[Variant] = self._contenders.variants(self._walk.axes)
        if self._walk.resume is not None:
            remaining = {self._contenders.key(variant): variant for variant in variants}
            yield from self._known(self._walk.resume, remaining)
            variants = remaining.values()
        with WorkerPool(self._contenders.score, self._jobs) as pool:
            for variant, answer in pool.answers(variants, look):
                if isinstance(answer, Died):
                    yield failed(variant, self._contenders.name(variant), answer.reason)
                else:
                    yield answer

    def _known(self, run_id: str, remaining: dict[str, Variant]) -> Iterator[Score]:
        for scored in read_variants(self._runs, run_id, Score):
            # A failed one is tried again: its worker may have died of something that has passed.
            if scored.status == "done" and scored.key in remaining:
                self._tally.reused += 1
                yield msgspec.structs.replace(scored, number=remaining.pop(scored.key).number)

    def _take(self, scored: Score) -> None:
        self._tally.take(scored)
        if scored.status == "done":
            self._ranking.add(scored.number, scored.strategy, scored.params, scored.statistics)

    def _description(self) -> dict[str, object]:
        return {
            "schema": "btk.run/1",
            "run_id": self.run_id,
            "mode": "walker",
            "started_at_ms": wiring.now_ms(),
            "variants": self.total,
            "metric": self._walk.metric,
            "resumes": self._walk.resume,
            "settings": settings_document(self._settings),
        }

    def _document(self, seconds: float) -> Document:
        return walk_document(self.run_id, self._contenders, self._ranking, self._tally, self._facts(seconds))

    def _facts(self, seconds: float) -> Document:
        busy = self._tally.seconds / (seconds * self._jobs) * 100 if seconds else None
        return {
            "status": "complete" if self._tally.ended == self.total else "partial",
            "minimize": self._walk.minimize,
            "varied": [axis.name for axis in self._walk.axes if len(axis.values) > 1],
            "total": self.total,
            "timing": {"seconds": seconds, "jobs": self._jobs, "busy_pct": busy},
        }
