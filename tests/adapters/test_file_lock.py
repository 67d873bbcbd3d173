"""The lock between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from btk.adapters.file_lock import exclusive, folder_alone
from btk.model.errors import AlreadyRunning, DumpError

HOLD = """
import sys
from pathlib import Path
from btk.adapters.file_lock import exclusive
with exclusive(Path(sys.argv[1]), "x", "btk live"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(
                AlreadyRunning, match=rf"the thing: process {holder.pid} on .*, started .* UTC, btk live is"
            ),
            exclusive(lock, "the thing"),
        ):
            pass
        holder.kill()
        holder.wait()
        with exclusive(lock, "the thing"):
            assert f"process {os.getpid()} on " in lock.read_text()


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DumpError, match="cannot be written"), exclusive(tmp_path / "none" / "lock", "x"):
        pass


def test_a_folder_is_one_processs_alone_until_it_leaves(tmp_path: Path) -> None:
    with folder_alone(tmp_path), pytest.raises(BlockingIOError), folder_alone(tmp_path):
        pass
    with folder_alone(tmp_path):
        pass
