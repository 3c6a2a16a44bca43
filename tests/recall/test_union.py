"""The union of the two routes of LLM4Tag, by hand."""

from __future__ import annotations

import numpy as np

from tagwright.candidates import Candidates
from tagwright.recall.union import union


def table(name: str, *rows: tuple[int, int, float]) -> Candidates:
    documents, tags, scores = (np.array(column) for column in zip(*rows, strict=True))
    return Candidates.from_pairs(2, documents, tags, {f"{name}.score": scores})


MATCHED = table("dense", (0, 1, 0.9), (0, 2, 0.8), (0, 3, 0.7), (1, 1, 0.6))
CARRIED = table("graph", (0, 1, 3.0), (0, 7, 2.0), (0, 8, 1.0), (1, 9, 1.0))


def test_each_route_is_capped_and_its_columns_tell_the_route() -> None:
    both = union(MATCHED, CARRIED, caps=(2, 1))
    assert both.tags.tolist() == [1, 2, 1, 9]
    assert np.isnan(both.column("graph.score")).tolist() == [False, True, True, False]
    assert np.isnan(both.column("dense.score")).tolist() == [False, False, False, True]


def test_a_tag_of_both_routes_takes_a_slot_of_each() -> None:
    assert union(MATCHED, CARRIED, caps=(2, 2)).tags.tolist()[:3] == [1, 2, 7]


def test_refill_gives_the_slot_to_the_next_tag() -> None:
    refilled = union(MATCHED, CARRIED, caps=(2, 1), refill=True)
    assert refilled.tags.tolist() == [1, 2, 7, 1, 9]
    assert refilled.column("graph.score").tolist()[0] == 3.0
