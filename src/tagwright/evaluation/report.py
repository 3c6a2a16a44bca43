"""What an evaluation found: numbers with their names, for people, for files, and for comparing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tagwright.errors import ConfigError
from tagwright.evaluation.metrics import PerDocument
from tagwright.evaluation.names import ANNIF, metric
from tagwright.evaluation.ranked import Floats, Ints
from tagwright.evaluation.reliability import Bin

FORMAT = 1

MAIN = (
    "P@1", "P@3", "P@5", "R@5", "R@10", "R@100", "F1@5", "nDCG@5", "nDCG@10", "nDCG@20", "PSP@5",
    "microF1", "microP", "microR", "tags/doc", "F1(set)", "tags/doc(set)", "macroF1", "macroF1(gold)", "hF1",
    "R@10[0]", "R@10[1-4]", "R@10[5-19]", "R@10[20+]",
    "ECE", "Brier", "overconfidence", "confident",
)  # fmt: skip
"""What `Report.rows` shows unless asked for everything; the recall of every channel follows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line for people: ``annif`` is the name of the same number in Annif's output, or ""."""

    name: str
    value: float
    definition: str
    annif: str


@dataclass(frozen=True, eq=False)
class Report:
    """The metrics of one system on one set of documents.

    ``ratios`` are those that can be had for a part of the documents and compared with an interval, ``values`` the
    others. ``documents`` (n_documents,) int64: the rows that had gold; ``left_out``: how many had none. ``cut``: the
    confidence from which a suggestion counts as given. ``gold``: fingerprint of the documents and their gold. ``ids``
    (n_documents,): of those with gold, () where they were not given. ``beside``: what else was found on the same
    documents (protocols, baselines), as plain values for JSON.
    """

    ratios: Mapping[str, PerDocument]
    values: Mapping[str, float]
    reliability: tuple[Bin, ...]
    documents: Ints
    left_out: int
    cut: float
    gold: str
    ids: tuple[str, ...] = ()
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """Every metric's value by its name, as `tagwright.evaluation.names.METRICS` defines them."""
        return {**{name: ratio.value for name, ratio in self.ratios.items()}, **self.values}

    @property
    def annif(self) -> dict[str, float]:
        """The values under Annif's own names, which are stable by its compatibility policy."""
        metrics = self.metrics
        return {theirs: metrics[ours] for theirs, ours in ANNIF.items() if ours in metrics}

    def rows(self, *, everything: bool = False) -> list[Row]:
        """The lines to show: the `MAIN` metrics and the recall of each channel, or all that there are."""
        metrics = self.metrics
        shown = [name for name in MAIN if name in metrics]
        shown += [name for name in metrics if name.startswith("R[")]
        theirs = {ours: name for name, ours in ANNIF.items()}
        return [
            Row(name, metrics[name], metric(name).definition, theirs.get(name, ""))
            for name in (metrics if everything else shown)
        ]

    def by(self, groups: Sequence[str]) -> dict[str, dict[str, float]]:
        """The ratios of each group of documents, such as a language's.

        ``groups``: the group of each document that was given, those without gold included.
        """
        if len(groups) != len(self.documents) + self.left_out:
            total = len(self.documents) + self.left_out
            raise ConfigError(f"{len(groups)} groups were given for {total} documents")
        names = np.array(groups, dtype=object)[self.documents]
        return {
            group: {name: ratio.take(names == group).value for name, ratio in self.ratios.items()}
            for group in dict.fromkeys(names.tolist())
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, totals only; a metric that is undefined (nothing to divide by) is ``None``."""
        return {
            "documents": len(self.documents),
            "left_out": self.left_out,
            "cut": self.cut,
            "gold": self.gold,
            "metrics": {name: plain(value) for name, value in self.metrics.items()},
            "annif": {name: plain(value) for name, value in self.annif.items()},
            "reliability": [{name: plain(value) for name, value in asdict(b).items()} for b in self.reliability],
            **self.beside,
        }

    def per_document(self) -> dict[str, Any]:
        """Plain values for JSON: the documents' ids and the two numbers of each ratio for each document, exactly."""
        return {
            "format": FORMAT,
            "rows": self.documents.tolist(),
            "ids": list(self.ids),
            "ratios": {name: [_short(ratio.top), _short(ratio.bottom)] for name, ratio in self.ratios.items()},
        }

    def to_json(self) -> str:
        """`as_dict` and `per_document` as JSON text, which `tagwright.evaluation.runs.read_report` reads back."""
        totals = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        # One line: indented, each of the numbers would stand on a line of its own.
        rows = json.dumps(self.per_document(), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return f'{totals[:-2]},\n "per_document": {rows}\n}}'


def plain(value: float) -> float | None:
    """The number, ``None`` for one that JSON does not have (undefined)."""
    return value if math.isfinite(value) else None


def _short(values: Floats) -> list[float] | float:
    """The numbers, whole ones written as such; one number where all are the same."""
    numbers = [int(value) if value.is_integer() else value for value in values.tolist()]
    return numbers[0] if numbers and all(number == numbers[0] for number in numbers) else numbers
