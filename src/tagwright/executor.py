"""The promise ``map(function, parts)`` in order, and those that keep it: this thread, threads, processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

from tagwright.errors import JobError, TagwrightError

Part = TypeVar("Part")
Result = TypeVar("Result")


class Executor(Protocol):
    """Applies a function to parts; results come in the order of the parts."""

    def map(self, function: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """One result a part, lazily, in order; an exception of a part is raised at its place."""
        ...


@dataclass(frozen=True)
class Serial:
    """One part after the other, in the caller's thread."""

    def map(self, function: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """One result a part, lazily, in order."""
        return map(function, parts)


@dataclass(frozen=True)
class Threads:
    """``workers`` threads; at most twice as many parts are in flight, so a stream is never read far ahead."""

    workers: int

    def map(self, function: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """One result a part, in order."""
        with ThreadPoolExecutor(self.workers) as pool:
            waiting: deque[Future[Result]] = deque()
            for part in parts:
                waiting.append(pool.submit(function, part))
                if len(waiting) >= 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def threads(workers: int) -> Executor:
    """`Serial` for one worker, else `Threads`."""
    return Serial() if workers <= 1 else Threads(workers)


@dataclass(frozen=True)
class Forks:
    """At most ``workers`` processes, a copy of this one for each part: what it has in memory they have, too.

    So function and parts may be anything; results are pickled. What a function changes is lost but for its result.
    The processes end with this one, however that ends. Raises `JobError` where one was killed.
    """

    workers: int

    def map(self, function: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """One result a part, in order."""
        waiting, running, done, due = enumerate(parts), dict[Any, tuple[int, BaseProcess]](), dict[int, Any](), 0
        try:
            while True:
                for number, part in islice(waiting, self.workers - len(running)):
                    pipe, process = _forked(function, part)
                    running[pipe] = (number, process)
                if not running:
                    return
                for ready in wait(list(running)):
                    number, process = running[ready]
                    done[number] = _answer(ready, process)
                    del running[ready]
                while due in done:
                    yield done.pop(due)
                    due += 1
        finally:
            for _, process in running.values():
                process.kill()
                process.join()


def processes(workers: int) -> Executor:
    """`Forks` for several workers where the system copies processes safely (Linux), else `Serial`."""
    return Forks(workers) if workers > 1 and sys.platform == "linux" else Serial()


def end_with_parent() -> None:
    """From now on this process, made by `multiprocessing`, ends when the one that made it ends."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _forked(function: Callable[[Part], Result], part: Part) -> tuple[Connection, BaseProcess]:
    """The pipe to a process that has begun with a part, and the process."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, function, part), daemon=True)
    with warnings.catch_warnings():  # of threads: those of ours hold no lock that a part needs
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()  # so that the pipe ends with the process
    return ours, process


def _work(pipe: Connection, function: Callable[[Part], Result], part: Part) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    end_with_parent()
    try:
        answer = function(part)
    except Exception as error:
        _tell(pipe, error)
    else:
        pipe.send((True, answer))


def _tell(pipe: Connection, error: Exception) -> None:
    """Sends the error, or where it cannot travel what it says."""
    try:
        copy(error)  # it is made anew from its arguments, here as at the other end
        pipe.send((False, error))
    except Exception:
        pipe.send((False, TagwrightError(f"{type(error).__name__}: {error}", hint=getattr(error, "hint", ""))))


def _answer(pipe: Any, process: BaseProcess) -> Any:
    """What came of a part; an exception of it is raised."""
    try:
        worked, answer = pipe.recv()
    except EOFError:
        process.join()
        what = f"a process was ended by signal {-(process.exitcode or 0)}"
        raise JobError(what, hint="if memory ran out: fewer workers need less of it") from None
    finally:
        pipe.close()
    process.join()
    if not worked:
        raise answer
    return answer
