"""A notifier of an address that hangs: `hanging_notifier.py ADDRESS FOLDER`; it never comes to its end by itself."""

import sys
import threading
from pathlib import Path

from btk.adapters.notifier import open_notifier
from btk.model.notify import Notify
from tests.adapters.notify_samples import KEY, failed


def main(address: str, folder: str) -> None:
    """Observe three events and wait to be killed."""
    notifier = open_notifier(Notify(urls=(address,)), Path(folder), Path(folder), "live", print)
    for word in ("one", "two", "three"):
        notifier.observe(KEY, failed(word))
    notifier.start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
