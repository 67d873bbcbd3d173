"""`btk cache warm` and `btk backtest --cache` as users and cron meet them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from btk.cli.app import run
from btk.model.dates import parse_date_ms
from btk.model.intervals import MINUTE_MS
from tests.venue import faults
from tests.venue.server import VenueServer

Captured = pytest.CaptureFixture[str]
DAY = ("--from", "2023-03-27", "--to", "2023-03-28")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text(
        "exchange: {name: binance}\nsymbols: [BTCUSDT, ETHUSDT]\nframe: {from: 2023-03-27, to: 2023-03-28}\n"
        "strategy: {entry: [still.py]}\ncache: {retry_delay_seconds: 0.01}\n"
    )
    strategy = "from btk import Strategy\nclass Still(Strategy):\n    interval, warmup = '1h', 10\n"
    (tmp_path / "still.py").write_text(f"{strategy}    def get_signal(self, market):\n        return None\n")
    return tmp_path


def _btk(root: Path, *arguments: str) -> int:
    return run([*arguments, "--root", str(root)])


def test_by_default_the_frame_and_its_warm_up_are_fetched_and_a_table_says_so(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    assert _btk(root, "cache", "warm") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "exchange",
        "symbol",
        "interval",
        "from",
        "to",
        "new",
        "corrected",
        "empty",
        "missing",
    ]
    assert lines[1].split() == [
        "binance",
        "BTCUSDT",
        "1m",
        "2023-03-26T14:00",
        "2023-03-28",
        "2,040",
        "0",
        "0",
        "0",
    ]
    assert " requests in " in lines[-1]
    assert _btk(root, "cache", "warm") == 0
    assert capsys.readouterr().out.endswith("everything was there already: no request was made\n")


def test_quiet_says_nothing_when_all_is_well(venue: VenueServer, root: Path, capsys: Captured) -> None:
    assert _btk(root, "cache", "warm", "--quiet", *DAY) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_json_is_one_document(venue: VenueServer, root: Path, capsys: Captured) -> None:
    assert _btk(root, "cache", "warm", "--symbols", "SOLUSDT", *DAY, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "btk.cache-warm/1"
    assert [series["symbol"] for series in document["series"]] == ["SOLUSDT"]
    assert document["series"][0]["new"] == 1440


def test_a_failing_exchange_is_exit_5_and_one_line(venue: VenueServer, root: Path, capsys: Captured) -> None:
    venue.faults.extend([faults.Answer(500, faults.HTML)] * 20)
    assert _btk(root, "cache", "warm", "--quiet", "--symbols", "BTCUSDT", *DAY) == 5
    error = capsys.readouterr().err
    assert error.startswith("btk: binance: ExchangeNotAvailable: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--days", "2", "--from", "2023-03-01"], "either --days N or --from"),
        (["--to", "2023-03-01"], "either --days N or --from"),
        (["--from", "2023-03-02", "--to", "2023-03-01"], "is not before"),
        (["--from", "yesterday"], "--from: expected a UTC date"),
        (["--from", "2023-03-02", "--to", "03/03/2023"], "--to: expected a UTC date"),
        (["--days", "99999999"], "not in the range"),
    ],
)
def test_dates_that_do_not_fit_are_exit_2(
    root: Path, capsys: Captured, arguments: list[str], words: str
) -> None:
    assert _btk(root, "cache", "warm", *arguments) == 2
    assert words in capsys.readouterr().err


def test_minutes_that_the_venue_has_nothing_for_are_flat_and_counted(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    from_ms = parse_date_ms("2023-03-27")
    venue.book.silent.append((from_ms + 7 * MINUTE_MS, from_ms + 10 * MINUTE_MS))
    assert _btk(root, "backtest", "--json") == 0
    told = json.loads(capsys.readouterr().out)["symbols"]["BTCUSDT"]
    assert (told["gaps"], told["empty"]) == (0, 3)


def test_a_backtest_fetches_what_it_needs_and_the_next_one_nothing(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    assert _btk(root, "backtest", "--json") == 0
    captured = capsys.readouterr()
    assert captured.err == "btk: fetched 4,080 candles (8 requests)\n"
    told = json.loads(captured.out)["symbols"]["BTCUSDT"]
    assert (told["gaps"], told["empty"]) == (0, 0)
    asked = len(venue.asked)
    assert _btk(root, "backtest", "--json") == 0
    assert (len(venue.asked), capsys.readouterr().err) == (asked, "")


def test_a_walk_fetches_what_its_contenders_need_and_without_cache_nothing(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    (root / "long.py").write_text(
        (root / "still.py").read_text().replace("Still", "Long").replace("10", "20")
    )
    walk = ("walker", "still.py", "long.py", "--jobs", "1", "--json", "--symbols", "BTCUSDT")
    assert _btk(root, *walk, "--no-cache") == 4
    assert venue.asked == []
    capsys.readouterr()
    assert _btk(root, *walk) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("btk: fetched 2,640 candles ")
    assert json.loads(captured.out)["counts"]["done"] == 2
    asked = len(venue.asked)
    assert _btk(root, *walk) == 0
    assert len(venue.asked) == asked


def test_without_cache_the_line_that_fetches_is_named_and_works(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    assert _btk(root, "backtest", "--no-cache", "--symbols", "BTCUSDT") == 4
    error = capsys.readouterr().err
    line = "btk cache warm --exchange binance --symbols BTCUSDT --from 2023-03-27 --to 2023-03-28"
    assert line in error
    assert venue.asked == []
    assert _btk(root, *line.split()[1:]) == 0
    assert _btk(root, "backtest", "--no-cache", "--symbols", "BTCUSDT") == 0


def test_candles_under_a_name_that_no_exchange_has_go_without_fetching(root: Path, capsys: Captured) -> None:
    assert _btk(root, "backtest", "--exchange", "mine") == 3
    error = capsys.readouterr().err
    assert "exchange 'mine' is not known to ccxt" in error
    assert "--no-cache goes on with what is stored" in error


def test_a_backtest_during_a_warm_of_other_minutes_has_the_same_candles(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    assert _btk(root, "backtest", "--json", "--symbols", "BTCUSDT") == 0
    before = json.loads(capsys.readouterr().out)["digests"]["data"]
    codes = []

    def backtest(count: int) -> None:
        command = [
            sys.executable,
            "-m",
            "btk",
            "backtest",
            "--symbols",
            "BTCUSDT",
            "--json",
            "--root",
            str(root),
        ]
        if count % 7 == 0:
            done = subprocess.run(command, capture_output=True, check=False)
            codes.append((done.returncode, json.loads(done.stdout)["digests"]["data"]))

    venue.on_candles = backtest
    assert _btk(root, "cache", "warm", "--symbols", "BTCUSDT", "--from", "2023-03-13", "--quiet") == 0
    assert len(codes) >= 2
    assert set(codes) == {(0, before)}


def test_a_complete_cache_is_read_without_ccxt(venue: VenueServer, root: Path) -> None:
    assert _btk(root, "cache", "warm", "--quiet") == 0
    script = (
        f"import sys; from btk.cli.app import run; code = run(['backtest', '--json', '--root', {str(root)!r}]);"
        "print([name for name in ('ccxt', 'aiohttp') if name in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stderr == b"[] 0\n"


def test_a_refetch_shows_what_the_exchange_changed(venue: VenueServer, root: Path, capsys: Captured) -> None:
    assert _btk(root, "cache", "warm", "--symbols", "BTCUSDT", "--quiet", *DAY) == 0
    venue.book.corrected.add(1_679_875_260_000)
    assert _btk(root, "cache", "check", "--refetch") == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "binance BTCUSDT 1m: fetched again, 1 corrected, 0 new"
    assert second.startswith("  corrected 2023-03-27T00:01  close ")
    assert last == "binance BTCUSDT 1m: whole"


def test_a_refetch_goes_on_after_an_exchange_that_nobody_knows(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    (root / "own.csv").write_text("1679875200000,1,2,0.5,1.5,3\n")
    assert (
        _btk(root, "cache", "import", str(root / "own.csv"), "--symbol", "ABCUSDT", "--exchange", "aaa") == 0
    )
    assert (
        _btk(root, "cache", "import", str(root / "own.csv"), "--symbol", "ABCUSDT", "--exchange", "zzz") == 0
    )
    assert _btk(root, "cache", "warm", "--symbols", "BTCUSDT", "--quiet", *DAY) == 0
    venue.book.corrected.add(1_679_875_260_000)
    capsys.readouterr()
    assert _btk(root, "cache", "check", "--refetch") == 3
    captured = capsys.readouterr()
    assert "binance BTCUSDT 1m: fetched again, 1 corrected, 0 new" in captured.out
    assert "aaa ABCUSDT 1m: whole" in captured.out
    assert sorted(line[:35] for line in captured.err.splitlines()) == [
        "btk: exchange 'aaa' is not known to",
        "btk: exchange 'zzz' is not known to",
    ]
    assert _btk(root, "cache", "check", "--refetch", "--json") == 3
    assert len(json.loads(capsys.readouterr().out)["errors"]) == 2


def test_the_symbols_of_an_exchange_are_listed_by_the_names_the_settings_take(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    assert _btk(root, "list", "symbols", "--exchange", "bybit", "--quote", "USDT", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["symbols"][1] == {"file_form": "BTCUSDT", "unified": "BTC/USDT", "quote": "USDT"}
    assert _btk(root, "list", "symbols", "--exchange", "bybit", "--set", "exchange.market=swap") == 0
    assert "BTCUSDT.USDT" in capsys.readouterr().out
    assert _btk(root, "list", "symbols", "--quote", "EUR") == 0
    assert capsys.readouterr().out == ""


def test_the_exchanges_are_listed_without_asking_any(
    venue: VenueServer, root: Path, capsys: Captured
) -> None:
    assert _btk(root, "list", "exchanges") == 0
    assert {"demo", "binance", "bybit", "kraken", "okx"} <= set(capsys.readouterr().out.split())
    assert venue.asked == []
