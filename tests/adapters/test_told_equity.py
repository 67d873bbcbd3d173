"""The equity of a run that another process is still writing."""

from __future__ import annotations

from pathlib import Path

from btk.adapters.equity_series import EquitySeries
from btk.adapters.told_equity import told_equity
from btk.report.run_record import FramePart

MINUTE_MS = 60_000


def test_it_goes_on_to_the_last_minute_that_is_known(tmp_path: Path) -> None:
    series = EquitySeries(tmp_path)
    series.add(2 * MINUTE_MS, {"BTCUSDT": (-1.0, 100.0)})
    series.add(4 * MINUTE_MS, {"BTCUSDT": (3.0, 0.0), "ETHUSDT": (0.5, 10.0)})
    series.flush()
    told = told_equity(tmp_path, FramePart(1, 2 * MINUTE_MS))
    assert told is not None
    assert tuple(told.minutes) == (0, 4 * MINUTE_MS)
    profit, invested = told.by_symbol["BTCUSDT"]
    assert (profit.tolist(), invested.tolist()) == ([0.0, -1.0, -1.0, 3.0], [0.0, 100.0, 100.0, 0.0])
    assert told.by_symbol["ETHUSDT"][0].tolist() == [0.0, 0.0, 0.0, 0.5]


def test_a_row_that_is_half_written_is_not_looked_at(tmp_path: Path) -> None:
    series = EquitySeries(tmp_path)
    series.add(MINUTE_MS, {"BTCUSDT": (2.0, 100.0)})
    series.flush()
    with (tmp_path / "BTCUSDT.f64").open("ab") as rows:
        rows.write(b"torn")
    told = told_equity(tmp_path, FramePart(0, MINUTE_MS))
    assert told is not None
    assert told.by_symbol["BTCUSDT"][0].tolist() == [2.0]


def test_a_run_that_keeps_none_has_none(tmp_path: Path) -> None:
    assert told_equity(tmp_path / "equity", FramePart(0, MINUTE_MS)) is None
    assert not (tmp_path / "equity").exists()


def test_what_was_written_before_is_brought_to_the_device_without_anything_new(tmp_path: Path) -> None:
    series = EquitySeries(tmp_path)
    series.add(MINUTE_MS, {"BTCUSDT": (2.0, 100.0)})
    series.flush()
    series.flush(durable=True)
    series.add(2 * MINUTE_MS, {"BTCUSDT": (3.0, 100.0)})
    series.flush()
    told = told_equity(tmp_path, FramePart(0, MINUTE_MS))
    assert told is not None
    assert told.by_symbol["BTCUSDT"][0].tolist() == [2.0, 3.0]


def test_rows_that_a_power_cut_left_as_zeros_are_cut_off(tmp_path: Path) -> None:
    series = EquitySeries(tmp_path)
    series.add(MINUTE_MS, {"BTCUSDT": (2.0, 100.0)})
    series.flush()
    with (tmp_path / "BTCUSDT.f64").open("ab") as rows:
        rows.write(bytes(48))
    again = EquitySeries(tmp_path)
    again.cut(5 * MINUTE_MS)
    again.add(2 * MINUTE_MS, {"BTCUSDT": (3.0, 100.0)})
    again.flush()
    told = told_equity(tmp_path, FramePart(0, MINUTE_MS))
    assert told is not None
    assert told.by_symbol["BTCUSDT"][0].tolist() == [2.0, 3.0]
