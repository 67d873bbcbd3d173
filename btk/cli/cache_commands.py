"""`btk cache`: fetch candles or bring them in, list what is stored, check that it is whole."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from btk import wiring
from btk.adapters.candle_files import FoundSeries, series_of_folder
from btk.adapters.candle_import import read_minutes
from btk.adapters.candle_series import SeriesKey, symbol_names
from btk.adapters.candle_survey import Findings, check_series, chosen_series, series_facts, stored_series
from btk.adapters.candle_warmer import WarmingOutcome
from btk.adapters.candle_writer import CandleWriter
from btk.cli.cache_export import export
from btk.cli.cache_prune import prune_cache
from btk.cli.cache_schedule import schedule
from btk.cli.cache_screen import (
    Imported,
    check_document,
    check_lines,
    import_document,
    import_lines,
    list_lines,
)
from btk.cli.cache_warm import warm
from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.cli.selection import listed
from btk.cli.text_table import room
from btk.cli.warm_progress import warm_progress
from btk.library.candles import refetch_series
from btk.model.errors import DataError, UsageError
from btk.model.names import check_exchange_name
from btk.model.settings import Settings

app = command_group("Fetch candles or bring them in, list what is stored, check that it is whole.")

CandleFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, help="One-minute candles: a file, or a folder of files."),
]
Symbol = Annotated[
    str | None,
    typer.Option("--symbol", metavar="NAME", help="Such as BTCUSDT or BTC/USDT; of a folder: only it."),
]
ExchangeName = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Whose candles; default: exchange.name.")
]
OnlyExchange = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Only what is stored of this exchange.")
]
Refetch = Annotated[
    bool, typer.Option("--refetch", help="Fetch again what is stored, and replace what differs.")
]
OnlySymbols = Annotated[
    list[str] | None,
    typer.Option(
        "--symbols", metavar="LIST", help="Only these, such as BTCUSDT,ETHUSDT; repeatable, lists add up."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace stored candles that differ.")]


def import_file(
    context: typer.Context,
    file: CandleFile,
    *,
    symbol: Symbol = None,
    exchange: ExchangeName = None,
    overwrite: Overwrite = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Store the one-minute candles of a file, or of a folder of files.

    CSV (also .gz and .zip), Parquet, Feather and JSON; columns are found by their names, without names they are
    time, open, high, low, close, volume. Times are opening times in milliseconds, seconds or ISO (UTC). Folders:
    the data of freqtrade, and one JSON file for each candle. Exit 4 when stored candles differ, unless --overwrite.
    """
    settings = chosen_settings(context, config, assignments)
    root = settings.root / settings.settings.cache.path
    name = _real_exchange(exchange or settings.settings.exchange.name)
    imports = [
        _imported(root, name, source, overwrite) for source in _sources(file, symbol, settings.settings)
    ]
    if as_json:
        documents = [import_document(*done) for done in imports]
        print_document(
            documents[0] if file.is_file() else {"schema": "btk.cache-imports/1", "imports": documents}
        )
    else:
        typer.echo("\n".join(line for done in imports for line in import_lines(*done)))
    refused = [done for done in imports if done.stored.refused]
    if refused:
        first = refused[0]
        raise DataError(
            f"{first.file}: {first.stored.differing} candles differ from those stored of {first.series}, so nothing"
            " was imported; --overwrite takes the file's"
        )


def _sources(path: Path, symbol: str | None, settings: Settings) -> list[FoundSeries]:
    if path.is_file():
        if symbol is None:
            raise UsageError(f"{path}: name its symbol with --symbol")
        names = symbol_names(symbol)
        traded = wiring.traded_name(names.file_form, settings)
        return [FoundSeries(msgspec.structs.replace(names, file_form=traded), path)]
    wanted = symbol_names(symbol).file_form if symbol else None
    found = [series for series in series_of_folder(path) if wanted in (None, series.names.file_form)]
    if not found:
        raise UsageError(f"{path}: holds nothing of {symbol}")
    return found


def _imported(root: Path, exchange: str, source: FoundSeries, overwrite: bool) -> Imported:
    series = SeriesKey(exchange, source.names.file_form)
    found = read_minutes(source.path, now_ms=int(time.time() * 1000))
    with CandleWriter(root, series, unified_symbol=source.names.unified) as writer:
        stored = writer.store(found.rows, overwrite=overwrite)
    return Imported(source.path, series, found, stored)


def list_series(
    context: typer.Context,
    *,
    symbols: OnlySymbols = None,
    exchange: OnlyExchange = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """What is stored, from when to when, with how many holes."""
    root = _cache_folder(context, config, assignments)
    chosen = chosen_series(stored_series(root), listed(symbols), exchange)
    facts = [series_facts(root, series) for series in chosen]
    if as_json:
        print_document({"schema": "btk.cache-list/1", "path": str(root), "series": facts})
    elif facts:
        typer.echo("\n".join(list_lines(facts, room())))
    else:
        typer.echo(
            f"{root}: no candles yet; btk cache warm --exchange binance --symbols BTCUSDT --days 30 fetches some"
        )


def check(
    context: typer.Context,
    *,
    refetch: Refetch = False,
    symbols: OnlySymbols = None,
    exchange: OnlyExchange = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Read every byte; set damaged files aside.

    With --refetch all that is stored is fetched again: what was damaged or missing comes back, and candles that the
    exchange changed are replaced and shown. Exit 4 when something is damaged, or missing inside a series.
    """
    loaded = chosen_settings(context, config, assignments)
    root = loaded.root / loaded.settings.cache.path
    chosen = chosen_series(stored_series(root), listed(symbols), exchange)
    outcomes: list[WarmingOutcome] = []
    if refetch:
        with warm_progress(shown=not as_json) as watch:
            outcomes = refetch_series(loaded.settings, loaded.root, chosen, watch)
    findings = [check_series(root, series) for series in chosen]
    if as_json:
        print_document(check_document(root, findings, outcomes))
    else:
        typer.echo("\n".join(check_lines(findings, outcomes)))
    _end_check(root, findings, outcomes)


def _end_check(root: Path, findings: list[Findings], outcomes: list[WarmingOutcome]) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    for error in errors[1:]:
        print(f"btk: {error}", file=sys.stderr)
    if errors:
        raise errors[0]
    bad = [finding for finding in findings if not finding.ok]
    if bad:
        raise DataError(
            f"{root}: {len(bad)} of {len(findings)} series are damaged or have holes;"
            " btk cache check --refetch or btk cache import FILE brings the missing minutes in"
        )


def _cache_folder(context: typer.Context, config: list[Path] | None, assignments: list[str] | None) -> Path:
    settings = chosen_settings(context, config, assignments)
    return settings.root / settings.settings.cache.path


def _real_exchange(name: str) -> str:
    if name == "demo":
        raise UsageError(
            "the demo exchange is computed and stores nothing; name the exchange with --exchange"
        )
    return check_exchange_name(name)


# In the order of the help.
app.command()(warm)
app.command("list")(list_series)
app.command()(check)
app.command("import")(import_file)
app.command()(export)
app.command("prune")(prune_cache)
app.command()(schedule)
