"""Warming several series of one venue at once: every writer entered first, then one client for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from btk.adapters.candle_series import SeriesKey, SymbolNames, Watch
from btk.adapters.candle_warming import Order, SeriesWarming, Warmed
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.ccxt_candles import MarketCandles
from btk.adapters.ccxt_client import Patience, VenueClient
from btk.adapters.ccxt_venues import Venue, VenueMarket, chosen_market
from btk.adapters.disk import Disk
from btk.adapters.venue_pause import VenuePause, wall_ms
from btk.model.errors import BtkError


class WarmingPlan(NamedTuple):
    """Orders of one venue, and how its requests are made."""

    root: Path
    venue: Venue
    orders: Sequence[Order]
    patience: Patience
    rows_a_request: int
    disk: Disk = Disk()


class WarmingOutcome(NamedTuple):
    """What was done, how many requests that took, and the first error that ended a series early."""

    series: tuple[Warmed, ...]
    requests: int
    error: BtkError | None


def pause_of(root: Path, exchange: str) -> VenuePause:
    """The pause that every process with this cache folder obeys."""
    return VenuePause(root / exchange / ".pause")


async def warm(plan: WarmingPlan, watch: Watch) -> WarmingOutcome:
    """Fetch what is missing; no request at all when nothing is. `AlreadyRunning` before the first request."""
    with ExitStack() as held:
        works = [_entered(plan, order, watch, held) for order in plan.orders]
        due = [work for work in works if work.prepare(wall_ms())]
        requests = await _fetched(plan, due) if due else 0
        error = next((work.error for work in works if work.error), None)
        return WarmingOutcome(tuple(work.summary() for work in works), requests, error)


async def venue_markets(plan: WarmingPlan) -> list[VenueMarket]:
    """Every market of the plan's venue."""
    async with _client(plan) as client:
        return sorted(client.markets.values())


def _client(plan: WarmingPlan) -> VenueClient:
    return VenueClient(plan.venue, pause_of(plan.root, plan.venue.name), plan.patience)


def _entered(plan: WarmingPlan, order: Order, watch: Watch, held: ExitStack) -> SeriesWarming:
    writer = held.enter_context(CandleWriter(plan.root, order.series, disk=plan.disk))
    return SeriesWarming(plan.root, order, writer, watch)


async def _fetched(plan: WarmingPlan, works: Sequence[SeriesWarming]) -> int:
    async with _client(plan) as client:
        await asyncio.gather(*(_run(plan, client, work) for work in works))
    return client.requests


async def _run(plan: WarmingPlan, client: VenueClient, work: SeriesWarming) -> None:
    series: SeriesKey = work.order.series
    try:
        market = chosen_market(client.markets, SymbolNames(series.symbol, None), plan.venue)
        work.writer.name_symbol(market.unified)
    except BtkError as error:
        work.error = error
        return
    candles = MarketCandles(client, market, series.interval, plan.rows_a_request)
    if work.prepare(candles.closed_ms):
        await work.run(candles)
