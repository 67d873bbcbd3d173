"""The flags that choose what runs, and the settings they make: the same for every command that runs strategies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from btk.adapters.settings import Loaded
from btk.adapters.settings_inline import Override
from btk.cli.options import chosen_settings
from btk.model.errors import UsageError


class Model(StrEnum):
    """Execution models by name."""

    candle = "candle"
    vwap = "vwap"


Entries = Annotated[
    list[str] | None,
    typer.Option("--entry", metavar="FILE[:CLASS]", help="A strategy file, or one class in it; repeatable."),
]
Symbols = Annotated[
    list[str] | None,
    typer.Option("--symbols", metavar="LIST", help="Such as BTCUSDT,ETHUSDT; repeatable, lists add up."),
]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First moment of the frame, UTC.")]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="End of the frame, UTC, not included.")]
FrameName = Annotated[
    str | None, typer.Option("--frame", metavar="NAME", help="A frame named under frames:.")
]
ExchangeName = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Such as demo or binance.")
]
ModelName = Annotated[Model | None, typer.Option("--model", help="The execution model.")]
Params = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the strategy, as fast=5; repeatable."),
]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What the flags of a call said; None for a flag that was not given, or that the command does not have."""

    entry: Sequence[str] | None = None
    symbols: Sequence[str] | None = None
    from_: str | None = None
    to: str | None = None
    frame: str | None = None
    exchange: str | None = None
    model: Model | None = None
    param: Sequence[str] | None = None
    config: Sequence[Path] | None = None
    assignments: Sequence[str] | None = None


def selected_settings(context: typer.Context, selection: Selection) -> Loaded:
    """The settings of a call, its flags laid over them. `UsageError` for a flag of the wrong form, `SettingsError`."""
    return chosen_settings(context, selection.config, selection.assignments, _overrides(selection))


def listed(lists: Iterable[str] | None) -> list[str] | None:
    """The names in all lists of a flag that adds up; None where it was not given."""
    return None if lists is None else [name.strip() for names in lists for name in names.split(",")]


def _overrides(selection: Selection) -> list[Override]:
    flags = {
        "strategy.entry": ("--entry", _yaml_list(selection.entry)),
        "symbols": ("--symbols", _yaml_list(listed(selection.symbols))),
        "frame": ("--frame", selection.frame),
        "frame.from": ("--from", selection.from_),
        "frame.to": ("--to", selection.to),
        "exchange.name": ("--exchange", selection.exchange),
        "execution.model": ("--model", selection.model),
    }
    given = [Override(key, text, flag) for key, (flag, text) in flags.items() if text is not None]
    return [*given, *(_param(text) for text in selection.param or ())]


def _param(text: str) -> Override:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"--param needs NAME=VALUE such as fast=5, got {text!r}")
    return Override(f"strategy.params.{name.strip()}", value, "--param")


def _yaml_list(items: Iterable[str] | None) -> str | None:
    if items is None:
        return None
    return msgspec.json.encode([item.strip() for item in items]).decode()
