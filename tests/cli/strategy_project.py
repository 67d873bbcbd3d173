"""A project in a temporary folder, with the strategies a test writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SETTINGS = """
symbols: [BTCUSDT, ETHUSDT]
strategy: {entry: [strategies/every_hour.py]}
frame: {from: 2024-01-01, to: 2024-01-08}
"""

EVERY_HOUR = """
from btk import Signal, Strategy


class EveryHour(Strategy):
    interval = "1h"
    target_pct: float = 2.0

    def get_signal(self, market):
        return Signal.bracket("long", market.price, take_profit_pct=self.target_pct, stop_loss_pct=1)
"""


def make_project(folder: Path, **strategies: str) -> Path:
    """`config/btk.yaml`, `strategies/every_hour.py` and a file for each of `strategies`, under `folder`."""
    texts = {f"strategies/{name}.py": text for name, text in strategies.items()}
    for name, text in {
        "config/btk.yaml": SETTINGS,
        "strategies/every_hour.py": EVERY_HOUR,
        **texts,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def results(root: Path) -> list[dict[str, Any]]:
    """Every result document under `dump/runs`, the oldest first."""
    return [json.loads(path.read_bytes()) for path in sorted(root.glob("dump/runs/*/result.json"))]


def events(root: Path) -> list[dict[str, Any]]:
    """Every event of every run, in order."""
    paths: Sequence[Path] = sorted(root.glob("dump/runs/*/events.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]
