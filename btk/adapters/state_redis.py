"""The Redis backend: state on a server, compared and set in one step there; needs the extra `btk[redis]`."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from btk.adapters.envelope import BadEnvelope
from btk.adapters.project_name import VARIABLE, ProjectName
from btk.adapters.state_blocking import BlockingBackend
from btk.adapters.state_values import check_generation, sealed_value, stored_value
from btk.model.errors import DamagedState, DumpError, Fatal, SettingsError, Transient, Unknown
from btk.ports import Stored

DEFAULT_URL = "redis://127.0.0.1:6379/0"
URL_VARIABLE = "BTK_REDIS_URL"
TIMEOUT_SECONDS = 5.0
ATTEMPTS = 5

OWNER = "btk:project"
NOT_OURS = -1

# KEYS: values, generations, older values, project. ARGV: id, generation expected, envelope, project's name and place.
# Answers the generation found, or NOT_OURS.
_COMPARE_AND_SET = """
if ARGV[4] ~= '' then
  local owner = redis.call('HGET', KEYS[4], 'name')
  if owner and owner ~= ARGV[4] then return -1 end
  if redis.call('HGET', KEYS[4], 'place') ~= ARGV[5] then
    redis.call('HSET', KEYS[4], 'name', ARGV[4], 'place', ARGV[5])
  end
end
local found = redis.call('HGET', KEYS[2], ARGV[1]) or '0'
if found ~= ARGV[2] then return found end
local older = redis.call('HGET', KEYS[1], ARGV[1])
if older then redis.call('HSET', KEYS[3], ARGV[1], older) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], tonumber(found) + 1)
return found
"""


def connect(url: str | None = None) -> redis.Redis:
    """A client of the server at `url`, else `BTK_REDIS_URL`, else this machine's; nothing is sent yet.

    `SettingsError` for an address that is none, or that would carry the state unencrypted over a network.
    """
    url = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    if not _private(url):
        raise SettingsError(f"{URL_VARIABLE}: off this machine only rediss:// (with TLS) may be used")
    # A command sent twice by the client would find its own generation and take it for another process's.
    retry = Retry(NoBackoff(), 0)
    try:
        return redis.Redis.from_url(
            url, retry=retry, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
    except ValueError as error:
        raise SettingsError(f"{URL_VARIABLE}: {error}") from None


class RedisBackend(BlockingBackend):
    """The values of one entity in the hash `btk:<base_dir>:<entity_name>`; one database holds one project's state.

    With a `project` one that another has written to is refused, `SettingsError`; the first that writes has it.
    """

    def __init__(
        self,
        entity_name: str,
        base_dir: str,
        client: redis.Redis | None = None,
        project: ProjectName | None = None,
    ) -> None:
        super().__init__()
        self._project = project
        self._name = f"btk:{base_dir}:{entity_name}"
        self._kind = base_dir.rpartition("/")[2]
        self._client = client or connect()
        self._compare_and_set = self._client.register_script(_COMPARE_AND_SET)

    def prepare(self) -> None:
        """Refuse a server that would forget everything when it is restarted, and another project's database."""
        if not self._keeps():
            raise SettingsError(
                "redis: this server keeps nothing over a restart; set `appendonly yes` and `appendfsync always`"
            )
        self._check_project()

    def _keeps(self) -> bool:
        with _errors(Transient):
            try:
                return bool(self._client.config_get("appendonly").get("appendonly") != "no")
            except redis.ResponseError:  # a managed server hides its settings: its owner has decided
                return True

    def _check_project(self) -> None:
        if self._project is None:
            return
        with _errors(Transient):
            name, place = self._client.hmget(OWNER, "name", "place")
        if name is not None and _bytes(name).decode() != self._project.known():
            raise SettingsError(
                f"redis: this database holds the state of another project, {_bytes(place or b'').decode()}; give"
                f" this one a number of its own (the end of {URL_VARIABLE}), or, to take that one over,"
                f" {VARIABLE}={_bytes(name).decode()}"
            )

    def read(self, entity_id: str) -> Stored | None:
        """One look."""
        with _errors(Transient):
            sealed = self._client.hget(self._name, entity_id)
        try:
            return None if sealed is None else self._value(entity_id, sealed)
        except BadEnvelope as damage:
            where = f"redis {self._name} {entity_id}"
            raise DamagedState(f"{where} cannot be trusted: {damage}", self._older(entity_id)) from damage

    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        """One step on the server; without an expected generation as often as another writer is faster."""
        if expected_generation is not None:
            found = self._set(entity_id, value, expected_generation)
            check_generation(f"redis {self._name} {entity_id}", found, expected_generation)
            return found + 1
        generation = self._generation(entity_id)
        for _ in range(ATTEMPTS):
            found = self._set(entity_id, value, generation)
            if found == generation:
                return found + 1
            generation = found
        raise Transient(f"redis {self._name} {entity_id} is busy; it will be tried again")

    def remove(self, entity_id: str) -> None:
        """The value, its generation and the older value, all at once."""
        with _errors(Unknown), self._client.pipeline(transaction=True) as pipeline:
            for name in self._hashes:
                pipeline.hdel(name, entity_id)
            pipeline.execute()

    def ids(self) -> list[str]:
        """The fields of the hash."""
        with _errors(Transient):
            return [_bytes(field).decode() for field in self._client.hkeys(self._name)]

    @property
    def _hashes(self) -> list[str]:
        return [self._name, f"{self._name}:generation", f"{self._name}:previous"]

    def _set(self, entity_id: str, value: Any, expected: int) -> int:
        sealed = sealed_value(self._kind, self._key(entity_id), value, expected + 1)
        name, place = (self._project.made(), self._project.place) if self._project else ("", "")
        with _errors(Unknown):
            arguments: list[str | int | bytes] = [entity_id, expected, sealed, name, place]
            found = int(self._compare_and_set(keys=[*self._hashes, OWNER], args=arguments))
        if found == NOT_OURS:
            self._check_project()
        return found

    def _generation(self, entity_id: str) -> int:
        with _errors(Transient):
            return int(self._client.hget(self._hashes[1], entity_id) or 0)

    def _value(self, entity_id: str, sealed: bytes | str) -> Stored:
        return stored_value(self._kind, self._key(entity_id), entity_id, _bytes(sealed))

    def _older(self, entity_id: str) -> Stored | None:
        with _errors(Transient):
            sealed = self._client.hget(self._hashes[2], entity_id)
        try:
            return None if sealed is None else self._value(entity_id, sealed)
        except BadEnvelope:  # the damage to tell is the newer one's
            return None

    def _key(self, entity_id: str) -> str:
        return f"{self._name}/{entity_id}"


@contextmanager
def _errors(lost: type[Transient] | type[Unknown]) -> Iterator[None]:
    try:
        yield
    except redis.AuthenticationError as error:
        raise Fatal(f"redis does not let btk in: {error}; check {URL_VARIABLE}") from error
    except redis.BusyLoadingError as error:
        raise Transient("redis is still loading; it will be tried again") from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise lost(f"redis does not answer ({type(error).__name__}); it will be asked again") from error
    except redis.ResponseError as error:
        raise DumpError(f"redis refuses: {error}") from error


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


def _private(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme in ("rediss", "unix") or parts.hostname in (None, "localhost"):
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
