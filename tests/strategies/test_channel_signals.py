"""The channel strategy trades what was posted, when it could have been read, and never before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from btk.adapters.strategy_loader import load_strategies, make_strategy
from btk.cli.app import run
from btk.model.signal import Signal

REPOSITORY = Path(__file__).parents[2]
EXPORT = Path(__file__).with_name("channel_export.json")
# 11:00:30 on the 10th of January 2024.
POSTED_MS = 1_704_880_830_000
EDITED_MS = 1_704_891_600_000


def answer(symbol: str, now_ms: int, export: Path = EXPORT) -> Signal | None:
    (cls,) = load_strategies("strategies/channel_signals.py", REPOSITORY)
    strategy = make_strategy(cls, {"export": str(export)})
    found: Signal | None = strategy.get_signal(SimpleNamespace(symbol=symbol, now_ms=now_ms))  # type: ignore[arg-type]
    return found


def test_a_post_is_read_with_its_levels() -> None:
    signal = answer("BTCUSDT", POSTED_MS + 30_000)
    assert signal == Signal("long", 32_700.0, 31_500.0, note="post 3", id="post-3")


@pytest.mark.parametrize(("late_ms", "known"), [(-1, False), (0, False), (999, False), (1000, True)])
def test_nobody_knows_a_post_before_its_second_is_over(late_ms: int, known: bool) -> None:
    assert (answer("BTCUSDT", POSTED_MS + late_ms) is not None) is known


def test_an_edited_post_is_known_only_from_its_last_edit() -> None:
    assert answer("ETHUSDT", EDITED_MS) is None
    signal = answer("ETHUSDT", EDITED_MS + 1000)
    assert signal is not None
    assert (signal.price_open, signal.position) == (2040.0, "long")


def test_an_old_post_is_not_chased() -> None:
    assert answer("BTCUSDT", POSTED_MS + 5 * 60_000) is not None
    assert answer("BTCUSDT", POSTED_MS + 6 * 60_000 + 1) is None


def test_posts_for_another_symbol_and_chatter_are_nothing() -> None:
    assert answer("SOLUSDT", POSTED_MS + 30_000) is None
    assert answer("BTCUSDT", POSTED_MS - 3_600_000) is None


def test_later_posts_change_nothing_that_was_answered_before(tmp_path: Path) -> None:
    whole = json.loads(EXPORT.read_text())
    for count in range(len(whole["messages"]) + 1):
        cut = tmp_path / f"{count}.json"
        cut.write_text(json.dumps({"messages": whole["messages"][:count]}))
        last = whole["messages"][count]["date_unixtime"] if count < len(whole["messages"]) else "1704900000"
        for symbol in ("BTCUSDT", "ETHUSDT"):
            assert answer(symbol, int(last) * 1000, cut) == answer(symbol, int(last) * 1000)


def test_a_replayed_channel_is_a_backtest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("config/btk.yaml", "strategies/channel_signals.py"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(REPOSITORY / name, tmp_path / name)
    shutil.copy(EXPORT, tmp_path / "channel.json")
    words = [
        "--entry",
        "strategies/channel_signals.py",
        "--from",
        "2024-01-10",
        "--to",
        "2024-01-12",
        "--json",
    ]
    assert run(["backtest", "--root", str(tmp_path), *words]) == 0
    symbols: dict[str, Any] = json.loads(capsys.readouterr().out)["symbols"]
    told = [
        (trade["id"], trade["opened_at_ms"] >= POSTED_MS)
        for symbol in ("BTCUSDT", "ETHUSDT")
        for trade in symbols[symbol]["trades"]
    ]
    assert told == [("post-3", True), ("post-4", True)]
    assert symbols["BTCUSDT"]["trades"][0]["opened_at_ms"] == POSTED_MS + 30_000
