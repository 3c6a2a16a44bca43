"""The settings of what a project offers to others: the server, what people decide through it, and big batches."""

from __future__ import annotations

from dataclasses import dataclass

from tagwright.errors import ConfigError
from tagwright.recall.pseudo import MOST

AUTO, ALWAYS = "auto", "always"


@dataclass(frozen=True)
class ServerOptions:
    """How ``tagwright serve`` offers a project.

    ``id`` names it in addresses and ``name`` on pages; both are the folder's name where they are "". ``vocabulary`` is
    what Annif's clients are told the vocabulary is called ("": the id up to its first "-"), ``language`` that of the
    documents ("": that of the tags' names). ``learn``: whether
    `/v1/projects/ID/learn` is answered. ``keys``: "auto" asks for a key where the server can be reached from other
    machines, "always" everywhere, as behind a proxy. ``hosts``: names that the server is called by beside the one it
    listens on. A request may have ``most_megabytes`` and take ``most_seconds``; up to ``queue`` requests wait for the
    tagger, which takes ``batch`` documents at once. Raises `ConfigError` for a value out of range.
    """

    id: str = ""
    name: str = ""
    vocabulary: str = ""
    language: str = ""
    learn: bool = False
    keys: str = AUTO
    hosts: tuple[str, ...] = ()
    most_megabytes: float = 50
    most_seconds: float = 60.0
    queue: int = 64
    batch: int = 32

    def __post_init__(self) -> None:
        if self.keys not in (AUTO, ALWAYS):
            raise ConfigError(f"'server.keys' is {self.keys!r}", hint=f"known are: {AUTO}, {ALWAYS}")
        given: object = self.hosts
        if not isinstance(given, list | tuple) or not all(isinstance(host, str) for host in given):
            raise ConfigError(f"'server.hosts' is {given!r}, but must be a list", hint='hosts = ["tags.example.org"]')
        object.__setattr__(self, "hosts", tuple(given))  # a list, as it is read
        if self.id and not self.id.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise ConfigError(f"'server.id' is {self.id!r}, but may have letters, digits, '-', '_' and '.' only")
        for key in ("most_megabytes", "most_seconds"):
            if getattr(self, key) <= 0:
                raise ConfigError(f"'server.{key}' is {getattr(self, key)!r}, but must be above 0")
        for key in ("queue", "batch"):
            if getattr(self, key) < 1:
                raise ConfigError(f"'server.{key}' is {getattr(self, key)!r}, but must be 1 at least")


@dataclass(frozen=True)
class FeedbackOptions:
    """How decisions teach the project, and what guards it.

    A tag that only a machine has accepted weighs ``machine_weight`` (at most 0.5) beside one of a person. A document
    that waits for review has at most ``most_megabytes`` of text. The canary set is ``canary`` documents at most, and
    at most this ``canary_share`` of the documents learned from; with fewer than ``canary_from`` of them there is none.
    After ``check_every`` new rows of the growth log its quality (nDCG@10) is measured: where it fell by ``least_fall``
    or more, and for sure (one-sided, with the certainty ``level``), the newest documents are not used. Raises
    `ConfigError` for a value out of range.
    """

    machine_weight: float = 0.3
    most_megabytes: float = 1.0
    canary: int = 200
    canary_share: float = 0.02
    canary_from: int = 500
    check_every: int = 200
    least_fall: float = 0.002
    level: float = 0.99

    def __post_init__(self) -> None:
        if not 0 <= self.machine_weight <= MOST:
            raise ConfigError(f"'feedback.machine_weight' is {self.machine_weight!r}, but must lie in [0, {MOST}]")
        if not 0 <= self.canary_share <= 0.5 or not 0.5 < self.level < 1:
            raise ConfigError("'feedback.canary_share' must lie in [0, 0.5], 'feedback.level' between 0.5 and 1")
        for key, least in (("canary", 0), ("canary_from", 2), ("check_every", 1), ("least_fall", 0)):
            if getattr(self, key) < least:
                raise ConfigError(f"'feedback.{key}' is {getattr(self, key)!r}, but must be {least} at least")
        if self.most_megabytes <= 0:
            raise ConfigError(f"'feedback.most_megabytes' is {self.most_megabytes!r}, but must be above 0")


@dataclass(frozen=True)
class ScaleOptions:
    """How a big batch is done: by ``workers`` of an ``executor`` ("local", "ray", or one of a plug-in).

    0 workers are as many as there are cores. ``address`` is that of a Ray cluster, "" the machine alone. A ``shard``
    has so many documents: a killed worker costs one. Raises `ConfigError` for a value out of range.
    """

    executor: str = "local"
    workers: int = 0
    address: str = ""
    shard: int = 1024

    def __post_init__(self) -> None:
        if self.workers < 0 or self.shard < 1:
            raise ConfigError("'scale.workers' must be 0 at least, 'scale.shard' 1")
