"""A real redis-server on a loopback port, with everything synced to disk, that can be killed and started again."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

PROGRAM = shutil.which("redis-server")
MISSING = "redis-server is not installed (apt-get install redis-server)"


class RedisServer:
    """Started by its constructor; `kill` is SIGKILL, `start` finds the same data on the same port."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        self._folder = folder
        self._keeps = "yes" if keeps else "no"
        self._port = _free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Up and answering when this returns."""
        assert PROGRAM is not None, MISSING
        address = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        keeping = ["--save", "", "--appendonly", self._keeps, "--appendfsync", "always"]
        self._process = subprocess.Popen([PROGRAM, *address, *keeping], stdout=subprocess.DEVNULL)
        patient = Retry(ConstantBackoff(0.05), 200)
        with redis.Redis.from_url(self.url, retry=patient) as client:
            client.ping()

    def kill(self) -> None:
        """No courtesy."""
        self._process.kill()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
