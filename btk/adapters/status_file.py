"""`status.json`: the status of a running run, replaced after each tick; read by anybody, kept for nobody."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from btk.adapters.disk import unwritable
from btk.model.run_status import RunStatus

NAME = "status.json"
DRAFT = ".status.json.tmp"


def write_status(data: Path, status: RunStatus) -> None:
    """Put the status into the folder `data`, whole; a power cut may lose it. `DumpError` when the disk refuses."""
    draft = data / DRAFT
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(draft, flags, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n")
        draft.replace(data / NAME)
    except OSError as error:
        raise unwritable(data / NAME, error) from error


def read_status(data: Path) -> RunStatus | None:
    """The last status that was written there; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode((data / NAME).read_bytes(), type=RunStatus)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        # It is only a view of the state, which is elsewhere.
        return None
