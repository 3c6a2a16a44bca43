"""Which channels a tagger has, and the options of all its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tagwright.errors import ConfigError

Options = Mapping[str, Any]

# Similarities of an encoder crowd together, those of words spread out: hence the higher power.
DEFAULT_CHANNELS: dict[str, dict[str, Any]] = {
    "lexical": {"kind": "lexical"},
    "names": {"kind": "names"},
    "centroids": {"kind": "centroids", "space": "words"},
    "graph": {"kind": "graph", "space": "words"},
    "dense": {"kind": "dense"},
    "adapter": {"kind": "adapter"},
    "meaning_centroids": {"kind": "centroids", "space": "meaning"},
    "meaning_graph": {"kind": "graph", "space": "meaning", "power": 6.0},
    "linear": {"kind": "linear"},
}
# Of these, what models of before did not have: they go on without it until the next training.
LATER_CHANNELS = ("linear",)
_EXECUTORS = ("local", "ray")


@dataclass(frozen=True)
class Fitting:
    """How fusion and calibration are fitted.

    ``folds`` of documents for the out-of-fold table, ``few_folds`` up to ``few`` documents; above ``hold_out_above``
    documents one held-out part of ``hold_out`` documents instead. Out-of-fold ``fused`` is computed for as many folds
    as it takes to have ``calibrated_on`` documents. ``nested`` documents of all inner folds together; under ``least``
    tagged documents nothing is learned about ranking and the confidence is not calibrated; ``kept`` candidates a
    document stay in the out-of-fold table. ``workers`` work on folds side by side: processes of this machine
    ("local"), or tasks of the Ray cluster at ``address`` where ``executor`` is "ray".
    """

    folds: int = 8
    few_folds: int = 4
    few: int = 2000
    calibrated_on: int = 4000
    nested: int = 4000
    hold_out_above: int = 30_000
    hold_out: int = 9_000
    least: int = 60
    kept: int = 50
    seed: int = 0
    workers: int = 1
    executor: str = "local"
    address: str = ""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ConfigError(f"'fitting.workers' is {self.workers!r}, but must be 1 at least")
        if self.executor not in _EXECUTORS:
            known = ", ".join(_EXECUTORS)
            raise ConfigError(f"'fitting.executor' is {self.executor!r}, which does not train", hint=f"known: {known}")

    def folds_for(self, documents: int) -> int:
        """How many folds so many documents are cut into."""
        return self.few_folds if documents <= self.few else self.folds


@dataclass(frozen=True)
class Hierarchy:
    """What becomes of a broader tag where a narrower one of it is given to the same document.

    ``redundant``: "keep" both, "mark" the broader one in what is written, or "drop" it.
    """

    redundant: str = "keep"

    def __post_init__(self) -> None:
        known = ("keep", "mark", "drop")
        if self.redundant not in known:
            raise ConfigError(f"'hierarchy.redundant' is {self.redundant!r}", hint=f"known are: {', '.join(known)}")


@dataclass(frozen=True)
class TaggerSettings:
    """Everything a tagger is built from, as in ``tagwright.toml``."""

    channels: Mapping[str, Options] = field(default_factory=lambda: DEFAULT_CHANNELS)
    fusion: Options = field(default_factory=lambda: {"kind": "ranker"})
    calibration: Options = field(default_factory=lambda: {"kind": "best"})
    cuts: Options = field(default_factory=lambda: {"kind": "document"})
    words: Options = field(default_factory=dict)
    shelf: Options = field(default_factory=dict)
    fitting: Fitting = field(default_factory=Fitting)
    hierarchy: Hierarchy = field(default_factory=Hierarchy)
    rerank: Mapping[str, Options] = field(default_factory=dict)
    index: Options = field(default_factory=lambda: {"kind": "auto"})
    shortlist: int = 300
