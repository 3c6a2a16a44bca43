"""Workers of a Ray cluster (extra ``scale``): actors with one core each, on whichever nodes there are."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import tagwright.cluster as cluster
from tagwright.errors import ConfigError
from tagwright.llm.base import Usage
from tagwright.llm.budget import Purse
from tagwright.scale.local import purse_of, stuck
from tagwright.scale.order import DONE, LOST, READY, Event, Order
from tagwright.scale.process import Worker


@dataclass
class Ray:
    """``workers`` actors (0 = one for each core of the cluster) at ``address`` ("" = a cluster of this machine alone).

    "auto" is the cluster that this machine is a node of. The project and the job's folder must be at the same paths
    on all nodes (a shared file system); the ledger is read and written on this machine alone.
    """

    workers: int = 0
    address: str = ""
    _crew: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _work: dict[Any, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ConfigError(f"{self.workers} workers cannot be")
        self._numbers = itertools.count(1)
        self._purse: Any = None

    def begin(self, order: Order) -> None:
        """The actors begin to open the project, each as soon as the cluster has a core for it."""
        self._ray, self._order = cluster.library(), order
        self._mine = not self._ray.is_initialized()
        if self._mine:
            cluster.connect(self._ray, self.address, self.workers or None)
        self.workers = self.workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        # Whoever is killed is replaced by us, who know what it did; Ray would do it again behind our back.
        self._hand = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Hand)
        if order.capped:
            here = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy(
                node_id=self._ray.get_runtime_context().get_node_id(), soft=False
            )
            self._purse = self._ray.remote(num_cpus=0, scheduling_strategy=here)(Till).remote(order)
        for _ in range(self.workers):
            self._hire()

    def give(self, worker: str, shard: str) -> None:
        """The actor does this shard."""
        self._work[self._crew[worker].process.remote(shard)] = worker

    def wait(self, seconds: float) -> list[Event]:
        """What has happened since."""
        if not self._work:
            return []
        ready, _ = self._ray.wait(list(self._work), num_returns=1, timeout=seconds)
        return [self._event(one) for one in ready]

    def end(self) -> None:
        """All actors are gone, and the cluster, if it was begun here."""
        for actor in [*self._crew.values(), *([self._purse] if self._purse is not None else [])]:
            self._ray.kill(actor)
        self._crew.clear()
        self._work.clear()
        if self._mine:
            self._ray.shutdown()

    def _hire(self) -> None:
        name = f"{os.getpid()}-{next(self._numbers)}"
        self._crew[name] = self._hand.remote(name, self._order, self._purse)
        self._work[self._crew[name].ready.remote()] = name

    def _event(self, work: Any) -> Event:
        name = self._work.pop(work)
        try:
            event: Event = self._ray.get(work)
        except cluster.errors().RayError as error:
            self._ray.kill(self._crew.pop(name))
            self._hire()
            return Event(LOST, name, said=f"{type(error).__name__} on the cluster")
        return event


class Hand:
    """A worker as an actor."""

    def __init__(self, name: str, order: Order, till: Any) -> None:
        self._name, self._order = name, order
        self._purse = None if till is None else TillPurse(till, name)

    def ready(self) -> Event:
        """Opens the project."""
        try:
            self._worker = Worker(self._order, self._purse)
        except Exception as error:
            return stuck(self._name, error)
        return Event(READY, self._name)

    def process(self, shard: str) -> Event:
        """Does a shard."""
        try:
            return Event(DONE, self._name, self._worker.process(shard))
        except Exception as error:
            return stuck(self._name, error)


class Till:
    """The purse of all workers as an actor, on the machine where the ledger lies."""

    def __init__(self, order: Order) -> None:
        self._purse = purse_of(order, "")

    def hold(self, owner: str, most: Usage, likely: Usage) -> bool:
        """As `LedgerPurse.hold` does for this owner."""
        self._purse.owner = owner
        return self._purse.hold(most, likely)

    def settle(self, owner: str, held: Usage, taken: Usage) -> None:
        """As `LedgerPurse.settle` does for this owner."""
        self._purse.owner = owner
        self._purse.settle(held, taken)


@dataclass
class TillPurse(Purse):
    """The purse of one worker, which is at the till."""

    till: Any
    owner: str

    def hold(self, most: Usage, likely: Usage) -> bool:
        """Whether it still fits."""
        return bool(cluster.library().get(self.till.hold.remote(self.owner, most, likely)))

    def settle(self, held: Usage, taken: Usage) -> None:
        """What was held has taken this much."""
        cluster.library().get(self.till.settle.remote(self.owner, held, taken))
