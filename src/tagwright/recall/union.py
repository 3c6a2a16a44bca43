"""The paper's recall: the union of what matches by itself and what similar documents carry, each capped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates

CAPS = (15, 5)


def union(c2t: Candidates, c2c2t: Candidates, *, caps: tuple[int, int] = CAPS, refill: bool = False) -> Candidates:
    """At most ``caps`` distinct tags a document of each route (LLM4Tag, Eq. 6: 15 by C2T, 5 by C2C2T).

    Each table is ranked by its column that ends in ``.score``; a pair that only one route found has NaN in the other's
    columns, so the columns tell the route. A tag that both routes name takes a slot of each, unless ``refill``: then
    tags of the first route cost the second one nothing, and it goes on to its next ones.
    """
    first = c2t.top(caps[0], by=_score(c2t))
    second = c2c2t.top(caps[1], by=_score(c2c2t))
    if refill:
        known = _keys(first)
        fresh = c2c2t.where(~np.isin(_keys(c2c2t), known)).top(caps[1], by=_score(c2c2t))
        kept = np.isin(_keys(c2c2t), _keys(fresh)) | (
            np.isin(_keys(c2c2t), known) & np.isin(_keys(c2c2t), _keys(second))
        )
        second = c2c2t.where(kept)
    return Candidates.merge([first, second])


def _score(table: Candidates) -> str:
    return next(name for name in table.columns if name.endswith(".score"))


def _keys(table: Candidates) -> NDArray[np.int64]:
    return table.documents << 32 | table.tags
