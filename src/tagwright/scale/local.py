"""Workers of this machine: processes that are begun afresh, and end with the one that began them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from tagwright.errors import ConfigError, TagwrightError
from tagwright.executor import end_with_parent
from tagwright.project import Project
from tagwright.scale.ledger import Ledger
from tagwright.scale.order import DONE, LOST, READY, STUCK, Event, Order
from tagwright.scale.process import Worker
from tagwright.scale.purse import LedgerPurse

# Numeric libraries with one thread a worker: more would fight over the cores, and add up in another order.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass
class Local:
    """``workers`` processes of this machine; 0 = one for each core that this process may use."""

    workers: int = 0
    _crew: dict[str, _Process] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ConfigError(f"{self.workers} workers cannot be")
        self.workers = self.workers or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])
        self._numbers = itertools.count(1)

    def begin(self, order: Order) -> None:
        """The workers begin to open the project."""
        self._order = order
        for _ in range(self.workers):
            self._hire()

    def give(self, worker: str, shard: str) -> None:
        """The worker does this shard; where it has just died, `wait` says so."""
        with suppress(OSError):
            self._crew[worker].pipe.send(shard)

    def wait(self, seconds: float) -> list[Event]:
        """What has happened since."""
        pipes: dict[Any, str] = {process.pipe: name for name, process in self._crew.items()}
        return [self._event(pipes[pipe]) for pipe in wait(list(pipes), seconds)]

    def end(self) -> None:
        """All workers are gone."""
        for process in self._crew.values():
            process.process.kill()  # whatever is half written has another name than what counts
        for process in self._crew.values():
            process.close()
        self._crew.clear()

    @property
    def pids(self) -> dict[str, int]:
        """{worker: number of its process}."""
        return {name: process.process.pid or 0 for name, process in self._crew.items()}

    def _hire(self) -> None:
        name = f"{os.getpid()}-{next(self._numbers)}"  # no worker of a former run is called so
        self._crew[name] = _Process(name, self._order)

    def _event(self, name: str) -> Event:
        try:
            event: Event = self._crew[name].pipe.recv()
        except (EOFError, OSError):
            ended = self._crew.pop(name).close()
            self._hire()
            return Event(LOST, name, said=f"its process was ended by signal {-ended}" if ended < 0 else "it ended")
        return event


class _Process:
    """One worker, and the pipe to it."""

    def __init__(self, name: str, order: Order) -> None:
        context = multiprocessing.get_context("spawn")  # a copy of a process with threads may wait for ever
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, name, order), name=name, daemon=True)
        with _one_thread():
            self.process.start()
        theirs.close()  # so that the pipe ends with the worker

    def close(self) -> int:
        """The exit code of what has ended, or is to end now; negative: the signal that ended it."""
        self.pipe.close()
        self.process.join(1.0)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        return self.process.exitcode or 0


def work(pipe: Connection, name: str, order: Order) -> None:
    """What a worker process does: it opens the project, and does the shards that it is given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is its parent's to answer
    end_with_parent()  # or it would finish its shard beside the next run's workers
    try:
        worker = Worker(order, purse_of(order, name) if order.capped else None)
        pipe.send(Event(READY, name))
        while True:
            pipe.send(Event(DONE, name, worker.process(pipe.recv())))
    except EOFError:
        pass
    except Exception as error:
        with suppress(OSError, EOFError):
            pipe.send(stuck(name, error))
            pipe.recv()  # nothing comes: whoever reads this ends the work


def purse_of(order: Order, name: str) -> LedgerPurse:
    """The purse of a worker, in the order's ledger; only on the machine where that lies."""
    with Project.open(order.project, overrides=order.overrides) as project:
        budget = project.llm.budget(order.caps)
    return LedgerPurse(Ledger(order.ledger).database, budget, name)


def stuck(name: str, error: Exception) -> Event:
    """The event of a worker that cannot go on, in words: no document's fault, so trying it again is of no use."""
    if isinstance(error, TagwrightError):
        return Event(STUCK, name, said=error.message, hint=error.hint)
    if isinstance(error, OSError) and error.strerror:
        return Event(STUCK, name, said=f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    return Event(STUCK, name, said=f"{type(error).__name__}: {error}")


@contextmanager
def _one_thread() -> Iterator[None]:
    """What is begun inside finds the limits in its environment, before it loads any library."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
