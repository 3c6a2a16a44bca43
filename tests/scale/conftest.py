"""A crew in this process, whose workers die when they are told to, and documents to be tagged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tagwright.corpus import Memory
from tagwright.project.tagging import Options
from tagwright.scale.job import Executor, Wanted
from tagwright.scale.order import DONE, LOST, READY, Event, Order
from tagwright.scale.process import Worker
from tagwright.types import Document


@dataclass
class Here:
    """``workers`` of this process; the one that does ``dies(shard, how often it was given)`` is lost instead.

    ``given`` are the shards in the order in which they were given out; news come from the last worker first.
    """

    workers: int = 1
    dies: Callable[[str, int], bool] = lambda shard, times: False
    given: list[str] = field(default_factory=list)

    def begin(self, order: Order) -> None:
        self._numbers = itertools.count(1)
        self._worker = Worker(order)
        self._news = [Event(READY, self._name()) for _ in range(self.workers)]

    def give(self, worker: str, shard: str) -> None:
        self.given.append(shard)
        if self.dies(shard, self.given.count(shard)):
            self._news += [Event(READY, self._name()), Event(LOST, worker, said="killed")]
        else:
            self._news.append(Event(DONE, worker, self._worker.process(shard)))

    def wait(self, seconds: float) -> list[Event]:
        return [self._news.pop()] if self._news else []

    def end(self) -> None:
        self._news = []

    def _name(self) -> str:
        return f"worker {next(self._numbers)}"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Here]:
    """Puts a crew of this process in the place of all others: ``here(workers=2, dies=…)``."""

    def use(**options) -> Here:
        crew = Here(**options)
        monkeypatch.setattr(Executor, "crew", lambda self: crew)
        return crew

    return use


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Any, list[Any]]]:
    """A head without cores, and three nodes of one core each; a node that a test removes is put back by the next."""
    ray = pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [made.add_node(num_cpus=1) for _ in range(3)]
    ray.init(address=made.address, log_to_driver=False)
    yield made, nodes
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="session")
def corpus(documents: list[Document], others: list[Document]) -> Memory:
    """A hundred and fifty documents: five shards of 32 in the tests, the last one short."""
    texts = [*others, *documents]
    return Memory([replace(texts[n % len(texts)], id=f"n{n}", title=f"No. {n}", tags=None) for n in range(150)])


@pytest.fixture
def wanted() -> Wanted:
    """Shards of 32 documents, ten suggestions each."""
    return Wanted(Options(10, 0.0, 1), size=32)
