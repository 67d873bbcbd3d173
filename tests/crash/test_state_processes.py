"""Real processes on one state: a second one, one that was frozen and overtaken, one that is killed over and over."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from btk.adapters.state_lock import only_writer
from btk.model.errors import AlreadyRunning, DumpError
from tests.crash.test_state_crashes import assert_files_agree, load
from tests.library.test_state_store import assert_is_tick

ROOT = Path(__file__).parents[2]


class Ticking:
    """A process that commits the ticks it is told to."""

    def __init__(self, process: subprocess.Popen[str], orders: IO[str], answers: IO[str]) -> None:
        self.process = process
        self._orders = orders
        self._answers = answers

    def answer(self) -> str:
        """Its next line."""
        return self._answers.readline().strip()

    def order(self, tick: int) -> None:
        """Tell it to commit a tick."""
        self._orders.write(f"{tick}\n")
        self._orders.flush()

    def commit(self, tick: int) -> tuple[str, str]:
        """Tell it, and hear that the tick is committed, and then that all files say so."""
        self.order(tick)
        return self.answer(), self.answer()


def done(tick: int) -> tuple[str, str]:
    """What is heard when all goes well."""
    return f"committed {tick}", f"spread {tick}"


@contextmanager
def ticking(dump: Path) -> Iterator[Ticking]:
    """Ends with the block, if it has not before."""
    script = Path(__file__).with_name("ticking_process.py")
    with subprocess.Popen(
        [sys.executable, script, dump],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Ticking(process, process.stdin, process.stdout)
        process.kill()


def test_a_second_process_leaves_at_once_and_names_the_first(tmp_path: Path) -> None:
    with ticking(tmp_path) as first:
        assert first.answer() == "loaded 0"
        with ticking(tmp_path) as second:
            told = second.answer()
            assert second.process.wait() == 8
        assert told.startswith(f"Taken: {tmp_path / 'data'}: process {first.process.pid} on ")
        assert ", started " in told
        assert ", btk live is at work there" in told
        assert first.commit(1) == done(1)


def test_a_frozen_process_that_was_overtaken_ends_without_acting(tmp_path: Path) -> None:
    with ticking(tmp_path) as frozen:
        assert (frozen.answer(), frozen.commit(1)) == ("loaded 0", done(1))
        frozen.process.send_signal(signal.SIGSTOP)
        frozen.order(2)
        (tmp_path / "data" / ".lock").unlink()
        with ticking(tmp_path) as other:
            assert (other.answer(), other.commit(2)) == ("loaded 1", done(2))
            frozen.process.send_signal(signal.SIGCONT)
            assert frozen.answer().startswith("Overtaken: ")
            assert frozen.process.wait() == 8
            assert other.commit(3) == done(3)
    restored = load(tmp_path)
    assert_is_tick(restored, 3)
    assert (restored.behind, restored.notes) == (frozenset(), ())


@pytest.mark.parametrize("seed", range(3))
def test_killed_over_and_over_it_goes_on_where_it_was(tmp_path: Path, seed: int) -> None:
    chance, reached = random.Random(seed), 0
    for _ in range(4):
        with ticking(tmp_path) as process:
            loaded = int(process.answer().removeprefix("loaded "))
            assert loaded in (reached, reached + 1)
            reached = loaded
            for _ in range(chance.randrange(1, 5)):
                reached += 1
                assert process.commit(reached) == done(reached)
            process.order(reached + 1)
            process.process.kill()
    restored = load(tmp_path)
    assert restored.commit is not None
    found = restored.commit.change.next_seq - 1
    assert found in (reached, reached + 1)
    assert_is_tick(restored, found)
    assert_files_agree(tmp_path, restored)


def test_the_lock_is_free_when_its_holder_has_ended_and_says_who_held_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with only_writer(folder, "btk live"), pytest.raises(AlreadyRunning), only_writer(folder, "btk live"):
        pass
    with only_writer(folder, "btk live --yes"):
        assert "btk live --yes" in (folder / ".lock").read_text()


def test_a_folder_everybody_can_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(DumpError, match="chmod o-w"), only_writer(folder, "btk live"):
        pass
    folder.chmod(0o755)
    with only_writer(folder, "btk live"):
        assert stat.S_IMODE((folder / ".lock").stat().st_mode) == 0o600


def test_a_place_that_cannot_hold_state_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DumpError, match="cannot be written"), only_writer(tmp_path / "data", "btk live"):
        pass
