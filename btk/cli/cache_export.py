"""`btk cache export`: stored candles as CSV, CSV.gz, Parquet or Feather."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from btk.adapters.candle_export import export_candles
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import symbol_names
from btk.cli.date_flags import minute_of
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.errors import DataError, UsageError

Target = Annotated[
    Path, typer.Argument(metavar="FILE", dir_okay=False, help="Ends in .csv, .csv.gz, .parquet or .feather.")
]
Symbol = Annotated[str, typer.Option("--symbol", metavar="NAME", help="Such as BTCUSDT or BTC/USDT.")]
ExchangeName = Annotated[
    str | None, typer.Option("--exchange", metavar="NAME", help="Whose candles; default: exchange.name.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First minute; default: the first stored.")
]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="End, not included; default: all.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace FILE when it is there.")]


def export(
    context: typer.Context,
    file: Target,
    *,
    symbol: Symbol,
    exchange: ExchangeName = None,
    from_: From = None,
    to: To = None,
    overwrite: Overwrite = False,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Write stored candles to a file. Only what the exchange sent, no filled minutes."""
    loaded = chosen_settings(context, config, assignments)
    if file.exists() and not overwrite:
        raise UsageError(f"{file} is there already; --overwrite replaces it")
    if file.exists() and not file.is_file():
        raise UsageError(f"{file} is there and no file: name one, which is replaced")
    source = StoredCandles(
        loaded.root / loaded.settings.cache.path, exchange or loaded.settings.exchange.name
    )
    name = symbol_names(symbol).file_form
    span = _span(source, name, from_, to)
    count = export_candles(source, name, span, file)
    if as_json:
        facts = {"exchange": source.exchange, "symbol": name, "from_ms": span.from_ms, "to_ms": span.to_ms}
        print_document({"schema": "btk.cache-export/1", "file": str(file), **facts, "candles": count})
    else:
        dates = f"{format_date(span.from_ms)} to {format_date(span.to_ms)}"
        typer.echo(f"{file}: {count:,} candles of {source.exchange} {name}, {dates}")


def _span(source: StoredCandles, symbol: str, from_: str | None, to: str | None) -> Span:
    stored = source.extent(symbol)
    if stored is None:
        raise DataError(f"nothing is stored of {source.exchange} {symbol}; btk cache list shows what is")
    from_ms = minute_of("--from", from_) if from_ else stored.from_ms
    to_ms = minute_of("--to", to) if to else stored.to_ms
    if from_ and to and from_ms >= to_ms:
        raise UsageError(f"--from {from_} is not before --to {to}; --to is exclusive")
    span = Span(max(from_ms, stored.from_ms), min(to_ms, stored.to_ms))
    if span.from_ms >= span.to_ms:
        dates = f"{format_date(stored.from_ms)} to {format_date(stored.to_ms)}"
        raise DataError(f"{source.exchange} {symbol}: stored is {dates}, nothing of what was asked for")
    return span
