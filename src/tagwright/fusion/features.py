"""The columns of a table, seen within each document: what the learned fusion reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats
from tagwright.fusion.base import FUSED
from tagwright.fusion.ranks import ranks

_CONSTANT = np.float32(30)
_NEAR_TOP = 50


def feature_names(columns: list[str]) -> list[str]:
    """Names of the features over these channel columns."""
    within = [f"{name}/{what}" for name in _scores(columns) for what in ("rank", "of best", "best")]
    return [*columns, *within, "agreement", "reciprocal ranks", "candidates"]


def channel_columns(candidates: Candidates) -> list[str]:
    """The columns that channels and stages wrote."""
    return [name for name in candidates.columns if "." in name and name != FUSED]


def features(candidates: Candidates, columns: list[str]) -> Floats:
    """(n_pairs, n_features) float32 in the order of `feature_names`; NaN = not said, as by a channel that is gone.

    Beside every column: of each channel's score the rank, the share of the document's best and that best; how many
    channels rank the tag near the top; the sum of reciprocal ranks; how many candidates the document has.
    """
    lengths = np.diff(candidates.offsets)
    matrix = np.empty((candidates.n_pairs, len(feature_names(columns))), dtype=np.float32)
    for place, name in enumerate(columns):
        matrix[:, place] = candidates.column(name)
    place = len(columns)
    agreement = np.zeros(candidates.n_pairs, dtype=np.float32)
    reciprocal = np.zeros(candidates.n_pairs, dtype=np.float32)
    for name in _scores(columns):
        rank = ranks(candidates, name)
        best = np.repeat(_best(candidates, name), lengths)
        matrix[:, place] = rank
        matrix[:, place + 1] = candidates.column(name) / np.maximum(best, 1e-9)
        matrix[:, place + 2] = best
        place += 3
        agreement += rank < _NEAR_TOP  # never where it is silent, NaN
        reciprocal += _said(1 / (_CONSTANT + rank))
    matrix[:, place] = agreement
    matrix[:, place + 1] = reciprocal
    matrix[:, place + 2] = np.repeat(lengths, lengths)
    return matrix


def _scores(columns: list[str]) -> list[str]:
    """The columns in which higher = better, those of parts of a document (``dense.title_score``) among them."""
    return [name for name in columns if name.endswith("score")]


def _best(candidates: Candidates, name: str) -> NDArray[np.float32]:
    """(n_documents,) the highest value of a column in each document; 0 where it is silent."""
    best = np.zeros(candidates.n_documents, dtype=np.float32)
    filled = np.flatnonzero(np.diff(candidates.offsets))
    if len(filled):
        best[filled] = np.maximum.reduceat(_said(candidates.column(name)), candidates.offsets[filled])
    return best


def _said(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """0 where nothing is said; `numpy.nan_to_num` takes three times as long, and this is asked for every text."""
    return np.where(np.isnan(values), np.float32(0), values)
