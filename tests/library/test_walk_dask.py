"""The same walk on a real Dask cluster on loopback, with a worker that dies in the middle."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.dask_pool import DaskPool
from btk.adapters.settings import load_settings
from btk.adapters.settings_inline import Override
from btk.engines.walker import Variant
from btk.library.contenders import Recipe
from btk.library.parameter_grid import parse_axes
from btk.library.walk_executors import Order, remote_score
from btk.library.walk_run import Walk, WalkRun
from btk.model.errors import Transient
from btk.model.settings import Settings
from tests.library.walk_project import make_project

distributed = pytest.importorskip("distributed", reason="the extra btk[dask] is not installed")
HERE = Path(__file__).parents[2]
BEAT = "strategies/beat.py:Beat"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    facts = str(tmp_path / "scheduler.json")
    host = ("--host", "127.0.0.1", "--scheduler-file", facts)
    with ExitStack() as running:
        started(running, "scheduler", *host, "--port", "0", "--no-dashboard", "--no-show")
        for _ in range(2):
            started(running, "worker", *host, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        with distributed.Client(scheduler_file=facts, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address


def started(running: ExitStack, role: str, *arguments: str) -> None:
    command = [sys.executable, "-m", f"distributed.cli.dask_{role}", *arguments]
    process = subprocess.Popen(
        command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    running.callback(process.wait)
    running.callback(process.kill)


def settings_of(root: Path) -> Settings:
    return load_settings(root, [], {}, [Override("strategy.entry", f"[{BEAT}]", "--entry")]).settings


def walk(root: Path, *params: str, **choices: Any) -> dict[str, Any]:
    return WalkRun(settings_of(root), root, Walk(axes=parse_axes(params), **choices)).run().document


def test_a_worker_killed_in_the_middle_changes_nothing(root: Path, address: str, tmp_path: Path) -> None:
    died = tmp_path / "died"
    params = ("every=3,4,5,6,8,9,10,11", f"die_once={died}")
    remote = walk(root, *params, scheduler=address)
    assert died.exists()
    local = walk(root, *params, jobs=2)
    assert remote["counts"]["done"] == 8
    assert remote["ranking"] == local["ranking"]
    assert remote["best"] == local["best"]


def test_a_worker_takes_in_what_has_changed_since_the_walk_before(root: Path, address: str) -> None:
    first = walk(root, "every=3,4", scheduler=address)
    file = root / "strategies" / "beat.py"
    file.write_text(file.read_text().replace("take_profit_pct=2", "take_profit_pct=3"))
    again = walk(root, "every=3,4", scheduler=address)
    assert again["counts"]["done"] == 2
    assert again["ranking"] != first["ranking"]


def test_a_worker_whose_project_differs_answers_with_a_failure(root: Path) -> None:
    recipe = Recipe(settings_of(root), root)
    variant = Variant(number=1, contender=0, params={"every": 5})
    found = remote_score(pickle.dumps(Order(recipe, [("other", "code", "here")])), variant)
    assert found.status == "failed"
    assert "other code, candles or settings" in found.error


def test_a_scheduler_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(Transient, match=r"127\.0\.0\.1:9: no Dask scheduler answers there"):
        DaskPool(remote_score, (), "tcp://127.0.0.1:9", connect_seconds=0.5)
