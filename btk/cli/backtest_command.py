"""`btk backtest`: run the settings' strategies on history, and show what came of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from btk.cli.interruptions import Interruption, interruptible
from btk.cli.missing_candles import Cache, Gaps, GapsChoice, fetch_what_is_missing
from btk.cli.options import AsJson, Assignments, ConfigFiles
from btk.cli.output import print_document, strategies_print_to_stderr
from btk.cli.progress import progress
from btk.cli.selection import (
    Entries,
    ExchangeName,
    FrameName,
    From,
    ModelName,
    Params,
    Selection,
    Symbols,
    To,
    selected_settings,
)
from btk.library.backtest_run import BacktestRun, Result
from btk.model.errors import CheckFailed
from btk.report.fail_if import failures, parse_condition

Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", metavar="N", min=1, help="Processes to spread symbols over, where they share nothing."
    ),
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
    chosen = Selection(
        entry=entry,
        symbols=symbols,
        from_=from_,
        to=to,
        frame=frame,
        exchange=exchange,
        model=model,
        param=param,
        config=config,
        assignments=assignments,
    )
    loaded = selected_settings(context, chosen)
    if cache:
        fetch_what_is_missing(loaded)
    run = BacktestRun(loaded.settings, loaded.root, fill_gaps=gaps is Gaps.fill, jobs=jobs)
    with interruptible(run.switch) as interruption, strategies_print_to_stderr(), progress(run):
        result = run.run()
    if run.together is not None:
        print(f"btk: --jobs {jobs}: run in one process, because {run.together}", file=sys.stderr)
    if as_json:
        print_document(result.document)
    else:
        _show(result, loaded.root)
    _end(result, interruption, failures(conditions, _portfolio_statistics(result)))


def _show(result: Result, root: Path) -> None:
    from btk.cli.result_screen import show_result
    from btk.cli.screen_facts import folder_text

    show_result(result.document, folder=folder_text(result.folder, root))


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
