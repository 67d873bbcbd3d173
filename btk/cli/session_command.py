"""`btk session`: log in to Telegram as a user, once."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from btk.adapters.async_run import run_to_end
from btk.adapters.telegram_client import TelethonLogin
from btk.adapters.terminal import hidden_line, is_terminal
from btk.cli.options import AsJson, project_root
from btk.cli.output import print_document
from btk.library.telegram_session import (
    PASSWORD_TRIES,
    keep_session,
    log_in,
    session_file,
    telegram_credentials,
)
from btk.model.errors import UsageError
from btk.model.secret import Secret

# White on black whatever the colours of the terminal: scanners want the quiet zone to be the light part.
_COLOURS, _NORMAL = "\x1b[97;40m", "\x1b[0m"


class TerminalScreen:
    """Shows codes and asks on stderr, so that stdout has only what was asked for."""

    def show_code(self, address: str) -> None:
        """The code in half blocks; it takes 21 lines of a terminal."""
        print("Scan this in the Telegram app: Settings > Devices > Link Desktop Device", file=sys.stderr)
        for line in code_lines(address):
            print(f"{_COLOURS}{line}{_NORMAL}", file=sys.stderr)
        print(
            "Waiting for the scan; a new code follows when this one expires. Ctrl-C leaves.", file=sys.stderr
        )

    async def ask_password(self, tries_left: int) -> Secret:
        """Typed unseen; `UsageError` when nothing is typed."""
        if tries_left < PASSWORD_TRIES:
            print("That was not it.", file=sys.stderr)
        typed = await hidden_line("Two-factor password: ")
        if not typed:
            raise UsageError("no password was given; nothing was saved")
        return Secret(typed)


def session(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Replace the session that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Log in to Telegram with a QR code and keep the session in session.txt, so that later runs need not ask.

    CC_TELEGRAM_API_ID and CC_TELEGRAM_API_HASH must be set; https://my.telegram.org gives them.
    """
    root = project_root(context)
    if not is_terminal():
        raise UsageError("btk session shows a code and may ask for a password: run it in a terminal")
    path = session_file(root, force)
    credentials = telegram_credentials(os.environ)
    _check_writable(root)
    found = run_to_end(log_in(TelethonLogin(*credentials), TerminalScreen()))
    keep_session(path, found, force)
    if as_json:
        print_document({"schema": "btk.session/1", "path": str(path)})
        return
    typer.echo(f"{path} written; whoever has it can act as you on Telegram: never share or commit it")


def code_lines(address: str) -> list[str]:
    """A QR code as lines of half blocks; `UsageError` when segno is not installed."""
    try:
        import segno
    except ImportError:
        raise UsageError("btk session needs segno: pip install 'btk[telegram]'") from None
    drawn = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(drawn, compact=True)
    return drawn.getvalue().splitlines()


def _check_writable(root: Path) -> None:
    if not os.access(root, os.W_OK):
        raise UsageError(f"{root} cannot be written: the session would have no place")
