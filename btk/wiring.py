"""The fuse box: settings become engines with their adapters; the only room that sees both sides of the wall."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from btk.adapters.candle_needs import Run, WarmUp, needed_series
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey, symbol_names
from btk.adapters.code_files import code_files
from btk.adapters.demo_exchange import DemoExchange
from btk.adapters.strategy_loader import check_parameters, load_function, load_strategies, make_strategy
from btk.adapters.venue_memory import kept_rows
from btk.core.risk import RiskRule
from btk.core.rules import Rules
from btk.core.strategy import Strategy
from btk.engines.backtest import BoundProfile, Job, Seat
from btk.engines.data_digest import candle_names
from btk.engines.preflight import needed_history
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.edition import EDITION
from btk.model.errors import DataError, SettingsError
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey, check_exchange_name
from btk.model.secret import Secret
from btk.model.settings import Frame, Settings
from btk.ports import Broker, CandleSource, Host, MarketFeed

if TYPE_CHECKING:
    from btk.adapters.candle_warmer import WarmingPlan

DEMO = "demo"


def now_ms() -> int:
    """The wall clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def candle_source(settings: Settings, root: Path) -> CandleSource:
    """Where a backtest's candles come from: computed for the demo exchange, else the candle store."""
    if settings.exchange.name == DEMO:
        return DemoExchange(now_ms())
    return stored_candles(settings, root)


def stored_candles(settings: Settings, root: Path, interval: str = "1m") -> StoredCandles:
    """What the cache of the settings holds of their exchange."""
    return StoredCandles(root / settings.cache.path, settings.exchange.name, interval)


def needed_spans(settings: Settings, root: Path) -> dict[SeriesKey, Span]:
    """The candles that a backtest of these settings looks at, by series: its frame and the warm-ups before it."""
    frame, window = settings.frame, settings.execution.average_price_candles
    classes = strategy_classes(settings, root)
    warm_ups = [WarmUp(cls.interval, needed_history(frame, cls, window)) for cls in classes]
    source, run = stored_candles(settings, root), Run(Span(frame.from_ms, frame.to_ms), warm_ups, now_ms())
    needs = [needed_series(source, symbol, run) for symbol in symbols(settings)]
    return {series: part for need in needs for series, part in need.items()}


def minutes_of(settings: Settings, span: Span) -> dict[SeriesKey, Span]:
    """The minutes of every symbol of the settings over one span."""
    return {SeriesKey(settings.exchange.name, symbol): span for symbol in symbols(settings)}


def warming_plan(
    settings: Settings, root: Path, spans: Mapping[SeriesKey, Span], refetch: bool
) -> WarmingPlan:
    """How these spans are to be fetched from the exchange of the settings; `SettingsError` for the demo."""
    from btk.adapters.candle_warmer import WarmingPlan
    from btk.adapters.candle_warming import Order
    from btk.adapters.ccxt_client import Patience
    from btk.adapters.ccxt_venues import Venue

    name, cache = check_exchange_name(settings.exchange.name), settings.cache
    if name == DEMO:
        raise SettingsError("the demo exchange is computed and stores nothing; name one with --exchange")
    return WarmingPlan(
        root=root / cache.path,
        venue=Venue(name, settings.exchange.market, settings.exchange.options),
        orders=[Order(series, span, refetch) for series, span in spans.items()],
        patience=Patience(retries=cache.retries, retry_delay_seconds=cache.retry_delay_seconds),
        rows_a_request=cache.candles_per_request,
    )


def symbols(settings: Settings) -> list[str]:
    """The symbols of the settings in their file form, as they are traded on the market of the settings."""
    names = [traded_name(symbol_names(symbol).file_form, settings) for symbol in settings.symbols]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SettingsError(f"symbols: {repeated} is named twice")
    return names


def traded_name(name: str, settings: Settings) -> str:
    """The file form of a symbol on the market of the settings: on swap, `BTCUSDT` means `BTCUSDT.USDT`."""
    currency = settings.wallet.currency
    if settings.exchange.market == "swap" and "." not in name and name.endswith(currency):
        return f"{name}.{currency}"
    return name


def strategy_classes(settings: Settings, root: Path) -> list[type[Strategy]]:
    """Every strategy the settings choose; names must differ, parameters must be known."""
    classes = [cls for entry in settings.strategy.entry for cls in load_strategies(entry, root)]
    names = [cls.name for cls in classes]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SettingsError(f"strategy.entry: two strategies are named {repeated}; give one another `name`")
    check_parameters(classes, settings.strategy.params)
    return classes


