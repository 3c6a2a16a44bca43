"""Leases: who does which work of a project just now, so that two do not do it together."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tagwright.errors import StoreError
from tagwright.store.database import Database

_RENEWALS = 3  # a lease: two may fail before it runs out


class SqliteLease:
    """The right to do the work ``name`` alone until ``seconds`` after the last `renew`.

    As a context manager it renews itself from a thread, so ``seconds`` says how soon others notice a dead owner on
    another machine, not how long the work may take; a dead owner on this machine is noticed at once. `renew` before
    the work's result is published raises `StoreError` where the lease was lost meanwhile (a laptop that slept).
    """

    def __init__(
        self, database: Database, name: str, *, owner: str, seconds: float, clock: Callable[[], float]
    ) -> None:
        self.name = name
        self.owner = owner
        self.seconds = seconds
        self._database = database
        self._clock = clock
        self._token = uuid.uuid4().hex
        self._released = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> Self:
        """The lease, taken; raises `StoreError` naming the owner who has it."""
        with self._database.writing() as connection:
            held = connection.execute(
                "SELECT owner, host, pid, expires FROM claims WHERE name = ?", (self.name,)
            ).fetchone()
            if held is not None and self._is_alive(*held[1:]):
                raise self._taken(held[0], held[3])
            self._write(connection)
        return self

    def renew(self) -> None:
        """The lease runs its full time again; raises `StoreError` where another owner has it by now."""
        with self._database.writing() as connection:
            held = connection.execute("SELECT owner, token FROM claims WHERE name = ?", (self.name,)).fetchone()
            if held is not None and held[1] != self._token:
                raise StoreError(
                    f"{self.owner} lost {self.name!r} to {held[0]} while it was not running",
                    hint=f"run it again when {held[0]} is done",
                )
            self._write(connection)

    def release(self) -> None:
        """The lease is free for the next one; quiet where it was lost."""
        self._released.set()
        if self._thread is not None:
            self._thread.join()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM claims WHERE name = ? AND token = ?", (self.name, self._token))

    def __enter__(self) -> Self:
        """The lease, renewed from now on in the background."""
        self._thread = threading.Thread(target=self._keep, name=f"lease {self.name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The lease is given back."""
        self.release()

    def _keep(self) -> None:
        while not self._released.wait(self.seconds / _RENEWALS):
            try:
                self.renew()
            except StoreError:
                return  # lost, or the database is gone: the owner's own renew() says so where it matters

    def _write(self, connection: sqlite3.Connection) -> None:
        row = (self.name, self.owner, self._token, host(), os.getpid(), self._clock() + self.seconds)
        connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?)", row)

    def _is_alive(self, where: str, pid: int, expires: float) -> bool:
        if expires <= self._clock():
            return False
        return where != host() or _runs(pid)

    def _taken(self, owner: str, expires: float) -> StoreError:
        left = max(1, round(expires - self._clock()))
        return StoreError(
            f"{self.name!r} is being done by {owner}",
            hint=f"wait until it is done; were it dead on another machine, its claim would end in {left} s",
        )


def host() -> str:
    """This machine, and on Linux this process namespace: where a process number means one process."""
    namespace = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {os.readlink(namespace) if namespace.is_symlink() else ''}".strip()


def _runs(pid: int) -> bool:
    """Whether a process of this machine runs; where the system cannot say, yes."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
