"""What every state backend keeps: the same suite for files, memory, Redis and a backend that a user wrote."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from btk.adapters.state_file import FileBackend
from btk.adapters.state_memory import MemoryBackend
from btk.adapters.state_redis import RedisBackend, connect
from btk.model.errors import InvalidInput, Overtaken
from btk.ports import StateBackend, Stored
from tests.contract.redis_server import MISSING, PROGRAM, RedisServer
from tests.contract.sqlite_backend import SqliteBackend

Open = Callable[[str], StateBackend]
Test = Callable[[StateBackend], Awaitable[None]]


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(params=["file", "memory", "redis", "sqlite"])
def backend_of(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the backend of an entity; a second one of the same name sees the same values, but for memory."""
    if request.param == "file":
        return lambda entity: FileBackend(entity, tmp_path / "signal", wait=lambda _: time.sleep(0.02))
    if request.param == "sqlite":
        return lambda entity: SqliteBackend(entity, str(tmp_path))
    if request.param == "memory":
        kept: dict[str, MemoryBackend] = {}
        return lambda entity: kept.setdefault(entity, MemoryBackend(entity))
    if PROGRAM is None:
        pytest.skip(MISSING)
    server: RedisServer = request.getfixturevalue("redis_server")
    client = connect(server.url)
    client.flushall()
    return lambda entity: RedisBackend(entity, "data/signal", client)


def run(test: Test, backend: StateBackend) -> None:
    async def whole() -> None:
        await backend.wait_for_init()
        await test(backend)

    asyncio.run(whole())


async def read(backend: StateBackend, entity_id: str) -> Any:
    stored = await backend.read_value(entity_id)
    return None if stored is None else stored.value


async def ids(backend: StateBackend) -> list[str]:
    keys = backend.keys()
    return [key async for key in keys]


def test_what_was_written_is_read_by_this_object_and_by_the_next(backend_of: Open) -> None:
    value = {"id": "a", "prices": [1.5, -2e-300, 0.1], "note": 'Ä 漢字 " \\ \n', "none": None, "yes": True}

    async def test(backend: StateBackend) -> None:
        assert await backend.read_value("x") is None
        assert not await backend.has_value("x")
        assert await backend.write_value("x", value) == 1
        assert await backend.has_value("x")
        for each in (backend, backend_of("slot")):
            await each.wait_for_init()
            stored = await each.read_value("x")
            assert stored is not None
            assert (stored.id, stored.generation, stored.value) == ("x", 1, value)
            assert stored.saved_at_ms > 0

    run(test, backend_of("slot"))


def test_null_is_a_value_and_not_nothing(backend_of: Open) -> None:
    async def test(backend: StateBackend) -> None:
        await backend.write_value("x", None)
        stored = await backend.read_value("x")
        assert stored is not None
        assert stored.value is None

    run(test, backend_of("slot"))


def test_a_write_counts_one_up_and_takes_only_the_generation_it_expects(backend_of: Open) -> None:
    async def test(backend: StateBackend) -> None:
        assert await backend.write_value("x", 1, expected_generation=0) == 1
        assert await backend.write_value("x", 2, expected_generation=1) == 2
        assert await backend.write_value("x", 3) == 3
        for wrong in (0, 1, 2, 4):
            with pytest.raises(Overtaken, match="generation 3 is stored"):
                await backend.write_value("x", 4, expected_generation=wrong)
        assert await read(backend, "x") == 3

    run(test, backend_of("slot"))


def test_of_many_writers_that_expect_the_same_exactly_one_gets_through(backend_of: Open) -> None:
    async def one(number: int) -> int:
        writer = backend_of("slot")
        await writer.wait_for_init()
        try:
            return await writer.write_value("x", number, expected_generation=1)
        except Overtaken:
            return 0

    async def test(backend: StateBackend) -> None:
        await backend.write_value("x", -1)
        generations = await asyncio.gather(*(one(number) for number in range(4)))
        assert sorted(generations) == [0, 0, 0, 2]
        assert await read(backend, "x") == generations.index(2)

    run(test, backend_of("slot"))


def test_removing_is_complete_and_may_be_repeated(backend_of: Open) -> None:
    async def test(backend: StateBackend) -> None:
        await backend.write_value("x", 1)
        await backend.write_value("x", 2)
        await backend.remove_value("x")
        await backend.remove_value("x")
        assert await backend.read_value("x") is None
        assert not await backend.has_value("x")
        assert await backend.write_value("x", 3, expected_generation=0) == 1
        await backend.write_value("y", 4)
        await backend.remove_all()
        assert await ids(backend) == []

    run(test, backend_of("slot"))


def test_entities_do_not_see_each_other(backend_of: Open) -> None:
    async def test(backend: StateBackend) -> None:
        other = backend_of("slot_b")
        await other.wait_for_init()
        await backend.write_value("x", 1)
        assert await other.read_value("x") is None
        await other.remove_all()
        assert await read(backend, "x") == 1

    run(test, backend_of("slot"))


def test_iterating_goes_by_id_filters_and_takes(backend_of: Open) -> None:
    def even(stored: Stored) -> bool:
        return bool(stored.value % 2 == 0)

    async def test(backend: StateBackend) -> None:
        for number in (3, 0, 2, 1, 4):
            await backend.write_value(f"k{number}", number)
        assert await ids(backend) == ["k0", "k1", "k2", "k3", "k4"]
        assert [stored.value async for stored in backend.values()] == [0, 1, 2, 3, 4]
        assert [stored.value async for stored in backend.filter(even)] == [0, 2, 4]
        assert [stored.value async for stored in backend.take(2)] == [0, 1]
        assert [stored.value async for stored in backend.take(2, even)] == [0, 2]
        assert [stored.value async for stored in backend.take(0)] == []

    run(test, backend_of("slot"))


@pytest.mark.parametrize(
    "value", [float("nan"), {"a": [float("inf")]}, (1, 2), {1: 2}, {1, 2}, b"x", object()]
)
def test_what_json_cannot_keep_is_refused_and_changes_nothing(backend_of: Open, value: Any) -> None:
    async def test(backend: StateBackend) -> None:
        await backend.write_value("x", "before")
        with pytest.raises(InvalidInput):
            await backend.write_value("x", value)
        assert await read(backend, "x") == "before"

    run(test, backend_of("slot"))


HOSTILE = [
    "../../etc/passwd",
    "..\\..\\x",
    "BTC/USDT:USDT-260327-50000-C",
    "a_b",
    "a\0b",
    "line\nbreak",
    "%2e%2e",
    "\u202eevil",
    "\u00e9",
    "e\u0301",
    "x" * 300,
    "x" * 299 + "y",
    ".",
    "..",
    ".hidden",
    "CON",
    "nul.txt",
    "dot.",
    " ",
    "~",
]


def test_names_no_path_could_carry_are_kept_apart_and_come_back(backend_of: Open) -> None:
    async def test(backend: StateBackend) -> None:
        for name in HOSTILE:
            await backend.write_value(name, name)
        for name in HOSTILE:
            assert await read(backend, name) == name
        assert await ids(backend) == sorted(HOSTILE)

    run(test, backend_of("slot"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(codec="utf-8")),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
            max_leaves=10,
        ),
        max_size=4,
    )
)  # fmt: skip
def test_any_json_comes_back_as_it_was(backend_of: Open, values: list[Any]) -> None:
    async def test(backend: StateBackend) -> None:
        for value in values:
            await backend.write_value("x", value)
            assert repr(await read(backend, "x")) == repr(value)

    run(test, backend_of("slot"))
