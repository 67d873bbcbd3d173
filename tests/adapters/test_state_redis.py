"""The Redis backend on a real server: killed in the middle, forgetful, far away, or swallowing its answers."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from btk.adapters.project_name import VARIABLE, ProjectName
from btk.adapters.state_redis import RedisBackend, connect
from btk.model.errors import BtkError, DamagedState, SettingsError, Transient, Unknown
from btk.ports import Stored
from tests.contract.redis_server import MISSING, PROGRAM, RedisServer

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def _open(url: str) -> RedisBackend:
    return RedisBackend("slot", "data/signal", connect(url))


def _write(backend: RedisBackend, value: Any, expected: int | None = None) -> int:
    return asyncio.run(backend.write_value("x", value, expected_generation=expected))


def _read(backend: RedisBackend) -> tuple[int, Any]:
    stored = asyncio.run(backend.read_value("x"))
    return (0, None) if stored is None else (stored.generation, stored.value)


def test_a_server_that_is_gone_is_said_and_what_it_took_is_there_when_it_is_back(server: RedisServer) -> None:
    backend = _open(server.url)
    asyncio.run(backend.wait_for_init())
    assert _write(backend, "a", 0) == 1
    server.kill()
    with pytest.raises(Unknown, match="redis does not answer"):
        _write(backend, "b", 1)
    with pytest.raises(Transient, match="redis does not answer"):
        _read(backend)
    server.start()
    assert _read(backend) == (1, "a")
    assert _write(backend, "b", 1) == 2


def test_no_write_that_was_answered_is_lost_over_kills_and_restarts(server: RedisServer) -> None:
    backend = _open(server.url)
    written, lost = threading.Event(), 0
    enough = threading.Event()

    def trouble() -> None:
        for _ in range(3):
            written.clear()
            written.wait(30)
            server.kill()
            server.start()
        enough.set()

    troublemaker = threading.Thread(target=trouble)
    troublemaker.start()
    generation = 0
    while not enough.is_set():
        try:
            generation = _write(backend, generation + 1, generation)
            written.set()
        except BtkError:
            lost += 1
            server_says = _read_again(backend)
            assert server_says in ((generation, generation or None), (generation + 1, generation + 1))
            generation = server_says[0]
    troublemaker.join()
    assert generation > 3
    assert lost >= 3
    assert _read(backend) == (generation, generation)


def _read_again(backend: RedisBackend) -> tuple[int, Any]:
    while True:
        try:
            return _read(backend)
        except Transient:
            continue


class Swallower:
    """Passes one request on to a server and cuts the line before the answer."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2].split("/")[0])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.swallow = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            near, _ = self._listener.accept()
            with near, socket.create_connection(("127.0.0.1", self._port)) as far:
                while request := near.recv(1 << 16):
                    far.sendall(request)
                    answer = far.recv(1 << 16)
                    if self.swallow.is_set() and b"EVALSHA" in request:
                        self.swallow.clear()
                        break
                    near.sendall(answer)


def test_an_answer_that_is_lost_is_unknown_and_not_sent_again(server: RedisServer) -> None:
    swallower = Swallower(server.url)
    backend = _open(swallower.url)
    assert _write(backend, "a", 0) == 1
    swallower.swallow.set()
    with pytest.raises(Unknown):
        _write(backend, "b", 1)
    assert _read(_open(server.url)) == (2, "b")


def test_a_damaged_value_is_told_with_the_one_before(server: RedisServer) -> None:
    backend = _open(server.url)
    _write(backend, "a")
    _write(backend, "b")
    client = redis.Redis.from_url(server.url)
    client.hset("btk:data/signal:slot", "x", b"rubbish")
    with pytest.raises(DamagedState, match="cannot be trusted: not readable") as told:
        _read(backend)
    assert isinstance(told.value.previous, Stored)
    assert told.value.previous.value == "a"


def test_a_server_that_forgets_is_refused(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, keeps=False)
    try:
        with pytest.raises(SettingsError, match="appendonly yes"):
            asyncio.run(_open(server.url).wait_for_init())
    finally:
        server.kill()


@pytest.mark.parametrize(
    "url", ["redis://db.example.com:6379/0", "redis://10.0.0.5/0", "redis://:fakesecret@8.8.8.8/0"]
)
def test_off_this_machine_only_encrypted_lines_are_used_and_no_secret_is_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="only rediss://") as told:
        connect(url)
    assert "fakesecret" not in str(told.value)
    connect(url.replace("redis://", "rediss://"))


def _of(project: Path, url: str) -> RedisBackend:
    return RedisBackend("slot", "data/signal", connect(url), ProjectName(project / "dump"))


def _use(backend: RedisBackend, value: str) -> None:
    async def both() -> None:
        await backend.wait_for_init()
        await backend.write_value("x", value)

    asyncio.run(both())


def test_a_database_holds_one_project_and_names_it_to_every_other(
    server: RedisServer, tmp_path: Path
) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    asyncio.run(_of(others, server.url).wait_for_init())  # who only looks takes nothing
    _use(_of(ours, server.url), "a")
    with pytest.raises(SettingsError, match=rf"another project, {ours}/dump on .*; give this one a number"):
        asyncio.run(_of(others, server.url).wait_for_init())
    _use(_of(ours, server.url), "b")
    _use(_of(others, server.url.removesuffix("0") + "1"), "c")
    assert _read(_of(ours, server.url)) == (2, "b")


def test_of_two_projects_that_begin_at_once_on_an_empty_database_one_gets_it(
    server: RedisServer, tmp_path: Path
) -> None:
    backends = [_of(tmp_path / name, server.url) for name in ("ours", "others")]
    for backend in backends:
        asyncio.run(backend.wait_for_init())
    assert _write(backends[0], "a", 0) == 1
    with pytest.raises(SettingsError, match="another project"):
        _write(backends[1], "b", 0)
    assert _read(backends[0]) == (1, "a")


def test_another_machine_takes_a_project_over_by_its_name_and_a_moved_one_keeps_it(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, moved, copied, second = (tmp_path / name for name in ("first", "moved", "copied", "second"))
    _use(_of(first, server.url), "a")
    shutil.copytree(first, copied)
    with pytest.raises(SettingsError, match="another project") as refused:
        _use(_of(copied, server.url), "x")
    first.rename(moved)
    _use(_of(moved, server.url), "b")
    monkeypatch.setenv(VARIABLE, str(refused.value).rpartition("=")[2])
    _use(_of(second, server.url), "c")
    assert _read(_of(second, server.url)) == (3, "c")
