from __future__ import annotations

from collections import Counter

import pytest

from tagwright.corpus import Memory
from tagwright.corpus.split import fold_of, split
from tagwright.errors import ConfigError
from tagwright.types import Document

DOCUMENTS = [Document(f"d{i}", "x") for i in range(4_000)]


def test_a_split_is_seeded_complete_and_keeps_the_order() -> None:
    rest, part = split(Memory(DOCUMENTS), 0.25, seed=1)
    ids, chosen = [d.id for d in rest], [d.id for d in part]
    assert sorted(ids + chosen) == sorted(d.id for d in DOCUMENTS)
    assert chosen == [d.id for d in part] == [d.id for d in DOCUMENTS if d.id in set(chosen)]
    assert 900 < len(chosen) < 1_100
    assert chosen != [d.id for d in split(Memory(DOCUMENTS), 0.25, seed=2)[1]]


def test_a_document_that_is_added_moves_no_other_one() -> None:
    before = {d.id for d in split(Memory(DOCUMENTS[1:]), 0.1)[1]}
    after = {d.id for d in split(Memory(DOCUMENTS), 0.1)[1]}
    assert after - {"d0"} == before
    assert before <= {d.id for d in split(Memory(DOCUMENTS), 0.2)[1]}


def test_the_problems_of_a_part_are_those_of_the_whole() -> None:
    _, part = split(Memory([*DOCUMENTS[:50], DOCUMENTS[0]]), 0.5)
    list(part)
    assert part.problems.counts == {"duplicate id": 1}
    assert [len(batch) for batch in part.batches(5)][:-1] == [5] * ((len(list(part)) - 1) // 5)


def test_folds_are_even_seeded_and_independent_of_the_split() -> None:
    folds = Counter(fold_of(d.id, 3, seed=5) for d in DOCUMENTS)
    assert set(folds) == {0, 1, 2}
    assert all(1_230 < count < 1_440 for count in folds.values())
    assert [fold_of(d.id, 3, seed=5) for d in DOCUMENTS] != [fold_of(d.id, 3, seed=6) for d in DOCUMENTS]
    inner = Counter(fold_of(d.id, 2, seed=0) for d in split(Memory(DOCUMENTS), 0.5, seed=0)[1])
    assert abs(inner[0] - inner[1]) < 200


def test_folds_do_not_change_between_versions() -> None:
    assert [fold_of(name, 5) for name in ("a", "b", "ä", "")] == [4, 1, 2, 4]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 7])
def test_a_share_outside_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="cannot be split off"):
        split(Memory([]), share)
