"""Reciprocal-rank fusion: an order without anything learned, for projects with too few documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats
from tagwright.fusion.base import FUSED


@dataclass
class ReciprocalRanks:
    """``fused`` = Σ over channels of 1 / (``constant`` + rank), scaled into [0, 1] (Cormack et al. 2009)."""

    constant: float = 20.0

    def fit(self, candidates: Candidates, gold: NDArray[np.bool_]) -> Self:
        """Nothing is learned."""
        return self

    def fuse(self, candidates: Candidates) -> Candidates:
        """The table with ``fused``."""
        return candidates.with_columns({FUSED: reciprocal_ranks(candidates, self.constant)})

    def save(self, folder: Path) -> None:
        """Writes its name, for the manifest."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fusion.json").write_text(json.dumps({"format": 1, "kind": "ranks"}), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Nothing to read."""
        return self


def score_columns(candidates: Candidates) -> list[str]:
    """The columns that channels rank by, in the order of the table."""
    return [name for name in candidates.columns if name.endswith(".score")]


def ranks(candidates: Candidates, column: str) -> Floats:
    """(n_pairs,) float32: 0 = best of the document; NaN where the column is silent or 0 (= "does not speak for it")."""
    values = candidates.column(column)
    silent = np.isnan(values) | (values <= 0)
    places = candidates.rank(column).astype(np.float32)
    places[silent] = np.nan
    return places


def reciprocal_ranks(candidates: Candidates, constant: float) -> Floats:
    """(n_pairs,) float32 in [0, 1]: 1 where every channel ranks the tag first."""
    columns = score_columns(candidates)
    total = np.zeros(candidates.n_pairs, dtype=np.float32)
    for column in columns:
        total += np.nan_to_num(1 / (np.float32(constant) + ranks(candidates, column)))
    return total * np.float32(constant / max(len(columns), 1))
