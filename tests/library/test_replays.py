"""A replay of the sample strategies leaves what a backtest of them leaves: the same events and the same result."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from btk.library.backtest_run import BacktestRun
from btk.library.project import open_project
from btk.library.stop_control import StopControl
from btk.library.trading_run import TradingRun
from btk.report.document import Document

ROOT = Path(__file__).parents[2]
SAMPLES = ("sma_cross", "donchian_breakout", "limit_pullback", "dca_ladder")
OWN = ("run_id", "mode", "timing")


def project(folder: Path) -> Path:
    """The project of this repository, with an empty cellar."""
    for name in ("config", "strategies"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def told(folder: Path) -> list[dict[str, Any]]:
    """The events of a run, but for the moment at which each was written."""
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    return [{name: value for name, value in line.items() if name != "recorded_at_ms"} for line in lines]


def shared(document: Document) -> dict[str, Any]:
    """A result, but for what it says of the run itself."""
    return {name: value for name, value in document.items() if name not in OWN}


@pytest.mark.parametrize("model", ["candle", "vwap"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_replay_leaves_what_a_backtest_leaves(tmp_path: Path, name: str, model: str) -> None:
    changes = {
        "strategy.entry": [f"strategies/{name}.py"],
        "frame.from": "2024-01-01",
        "frame.to": "2024-01-03",
        "execution.model": model,
        "symbols": ["BTCUSDT", "ETHUSDT"],
    }
    settings, root = open_project(project(tmp_path), changes)
    backtest = BacktestRun(settings, root).run()
    replay = asyncio.run(TradingRun(settings, root, "replay").run(StopControl("wait"), lambda started: None))
    assert told(replay.folder) == told(backtest.folder)
    assert shared(replay.document) == shared(backtest.document)
    assert told(replay.folder)


def test_a_replay_with_other_parameters_does_not_go_on_with_the_one_that_was_left(tmp_path: Path) -> None:
    root, frame = project(tmp_path), {"frame.from": "2024-01-01", "frame.to": "2024-01-02"}
    runs = []
    for fast in (10, 10, 5):
        settings, _ = open_project(root, {**frame, "strategy.params.fast": fast})
        control = StopControl("wait")
        control.leave(143)
        ended = asyncio.run(TradingRun(settings, root, "replay").run(control, lambda started: None))
        runs.append(ended.folder.name)
    assert runs[0] == runs[1] != runs[2]
