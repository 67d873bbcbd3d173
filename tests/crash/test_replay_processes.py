"""`btk paper` as real processes: killed at random moments, a second one, and others at work beside it."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.cli.btk_process import start_btk
from tests.cli.strategy_project import make_project
from tests.crash.conftest import Sampler

REPLAY = ("paper", "--replay", "--json", "--from", "2024-01-01", "--to", "2024-01-06")


def ended(root: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    """What a `btk` that ends says, on stdout and stderr."""
    with start_btk(*arguments, "--root", str(root)) as process:
        out, told = process.communicate()
        assert process.returncode == code, told.decode()
    return out.decode(), told.decode()


def left(root: Path) -> dict[str, Any]:
    """The events of the run that ended last, but for when each was written, and its result but for what is its own."""
    folder = max((path.parent for path in root.glob("dump/runs/*/result.json")), key=lambda path: path.name)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    for event in events:
        del event["recorded_at_ms"]
    result = json.loads((folder / "result.json").read_bytes())
    for name in ("run_id", "mode", "timing"):
        del result[name]
    return {"events": events, "result": result}


def random_kills(tmp_path: Path, choose: Sampler[Any], limit: int) -> None:
    backtested, replayed = make_project(tmp_path / "backtest"), tmp_path / "replay"
    ended(backtested, "backtest", "--json", *REPLAY[3:])
    for seed in choose("btk paper --replay, a process killed again and again", range(20), limit):
        root, dice, lives = make_project(replayed / str(seed)), Random(seed), 0
        while lives < 3:
            with start_btk(*REPLAY, "--root", str(root)) as process:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(dice.uniform(0.3, 2.0))
                    break
                process.kill()
            lives += 1
        ended(root, *REPLAY)
        assert left(root) == left(backtested)


def test_killed_at_random_moments_a_replay_leaves_what_a_backtest_leaves(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    random_kills(tmp_path, sampled, 2)


@pytest.mark.soak
def test_killed_at_many_random_moments_a_replay_leaves_what_a_backtest_leaves(
    tmp_path: Path, sampled: Sampler[Any]
) -> None:
    random_kills(tmp_path, sampled, 0)


def running(process: subprocess.Popen[bytes]) -> list[str]:
    """What it said until it was at work."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.decode())
        if line.startswith((b"run ", b"goes on")):
            return said
    raise AssertionError("".join(said))


def test_a_second_process_leaves_at_once_and_others_do_their_work_beside_it(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with start_btk("paper", "--root", str(root)) as first:
        running(first)
        _, told = ended(root, "paper", code=8)
        assert f"process {first.pid} on " in told
        assert told.count("\n") == 1
        ended(root, "backtest", "--json", *REPLAY[3:])
        ended(root, *REPLAY)
        assert left(root)["events"]
        ended(root, "pause")
        assert list((root / "dump/paper/data/command").iterdir())
        first.send_signal(signal.SIGTERM)
        first.communicate()
        assert first.returncode == 143
    with start_btk("paper", "--root", str(root)) as again:
        assert any(line.startswith("goes on") for line in running(again))
        again.kill()
        again.communicate()
