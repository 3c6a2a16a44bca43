from __future__ import annotations

import pytest

from tagwright.corpus import Memory, Problem, Problems, batched
from tagwright.errors import ConfigError
from tagwright.types import Document


def test_a_summary_has_one_sentence_a_kind_with_the_first_three_places() -> None:
    problems = Problems()
    for line in range(1, 1002):
        problems.add(Problem("broken line", "not JSON", "a.jsonl", line))
    problems.add(Problem("duplicate id", "the id 'x' came before", "b.jsonl", 7))

    assert problems.summary() == [
        "1 duplicate id (only the first document of an id is read): b.jsonl:7: the id 'x' came before",
        "1,001 broken lines (skipped): a.jsonl:1: not JSON; a.jsonl:2: not JSON; a.jsonl:3: not JSON; 998 more",
    ]
    assert problems.counts == {"broken line": 1001, "duplicate id": 1}
    assert problems.as_dict()["examples"]["duplicate id"] == ["b.jsonl:7: the id 'x' came before"]


def test_without_problems_nothing_is_said() -> None:
    problems = Problems()
    assert not problems
    assert problems.summary() == []


def test_a_corpus_in_memory_is_read_twice_and_keeps_order_ids_and_tags() -> None:
    documents = [Document("b", "two", tags=("t", "s")), Document("a", "one", tags=()), Document("c", "three")]
    corpus = Memory(documents)
    assert list(corpus) == documents
    assert list(corpus) == documents
    assert not corpus.problems
    assert corpus.problems.documents == 3


def test_the_later_document_of_an_id_is_left_out_and_named() -> None:
    corpus = Memory([Document("a", "first"), Document("b", "x"), Document("a", "later")])
    assert [document.text for document in corpus] == ["first", "x"]
    assert corpus.problems.summary() == [
        "1 duplicate id (only the first document of an id is read): document 3: the id 'a' came before"
    ]


def test_problems_are_counted_anew_in_each_pass_and_not_mixed_by_passes_side_by_side() -> None:
    corpus = Memory([Document("a", "x"), Document("a", "y"), Document("b", "z")])
    first, second = iter(corpus), iter(corpus)
    for _ in zip(first, second, strict=True):
        pass
    assert corpus.problems.counts == {"duplicate id": 1}


def test_batches_keep_the_order_and_the_last_one_is_shorter() -> None:
    corpus = Memory([Document(str(i), "x") for i in range(7)])
    assert [[d.id for d in batch] for batch in corpus.batches(3)] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert list(batched([], 3)) == []


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="a batch of 0 documents"):
        Memory([]).batches(0)


def test_the_fingerprint_changes_with_what_tagging_reads_and_with_nothing_else() -> None:
    base = [Document("a", "text", title="title", language="en"), Document("b", "x")]
    same = [Document("a", "text", title="title", language="en", tags=("t",), metadata={"k": 1}), Document("b", "x")]
    others = [
        [Document("c", "text", title="title", language="en"), Document("b", "x")],
        [Document("a", "texttitle", language="en"), Document("b", "x")],
        [Document("a", "text", title="title", language="de"), Document("b", "x")],
        [Document("b", "x"), Document("a", "text", title="title", language="en")],
        base[:1],
    ]
    assert Memory(same).fingerprint() == Memory(base).fingerprint()
    assert len({Memory(documents).fingerprint() for documents in [base, *others]}) == 6
