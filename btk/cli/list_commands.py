"""`btk list`: what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from btk import wiring
from btk.adapters.settings_inline import Override
from btk.adapters.strategy_loader import parameters, strategies_in
from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings, project_root
from btk.cli.output import print_document
from btk.core.strategy import Strategy
from btk.model.errors import StrategyError

app = command_group("What there is to choose from.")

STRATEGIES = "strategies"

ExchangeName = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Which; default: exchange.name.")
]
Quote = Annotated[
    str | None, typer.Option("--quote", metavar="NAME", help="Only those priced in it, as USDT.")
]


@app.command()
def strategies(context: typer.Context, as_json: AsJson = False) -> None:
    """The strategies in strategies/ and their parameters. Files that cannot be loaded are named."""
    root = project_root(context)
    rows = list(_strategy_rows(root))
    if as_json:
        print_document({"schema": "btk.strategies/1", "strategies": rows})
        return
    if not rows:
        print(f"no strategies in {STRATEGIES}/; `btk new DIR` makes a project with one")
    for row in rows:
        print(_line(row))


@app.command()
def exchanges(context: typer.Context, as_json: AsJson = False) -> None:
    """The exchanges that candles can be fetched from. By the names that exchange.name takes."""
    from btk.adapters.ccxt_venues import exchange_ids

    rows = [wiring.DEMO, *exchange_ids()]
    if as_json:
        print_document({"schema": "btk.exchanges/1", "exchanges": rows})
    else:
        print("\n".join(rows))


@app.command()
def symbols(
    context: typer.Context,
    *,
    exchange: ExchangeName = None,
    quote: Quote = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """The symbols of an exchange, asked from it. Perpetuals with --set exchange.market=swap."""
    from btk.library.symbols import symbols_of

    loaded = chosen_settings(context, config, assignments, _named(exchange))
    rows = [row for row in symbols_of(loaded.settings, loaded.root) if quote in (None, row.quote)]
    if as_json:
        print_document(
            {"schema": "btk.symbols/1", "exchange": loaded.settings.exchange.name, "symbols": rows}
        )
        return
    for row in rows:
        print(f"{row.file_form:24}{row.unified}")


def _named(exchange: str | None) -> list[Override]:
    return [] if exchange is None else [Override("exchange.name", exchange, "--exchange")]


def _strategy_rows(root: Path) -> Iterator[dict[str, object]]:
    for path in _python_files(root / STRATEGIES):
        file = str(path.relative_to(root))
        try:
            yield from (_row(file, cls) for cls in strategies_in(file, root))
        except StrategyError as error:
            yield {"file": file, "error": str(error)}


def _python_files(folder: Path) -> list[Path]:
    # Not by glob, to which a folder that may not be read is an empty one.
    return sorted(path for path in folder.iterdir() if path.suffix == ".py") if folder.exists() else []


def _row(file: str, cls: type[Strategy]) -> dict[str, object]:
    doc = (cls.__doc__ or "").strip().splitlines()
    return {
        "file": file,
        "name": cls.name,
        "class": cls.__name__,
        "interval": cls.interval,
        "warmup": cls.warmup,
        "risk": list(cls.risk),
        "params": {name: getattr(cls, name) for name in parameters(cls)},
        "doc": doc[0] if doc else "",
    }


def _line(row: dict[str, object]) -> str:
    if "error" in row:
        return f"cannot be loaded: {row['error']}"
    params = row["params"]
    assert isinstance(params, dict)
    shown = " ".join(f"{name}={value}" for name, value in params.items())
    lines = [f"{row['file']}:{row['class']}  {row['name']}  {row['interval']}  {shown}", f"    {row['doc']}"]
    return "\n".join(line.rstrip() for line in lines if line.strip())
