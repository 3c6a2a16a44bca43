"""All that one server has: its projects, who may enter, what is counted, and what works in the background."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from fastapi import Request

import tagwright.server.logs as logs
from tagwright.errors import ConfigError, TagwrightError
from tagwright.server.access import Access, Visit
from tagwright.server.background import Background
from tagwright.server.doors import LOOPBACK
from tagwright.server.guard import Guard
from tagwright.server.jobs import JobRunner
from tagwright.server.metrics import Metrics
from tagwright.server.problems import Problem
from tagwright.server.queueing import Queueing
from tagwright.server.served import Served
from tagwright.types import Document

# A project is let go of only when nobody reads it any more, however long it took to get ready; see `Background.stop`.
_READY_SECONDS = 60.0
# Beside those that wait for a tagger, so many requests may be under way: they take milliseconds.
_QUICK = 32


@dataclass
class House:
    """What the routes find in ``request.app.state.house``; see `visit`.

    ``loopback``: only programs of this machine reach the server. Raises `ConfigError` where two projects have one id,
    and where the server can be reached from elsewhere while no project has a key.
    """

    served: Sequence[Served]
    loopback: bool = True
    projects: Mapping[str, Served] = field(init=False)
    access: Access = field(init=False)
    metrics: Metrics = field(init=False)
    background: list[Background] = field(init=False)

    def __post_init__(self) -> None:
        by_id: dict[str, Served] = {}
        for one in self.served:
            if one.id in by_id:
                what = f"{by_id[one.id].folder} and {one.folder} both have the id {one.id!r}"
                raise ConfigError(what, hint='give one of them another: id = "…" under [server] in its tagwright.toml')
            by_id[one.id] = one
        if not self.loopback and not any(one.store.keys.valid() for one in self.served):
            what = "the server could be reached from other machines, but no project has a key: nobody could enter"
            raise ConfigError(what, hint="tagwright keys add NAME --role admin -p DIR, or serve on 127.0.0.1")
        self.projects = MappingProxyType(by_id)
        self.access = Access(self.projects, loopback=self.loopback)
        self.metrics = Metrics(self.projects)
        self._runners = {one.id: JobRunner(one) for one in self.served}
        self.background = [*self._runners.values(), *map(Guard, self.served), *map(Queueing, self.served)]
        self._warm: set[str] = set()
        self._warming: list[threading.Thread] = []

    @property
    def hosts(self) -> set[str] | None:
        """The names by which the server may be called; ``None``: any."""
        named = {host for one in self.served for host in one.options.hosts}
        if self.loopback:
            return {*LOOPBACK, *named}
        return named or None

    @property
    def at_once(self) -> int:
        """How many requests may be under way."""
        return _QUICK + sum(one.options.queue for one in self.served)

    @property
    def most_bytes(self) -> int:
        """How large the text of a request may be, in the project that allows the most."""
        return int(max((one.options.most_megabytes for one in self.served), default=1) * 2**20)

    @property
    def ready(self) -> int:
        """How many projects can answer at once."""
        return len(self._warm)

    def start(self) -> None:
        """Begins to make the projects ready, and what works in the background."""
        for one in self.served:
            self._warming.append(
                threading.Thread(target=self._make_ready, args=[one], name=f"warm {one.id}", daemon=True)
            )
            self._warming[-1].start()
        for worker in self.background:
            worker.start()

    def wake(self, served: Served) -> None:
        """There is a job to do."""
        self._runners[served.id].wake()

    def stop(self) -> None:
        """Ends what works in the background and lets go of the projects; what waits is answered before."""
        for worker in self.background:
            worker.stop()
        for thread in self._warming:
            thread.join(_READY_SECONDS)  # SQLite must not be closed under a thread that reads
        for one in self.served:
            one.close()

    def _make_ready(self, one: Served) -> None:
        try:
            one.warm()
            self._warm.add(one.id)
            logs.event("ready", project=one.id)
        except TagwrightError as error:
            logs.trouble("not ready", project=one.id, fault=f"{type(error).__name__}: {error}")
        except Exception as error:  # one broken project must not keep the others from answering
            logs.trouble("not ready", project=one.id, fault=type(error).__name__)


def house_of(request: Request) -> House:
    """The house that the request came to."""
    found: House = request.app.state.house
    return found


def visit(request: Request, project: str, role: str) -> Visit:
    """The project of that id, for somebody with that role; raises `Problem` 401, 403 or 404."""
    found = house_of(request).access.visit(request, project, role)
    request.state.project, request.state.caller = found.served.id, found.caller.name
    return found


def count(request: Request, visit: Visit, documents: Sequence[Document], *, most_megabytes: float = 0) -> None:
    """Notes how many documents are asked for; raises `Problem` 413 where their texts are too long together."""
    most = (most_megabytes or visit.served.options.most_megabytes) * 2**20
    size = sum(len(one.text) + len(one.title) for one in documents)
    if size > most:
        raise Problem(413, f"the texts have {size:,} characters, {most:,.0f} are the most", hint="send fewer at once")
    house_of(request).metrics.documents.labels(visit.served.id).inc(len(documents))
    request.state.documents = len(documents)
