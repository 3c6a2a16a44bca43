from __future__ import annotations

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.evaluation.channels import columns_by_channel, recall_by_channel
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.hierarchy import hierarchical
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ranked
from tagwright.vocabulary.hierarchy import ancestors

NAN = float("nan")


@pytest.fixture
def table() -> Candidates:
    columns = {"names": [1, NAN, 0, NAN, 1], "graph": [NAN, NAN, 2, NAN, NAN], "graph_count": [NAN, 1, 1, 1, NAN]}
    return Candidates.from_pairs(
        3, np.array([0, 0, 0, 1, 2]), np.array([1, 2, 3, 4, 5]), {k: np.array(v) for k, v in columns.items()}
    )


def test_a_channel_has_found_what_one_of_its_columns_speaks_of(table: Candidates) -> None:
    gold = Gold.from_lists([[1, 2, 3, 9], [7], []])
    found = recall_by_channel(table, gold, {"names": ["names"], "graph": ["graph", "graph_count"], "none": []})
    assert {name: ratio.value for name, (ratio, _) in found.items()} == pytest.approx(
        {"names": 2 / 4 / 2, "graph": 2 / 4 / 2, "none": 0, "all": 3 / 4 / 2}
    )
    assert [found[name][1].value for name in ("names", "graph", "none")] == [1 / 4 / 2, 1 / 4 / 2, 0]


def test_a_table_without_pairs_has_found_nothing() -> None:
    found = recall_by_channel(Candidates.empty(2, ["names"]), Gold.from_lists([[1], [2]]), {"names": ["names"]})
    assert {name: ratio.value for name, (ratio, _) in found.items()} == {"names": 0, "all": 0}


def test_columns_belong_to_the_channel_with_the_longest_fitting_name() -> None:
    columns = ["lexical", "lexical_title", "graph", "graph_lsa", "graph_lsa_n", "graph.count", "fused", "graphs"]
    assert columns_by_channel(columns, ["lexical", "graph", "graph_lsa", "trees"]) == {
        "lexical": ["lexical", "lexical_title"],
        "graph": ["graph", "graph.count"],
        "graph_lsa": ["graph_lsa", "graph_lsa_n"],
        "trees": [],
    }


#      0 everything
#     1        2
#   3   4      5      (4 is below 2 as well)
TREE = [[], [0], [0], [1], [1, 2], [2]]


def test_ancestors_are_all_those_above_and_the_tag_itself() -> None:
    assert [row.tolist() for row in np.split(*_rows(ancestors(TREE)))] == [
        [0], [0, 1], [0, 2], [0, 1, 3], [0, 1, 2, 4], [0, 2, 5],
    ]  # fmt: skip
    assert [row.tolist() for row in np.split(*_rows(ancestors(TREE, roots=[0])))] == [
        [], [1], [2], [1, 3], [1, 2, 4], [2, 5],
    ]  # fmt: skip


def test_a_circle_of_broader_tags_ends() -> None:
    assert ancestors([[1], [2], [0]]).toarray().all()
    assert ancestors([]).shape == (0, 0)
    long = ancestors([[], *([place] for place in range(99))])
    assert long.nnz == 100 * 101 / 2


def _rows(matrix) -> tuple[np.ndarray, np.ndarray]:
    dense = matrix.toarray()
    rows, columns = np.nonzero(dense)
    return columns, np.cumsum(np.bincount(rows, minlength=len(dense)))[:-1]


def test_a_sibling_is_half_right() -> None:
    # Given 3 and 9 (unknown to the tree) for gold 4 and a stranger; below the cut: 5.
    gold = Gold.from_ids([["four", "stranger"]], {"four": 4})
    ranked = Ranked(np.array([0, 3]), np.array([3, -1, 5]), np.array([0.9, 0.8, 0.1]))
    found = hierarchical(Judged.judge(ranked, gold), ancestors(TREE, roots=[0]), cut=0.5)
    # given: {1, 3} and one elsewhere; gold: {1, 2, 4} and one elsewhere; shared: {1}
    assert found["hP"].value == pytest.approx(1 / 3)
    assert found["hR"].value == pytest.approx(1 / 4)
    assert found["hF1"].value == pytest.approx(2 / 7)


def test_without_a_hierarchy_they_are_the_micro_scores(case) -> None:
    from tagwright.evaluation.metrics import micro_f1, micro_precision, micro_recall

    judged = case.judged
    found = hierarchical(judged, ancestors([[]] * case.n_tags), cut=0.3)
    assert found["hP"].value == pytest.approx(micro_precision(judged, cut=0.3).value)
    assert found["hR"].value == pytest.approx(micro_recall(judged, cut=0.3).value)
    assert found["hF1"].value == pytest.approx(micro_f1(judged, cut=0.3).value)
