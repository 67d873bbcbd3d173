"""`btk walker` as users meet it."""

import io
import json
import math
import shlex
import signal
from pathlib import Path

import pytest

from btk.cli.app import run
from btk.cli.walker_command import progress_line
from btk.cli.walker_screen import show_walk
from btk.library.walk_run import Progress
from btk.report.ranking import Ranking
from tests.cli.btk_process import start_btk
from tests.library.walk_project import make_project

BEAT = "strategies/beat.py:Beat"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_the_screen_ranks_variants_and_says_how_to_run_the_winner_again(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [
        "--symbols",
        "ETHUSDT",
        "--to",
        "2024-01-20",
        "--model",
        "vwap",
        "--set",
        "wallet.start=5000",
        "--no-cache",
    ]
    axes = ["--param", "every=3:5", "--param", "side=long"]
    assert run(["--root", str(root), "walker", BEAT, *axes, *flags]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "3 of 3 variants; by sharpe_ratio, highest first" in out
    again = again_of(out)
    assert again[:3] == ["backtest", "--entry", BEAT]
    assert "--no-cache" in again
    assert run(["--root", str(root), *again, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["portfolio"]["statistics"]
    [walk] = [path for path in (root / "dump" / "runs").iterdir() if (path / "variants.jsonl").exists()]
    best = json.loads((walk / "result.json").read_bytes())["best"]["statistics"]
    assert {name: figures[name] for name in best} == best


def again_of(shown: str) -> list[str]:
    return shlex.split(next(line for line in shown.splitlines() if line.startswith("Again")))[2:]


def trades_of(root: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> int:
    assert run(["--root", str(root), *words, "--json"]) == 0
    total: int = json.loads(capsys.readouterr().out)["portfolio"]["statistics"]["total_trades"]
    return total


def test_the_winner_of_a_named_frame_is_asked_as_seldom_as_the_frame_says(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = "frames: {thin: {from: 2024-01-01, to: 2024-01-20, interval: 1d}}\n"
    with (root / "config" / "btk.yaml").open("a") as settings:
        settings.write(named)
    flags = ["--frame", "thin", "--metric", "return_pct"]
    assert run(["--root", str(root), "walker", BEAT, "--param", "every=5", *flags]) == 0
    again = again_of(capsys.readouterr().out)
    assert trades_of(root, again, capsys) == trades_of(
        root, ["backtest", "--entry", BEAT, "--param", "every=5", "--frame", "thin"], capsys
    )


def test_a_walk_that_is_shown_later_says_with_which_settings_its_winner_ran(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--set", "frame.interval=1d", "--set", "execution.fee_pct=0.05", "--set", "signal.short=true"]
    walk = ["walker", BEAT, "--param", "every=5", "--metric", "return_pct", "--gaps", "fill"]
    assert run(["--root", str(root), *walk, *flags]) == 0
    at_once = again_of(capsys.readouterr().out)
    assert run(["--root", str(root), "report", "show"]) == 0
    later = again_of(capsys.readouterr().out)
    assert at_once[-2:] == ["--gaps", "fill"]
    assert sorted(later) == sorted(at_once)


def test_json_is_one_document_and_nothing_else(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--root", str(root), "walker", "--entry", BEAT, "--param", "every=3,4", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "btk.walker/1"
    assert document["varied"] == ["every"]


def test_a_walk_forward_shows_each_window_and_what_they_came_to(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--param", "every=4,5", "--walk", "10d/10d", "--metric", "avg_pnl_pct"]
    assert run(["--root", str(root), "walker", BEAT, *flags]) == 0
    out = capsys.readouterr().out
    # Two variants in each window and the better one on the days after it: three runs, of two variants.
    assert "6 of 6 runs in 2 windows; by avg_pnl_pct, highest first" in out
    assert "2024-01-11 to 2024-01-21  every=" in out
    assert "2024-01-21 to 2024-01-31  every=" in out
    assert "efficiency " in out
    # The winner is that of the newest window, so that is what running it again shows.
    assert "The newest window to choose on, 2024-01-11 to 2024-01-21:" in out
    assert "--from 2024-01-11 --to 2024-01-21" in next(line for line in out.splitlines() if "Again" in line)
    assert run(["--root", str(root), "report", "show", "--kind", "walker"]) == 0
    assert "- **Runs tested:** 6\n" in capsys.readouterr().out


def test_a_walk_forward_is_listed_with_what_it_came_to_out_of_sample(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    axes = ["--param", "every=4,5", "--walk", "10d/10d"]
    assert run(["--root", str(root), "walker", BEAT, *axes, "--json"]) == 0
    windows = json.loads(capsys.readouterr().out)["walk_forward"]["windows"]
    assert run(["--root", str(root), "report", "list", "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)["runs"]
    assert listed["total_trades"] == sum(window["out_of_sample_trades"] for window in windows)
    grown = [1 + window["out_of_sample_return_pct"] / 100 for window in windows]
    assert listed["return_pct"] == pytest.approx((math.prod(grown) - 1) * 100)


def test_a_winner_by_most_of_what_should_be_little_is_warned_of(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = ["--root", str(root), "walker", BEAT, "--param", "every=4,5", "--metric", "max_drawdown_pct"]
    for flags, warned in ([], True), (["--minimize"], False):
        assert run([*walk, *flags, "--json"]) == 0
        warnings = json.loads(capsys.readouterr().out)["warnings"]
        assert any("of which less is better: --minimize" in warning for warning in warnings) is warned


def test_a_winner_that_lost_money_is_told_as_such() -> None:
    shown = io.StringIO()
    best = {"strategy": "ladder", "entry": "ladder.py:Ladder", "params": {}, "value": 0.172}
    document = {
        "warnings": [],
        "strategy": ["ladder"],
        "symbols": ["BTCUSDT"],
        "exchange": "demo",
        "frame": {"from_ms": 1704067200000, "to_ms": 1706745600000},
        "model": "candle",
        "counts": {"done": 1, "variants": 1, "reused": 0, "failed": 0, "without_value": 0},
        "metric": "sharpe_ratio",
        "minimize": False,
        "ranking": [],
        "best": {**best, "statistics": {"return_pct": -0.24}},
        "deflated_sharpe": None,
        "timing": {"seconds": 1.0, "jobs": 1, "busy_pct": None},
    }
    show_walk(document, "dump/runs/r1", shown, 100)
    assert "ladder, sharpe_ratio 0.172, and yet it lost money: return -0.24 %" in shown.getvalue()


def test_what_is_said_of_a_winner_fits_the_terminal_but_for_what_is_copied(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["--root", str(root), "walker", BEAT, "--param", "every=4,5"]) == 0
    wide = [line for line in capsys.readouterr().out.splitlines() if len(line) > 60]
    assert [line.split()[0] for line in wide] == ["Again"]


def test_a_walk_of_which_every_variant_fails_ends_with_3(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--root", str(root), "walker", BEAT, "--param", "every=0,7"]) == 3
    assert (
        "every variant failed, the first: beat: indicators raised ValueError: every is 0"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--param", "every"], 2, "NAME=VALUES"),
        (["--param", "evry=1"], 3, "did you mean every?"),
        (["--metric", "profit"], 2, "there is no statistic 'profit'"),
        (["--jobs", "0"], 2, "--jobs"),
        (["--resume", "x"], 2, "no walk of that name"),
        (["--walk", "90"], 2, "such as 90d/30d"),
        (["--walk", "90d/30d"], 2, "a frame of 120 days at least, this one has 31"),
        (["--walk", "9d/3d", "--trials", "5", "--param", "every=3:9"], 2, "leave out either"),
        (["--executor", "dask"], 2, "go together"),
        (["--scheduler", "tcp://127.0.0.1:1"], 2, "go together"),
    ],
)
def test_mistakes_are_one_line(
    root: Path, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--root", str(root), "walker", BEAT, *arguments]) == code
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_after_a_signal_what_was_done_is_kept_and_the_walk_can_go_on(
    root: Path, number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    calling = ["--param", f"signal_at_20={int(number)}"]
    process = start_btk("--root", str(root), "walker", BEAT, "--param", "every=2:400", *calling)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    [lines] = (root / "dump" / "runs").glob("*/variants.jsonl")
    assert f"--resume {lines.parent.name} to go on" in err.decode()
    assert 0 < lines.read_bytes().count(b"\n") < 399
    resumed = ["--root", str(root), "walker", BEAT, "--param", "every=2:19", *calling]
    capsys.readouterr()
    assert run([*resumed, "--resume", lines.parent.name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["reused"] > 0


def test_the_progress_line_says_how_far_how_long_and_the_best_so_far() -> None:
    ranking = Ranking("sharpe_ratio")
    ranking.add(1, "sma", {"fast": 5}, {"sharpe_ratio": 0.25})
    line = progress_line(Progress(25, 100, 2, 10.0, ranking.best))
    assert line == "[======..................] 25/100  30 s left  2 failed  best 0.25: sma fast=5"
    assert progress_line(Progress(0, 100, 0, 0.0, None)).endswith("0/100  ...")
