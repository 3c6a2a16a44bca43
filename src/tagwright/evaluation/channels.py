"""What each recall channel found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tagwright.candidates import Candidates
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Bools, Judged
from tagwright.evaluation.metrics import PerDocument
from tagwright.evaluation.ranked import Ranked

TOGETHER = "all"


def columns_by_channel(columns: Iterable[str], channels: Iterable[str]) -> dict[str, list[str]]:
    """The columns of each channel: the one of its name, and those that begin with its name and ``_`` or ``.``.

    A column goes to the channel with the longest such name; one that fits none is a later stage's and left out.
    """
    found: dict[str, list[str]] = {channel: [] for channel in channels}
    for column in columns:
        owners = [c for c in found if column == c or column.startswith((f"{c}_", f"{c}."))]
        if owners:
            found[max(owners, key=len)].append(column)
    return found


def recall_by_channel(
    candidates: Candidates, gold: Gold, channels: Mapping[str, Sequence[str]]
) -> dict[str, tuple[PerDocument, PerDocument]]:
    """Of each channel, and of `TOGETHER`: the share of the gold tags that it found, and that it alone found.

    Both are means over the documents with gold, at the channel's full depth. A channel found a pair where one of its
    columns is not NaN. ``channels``: name -> columns.
    """
    nothing = np.zeros(candidates.n_pairs)
    judged = Judged.judge(Ranked(candidates.offsets, candidates.tags.astype(np.int64), nothing), gold)
    hits = np.flatnonzero((gold.sizes > 0)[candidates.documents])[judged.hits]
    rows = judged.rows[judged.hits]
    said = {
        name: np.any([~np.isnan(candidates.column(column)[hits]) for column in columns], axis=0)
        if columns
        else np.zeros(len(hits), dtype=np.bool_)
        for name, columns in channels.items()
    }
    voices = np.sum(list(said.values()), axis=0) if said else np.zeros(len(hits))

    def mean(found: Bools) -> PerDocument:
        return PerDocument(judged.count(rows[found]) / judged.sizes, np.ones(judged.n_documents))

    result = {name: (mean(found), mean(found & (voices == 1))) for name, found in said.items()}
    return {**result, TOGETHER: (mean(voices > 0), mean(voices == 1))}