def backtest_job(settings: Settings, root: Path, fill_gaps: bool = False) -> Job:
    """Everything a backtest needs, chosen and checked; nothing is opened yet."""
    check_past(settings.frame)
    classes = strategy_classes(settings, root)
    return _job(settings, root, classes, candle_source(settings, root), fill_gaps)


def trading_job(settings: Settings, root: Path, source: CandleSource) -> Job:
    """Everything a paper or live run needs but its frame, chosen and checked; `source` has its candles."""
    return _job(settings, root, strategy_classes(settings, root), source, fill_gaps=False)


class Allowances(NamedTuple):
    """What the user takes the risk of, said on the command line and nowhere else."""

    withdrawal_key: bool = False
    unproven_venue: bool = False


def account_keys(settings: Settings, root: Path) -> tuple[Secret | None, Secret | None]:
    """The key and the secret of the account, None for what is not set; read here and nowhere else."""
    from btk.adapters.settings_secrets import reveal

    exchange = settings.exchange
    return reveal(exchange.api_key, os.environ, root), reveal(exchange.secret, os.environ, root)


def broker(settings: Settings, root: Path, allowed: Allowances, looks_only: bool = False) -> Broker:
    """The account of the settings at their exchange; with `looks_only` nothing of it is set up for orders."""
    from btk.adapters.candle_warmer import pause_of
    from btk.adapters.ccxt_account import WEIGHTS, AccountTerms
    from btk.adapters.ccxt_broker import CcxtBroker
    from btk.adapters.ccxt_venues import Venue
    from btk.adapters.request_gate import RequestGate

    exchange = settings.exchange
    name = check_exchange_name(exchange.name)
    if name == DEMO:
        raise SettingsError(
            "broker.kind: ccxt: the demo exchange takes no orders; choose an exchange, or btk paper"
        )
    api_key, secret = account_keys(settings, root)
    terms = AccountTerms(
        venue=Venue(name, exchange.market, exchange.options),
        api_key=api_key,
        secret=secret,
        sandbox=exchange.sandbox,
        allow_withdrawals=allowed.withdrawal_key,
        unproven_venue=allowed.unproven_venue,
        looks_only=looks_only,
    )
    gate = RequestGate(WEIGHTS.get(terms.market, 0), shared=pause_of(root / settings.cache.path, name))
    return CcxtBroker(terms, gate)


def brokered(job: Job, market: str) -> Job:
    """The same run where a real exchange fills: its prices are what was paid, so nothing is assumed to slip.

    `SettingsError` for another model than `candle`, and for several strategies on one contract: the exchange knows one
    position of it, not whose it is.
    """
    if job.model != "candle":
        raise SettingsError(
            f"execution.model: {job.model} simulates prices that no exchange fills at; real orders need candle"
        )
    shared = next((symbol for symbol in job.symbols if _strategies_on(symbol, job) > 1), None)
    if market == "swap" and shared is not None:
        raise SettingsError(
            f"strategy.entry: {shared} is traded by several strategies, but an account has one position of a contract;"
            " run one strategy on it, or each on an account of its own"
        )
    rules = msgspec.structs.replace(job.rules, slippage_pct=0.0)
    # The kill switch has to know what the day has cost.
    return msgspec.structs.replace(job, model="brokered", rules=rules, watches_equity=True)


def _strategies_on(symbol: str, job: Job) -> int:
    return sum(seat.key.symbol == symbol for seat in job.seats)


def market_feed(settings: Settings, root: Path, host: Host) -> MarketFeed:
    """Where live minutes come from; without an account."""
    name = check_exchange_name(settings.exchange.name)
    if name == DEMO:
        from btk.adapters.demo_feed import DemoFeed

        return DemoFeed(host)
    from btk.adapters.candle_warmer import pause_of
    from btk.adapters.ccxt_client import Patience, VenueClient
    from btk.adapters.ccxt_venues import Venue
    from btk.adapters.venue_feed import VenueFeed

    cache = settings.cache
    folder = root / cache.path
    # One try a tick is enough: the next tick asks again.
    patience = Patience(retries=1, retry_delay_seconds=1.0, longest_pause_seconds=30.0)
    venue = Venue(name, settings.exchange.market, settings.exchange.options)
    client = VenueClient(venue, pause_of(folder, name), patience)
    forgets = kept_rows(name) is not None
    intervals = [cls.interval for cls in strategy_classes(settings, root)] if forgets else []
    return VenueFeed(client, StoredCandles(folder, name), symbols(settings), intervals)


