"""What the flags that choose what runs make of the settings, in whatever command has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from btk.adapters.settings import Loaded
from btk.cli.invocation import Invocation
from btk.cli.selection import Model, Selection, selected_settings
from btk.model.errors import SettingsError, UsageError
from tests.cli.strategy_project import make_project


class Chosen(NamedTuple):
    """A project, and the settings that a selection makes of it."""

    root: Path

    def settings(self, **flags: Any) -> Loaded:
        """As a command called with these flags gets them."""
        command = typer.main.get_command(typer.Typer(callback=lambda: None))
        context = typer.Context(command, obj=Invocation(root=self.root))
        return selected_settings(context, Selection(**flags))


@pytest.fixture
def chosen(tmp_path: Path) -> Chosen:
    return Chosen(make_project(tmp_path))


def test_flags_that_are_not_given_change_nothing(chosen: Chosen) -> None:
    loaded = chosen.settings()
    assert loaded.settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert loaded.origin("symbols").startswith("config/btk.yaml:")


def test_symbols_given_twice_add_up(chosen: Chosen) -> None:
    loaded = chosen.settings(symbols=["BTCUSDT,SOLUSDT", " ETHUSDT "])
    assert loaded.settings.symbols == ("BTCUSDT", "SOLUSDT", "ETHUSDT")
    assert loaded.origin("symbols") == "--symbols"


def test_the_same_symbol_given_twice_is_a_mistake(chosen: Chosen) -> None:
    with pytest.raises(SettingsError, match="BTCUSDT is listed twice"):
        chosen.settings(symbols=["BTCUSDT", "BTCUSDT"])


def test_every_flag_reaches_its_setting_and_wins_over_set(chosen: Chosen) -> None:
    loaded = chosen.settings(
        entry=["strategies/every_hour.py:EveryHour"],
        from_="2024-02-01",
        to="2024-02-03",
        exchange="demo",
        model=Model.vwap,
        param=["target_pct=3"],
        assignments=["execution.model=candle", "wallet.start=500"],
    )
    settings = loaded.settings
    assert settings.strategy.entry == ("strategies/every_hour.py:EveryHour",)
    assert settings.strategy.params == {"target_pct": 3}
    assert (settings.execution.model, settings.wallet.start) == ("vwap", 500)
    assert [loaded.origin(key) for key in ("frame.from", "frame.to", "exchange.name")] == [
        "--from",
        "--to",
        "--exchange",
    ]


def test_a_parameter_without_a_value_is_a_mistake_of_usage(chosen: Chosen) -> None:
    with pytest.raises(UsageError, match="--param needs NAME=VALUE"):
        chosen.settings(param=["fast"])
