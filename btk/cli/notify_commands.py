"""`btk notify`: try out the addresses that are told of events."""

from __future__ import annotations

from typing import Annotated

import typer

from btk.cli.lazy_commands import command_group
from btk.cli.options import AsJson, Assignments, ConfigFiles, chosen_settings
from btk.cli.output import print_document
from btk.library.notifications import Trial, try_addresses
from btk.model.errors import Transient

app = command_group("Try out the addresses that are told of events.")


@app.command("test")
def try_out(
    context: typer.Context,
    only: Annotated[
        str,
        typer.Option(
            "--only", metavar="TEXT", help="Only addresses that have this text in them, such as tgram."
        ),
    ] = "",
    config: ConfigFiles = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Send one message to each address under notify.urls.

    Exit 5 when one does not take it.
    """
    loaded = chosen_settings(context, config, assignments)
    trials = []
    for trial in try_addresses(loaded.settings.notify, loaded.root, only):
        trials.append(trial)
        if not as_json:
            typer.echo(_line(trial))
    failed = sum(not trial.ok for trial in trials)
    if as_json:
        print_document({"schema": "btk.notify-test/1", "ok": not failed, "addresses": trials})
    if failed:
        raise Transient(f"{failed} of {len(trials)} addresses did not take the message")


def _line(trial: Trial) -> str:
    return f"{trial.address}: {'ok' if trial.ok else f'failed: {trial.reason}'}"
