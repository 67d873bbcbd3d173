"""Stdout: one document on it, and nothing that a strategy prints."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, redirect_stdout

import msgspec


def print_document(document: object) -> None:
    """One JSON document, indented."""
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def strategies_print_to_stderr() -> AbstractContextManager[object]:
    """While the block runs, `print` writes to stderr: stdout is for what was asked of btk."""
    return redirect_stdout(sys.stderr)
