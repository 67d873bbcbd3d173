"""The way in, for `btk` and for `python -m btk`: it loads nothing before a Ctrl-C can end it without a traceback."""

import signal


def start() -> None:
    """Load the command line, and leave the rest to it."""
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from btk.cli.app import main

    signal.signal(signal.SIGINT, interrupt)
    main()


if __name__ == "__main__":
    start()
