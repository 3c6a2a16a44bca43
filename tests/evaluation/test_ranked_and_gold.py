from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError, InputError
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import NEVER, Judged
from tagwright.evaluation.ranked import Ranked

NAN = float("nan")


def test_candidates_are_ranked_by_confidence_then_fused_then_tag() -> None:
    table = Candidates.from_pairs(
        3,
        np.array([0, 0, 0, 0, 2]),
        np.array([4, 5, 6, 7, 1]),
        {"confidence": np.array([0.5, 0.9, 0.5, NAN, 0.25]), "fused": np.array([1.0, 0.0, 2.0, 9.0, 0.0])},
    )
    ranked = Ranked.from_candidates(table)
    assert ranked.offsets.tolist() == [0, 4, 4, 5]
    assert ranked.tags.tolist() == [5, 6, 4, 7, 1]
    assert ranked.confidences.tolist() == pytest.approx([0.9, 0.5, 0.5, 0.0, 0.25])
    assert Ranked.from_candidates(table, by="fused", then=None).tags.tolist() == [7, 6, 4, 5, 1]


def test_results_are_sorted_and_of_a_repeated_tag_the_best_counts() -> None:
    ranked = Ranked.from_results([[("a", 0.1), ("b", 0.7), ("a", 0.9), ("who", 0.7)], []], {"a": 0, "b": 1})
    assert ranked.tags.tolist() == [0, 1, -1]
    assert ranked.confidences.tolist() == [0.9, 0.7, 0.7]
    assert ranked.offsets.tolist() == [0, 3, 3]


def test_a_gold_tag_that_the_vocabulary_lacks_counts_as_missed() -> None:
    gold = Gold.from_ids([["b", "x", "y", "b"], ["x"], None], {"a": 0, "b": 1})
    assert gold.sizes.tolist() == [3, 1, 0]
    assert gold.tags.tolist() == [-3, -2, 1, -2]
    ranked = Ranked.from_results([[("x", 0.9), ("b", 0.5)], [("y", 0.9)], [("a", 0.9)]], {"a": 0, "b": 1})
    judged = Judged.judge(ranked, gold)
    assert judged.hits.tolist() == [False, True, False]
    assert judged.places.tolist() == [NEVER, NEVER, 1, NEVER]
    assert judged.left_out == 1


def test_gold_by_lists_by_matrix_and_by_ids_is_the_same() -> None:
    lists = [np.array([3, 1], dtype=np.int32), np.array([], dtype=np.int32), np.array([0], dtype=np.int32)]
    matrix = csr_array(np.array([[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]]))
    ids = Gold.from_ids([["d", "b"], [], ["a"]], {"a": 0, "b": 1, "c": 2, "d": 3})
    for gold in (Gold.from_lists(lists), Gold.from_matrix(matrix)):
        assert gold.offsets.tolist() == ids.offsets.tolist() == [0, 2, 2, 3]
        assert gold.tags.tolist() == ids.tags.tolist() == [1, 3, 0]
        assert gold.fingerprint == ids.fingerprint
    sized = Gold.from_lists(lists, [3, 2, 1])
    assert sized.sizes.tolist() == [3, 2, 1]
    assert len(set(sized.tags.tolist())) == 6
    assert (sized.tags >= 0).sum() == 3
    assert Gold.from_matrix(matrix, [3, 2, 1]).fingerprint == sized.fingerprint
    assert Gold.from_lists([]).n_documents == 0


def test_a_stated_number_of_gold_tags_below_the_positions_is_refused() -> None:
    with pytest.raises(InputError, match="document 1 has 2 gold tags"):
        Gold.from_lists([[1], [1, 2]], [1, 1])


def test_suggestions_and_gold_of_different_documents_are_refused() -> None:
    with pytest.raises(ConfigError, match="suggestions of 1 documents cannot be held against gold of 2"):
        Judged.judge(Ranked.from_results([[]], {}), Gold.from_lists([[1], [2]]))
