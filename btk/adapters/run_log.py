"""The log of a run in real time: `log/btk.log` beside its state, rotated, no secret in it, and never in the way."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from btk.adapters.disk import Disk, make_folder
from btk.adapters.redaction import Redaction

FOLDER = "log"
NAME = "btk.log"
MOST_BYTES = 5_000_000
OLD_FILES = 5
LONGEST_LINE = 2_000


class RunLog:
    """Entered, it takes in what btk says and the warnings of every library; all of it passes `redaction`.

    The file is renamed to `btk.log.1` when it is full, and five of those are kept.
    """

    def __init__(self, data: Path, most_bytes: int = MOST_BYTES) -> None:
        make_folder(Disk(), data / FOLDER)
        self.redaction = Redaction()
        self._handler = _Handler(data / FOLDER / NAME, self._redacted, most_bytes)
        self._own = logging.Logger("btk", logging.INFO)
        self._own.addHandler(self._handler)

    def _redacted(self, line: str) -> str:
        return self.redaction(line, LONGEST_LINE)

    @property
    def trouble(self) -> str | None:
        """Why the last line could not be written; None: it was."""
        return self._handler.trouble

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self._handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.warn(f"ended by {type(error).__name__}: {error}")
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()

    def say(self, line: str) -> None:
        """Write a line."""
        self._own.info("%s", line)

    def warn(self, line: str) -> None:
        """Write a line that somebody should read."""
        self._own.warning("%s", line)


class _Handler(RotatingFileHandler):
    def __init__(self, path: Path, redacted: Callable[[str], str], most_bytes: int) -> None:
        super().__init__(path, maxBytes=most_bytes, backupCount=OLD_FILES, encoding="utf-8", delay=True)
        self._redacted = redacted
        self.trouble: str | None = None
        lines = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s")
        lines.converter = time.gmtime
        lines.datefmt = "%Y-%m-%dT%H:%M:%S"
        self.setFormatter(lines)

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever was said."""
        return self._redacted(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; what goes wrong is remembered and stops nobody."""
        self.trouble = None
        if self.stream is not None and not self._is_in_place(self.stream):
            # Whoever moves a log away looks for the next lines under its old name.
            moved, self.stream = self.stream, None
            with suppress(OSError):  # every line was flushed, or told as trouble
                moved.close()
        super().emit(record)

    def _is_in_place(self, stream: TextIOWrapper) -> bool:
        try:
            return os.path.samestat(os.fstat(stream.fileno()), os.stat(self.baseFilename))
        except OSError:
            return False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (a name of the standard library)
        """The standard library prints a traceback here."""
        self.trouble = f"{self.baseFilename} cannot be written: {sys.exception()}"

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding=self.encoding)
