"""What a reader of a result must know before believing it."""

from __future__ import annotations

from collections.abc import Iterator

from btk.engines.backtest import Job
from btk.engines.outcome import Outcome, SymbolFacts
from btk.model.dates import format_date
from btk.model.plain_words import excerpt
from btk.model.settings import Settings

MANY_AMBIGUOUS_PCT = 5
NAMED = 5


def warnings_of(settings: Settings, job: Job, outcome: Outcome) -> tuple[str, ...]:
    """One sentence for each thing, the gravest first."""
    return tuple(_sentences(settings, job, outcome))


def _sentences(settings: Settings, job: Job, outcome: Outcome) -> Iterator[str]:
    if not outcome.complete:
        yield _interruption(job, outcome)
    for key, record in outcome.records.items():
        errors = sum(error.count for error in record.errors)
        if errors:
            first = record.errors[0]
            what = f"the first in {first.where}: {excerpt(first.message)}"
            yield f"errors of {key.strategy} on {key.symbol}: {errors}, {what}"
    for symbol, facts in outcome.symbols.items():
        if facts.gaps:
            yield f"{symbol}: {facts.gaps} missing minutes were filled with flat candles"
        if facts.warming_up_until_ms > job.frame.from_ms:
            yield f"{symbol}: too little history for the warm-up, {_first_question(facts, job)}"
        if facts.own_bars:
            until = [f"{name} before {format_date(span.to_ms)}" for name, span in facts.own_bars.items()]
            whose = f"{settings.exchange.name}'s own, which keeps no minutes that old"
            yield f"{symbol}: candles that are not made from minutes but {whose}: {', '.join(until)}"
    yield from _refusals(outcome)
    yield from _foreign_money(settings, job)
    yield from _model_warnings(settings, job, outcome)


def _first_question(facts: SymbolFacts, job: Job) -> str:
    at = format_date(facts.warming_up_until_ms)
    if facts.warming_up_until_ms < job.frame.to_ms:
        return f"the first question came at {at}"
    return f"so nothing was asked: the first question would come at {at}"


def _refusals(outcome: Outcome) -> Iterator[str]:
    records = outcome.records.values()
    rejected = [one for record in records for one in record.rejected]
    if rejected and not any(record.trades for record in records):
        most = max(rejected, key=lambda one: one.count)
        total = sum(one.count for one in rejected)
        yield f"no trade: {total} signals were rejected, such as {most.reason}: {most.detail}"


def _foreign_money(settings: Settings, job: Job) -> Iterator[str]:
    # Names are all there is: no file and no demo market says in what it is priced.
    currency = settings.wallet.currency
    foreign = [symbol for symbol in job.symbols if not symbol.endswith(currency)]
    if foreign:
        yield (
            f"{', '.join(foreign[:NAMED])}{' and others' if len(foreign) > NAMED else ''}: by the name not priced in"
            f" wallet.currency {currency}, and nothing is converted: money is added up as if it were {currency}"
        )


def _interruption(job: Job, outcome: Outcome) -> str:
    undone = [symbol for symbol in job.symbols if symbol not in outcome.symbols]
    if undone:
        return f"interrupted: the result is without {', '.join(undone)}"
    covered = f"interrupted at {format_date(outcome.reached_ms)}: the result covers only the time before"
    still = ", ".join(map(str, outcome.open_slots))
    return f"{covered}; still open: {still}" if still else covered


def _model_warnings(settings: Settings, job: Job, outcome: Outcome) -> Iterator[str]:
    trades = [trade for record in outcome.records.values() for trade in record.trades]
    ambiguous = sum(trade.ambiguous for trade in trades)
    if trades and ambiguous * 100 > MANY_AMBIGUOUS_PCT * len(trades):
        yield (
            f"{ambiguous} of {len(trades)} exits are ambiguous: stop and target lie within one minute's range,"
            " the stop was assumed"
        )
    if settings.exchange.market == "swap" or any("." in symbol for symbol in job.symbols):
        yield "perpetuals: leverage is 1 and funding is not modelled, so holding them costs (or earns) more than shown"
    if settings.execution.origin_quirks:
        yield "execution.origin_quirks is on: the rules are the origin's, for comparison only"
    if settings.execution.slippage_pct == 0 and settings.execution.fee_pct == 0:
        yield "fees and slippage are 0: no real venue trades for free"