def contender_jobs(settings: Settings, root: Path, fill_gaps: bool = False) -> list[tuple[Settings, Job]]:
    """A backtest for each strategy of the settings alone, on one candle source, with the settings that make it so."""
    check_past(settings.frame)
    source = candle_source(settings, root)
    jobs = []
    for entry in settings.strategy.entry:
        for cls in load_strategies(entry, root):
            file = entry.partition(":")[0]
            choice = msgspec.structs.replace(settings.strategy, entry=(f"{file}:{cls.__name__}",))
            alone = msgspec.structs.replace(settings, strategy=choice)
            jobs.append((alone, _job(alone, root, [cls], source, fill_gaps)))
    return jobs


def with_params(job: Job, params: Mapping[str, Any]) -> Job:
    """The same backtest with new strategy objects made with `params`; `SettingsError` for a value that does not fit."""
    seats = [seat._replace(strategy=make_strategy(type(seat.strategy), params)) for seat in job.seats]
    return msgspec.structs.replace(job, seats=seats)


def _job(
    settings: Settings,
    root: Path,
    classes: Sequence[type[Strategy]],
    source: CandleSource,
    fill_gaps: bool,
) -> Job:
    exchange = check_exchange_name(settings.exchange.name)
    seats = [
        Seat(
            SlotKey(symbol, cls.name, exchange),
            make_strategy(cls, settings.strategy.params),
            profiles_of(cls, settings),
        )
        for cls in classes
        for symbol in symbols(settings)
    ]
    return Job(
        seats=seats,
        source=source,
        frame=settings.frame,
        model=settings.execution.model,
        rules=Rules.of(settings, market_can_short=settings.exchange.market == "swap"),
        wallet_start=settings.wallet.start,
        sizing=settings.sizing,
        profiles=_bound_profiles(seats, settings, root),
        fill_gaps=fill_gaps,
    )


def profiles_of(cls: type[Strategy], settings: Settings) -> tuple[str, ...]:
    """The risk profiles a strategy is bound by: the settings' word, else the class's own."""
    chosen = settings.strategy.risk
    if isinstance(chosen, dict):
        chosen = chosen.get(cls.name)
    names = tuple(dict.fromkeys(cls.risk if chosen is None else chosen))
    for name in names:
        if name not in settings.risk:
            known = ", ".join(settings.risk) or "none"
            raise SettingsError(
                f"risk: strategy {cls.name} names the profile {name!r}, which is not there (there: {known})"
            )
    return names


def digests(job: Job, settings: Settings, root: Path) -> tuple[str, str, str]:
    """Short names of the code, the data and the settings of a run."""
    in_order = msgspec.structs.replace(settings, symbols=tuple(sorted(settings.symbols)))
    named = _digest(msgspec.json.encode(in_order, order="deterministic"))
    return code_digest(job, settings, root), _digest(*candle_names(job)), named


def code_digest(job: Job, settings: Settings, root: Path) -> str:
    """A short name of this edition of btk, the strategies, their risk rules, and what these import from beside them."""
    files = {entry.partition(":")[0] for entry in settings.strategy.entry}
    files |= {rule.partition(":")[0] for name in job.profiles for rule in settings.risk[name].rules}
    read = (file.read_bytes() for file in code_files(root / file for file in files))
    return _digest(EDITION.encode(), *read)


def check_past(frame: Frame) -> None:
    """`DataError` for a frame that reaches into the future."""
    now = now_ms()
    if frame.to_ms > now:
        raise DataError(
            f"the frame ends at {format_date(frame.to_ms)}, but it is {format_date(now - now % MINUTE_MS)} now:"
            " candles of the future are not to be had; choose an earlier --to"
        )


def _bound_profiles(seats: Sequence[Seat], settings: Settings, root: Path) -> Mapping[str, BoundProfile]:
    used = sorted({name for seat in seats for name in seat.profiles})
    return {name: (settings.risk[name], _rules(settings.risk[name].rules, root)) for name in used}


def _rules(references: Sequence[str], root: Path) -> Sequence[tuple[str, RiskRule]]:
    return [(reference.partition(":")[2], load_function(reference, root)) for reference in references]


def _digest(*chunks: bytes) -> str:
    digest = blake2b(digest_size=8)
    for chunk in chunks:
        digest.update(len(chunk).to_bytes(8, "little"))
        digest.update(chunk)
    return digest.hexdigest()
