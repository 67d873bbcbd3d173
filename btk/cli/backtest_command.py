"""`btk backtest`: run the settings' strategies on history, and show what came of it."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from btk.adapters.settings_inline import Override
from btk.cli.interruptions import Interruption, interruptible
from btk.cli.missing_candles import fetch_what_is_missing
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.progress import progress
from btk.library.backtest import Backtest, Result
from btk.model.errors import CheckFailed, UsageError
from btk.report.fail_if import failures, parse_condition


class Model(StrEnum):
    """Execution models by name."""

    candle = "candle"
    vwap = "vwap"


class Gaps(StrEnum):
    """What to do about missing candles."""

    error = "error"
    fill = "fill"


Entries = Annotated[
    list[str] | None,
    typer.Option("--entry", metavar="FILE[:CLASS]", help="A strategy file, or one class in it; repeatable."),
]
Symbols = Annotated[str | None, typer.Option("--symbols", metavar="LIST", help="Such as BTCUSDT,ETHUSDT.")]
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
GapsChoice = Annotated[
    Gaps, typer.Option("--gaps", help="Stop at missing candles, or fill them flat and count them.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", min=1, help="Processes to spread symbols over, where they share nothing.")
]
Cache = Annotated[
    bool, typer.Option("--cache/--no-cache", help="Fetch missing candles first, or never open a socket.")
]
FailIf = Annotated[
    list[str] | None,
    typer.Option("--fail-if", metavar="CONDITION", help="Exit 7 when it holds, as 'max_drawdown_pct > 25'."),
]


def backtest(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    entry: Entries = None,
    symbols: Symbols = None,
    config: ConfigFiles = None,
    from_: From = None,
    to: To = None,
    frame: FrameName = None,
    exchange: ExchangeName = None,
    model: ModelName = None,
    param: Params = None,
    assignments: Assignments = None,
    cache: Cache = True,
    gaps: GapsChoice = Gaps.error,
    jobs: Jobs = 1,
    fail_if: FailIf = None,
    as_json: AsJson = False,
) -> None:
    """Run the strategies of the settings on recorded candles. Without options: config/btk.yaml, no network."""
    conditions = [parse_condition(text) for text in fail_if or ()]
    flags = selection_overrides(
        {
            "strategy.entry": ("--entry", yaml_list(entry)),
            "symbols": ("--symbols", yaml_list(symbols.split(",") if symbols is not None else None)),
            "frame": ("--frame", frame),
            "frame.from": ("--from", from_),
            "frame.to": ("--to", to),
            "exchange.name": ("--exchange", exchange),
            "execution.model": ("--model", model),
        },
        param or (),
    )
    loaded = chosen_settings(context, config, assignments, flags)
    if cache:
        fetch_what_is_missing(loaded)
    run = Backtest(loaded.settings, loaded.root, fill_gaps=gaps is Gaps.fill, jobs=jobs)
    with interruptible(run.switch) as interruption, strategies_print_to_stderr(), progress(run):
        result = run.run()
    if run.together is not None:
        print(f"btk: --jobs {jobs}: run in one process, because {run.together}", file=sys.stderr)
    if as_json:
        print_document(result.document)
    else:
        _show(result, loaded.root)
    _end(result, interruption, failures(conditions, _portfolio_statistics(result)))


def selection_overrides(
    flags: dict[str, tuple[str, str | None]], params: list[str] | tuple[str, ...]
) -> list[Override]:
    """The given ones of the flags that choose what runs, as settings."""
    chosen = [Override(key, value, flag) for key, (flag, value) in flags.items() if value is not None]
    for text in params:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(f"--param needs NAME=VALUE such as fast=5, got {text!r}")
        chosen.append(Override(f"strategy.params.{name.strip()}", value, "--param"))
    return chosen


def yaml_list(items: list[str] | None) -> str | None:
    """The words of a flag as a YAML list; None where the flag was not given."""
    if items is None:
        return None
    import orjson

    return orjson.dumps([item.strip() for item in items]).decode()


def _show(result: Result, root: Path) -> None:
    from btk.cli.result_screen import show_result

    folder = result.folder
    shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
    show_result(result.document, folder=str(shown))


def _portfolio_statistics(result: Result) -> dict[str, object]:
    portfolio = result.document["portfolio"]
    assert isinstance(portfolio, dict)
    statistics = portfolio["statistics"]
    assert isinstance(statistics, dict)
    return statistics


def _end(result: Result, interruption: Interruption, failed: tuple[str, ...]) -> None:
    if not result.complete:
        interruption.leave(f"; what was done until then is in {result.folder}")
    if result.first_error is not None:
        raise result.first_error
    if failed:
        raise CheckFailed("\n".join(f"--fail-if {line}" for line in failed))
