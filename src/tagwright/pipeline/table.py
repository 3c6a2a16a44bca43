"""The out-of-fold table on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.pipeline.fitting import Fitted


@dataclass(frozen=True)
class OutOfFold:
    """What training kept: ``table`` with all columns, ``fused`` and ``confidence``; ``right`` (n_pairs,) bool;
    ``gold_sizes`` (n_documents,) and ``ids`` of its documents.
    """  # noqa: D205

    table: Candidates
    right: NDArray[np.bool_]
    gold_sizes: NDArray[np.int64]
    ids: list[str]


def save_table(fitted: Fitted, folder: Path) -> None:
    """Writes the table as plain arrays, one file a column."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(fitted.table.columns)
    for number, name in enumerate(names):
        np.save(folder / f"column-{number:02d}.npy", fitted.table.columns[name])
    np.save(folder / "offsets.npy", fitted.table.offsets)
    np.save(folder / "tags.npy", fitted.table.tags)
    np.save(folder / "right.npy", fitted.table.right(fitted.gold))
    np.save(folder / "gold_sizes.npy", fitted.gold_sizes)
    labels = {"format": 1, "columns": names, "ids": fitted.ids}
    (folder / "table.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")


def load_table(folder: Path) -> OutOfFold:
    """What `save_table` wrote, mapped."""
    labels = json.loads((folder / "table.json").read_text(encoding="utf-8"))
    columns = {
        name: np.load(folder / f"column-{number:02d}.npy", mmap_mode="r")
        for number, name in enumerate(labels["columns"])
    }
    offsets, tags, right, sizes = (
        np.load(folder / f"{name}.npy") for name in ("offsets", "tags", "right", "gold_sizes")
    )
    return OutOfFold(Candidates(offsets, tags, columns), right, sizes, labels["ids"])
