"""The few ways in which results touch the disk; each call is a point at which a crash is survived (and tested)."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from tagwright.errors import OutputError


def write(file: FileIO, data: bytes) -> None:
    """All of ``data`` at the file's position; it is safe only after `sync`."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def sync(file: FileIO) -> None:
    """Waits until the file's content is on the disk."""
    os.fsync(file.fileno())


def truncate(file: FileIO, size: int) -> None:
    """Cuts the file to ``size`` bytes, on the disk, and stands at its end."""
    file.truncate(size)
    file.seek(size)
    os.fsync(file.fileno())


def replace(old: Path, new: Path) -> None:
    """Renames ``old`` to ``new``, on the disk; whoever looks sees one whole file or the other."""
    os.replace(old, new)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(new.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove(path: Path) -> None:
    """Removes the file where there is one."""
    path.unlink(missing_ok=True)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """The file is replaced as a whole."""
    write_whole(
        path, json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).encode("utf-8", "replace") + b"\n"
    )


def write_whole(path: Path, data: bytes) -> None:
    """The file is replaced as a whole: written beside it, synced, renamed."""
    beside = path.with_name(path.name + ".tmp")
    with FileIO(beside, "w") as file:
        write(file, data)
        sync(file)
    replace(beside, path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in this file; ``None`` where there is no file or no object in it."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raises what the system says about a disk as `OutputError` with the next step."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        hint = "make room and run the same again: finished blocks are kept" if full else ""
        raise OutputError(f"cannot be written ({error.strerror or error})", path=str(path), hint=hint) from error


def open_alone(path: Path) -> FileIO:
    """The file, made where there is none, for this process alone; raises `OutputError` where another one has it."""
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
    if _lock(file, path):
        return file
    file.close()
    raise OutputError("another process is writing here", path=str(path), hint="wait for it, or name another file")


def _lock(file: FileIO, path: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: there two runs on one file are the user's to avoid
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    # The process that had it may just have renamed it to its final name, where nobody must write.
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
