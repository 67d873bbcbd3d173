"""The HTML report of a run, in a real browser where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from btk.adapters.settings import load_settings
from btk.library.backtest_run import BacktestRun
from btk.library.html_report import drawn_interval, html_report
from btk.library.walk_run import Walk, WalkRun
from btk.model.bars import Span
from btk.model.errors import UsageError
from btk.model.intervals import DAY_MS
from btk.model.settings import Settings
from tests.library.walk_project import make_project

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--window-size=1300,1900", "--virtual-time-budget=5000", "--dump-dom"),
)
NOTE = "</script><b>{{data}}"
# Sorts by profit, then asks for one trade by its id, and notes what the table says.
ACTIONS = """
const seen = [];
const note = (what) => seen.push(what + ":" + document.getElementById("trade-count").textContent);
const first = () => document.querySelector("#trades tbody tr:not(.space)");
note("all");
[...document.querySelectorAll("#trades th button")].find((button) => button.textContent === "PnL").click();
const best = first().querySelector(".up").textContent;
const search = document.getElementById("filter-text");
search.value = "NOTHING LIKE IT";
search.dispatchEvent(new Event("input"));
note("none");
search.value = "";
search.dispatchEvent(new Event("input"));
first().click();
document.documentElement.dataset.seen = seen.join(" | ") + " | best:" + best;
document.documentElement.dataset.rows = document.querySelectorAll("#trades tbody tr").length;
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("project"))
    file = root / "strategies" / "beat.py"
    file.write_text(file.read_text().replace("stop_loss_pct=1)", f"stop_loss_pct=1, note={NOTE!r})"))
    return root


def settings_of(root: Path) -> Settings:
    return load_settings(root, [], {}, []).settings


@pytest.fixture(scope="module")
def page(root: Path) -> Path:
    BacktestRun(settings_of(root), root).run()
    return html_report(settings_of(root), root)


def browsed(page: Path, profile: Path) -> tuple[str, list[str]]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, complaints


def test_the_page_is_written_beside_the_reports_of_its_mode(root: Path, page: Path) -> None:
    assert page.parent == root / "dump" / "backtest"
    assert page.suffix == ".html"


def test_the_page_asks_nothing_of_any_network(page: Path) -> None:
    text = page.read_text()
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|\bsrc=|@import|url\(", text)


def test_what_a_strategy_wrote_cannot_leave_its_place(page: Path) -> None:
    text = page.read_text()
    assert text.count("</script>") == 2
    assert "\\u003c/script>\\u003cb>{{data}}" in text


def test_it_opens_without_a_complaint(page: Path, tmp_path: Path) -> None:
    dom, complaints = browsed(page, tmp_path / "profile")
    assert complaints == []
    assert 'data-ready="yes"' in dom
    assert "<h1" in dom
    assert "beat, silent on demo" in dom


def test_the_table_of_trades_sorts_and_filters(page: Path, tmp_path: Path) -> None:
    acted = tmp_path / "acted.html"
    acted.write_text(page.read_text().replace("</body>", f"<script>{ACTIONS}</script></body>"))
    dom, complaints = browsed(acted, tmp_path / "profile")
    assert complaints == []
    seen = dict(part.split(":", 1) for part in re.findall(r'data-seen="([^"]*)"', dom)[0].split(" | "))
    total = re.fullmatch(r"(\d+) of \1, together .*", seen["all"])
    assert total is not None
    assert seen["none"].startswith(f"0 of {total[1]}, together 0.00")
    assert seen["best"].startswith("+1.")
    assert int(re.findall(r'data-rows="(\d+)"', dom)[0]) < 60


def test_without_candles_the_page_says_so_and_shows_the_rest(root: Path, tmp_path: Path) -> None:
    run = BacktestRun(settings_of(root), root)
    run.run()
    result = run.folder.path / "result.json"
    result.write_text(result.read_text().replace('"exchange":"demo"', '"exchange":"gone"', 1))
    text = html_report(settings_of(root), root, run.run_id, tmp_path / "page.html").read_text()
    assert '"bars":null' in text
    assert "those of BTCUSDT on gone are not stored; btk cache " in text


def test_a_walk_has_no_page(root: Path) -> None:
    walk = WalkRun(settings_of(root), root, Walk(jobs=1))
    walk.run()
    with pytest.raises(UsageError, match="is a walk"):
        html_report(settings_of(root), root, walk.run_id)


@pytest.mark.parametrize(
    ("days", "symbols", "interval"),
    [(1, 1, "1m"), (27, 1, "1m"), (366, 1, "15m"), (366, 9, "2h"), (30, 9, "15m"), (3660, 1, "4h")],
)
def test_candles_are_as_fine_as_the_page_can_carry(days: int, symbols: int, interval: str) -> None:
    assert drawn_interval(Span(0, days * DAY_MS), symbols) == interval
