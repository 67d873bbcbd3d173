"""A search with Optuna instead of every combination."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from btk.adapters.settings import load_settings
from btk.adapters.settings_inline import Override
from btk.library.parameter_grid import parse_axes
from btk.library.walk_forward import Lengths
from btk.library.walk_run import Walk, WalkRun
from btk.model.errors import UsageError
from tests.library.walk_project import make_project

pytest.importorskip("optuna", reason="the extra btk[search] is not installed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def search(
    root: Path, *params: str, entry: str = "strategies/beat.py:Beat", **choices: Any
) -> dict[str, Any]:
    settings = load_settings(root, [], {}, [Override("strategy.entry", f"[{entry}]", "--entry")]).settings
    return WalkRun(settings, root, Walk(axes=parse_axes(params), **choices)).run().document


def test_as_many_variants_are_tried_as_were_asked_for_within_the_range(root: Path) -> None:
    document = search(root, "every=3:90:3", trials=12, jobs=2)
    assert document["counts"]["done"] == 12
    assert all(3 <= row["params"]["every"] <= 90 for row in document["ranking"])
    assert all(row["params"]["every"] % 3 == 0 for row in document["ranking"])
    assert document["search"] == {"trials": 12, "sampler": "tpe", "batch": 8}


def test_what_is_tried_does_not_depend_on_the_number_of_processes(root: Path) -> None:
    one, two = (search(root, "every=3:90", trials=20, jobs=jobs)["ranking"] for jobs in (1, 2))
    assert one == two


def test_words_and_several_strategies_are_searched_too(root: Path) -> None:
    document = search(
        root, "side=long,short", "every=3:50", entry="strategies/beat.py", trials=20, metric="total_trades"
    )
    assert {row["strategy"] for row in document["ranking"]} == {"beat", "silent"}
    assert {row["params"].get("side") for row in document["ranking"]} <= {"long", "short", None}


def test_a_variant_that_fails_is_a_trial_without_a_value(root: Path) -> None:
    document = search(root, "every=0,7", trials=9, jobs=1)
    assert document["counts"]["variants"] == 2
    assert sorted(row["params"]["every"] for row in document["failed"]) == [0, 7]


def test_nothing_is_tried_twice_and_a_small_space_is_tried_whole(root: Path) -> None:
    rows = search(root, "every=3:90:3", trials=28, jobs=1)["ranking"]
    assert len({row["params"]["every"] for row in rows}) == 28
    both = search(root, "every=4,5", entry="strategies/beat.py", trials=9, jobs=1)
    tried = [(row["strategy"], row["params"].get("every")) for row in both["ranking"]]
    assert sorted(tried, key=str) == [("beat", 4), ("beat", 5), ("silent", None)]


def test_a_search_needs_something_to_search_and_no_windows(root: Path) -> None:
    with pytest.raises(UsageError, match="nothing to search"):
        search(root, trials=5)
    with pytest.raises(UsageError, match="leave out either"):
        search(root, "every=3:9", trials=5, lengths=Lengths(10, 5))
