"""`btk doctor`: what is wrong with a project, its machine and its account, and what can safely be repaired."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.adapters.terminal import is_terminal
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.library.diagnosis import Patient
from btk.library.doctor import Doctor, repair
from btk.model.errors import CheckFailed, UsageError
from btk.model.health import Finding, HealthReport

DoRepair = Annotated[bool, typer.Option("--repair", help="Show what can safely be repaired, ask, and do it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before repairing.")]
Network = Annotated[
    bool,
    typer.Option("--network/--no-network", help="Ask the exchange too, with keys where a broker is set."),
]


def doctor(  # noqa: PLR0917 (every parameter is a flag)
    context: typer.Context,
    do_repair: DoRepair = False,
    yes: Yes = False,
    network: Network = True,
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Look over machine, disk, locks, keys, state, runs, exchange and account. Changes nothing without --repair.

    Exit 0: nothing failed (there may be warnings); 7: something did.
    """
    if yes and not do_repair:
        raise UsageError("--yes is about repairing; it needs --repair")
    loaded = chosen_settings(context, config, assignments)
    found = Doctor(Patient(loaded.settings, loaded.root), network)
    repaired = do_repair and bool(found.repairs)
    if repaired:
        _agree(found, yes)
        repair(found.repairs)
    report = found.report(repaired)
    if as_json:
        print_document(report)
    else:
        typer.echo("\n".join(_lines(report)))
    failed = sum(finding.level == "failed" for finding in report.findings)
    if failed:
        raise CheckFailed(f"{failed} of {len(report.findings)} findings are failures")


def _agree(found: Doctor, yes: bool) -> None:
    for one in found.repairs:
        typer.echo(f"would {one.words}", err=True)
    if yes:
        return
    if not is_terminal():
        raise UsageError("nothing was repaired: --yes repairs where nobody can be asked")
    typer.confirm("Repair this?", abort=True, err=True)


def _lines(report: HealthReport) -> list[str]:
    lines = [line for finding in report.findings for line in _told(finding)]
    if report.repairs:
        done = "repaired" if report.repaired else "--repair would do"
        lines.append(f"{done} {len(report.repairs)} things")
    return lines


def _told(finding: Finding) -> list[str]:
    level = "" if finding.level == "ok" else finding.level.upper()
    line = f"{level:8} {finding.check:10} {finding.words}"
    return [line, f"{'':8} {'':10} -> {finding.remedy}"] if finding.remedy else [line]
