"""Sparklines: the shape of a curve in one line."""

from __future__ import annotations

from btk.report.sparkline import ASCII_BLOCKS, sparkline


def test_a_rise_climbs_through_all_blocks():
    assert sparkline(range(8), range(8), 8) == "▁▂▃▄▅▆▇█"


def test_a_flat_curve_stays_at_the_bottom():
    assert sparkline((0, 10), (5.0, 5.0), 4) == "▁▁▁▁"


def test_columns_are_equal_stretches_of_time_not_of_points():
    at_ms = (0, 1, 2, 3, 90, 100)
    values = (0.0, 0.0, 0.0, 0.0, 0.0, 7.0)
    assert sparkline(at_ms, values, 10) == "▁▁▁▁▁▁▁▁▁█"


def test_a_stretch_without_points_keeps_the_value_before_it():
    assert sparkline((0, 10, 100), (0.0, 7.0, 0.0), 5) == "████▁"


def test_one_point_fills_the_line():
    assert sparkline((5,), (3.0,), 3) == "▁▁▁"


def test_nothing_to_draw_is_an_empty_line():
    assert sparkline((), (), 10) == ""
    assert sparkline((1, 2), (1.0, 2.0), 0) == ""


def test_a_terminal_without_blocks_gets_plain_characters():
    assert sparkline(range(8), range(8), 8, ASCII_BLOCKS) == "_.-=+*#@"
