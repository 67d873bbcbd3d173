"""`logging_in.py PATH`: a login at a terminal, to a Telegram whose account is locked with the password `open`."""

import fcntl
import sys
import termios
from pathlib import Path

from btk.adapters.async_run import run_to_end
from btk.adapters.telegram_login import Scan
from btk.cli.endings import finish
from btk.cli.session_command import TerminalScreen
from btk.library.telegram_session import keep_session, log_in
from tests.fakes.telegram import FakeTelegram


def main(path: str) -> int:
    """The end of it, as of every command."""
    telegram = FakeTelegram([Scan.EXPIRED, Scan.LOCKED], password="open")
    try:
        keep_session(Path(path), run_to_end(log_in(telegram, TerminalScreen())), overwrite=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (as in btk.cli.app)
        return finish(error, verbose=False)
    return finish(None, verbose=False)


if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches this process
    sys.exit(main(*sys.argv[1:]))
