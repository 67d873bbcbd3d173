"""`btk cache`: from a file of candles to a store that can be listed, checked and read, as a user meets it."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.cli.app import run
from btk.model.bars import Span

Captured = pytest.CaptureFixture[str]

MARCH_MS = 1_677_628_800_000
MINUTE_MS = 60_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text("exchange: {name: binance}\n")
    return tmp_path


def _candles(folder: Path, rows: range, close: float = 1.5) -> Path:
    lines = [f"{MARCH_MS + row * MINUTE_MS},1,2,0.5,{close},{row}" for row in rows]
    path = folder / "candles.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def _import(root: Path, file: Path, *more: str) -> int:
    return run(["cache", "import", str(file), "--symbol", "BTCUSDT", "--root", str(root), *more])


def _cache(root: Path, *words: str) -> int:
    return run(["cache", *words, "--root", str(root)])


def _block(root: Path) -> Path:
    return next((root / "dump/data/candle/binance/BTCUSDT/1m").glob("*.candles"))


def _document(captured: Captured) -> dict[str, Any]:
    document = json.loads(captured.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_an_imported_file_lies_where_the_settings_say_and_can_be_read(root: Path, capsys: Captured) -> None:
    assert _import(root, _candles(root, range(10))) == 0
    assert "10 minutes of binance BTCUSDT 1m, 2023-03-01 to 2023-03-01T00:10" in capsys.readouterr().out
    source = StoredCandles(root / "dump/data/candle", "binance")
    bars = source.read("BTCUSDT", Span(MARCH_MS, MARCH_MS + 10 * MINUTE_MS))
    assert bars.volume.tolist() == list(range(10))


def test_the_summary_says_what_was_put_right_and_what_is_missing(root: Path, capsys: Captured) -> None:
    file = root / "candles.csv"
    rows = [0, 1, 4, 3, 4]
    file.write_text("".join(f"{MARCH_MS + row * MINUTE_MS},1,2,0.5,1.5,{row}\n" for row in rows))
    assert _import(root, file) == 0
    out = capsys.readouterr().out
    assert "holes    1 (2023-03-01T00:02 to 2023-03-01T00:03)" in out
    assert "repeated 1 rows" in out
    assert "sorted   1 rows" in out
    assert "stored   4 new, 0 were there already" in out


def test_import_json_is_one_document(root: Path, capsys: Captured) -> None:
    assert _import(root, _candles(root, range(10)), "--json", "--exchange", "kraken") == 0
    document = _document(capsys)
    assert document["schema"] == "btk.cache-import/1"
    assert (document["exchange"], document["rows"], document["holes"]) == ("kraken", 10, 0)
    assert (document["from_ms"], document["to_ms"]) == (MARCH_MS, MARCH_MS + 10 * MINUTE_MS)
    assert document["stored"]["new"] == 10


def test_different_candles_are_shown_and_not_overwritten_unasked(root: Path, capsys: Captured) -> None:
    _import(root, _candles(root, range(10)))
    capsys.readouterr()
    assert _import(root, _candles(root, range(5, 20), close=1.75)) == 4
    captured = capsys.readouterr()
    assert "2023-03-01T00:05  close 1.5 -> 1.75" in captured.out
    assert captured.err.count("\n") == 1
    assert "5 candles differ from those stored of binance BTCUSDT 1m, so nothing was imported" in captured.err
    assert _import(root, _candles(root, range(5, 20), close=1.75), "--overwrite") == 0
    assert "stored   10 new, 0 were there already, 5 replaced" in capsys.readouterr().out


def test_a_unified_symbol_gets_its_file_form(root: Path, capsys: Captured) -> None:
    file = _candles(root, range(3))
    assert run(["cache", "import", str(file), "--symbol", "BTC/USDT:USDT", "--root", str(root)]) == 0
    assert _cache(root, "list", "--json") == 0
    document = json.loads(capsys.readouterr().out.split("\n", 3)[-1])
    [series] = document["series"]
    assert (series["symbol"], series["unified_symbol"]) == ("BTCUSDT.USDT", "BTC/USDT:USDT")


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["nothing.csv", "--symbol", "BTCUSDT"], 2, "'nothing.csv' does not exist"),
        (["FILE"], 2, "--symbol"),
        (["FILE", "--symbol", "../../etc"], 3, "symbol '../../etc' cannot be used"),
        (["FILE", "--symbol", "BTCUSDT", "--exchange", "a/b"], 3, "exchange 'a/b' cannot be used"),
        (["FILE", "--symbol", "BTCUSDT", "--exchange", "demo"], 2, "the demo exchange is computed"),
        (["FILE", "--symbol", "BTCUSDT", "--overwite"], 2, "--overwite"),
        (["BAD", "--symbol", "BTCUSDT"], 4, "bad.csv line 2: high 'x' cannot be read"),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_leaves_nothing(
    root: Path, capsys: Captured, words: list[str], code: int, complaint: str
) -> None:
    (root / "bad.csv").write_text(f"{MARCH_MS},1,2,0.5,1,1\n{MARCH_MS + MINUTE_MS},1,x,0.5,1,1\n")
    names = {"FILE": str(_candles(root, range(3))), "BAD": str(root / "bad.csv")}
    words = [names.get(word, word) for word in words]
    assert run(["cache", "import", *words, "--root", str(root)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
    assert not (root / "dump").exists()


def test_a_second_writer_leaves_with_exit_8_and_names_the_first(root: Path, capsys: Captured) -> None:
    with CandleWriter(root / "dump/data/candle", SeriesKey("binance", "BTCUSDT")):
        assert _import(root, _candles(root, range(3))) == 8
    assert "candles of binance BTCUSDT 1m: process" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_exit_3(root: Path, capsys: Captured) -> None:
    (root / "dump").write_text("a file in the way")
    assert _import(root, _candles(root, range(3))) == 3
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_cache_that_cannot_be_looked_into_is_not_an_empty_one(
    root: Path, capsys: Captured, command: str
) -> None:
    (root / "file").write_text("")
    assert _cache(root, command, "--set", "cache.path=file") == 3
    assert f"{root / 'file'} cannot be read or written: Not a directory" in capsys.readouterr().err


def test_the_list_has_a_line_for_each_series(root: Path, capsys: Captured) -> None:
    assert _cache(root, "list") == 0
    assert "no candles yet; btk cache warm --exchange binance" in capsys.readouterr().out
    _import(root, _candles(root, range(10)))
    _import(root, _candles(root, range(12, 20)))
    capsys.readouterr()
    assert _cache(root, "list") == 0
    headings, line = capsys.readouterr().out.splitlines()
    assert headings.split() == ["exchange", "symbol", "interval", "from", "to", "candles", "holes", "MB"]
    assert line.split() == ["binance", "BTCUSDT", "1m", "2023-03-01", "2023-03-01T00:20", "18", "2", "0.0"]


def test_a_check_of_a_whole_cache_is_exit_0(root: Path, capsys: Captured) -> None:
    assert _cache(root, "check", "--json") == 0
    assert _document(capsys)["series"] == []
    _import(root, _candles(root, range(10)))
    assert _cache(root, "check") == 0
    assert capsys.readouterr().out.endswith("binance BTCUSDT 1m: whole\n")


def test_a_check_names_damage_and_holes_and_ends_with_exit_4(root: Path, capsys: Captured) -> None:
    _import(root, _candles(root, range(10)))
    _import(root, _candles(root, range(12, 20)))
    capsys.readouterr()
    assert _cache(root, "check") == 4
    captured = capsys.readouterr()
    assert "2 minutes missing (2023-03-01T00:10 to 2023-03-01T00:12)" in captured.out
    assert "1 of 1 series are damaged or have holes" in captured.err
    content = _block(root).read_bytes()
    _block(root).write_bytes(content[:4200] + b"\xff" + content[4201:])
    name = _block(root).name
    assert _cache(root, "check", "--json") == 4
    [series] = _document(capsys)["series"]
    assert series["set_aside"] == [f"{name}.damaged-checksum"]
    assert series["gaps"] == [{"from_ms": MARCH_MS, "to_ms": MARCH_MS + 20 * MINUTE_MS}]


def test_what_is_stored_of_one_exchange_can_be_looked_at_alone(root: Path, capsys: Captured) -> None:
    _import(root, _candles(root, range(10)))
    _cache(root, "import", str(_candles(root, range(3))), "--symbol", "ETHUSDT", "--exchange", "okx")
    capsys.readouterr()
    assert _cache(root, "check", "--exchange", "binance") == 0
    assert capsys.readouterr().out == "binance BTCUSDT 1m: whole\n"
    assert _cache(root, "list", "--exchange", "okx", "--json") == 0
    assert [series["symbol"] for series in _document(capsys)["series"]] == ["ETHUSDT"]
    assert _cache(root, "list", "--exchange", "okx", "--symbols", "BTCUSDT") == 2


@pytest.mark.parametrize("command", [["check"], ["list"], ["prune", "--before", "2024-01-01"]])
def test_an_exchange_of_which_nothing_is_stored_is_no_whole_cache(
    root: Path, command: list[str], capsys: Captured
) -> None:
    _import(root, _candles(root, range(10)))
    capsys.readouterr()
    assert _cache(root, *command, "--exchange", "binanse") == 2
    assert "nothing is stored of binanse; did you mean binance?" in capsys.readouterr().err


def test_an_export_goes_to_a_file_that_is_not_there_yet(root: Path, capsys: Captured) -> None:
    _import(root, _candles(root, range(10)))
    capsys.readouterr()
    target = str(root / "out.csv")
    assert _cache(root, "export", target, "--symbol", "BTCUSDT", "--exchange", "binance") == 0
    assert capsys.readouterr().out.startswith(f"{target}: 10 candles of binance BTCUSDT, ")
    assert _cache(root, "export", target, "--symbol", "BTCUSDT", "--exchange", "binance") == 2
    assert "is there already; --overwrite replaces it" in capsys.readouterr().err
    assert _cache(root, "export", target, "--symbol", "ETHUSDT", "--exchange", "binance", "--overwrite") == 4
    assert "nothing is stored of binance ETHUSDT" in capsys.readouterr().err
    os.mkfifo(root / "pipe.csv")
    pipe = str(root / "pipe.csv")
    assert _cache(root, "export", pipe, "--symbol", "BTCUSDT", "--exchange", "binance", "--overwrite") == 2
    assert "is there and no file" in capsys.readouterr().err
    backwards = ("--from", "2023-03-01T00:05", "--to", "2023-03-01T00:04")
    again = (target, "--symbol", "BTCUSDT", "--exchange", "binance", "--overwrite")
    assert _cache(root, "export", *again, *backwards) == 2
    assert "is not before" in capsys.readouterr().err
    assert _cache(root, "export", *again, "--from", "2024-01-01") == 4
    assert "stored is 2023-03-01 to 2023-03-01T00:10, nothing of what was asked" in capsys.readouterr().err
    assert _cache(root, "export", *again, "--from", "March") == 2
    assert "--from: expected a UTC date" in capsys.readouterr().err


def test_a_prune_shows_first_and_removes_only_with_yes(root: Path, capsys: Captured) -> None:
    _import(root, _candles(root, range(10)))
    capsys.readouterr()
    assert _cache(root, "prune") == 2
    assert "say what may go" in capsys.readouterr().err
    assert _cache(root, "prune", "--before", "March") == 2
    assert "--before: expected a UTC date" in capsys.readouterr().err
    shown = "binance BTCUSDT 1m: 4 candles, 2023-03-01 to 2023-03-01T00:04\n"
    wish = ("prune", "--exchange", "binance", "--before", "2023-03-01T00:04")
    assert _cache(root, *wish) == 0
    assert capsys.readouterr().out == f"{shown}nothing was removed; --yes removes it\n"
    assert _cache(root, *wish, "--yes") == 0
    assert capsys.readouterr().out == f"{shown}removed\n"
    assert _cache(root, *wish, "--yes") == 0
    assert capsys.readouterr().out == "nothing to remove\n"


def test_a_folder_of_files_is_imported_series_by_series(root: Path, capsys: Captured) -> None:
    rows = [[MARCH_MS + place * MINUTE_MS, 1.0, 2.0, 0.5, 1.5, 3.0] for place in range(5)]
    for name in ("BTC_USDT", "ETH_USDT"):
        (root / f"{name}-1m.json").write_text(json.dumps(rows))
    assert _cache(root, "import", str(root), "--exchange", "binance", "--json") == 0
    imports = _document(capsys)["imports"]
    assert [(done["symbol"], done["rows"]) for done in imports] == [("BTCUSDT", 5), ("ETHUSDT", 5)]
    assert _cache(root, "import", str(root), "--exchange", "binance", "--symbol", "ETHUSDT") == 0
    assert "stored   0 new, 5 were there already" in capsys.readouterr().out
    assert _cache(root, "import", str(root / "BTC_USDT-1m.json"), "--exchange", "binance") == 2
    assert "name its symbol with --symbol" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check"], ["prune", "--yes"]])
def test_symbols_given_twice_add_up(root: Path, command: list[str], capsys: Captured) -> None:
    file = _candles(root, range(3))
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        assert run(["cache", "import", str(file), "--symbol", symbol, "--root", str(root)]) == 0
    capsys.readouterr()
    assert _cache(root, *command, "--symbols", "BTCUSDT", "--symbols", "ETHUSDT", "--json") == 0
    printed = capsys.readouterr().out
    assert [name in printed for name in ("BTCUSDT", "ETHUSDT", "SOLUSDT")] == [True, True, False]
