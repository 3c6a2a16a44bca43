"""The promise ``map(function, parts)`` in order, and the one that keeps it in this thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

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
