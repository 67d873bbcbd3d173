"""Where variants run: in forked processes of this machine, or on a Dask cluster; the scores are the same."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from btk.adapters.dask_pool import DaskPool
from btk.adapters.worker_pool import Died, WorkerPool
from btk.engines.walker import Score, Variant, failed
from btk.library.contenders import Contenders, Recipe

Look = Callable[[], bool]


class Pool(Protocol):
    """Workers that answer variants with scores."""

    def answers(self, tasks: Iterable[Variant], look: Look) -> Iterator[tuple[Variant, Score | Died]]:
        """Variants with their scores, in the order in which they are ready."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the workers home."""


def local_pool(contenders: Contenders, jobs: int) -> Pool:
    """Processes of this machine that share the candles of `contenders`."""
    return WorkerPool(contenders.score, jobs)


def dask_pool(contenders: Contenders, recipe: Recipe, address: str) -> DaskPool:
    """The workers of a cluster; each loads the project at the same folder once, and refuses if it differs."""
    # Pickled, not msgpacked: settings hold tuples and infinities, and Dask itself trusts its peers with pickles.
    return DaskPool(remote_score, (pickle.dumps(Order(recipe, contenders.digests)),), address)


class Order(NamedTuple):
    """What a worker must make, and what it must come to."""

    recipe: Recipe
    digests: list[tuple[str, str, str]]


def remote_score(order: bytes, variant: Variant) -> Score:
    """Run a variant on another machine; one that has other code, candles or settings answers with a failure."""
    contenders, same = _made(order)
    if not same:
        return failed(
            variant,
            contenders.name(variant),
            "the worker has other code, candles or settings than this machine",
        )
    return contenders.score(variant)


def scores(pool: Pool, contenders: Contenders, variants: Iterable[Variant], look: Look) -> Iterator[Score]:
    """The scores of `variants`; one whose worker died has failed."""
    for variant, answer in pool.answers(variants, look):
        if isinstance(answer, Died):
            yield failed(variant, contenders.name(variant), answer.reason)
        else:
            yield answer


@lru_cache(maxsize=2)
def _made(order: bytes) -> tuple[Contenders, bool]:
    recipe, digests = pickle.loads(order)
    contenders = Contenders(recipe)
    return contenders, contenders.digests == digests
