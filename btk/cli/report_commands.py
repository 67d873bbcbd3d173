"""`btk report`: what runs left behind, as a list, on the screen, in files, as a page, and side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from btk.adapters.run_archive import DamagedRun
from btk.adapters.settings import Loaded
from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.library.reports import Choice, Reports, check_kind
from btk.model.errors import InvalidInput, UsageError
from btk.report.run_facts import UNFINISHED

app = command_group("Look at what runs left behind: list, show, dump, html, compare.")

MOST_ROWS = 50

Run = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="A run id or its beginning; default: the newest with a result."),
]
KindName = Annotated[
    str | None,
    typer.Option("--kind", metavar="NAME", help="Such as schedule, partial, risk, heatmap or performance."),
]
SymbolName = Annotated[str | None, typer.Option("--symbol", metavar="NAME", help="Only this symbol.")]
StrategyName = Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy.")]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="LIST", help="Only these columns of the table, as id,pnl_pct."),
]
Rows = Annotated[
    int | None,
    typer.Option(
        "--rows",
        metavar="N",
        min=0,
        help=f"Rows of the table that are shown, {MOST_ROWS} by default; numbers cover all.",
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="NAME", help="md, json, jsonl, csv or parquet.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Write to DIR/<kind> instead of dump/<kind>.")
]
AllRuns = Annotated[bool, typer.Option("--all", help="Every run that has a result.")]


@app.command("list")
def list_runs(
    context: typer.Context,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Every run under dump/runs, the newest first. Damaged ones are named on stderr, one a line."""
    archive = _reports(context, config, assignments).archive
    runs, damaged = archive.listing()
    if as_json:
        print_document({"schema": "btk.report-list/1", "path": str(archive.runs), "runs": runs})
    else:
        from btk.cli.report_screen import show_runs

        show_runs(runs, archive.runs)
    for damage in damaged:
        typer.echo(f"btk: {damage}", err=True)


@app.command()
def show(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    run: Run = None,
    kind: KindName = None,
    symbol: SymbolName = None,
    strategy: StrategyName = None,
    columns: Columns = None,
    rows: Rows = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """A run as it was shown when it ended. With --kind one report of it, as Markdown."""
    if as_json and rows is not None:
        raise UsageError("--rows shortens the table on the screen; --json has all of it")
    loaded = chosen_settings(context, config, assignments)
    reports = _reports_of(loaded)
    run_id = reports.archive.find(run)
    if any(flag is not None for flag in (kind, symbol, strategy, columns, rows)):
        choice = Choice(symbol=symbol, strategy=strategy, columns=_names(columns))
        shown = None if as_json else MOST_ROWS if rows is None else rows
        _show_kind(reports, run_id, kind or reports.kinds(run_id)[0], choice, shown)
    elif as_json:
        print_document(reports.archive.document(run_id))
    else:
        from btk.cli.report_screen import show_run
        from btk.cli.screen_facts import folder_text
        from btk.library.again import again_flags

        document = reports.archive.document(run_id)
        is_walk = document["mode"] == "walker"
        flags = again_flags(reports.archive.asked(run_id), loaded.settings) if is_walk else []
        show_run(document, folder_text(reports.archive.runs / run_id, loaded.root), flags)


@app.command()
def dump(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    run: Run = None,
    kind: KindName = None,
    file_format: Format = "md",
    out: Out = None,
    every: AllRuns = False,
    columns: Columns = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Write the reports of a run to files. Without --kind every kind that there is of it."""
    from btk.adapters.report_files import FORMATS

    if file_format not in FORMATS:
        raise UsageError(f"--format {file_format!r}: there are {', '.join(FORMATS)}")
    if every and run is not None:
        raise UsageError("--all is every run: leave out either --all or RUN")
    reports = _reports(context, config, assignments)
    written = []
    runs, damaged = _finished(reports) if every else ([reports.archive.find(run)], [])
    for run_id in runs:
        with _others_go_on(damaged):
            for name in _kinds(reports, run_id, kind, every)[: 1 if columns else None]:
                with _others_go_on(damaged):
                    path = out / name if out else None
                    written += reports[name].dump(run_id, path, file_format, Choice(columns=_names(columns)))
    if as_json:
        print_document({"schema": "btk.report-dump/1", "files": [str(path) for path in written]})
    else:
        for path in written:
            typer.echo(path)
    if damaged:
        raise InvalidInput("\n".join(map(str, damaged)))


@app.command("html")
def write_html(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    run: Run = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to this file.")] = None,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """One page of a run, with charts and its trades. A single file that needs no network."""
    from btk.library.html_report import html_report

    if out is not None and out.exists() and not out.is_file():
        raise UsageError(f"--out {out} is there and no file: name one, which is replaced")
    loaded = chosen_settings(context, config, assignments)
    path = html_report(loaded.settings, loaded.root, run, out)
    if as_json:
        print_document({"schema": "btk.report-html/1", "file": str(path)})
    else:
        typer.echo(str(path))


@app.command()
def compare(
    context: typer.Context,
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="The runs to put side by side.")],
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """The statistics of several runs side by side. With what differs in their settings."""
    from btk.library.comparison import compared

    archive = _reports(context, config, assignments).archive
    run_ids = list(dict.fromkeys(archive.find(run) for run in runs))
    if len(run_ids) < 2:
        raise UsageError("compare needs two different runs at least; btk report list shows what there is")
    comparison = compared(archive, run_ids)
    if as_json:
        print_document(comparison.document)
    else:
        typer.echo(comparison.markdown, nl=False)


@contextmanager
def _others_go_on(damaged: list[InvalidInput]) -> Iterator[None]:
    # Other reports of the run, and other runs, can be had.
    try:
        yield
    except DamagedRun as problem:
        if str(problem) not in map(str, damaged):
            damaged.append(problem)


def _show_kind(reports: Reports, run_id: str, kind: str, choice: Choice, most_rows: int | None) -> None:
    if most_rows is not None:
        typer.echo(reports[kind].get_report(run_id, choice, most_rows), nl=False)
        return
    from btk.report.report import report_document

    titled = reports.titled(kind, run_id, choice)
    print_document(msgspec.to_builtins(report_document(*titled)))


def _kinds(reports: Reports, run_id: str, kind: str | None, every: bool) -> list[str]:
    if kind is None:
        return reports.kinds(run_id)
    # Of every run: those that have such a report. Of one: it says that it has none.
    return [kind] if not every or check_kind(kind) in reports.kinds(run_id, every=True) else []


def _finished(reports: Reports) -> tuple[list[str], list[InvalidInput]]:
    runs, damaged = reports.archive.listing()
    return [run.run_id for run in runs if run.status != UNFINISHED], damaged


def _names(columns: str | None) -> list[str]:
    return [name.strip() for name in columns.split(",")] if columns else []


def _reports(context: typer.Context, config: list[Path] | None, assignments: list[str] | None) -> Reports:
    return _reports_of(chosen_settings(context, config, assignments))


def _reports_of(loaded: Loaded) -> Reports:
    return Reports(loaded.root / loaded.settings.state.path)
