"""The state of a run kept in Redis, whose server is killed and started again in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from btk.adapters.state_redis import RedisBackend, connect
from btk.library.state_backends import StateBackends
from btk.library.state_store import StateStore
from btk.model.errors import Overtaken, Unknown
from tests.contract.redis_server import MISSING, PROGRAM, RedisServer
from tests.library.state_samples import ROSTER, change, owner
from tests.library.test_state_store import assert_is_tick

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def _store(server: RedisServer, pid: int) -> StateStore:
    client = connect(server.url)
    return StateStore(
        StateBackends("live", lambda entity, base: RedisBackend(entity, base, client)), ROSTER, owner(pid)
    )


def test_a_run_goes_on_when_its_server_is_back(server: RedisServer) -> None:
    async def run() -> None:
        store = _store(server, 1)
        await store.load()
        await store.commit(change(1))
        await store.spread()
        server.kill()
        with pytest.raises(Unknown):
            await store.commit(change(2))
        server.start()
        await store.commit(change(3))
        server.kill()
        server.start()
        assert_is_tick(await _store(server, 2).load(), 3)

    asyncio.run(run())


def test_of_two_processes_on_two_machines_the_older_ends(server: RedisServer) -> None:
    async def run() -> None:
        older, newer = _store(server, 1), _store(server, 2)
        await older.load()
        await older.commit(change(1))
        assert_is_tick(await newer.load(), 1)
        with pytest.raises(Overtaken):
            await older.spread()
        with pytest.raises(Overtaken):
            await older.commit(change(2))
        await newer.commit(change(2))
        assert newer.epoch == older.epoch + 1

    asyncio.run(run())
