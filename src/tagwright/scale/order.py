"""What every shard of a job is done by, what comes of one, and who does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

PARTS, INPUT = "parts", "input"
LEDGER_FILE, MANIFEST = "ledger.sqlite", "manifest.json"


@dataclass(frozen=True)
class Order:
    """One job: the ``project`` (its folder, and the ``fingerprint`` it must have), where to, and the settings.

    ``folder`` holds the job: its input parts, its output parts, its ledger. ``overrides`` are those of the project's
    settings; ``k`` suggestions a document of at least ``min_confidence``. With ``llm`` the project's language model
    has its say, within the settings' budget and ``caps`` {"calls", "tokens", "cost"} of all workers together;
    ``capped``: there are such caps, so that what is spent is counted for all of them in one place.
    """

    folder: str
    project: str
    fingerprint: str
    k: int = 10
    min_confidence: float = 0.0
    overrides: tuple[str, ...] = ()
    llm: bool = False
    caps: Mapping[str, float] = field(default_factory=dict)
    capped: bool = False

    @property
    def ledger(self) -> Path:
        """Where the ledger lies."""
        return Path(self.folder) / LEDGER_FILE

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(**{**said, "overrides": tuple(said["overrides"])})


@dataclass(frozen=True)
class Done:
    """What came of a shard: the output part of this ``size`` and ``sha256``, and what it took.

    ``failed`` of its ``rows`` say why there are no suggestions, ``degraded`` ones had to do without the language model.
    ``seen``: the two numbers of each document by which `tagwright.calibration.drift` tells that they are of another
    kind.
    """

    rows: int
    failed: int
    size: int
    sha256: str
    degraded: int = 0
    seconds: float = 0.0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    refused: int = 0
    seen: tuple[tuple[float, float], ...] = ()


READY, DONE, STUCK, LOST = "ready", "done", "stuck", "lost"


@dataclass(frozen=True)
class Event:
    """News of a worker: it is ``ready`` for a shard, has ``done`` its one, is ``stuck``, or ``lost``.

    ``said`` is what a stuck worker says is wrong with the project, the machine or the disk, and ``hint`` what to do;
    of a lost one, as far as that is known, how it ended. Another one is begun in the place of a lost one.
    """

    kind: str
    worker: str
    done: Done | None = None
    said: str = ""
    hint: str = ""


class Crew(Protocol):
    """Workers, each of which does one shard at a time in a process of its own."""

    def begin(self, order: Order) -> None:
        """The workers begin to open the project; each says when it is ready."""
        ...

    def give(self, worker: str, shard: str) -> None:
        """The worker, which has nothing to do, does this shard."""
        ...

    def wait(self, seconds: float) -> list[Event]:
        """What has happened, as soon as something has, or nothing after so many seconds."""
        ...

    def end(self) -> None:
        """All workers are gone, whatever they were doing."""
        ...
