"""A process that holds a run's state: `ticking_process.py DUMP`; commits a tick for each number it is sent."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from btk.adapters.state_lock import only_writer
from btk.model.errors import BtkError
from tests.library.state_samples import change, file_store


async def _serve(dump: Path) -> None:
    store = file_store(dump, os.getpid())
    restored = await store.load()
    print(f"loaded {restored.commit.change.next_seq - 1 if restored.commit else 0}", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await store.commit(change(int(line)))
        print(f"committed {int(line)}", flush=True)
        await store.spread()
        print(f"spread {int(line)}", flush=True)


def main(dump: Path) -> int:
    """The exit code, as btk ends with."""
    try:
        with only_writer(dump / "data", "btk live"):
            asyncio.run(_serve(dump))
    except BtkError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
