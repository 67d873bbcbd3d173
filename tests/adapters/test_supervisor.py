"""What systemd is told, over a socket like its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from btk.adapters.supervisor import VARIABLE, Supervisor


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def test_it_is_told_of_the_beginning_of_progress_and_of_the_end(tmp_path: Path, ear: socket.socket) -> None:
    supervisor = Supervisor({VARIABLE: str(tmp_path / "notify")})
    supervisor.ready("btk paper")
    supervisor.progress("tick 10:05")
    supervisor.stopping()
    heard = [ear.recv(500) for _ in range(3)]
    assert heard == [b"READY=1\nSTATUS=btk paper", b"WATCHDOG=1\nSTATUS=tick 10:05", b"STOPPING=1"]


def test_an_abstract_socket_is_found(tmp_path: Path) -> None:
    name = f"\0btk{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name)
        Supervisor({VARIABLE: f"@{name[1:]}"}).stopping()
        assert listening.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("environ", [{}, {VARIABLE: "/nowhere/at/all"}])
def test_a_supervisor_that_is_not_there_is_no_problem(environ: dict[str, str]) -> None:
    Supervisor(environ).progress("tick")
