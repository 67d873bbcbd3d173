"""The text of a candle file: plain, gzipped, or alone in a ZIP archive as exchanges hand them out."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from btk.model.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"


@contextmanager
def opened_text(path: Path) -> Iterator[io.TextIOBase]:
    """The lines of a file, packed or not; `DataError` names one that is damaged, holds no text or cannot be read."""
    with (
        _readable(path),
        path.open("rb") as raw,
        _unpacked(path, raw) as plain,
        io.TextIOWrapper(plain, "utf-8-sig") as text,
    ):
        yield text


def _unpacked(path: Path, raw: io.BufferedReader) -> IO[bytes] | gzip.GzipFile:
    # What it is stands in its first bytes; names are changed on the way.
    begin = raw.peek(len(_ZIP_MAGIC))
    if begin.startswith(_GZIP_MAGIC):
        return gzip.open(raw)
    return _only_member(path, zipfile.ZipFile(raw)) if begin.startswith(_ZIP_MAGIC) else raw


def _only_member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise DataError(f"{path}: holds {len(members)} files, and one is expected; unpack it")
    if members[0].flag_bits & 1:
        raise DataError(f"{path}: is encrypted; unpack it")
    return archive.open(members[0])


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip file is damaged or cut off; fetch it again") from error
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{path}: the ZIP archive cannot be unpacked ({error}); fetch it again") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: is not a table in text form; expected CSV, CSV.gz or CSV.zip") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
