"""`btk list strategies` as users meet it; exchanges and symbols are asked for in tests/venue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from btk.cli.app import run
from tests.cli.strategy_project import make_project

Captured = pytest.CaptureFixture[str]

DOCUMENTED = '''
from btk import Strategy


class Documented(Strategy):
    """The first line.

    And more.
    """

    interval = "4h"
    warmup = 9
    risk = ("conservative",)
    bars: int = 5

    def get_signal(self, market):
        return None
'''

TOOLS = "def mean(values):\n    return sum(values) / len(values)\n"


def listed(root: Path, capsys: Captured) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["--root", str(root), "list", "strategies", "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["strategies"]
    return rows


def test_every_strategy_is_listed_with_its_parameters(tmp_path: Path, capsys: Captured) -> None:
    rows = listed(make_project(tmp_path, documented=DOCUMENTED), capsys)
    assert rows[0] == {
        "file": "strategies/documented.py",
        "name": "documented",
        "class": "Documented",
        "interval": "4h",
        "warmup": 9,
        "risk": ["conservative"],
        "params": {"bars": 5},
        "doc": "The first line.",
    }
    assert [row["name"] for row in rows] == ["documented", "every_hour"]


def test_people_see_how_to_name_it_and_what_it_does(tmp_path: Path, capsys: Captured) -> None:
    assert run(["--root", str(make_project(tmp_path, documented=DOCUMENTED)), "list", "strategies"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "strategies/documented.py:Documented  documented  4h  bars=5",
        "    The first line.",
        "strategies/every_hour.py:EveryHour  every_hour  1h  target_pct=2.0",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Half(:\n", "strategies/broken.py:1: invalid syntax"),
        ("import sys\nsys.exit(1)\n", "strategies/broken.py:2: raised SystemExit: 1 at import"),
        ("raise ValueError('no')\n", "strategies/broken.py:1: raised ValueError: no at import"),
    ],
)
def test_a_broken_file_is_listed_with_its_error_and_hides_no_other(
    tmp_path: Path, text: str, words: str, capsys: Captured
) -> None:
    root = make_project(tmp_path, broken=text)
    rows = listed(root, capsys)
    assert rows[0] == {"file": "strategies/broken.py", "error": words}
    assert rows[1]["name"] == "every_hour"
    assert run(["--root", str(root), "list", "strategies"]) == 0
    assert capsys.readouterr().out.startswith(f"cannot be loaded: {words}\nstrategies/every_hour.py")


def test_a_file_with_tools_for_the_others_is_no_strategy(tmp_path: Path, capsys: Captured) -> None:
    rows = listed(make_project(tmp_path, tools=TOOLS), capsys)
    assert [row["file"] for row in rows] == ["strategies/every_hour.py"]


def test_what_a_file_prints_stays_off_stdout(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path, printing="print('imported')\n")
    assert run(["--root", str(root), "list", "strategies", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["schema"] == "btk.strategies/1"
    assert printed.err == "imported\n"


def test_the_demo_exchange_lists_the_symbols_of_the_settings(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path)
    chosen = ["--set", "symbols=[ETH/USDT, BTCUSDT, BTC/USDT:USDT, ETHBTC]", "--root", str(root)]
    assert run(["list", "symbols", *chosen, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["symbols"]
    assert [(row["file_form"], row["unified"], row["quote"]) for row in rows] == [
        ("BTCUSDT", "BTC/USDT", "USDT"),
        ("BTCUSDT.USDT", "BTC/USDT:USDT", "USDT"),
        ("ETHBTC", "ETHBTC", ""),
        ("ETHUSDT", "ETH/USDT", "USDT"),
    ]


def test_without_strategies_the_way_to_one_is_said(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path)
    (root / "strategies" / "every_hour.py").unlink()
    assert run(["--root", str(root), "list", "strategies"]) == 0
    assert "btk new DIR" in capsys.readouterr().out


def test_strategies_that_cannot_be_looked_into_are_not_none(tmp_path: Path, capsys: Captured) -> None:
    root = make_project(tmp_path)
    (root / "strategies").rename(root / "elsewhere")
    (root / "strategies").write_text("")
    assert run(["--root", str(root), "list", "strategies"]) == 3
    assert f"{root / 'strategies'} cannot be read or written: Not a directory" in capsys.readouterr().err
