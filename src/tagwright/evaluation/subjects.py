"""The official numbers of the shared task LLMs4Subjects, beside averages over all records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

import tagwright.evaluation.metrics as m
from tagwright.errors import ConfigError
from tagwright.evaluation.judged import Judged

KS = tuple(range(5, 51, 5))
Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Cell:
    """The ``scores`` ("P@5", "R@5", "F1@5", …) of the records of one type and language; "" = of all of them."""

    type: str
    language: str
    documents: int
    scores: Scores


@dataclass(frozen=True, slots=True)
class Subjects:
    """What the shared task's script prints, and what is made of it.

    ``cells``: every record type x language that has documents; ``types`` and ``languages``: pooled over the other;
    ``mean``: mean of the cells' scores, which weighs a cell of ten records as much as one of ten thousand;
    ``pooled``: the same script over all records at once; ``records``: mean over records of P, R and F1 of each, not
    rounded (`tagwright.evaluation.metrics`).
    """

    cells: tuple[Cell, ...]
    types: tuple[Cell, ...]
    languages: tuple[Cell, ...]
    mean: Scores
    pooled: Scores
    records: Scores

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        groups = {"cells": self.cells, "types": self.types, "languages": self.languages}
        plain: dict[str, Any] = {
            name: [
                {"type": cell.type, "language": cell.language, "documents": cell.documents, **cell.scores}
                for cell in cells
            ]
            for name, cells in groups.items()
        }
        return {**plain, "mean of cells": self.mean, "pooled": self.pooled, "records": self.records}


def subjects(judged: Judged, types: Sequence[str], languages: Sequence[str], *, depth: int | None = None) -> Subjects:
    """The scores at 5, 10, … 50 as the task's evaluation script computes them (D'Souza et al., SemEval-2025 task 5).

    P@k = hits / k and R@k = hits / gold tags of each record, each rounded to four digits; means of these over the
    records of a cell; F1@k from the cell's two means, rounded to four digits. ``types`` and ``languages``: of each
    document that was given, those without gold included. A cell without documents is no cell (the script gives it 0).
    Raises `ConfigError` where a type or language is missing, or fewer than 50 candidates (``depth``) were asked for.
    """
    _check(judged, types, languages, depth)
    pairs = [(types[row], languages[row]) for row in judged.documents.tolist()]
    each = _rounded(judged)
    cells = _cells(each, pairs)
    average = {name: fmean(cell.scores[name] for cell in cells) for name in cells[0].scores}
    records = {
        f"{name}@{k}": metric(judged, k).value
        for name, metric in (("P", m.precision), ("R", m.recall), ("F1", m.f1))
        for k in KS
    }
    return Subjects(
        cells, _cells(each, [(type, "") for type, _ in pairs]), _cells(each, [("", language) for _, language in pairs]),
        average, _scores(each, np.arange(len(pairs))), records,
    )  # fmt: skip


def _check(judged: Judged, types: Sequence[str], languages: Sequence[str], depth: int | None) -> None:
    n = judged.n_documents + judged.left_out
    if not len(types) == len(languages) == n:
        raise ConfigError(f"{len(types)} types and {len(languages)} languages were given for {n} documents")
    if judged.n_documents == 0:
        raise ConfigError("no document has tags to measure against")
    if depth is not None and depth < KS[-1]:
        raise ConfigError(
            f"LLMs4Subjects looks at {KS[-1]} suggestions a document, but only {depth} were asked for",
            hint=f"-k {KS[-1]} or more",
        )
    for what, values in (("record type", types), ("language", languages)):
        missing = sum(not values[row] for row in judged.documents.tolist())
        if missing:
            raise ConfigError(
                f"{missing:,} of {judged.n_documents:,} documents state no {what}",
                hint='LLMs4Subjects averages over both: {"type": "Book", "language": "en", …} in each document',
            )


def _rounded(judged: Judged) -> dict[str, list[float]]:
    """{"P@5": of each document, …}; Python's rounding, which is the script's: numpy's differs on halves."""
    found = {}
    sizes = judged.sizes.tolist()
    for k in KS:
        hits = judged.hits_at(k).tolist()
        found[f"P@{k}"] = [round(right / k, 4) for right in hits]
        found[f"R@{k}"] = [round(right / size, 4) for right, size in zip(hits, sizes, strict=True)]
    return found


def _cells(each: dict[str, list[float]], pairs: Sequence[tuple[str, str]]) -> tuple[Cell, ...]:
    rows: dict[tuple[str, str], list[int]] = {}
    for row, pair in enumerate(pairs):
        rows.setdefault(pair, []).append(row)
    return tuple(Cell(*pair, len(rows[pair]), _scores(each, rows[pair])) for pair in sorted(rows))


def _scores(each: dict[str, list[float]], rows: Sequence[int] | np.ndarray[Any, Any]) -> Scores:
    scores: Scores = {}
    for k in KS:
        p, r = (fmean(each[f"{name}@{k}"][row] for row in rows) for name in ("P", "R"))
        f1 = round(2 * (p * r) / (p + r), 4) if p + r else 0.0
        scores |= {f"P@{k}": p, f"R@{k}": r, f"F1@{k}": f1}
    return scores
