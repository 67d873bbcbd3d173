"""Results as frames."""

from __future__ import annotations

import json
from pathlib import Path

from btk.adapters.run_archive import RunArchive
from btk.library.parameter_grid import parse_axes
from btk.library.project import open_project
from btk.library.results import RunResult
from btk.library.walk_run import Walk, WalkRun
from tests.library.walk_project import make_project


def test_a_parameter_that_is_called_as_a_figure_does_not_hide_it(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    file = root / "strategies" / "beat.py"
    file.write_text(
        file.read_text().replace('    side: str = "long"', '    side: str = "long"\n    rank: int = 7', 1)
    )
    changes = {"strategy.entry": json.dumps(["strategies/beat.py:Beat"]), "frame.to": "2024-01-05"}
    settings, _ = open_project(root, changes)
    walk = WalkRun(settings, root, Walk(axes=parse_axes(["every=3,4"]), jobs=1))
    walk.run()
    frame = RunResult(RunArchive(root / "dump" / "runs"), walk.run_id).ranking("pandas")
    assert list(frame["rank"]) == [1, 2]
    assert sorted(frame["every"]) == [3, 4]
