"""What was learned of a language model's answers: which stages help, what their answers are worth, at which price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.fusion.revision import Revision, columns_of
from tagwright.generation.asking import without
from tagwright.generation.base import PAIRS, Stage
from tagwright.generation.cascade import Cascade

FORMAT = 1


@dataclass(frozen=True)
class Worth:
    """A metric without (``before``) and with the answers, and the interval from ``low`` to ``high`` of the gain."""

    before: float
    after: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """How much higher it is with the answers."""
        return self.after - self.before


@dataclass(frozen=True)
class Second:
    """What `tagwright train --generation` learned from ``documents`` training documents.

    ``used``: the stages whose answers have been shown to help, () = none. ``revision`` and ``cascade`` are for these,
    or for all where none helps. ``tried`` {"judged + selected": {metric: its worth}}; ``curve`` what is gained at which
    price, a row a price; ``identity``: what the answers depended on; ``told`` what was asked, as plain values.
    """

    used: tuple[str, ...]
    stages: tuple[str, ...]
    revision: Revision
    cascade: Cascade
    documents: int
    identity: Mapping[str, Any]
    tried: Mapping[str, Mapping[str, Worth]] = field(default_factory=dict)
    curve: Sequence[Mapping[str, float]] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        tried = {
            name: {key: [w.before, w.after, w.low, w.high] for key, w in found.items()}
            for name, found in self.tried.items()
        }
        return {
            "format": FORMAT, "used": list(self.used), "stages": list(self.stages), "documents": self.documents,
            "revision": self.revision.to_json(), "cascade": self.cascade.to_json(), "identity": dict(self.identity),
            "tried": tried, "curve": [dict(row) for row in self.curve], "told": dict(self.told),
        }  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        tried = {name: {key: Worth(*values) for key, values in found.items()} for name, found in said["tried"].items()}
        return cls(
            tuple(said["used"]), tuple(said["stages"]), Revision.from_json(said["revision"]),
            Cascade.from_json(said["cascade"], 0.0), int(said["documents"]), said["identity"], tried,
            tuple(said["curve"]), said["told"],
        )  # fmt: skip


def columns(stages: Sequence[Stage]) -> list[str]:
    """The columns of these stages that the second fusion reads."""
    return [name for stage in stages for name in columns_of(stage.columns)]


def restricted(table: Candidates, right: NDArray[np.bool_], stages: Sequence[Stage], kept: Sequence[Stage]) -> Part:
    """The answers of ``kept`` alone, with what is right of them."""
    names = columns(kept)
    marked = table.with_columns({"_right": right})
    part = without(marked, [stage for stage in stages if stage not in kept], names)
    return Part(part, part.column("_right") > 0, names)


@dataclass(frozen=True, eq=False)
class Part:
    """The answers of some stages: the table, ``right`` (n_pairs,), and the columns that the second fusion reads."""

    table: Candidates
    right: NDArray[np.bool_]
    columns: list[str]


def at_price(part: Part, stages: Sequence[Stage], cascade: Cascade) -> tuple[Candidates, int]:
    """The table as it would be had the cascade spared what is not worth its price, and how many calls are left."""
    columns, calls = {}, 0
    told = {stage.name: ~np.isnan(part.table.column(stage.name)) for stage in stages}
    for stage in stages:
        asked = cascade.asked(stage, part.table) & told[stage.name]
        if stage.unit == PAIRS:
            units = int(asked.sum())
        else:  # an answer about a document says something of all that it named
            rows = np.unique(part.table.documents[asked])
            asked, units = told[stage.name] & np.isin(part.table.documents, rows), len(rows)
        calls += units * stage.calls
        for name in stage.columns:
            columns[name] = np.where(asked, part.table.column(name), np.nan)
    return part.table.with_columns(columns), calls
