"""Content to tag and content to content to tag (LLM4Tag, Eq. 1-6): four documents and five tags, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

QUERY = Document("q", "the query")
TOLD = {
    "the query": (1.0, 0.0, 0.0),
    "one": (0.8, 0.6, 0.0),
    "two": (0.6, 0.8, 0.0),
    "three": (0.28, 0.96, 0.0),
    "four": (0.0, 1.0, 0.0),
    "Apples": (0.6, 0.0, 0.8),
    "Bells": (0.0, 1.0, 0.0),
    "Clocks": (0.28, 0.96, 0.0),
    "Doors": (0.8, 0.0, 0.6),
    "Eagles": (0.96, 0.28, 0.0),
}
VOCABULARY = Vocabulary.from_tags([Tag(name, name) for name in ("Apples", "Bells", "Clocks", "Doors", "Eagles")])
LEARNED = [
    Document("1", "one", "First", tags=("Apples", "Bells")),
    Document("2", "two", tags=("Bells", "Clocks")),
    Document("3", "three", tags=("Doors",)),
    Document("4", "four", tags=("Clocks",)),
]
TOLD["First. one"] = TOLD["one"]


@pytest.fixture
def graph(build: Any) -> Any:
    return build("graph", VOCABULARY, LEARNED, TOLD, space="meaning", threshold=0.5, power=1.0)


@pytest.fixture
def dense(build: Any) -> Any:
    return build("dense", VOCABULARY, LEARNED, TOLD, threshold=0.5)


def test_similar_documents_vote_with_their_similarity(graph: Any, rows: Any) -> None:
    table = graph.recall([QUERY], 15)
    # neighbours: one (0.8) with Apples and Bells, two (0.6) with Bells and Clocks; three (0.28) lies too far
    expected = {
        "score": {"Apples": 0.8, "Bells": 1.4, "Clocks": 0.6}, "nearest": {"Apples": 0.8, "Bells": 0.8, "Clocks": 0.6},
        "share": {"Apples": 0.8 / 1.4, "Bells": 1.0, "Clocks": 0.6 / 1.4},
    }  # fmt: skip
    for part, values in expected.items():
        assert rows(table, VOCABULARY, f"graph.{part}")[0] == pytest.approx(values, abs=5e-4)  # `cosines` rounds
    assert rows(table, VOCABULARY, "graph.carriers")[0] == {"Apples": 1, "Bells": 2, "Clocks": 1}


def test_a_power_lets_the_nearest_speak_louder(build: Any, rows: Any) -> None:
    graph = build("graph", VOCABULARY, LEARNED, TOLD, space="meaning", threshold=0.5, power=3.0)
    table = graph.recall([QUERY], 15)
    expected = {"Apples": 0.8**3, "Bells": 0.8**3 + 0.6**3, "Clocks": 0.6**3}
    assert rows(table, VOCABULARY, "graph.score")[0] == pytest.approx(expected, abs=1e-3)
    assert rows(table, VOCABULARY, "graph.share")[0]["Apples"] == pytest.approx(0.8 / 1.4, abs=5e-4)


def test_tags_are_found_by_their_own_similarity(dense: Any, rows: Any) -> None:
    table = dense.recall([QUERY], 15)
    assert rows(table, VOCABULARY, "dense.score")[0] == pytest.approx(
        {"Apples": 0.6, "Doors": 0.8, "Eagles": 0.96}, abs=1e-3
    )


def test_the_union_with_its_routes(graph: Any, dense: Any) -> None:
    union = Candidates.merge([dense.recall([QUERY], 15), graph.recall([QUERY], 5)])
    routes = {name: [] for name in VOCABULARY.ids}
    for route, column in (("C2T", "dense.score"), ("C2C2T", "graph.score")):
        for tag in union.tags[~np.isnan(union.column(column))]:
            routes[VOCABULARY.ids[tag]].append(route)
    assert routes == {
        "Apples": ["C2T", "C2C2T"],
        "Bells": ["C2C2T"],  # cosine 0 to the query, but two similar documents carry it
        "Clocks": ["C2C2T"],
        "Doors": ["C2T"],
        "Eagles": ["C2T"],  # no document carries it
    }


def test_a_cap_counts_distinct_tags_the_best_ones(graph: Any, dense: Any) -> None:
    assert [VOCABULARY.ids[tag] for tag in graph.recall([QUERY], 2).tags] == ["Apples", "Bells"]
    assert [VOCABULARY.ids[tag] for tag in dense.recall([QUERY], 2).tags] == ["Doors", "Eagles"]


def test_a_similarity_equal_to_the_threshold_is_no_edge(build: Any) -> None:
    half = (0.5, 0.5, 0.5, 0.5)  # exact in every precision, as is its cosine with the query
    told = {"the query": (1.0, 0.0, 0.0, 0.0), "one": half, "Apples": half, "Bells": half}
    learned = [Document("1", "one", tags=("Apples",))]
    vocabulary = Vocabulary.from_tags([Tag("Apples", "Apples"), Tag("Bells", "Bells")])
    for threshold, edges in ((0.5, 0), (0.4999, 1)):
        graph = build("graph", vocabulary, learned, told, space="meaning", threshold=threshold)
        dense = build("dense", vocabulary, learned, told, threshold=threshold)
        assert graph.recall([QUERY], 15).n_pairs == edges
        assert dense.recall([QUERY], 15).n_pairs == 2 * edges
        assert len(graph.explain(QUERY, 0)) == len(dense.explain(QUERY, 0)) == edges


def test_in_the_space_of_words_the_threshold_is_strict_too(build: Any) -> None:
    learned = [Document("1", "oak elm", language="en", tags=("Apples",))]
    query = Document("q", "oak", language="en")
    at = float(build("graph", VOCABULARY, learned, threshold=0.0).recall([query], 9).column("graph.nearest")[0])
    assert build("graph", VOCABULARY, learned, threshold=at).recall([query], 9).n_pairs == 0
    assert build("graph", VOCABULARY, learned, threshold=at - 1e-6).recall([query], 9).n_pairs == 1


def test_the_documents_own_gold_does_not_matter_when_it_is_left_out(build: Any) -> None:
    tables = []
    for tags in (("Eagles",), (), ("Apples", "Doors")):
        own = replace(QUERY, tags=tags)
        others = [document for document in [*LEARNED, own] if document.id != own.id]
        channels = [
            build("graph", VOCABULARY, others, TOLD, space="meaning"),
            build("dense", VOCABULARY, others, TOLD),
            build("centroids", VOCABULARY, others, TOLD, space="meaning"),
        ]
        tables.append(Candidates.merge([channel.recall([own], 15) for channel in channels]))
    for table in tables[1:]:
        assert table.tags.tobytes() == tables[0].tags.tobytes()
        assert all(table.columns[name].tobytes() == tables[0].columns[name].tobytes() for name in table.columns)


def test_an_unlearned_threshold_leaves_a_stated_share_of_gold_pairs_above(build: Any) -> None:
    dense = build("dense", VOCABULARY, LEARNED, TOLD, share=0.5)
    cosines = [0.8 * 0.6, 0.6, 0.8, 0.6 * 0.28 + 0.8 * 0.96, 0.28 * 0.8, 0.96]  # each document with each of its tags
    assert dense.threshold_ == pytest.approx(np.quantile(cosines, 0.5), abs=1e-3)
    graph = build("graph", VOCABULARY, LEARNED, TOLD, space="meaning", share=0.5)
    nearest = [0.96, 0.96, 0.8]  # one-two (Bells), two-one, four-two (Clocks); three shares no tag
    assert graph.threshold_ == pytest.approx(np.quantile(nearest, 0.5), abs=5e-4)


def test_a_tag_without_a_document_is_found_by_its_name_and_never_through_documents(
    graph: Any, dense: Any, rows: Any
) -> None:
    eagles = VOCABULARY.position("Eagles")
    whole = Candidates.from_pairs(1, np.zeros(5, dtype=int), np.arange(5), {})
    assert eagles not in graph.recall([QUERY], 15).tags
    completed = graph.complete([QUERY], whole)
    assert all(completed.column(name)[eagles] == 0 for name in graph.columns)
    assert dense.complete([QUERY], whole).column("dense.score")[eagles] == pytest.approx(0.96, abs=1e-3)


def test_reasons_name_the_similar_documents_the_nearest_first(graph: Any, dense: Any) -> None:
    bells = graph.explain(QUERY, VOCABULARY.position("Bells"))
    assert [(r.document, r.text) for r in bells] == [("1", "First"), ("2", "two")]
    assert [r.value for r in bells] == pytest.approx([0.8, 0.6], abs=5e-4)
    assert graph.explain(QUERY, VOCABULARY.position("Doors")) == []
    (reason,) = dense.explain(QUERY, VOCABULARY.position("Eagles"))
    assert (reason.kind, reason.text, reason.start) == ("meaning", "cosine 0.96", None)
    assert dense.explain(QUERY, VOCABULARY.position("Bells")) == []


def test_only_the_nearest_neighbours_vote(build: Any, rows: Any) -> None:
    graph = build("graph", VOCABULARY, LEARNED, TOLD, space="meaning", threshold=0.5, neighbours=1)
    assert set(rows(graph.recall([QUERY], 15), VOCABULARY, "graph.score")[0]) == {"Apples", "Bells"}


def test_opposite_documents_are_never_neighbours_whatever_the_threshold(build: Any) -> None:
    told = {"the query": (1.0, 0.0), "one": (-1.0, 0.0), "": (0.0, 1.0)}
    learned = [Document("1", "one", tags=("Apples",)), Document("2", "two", tags=("Bells",))]
    graph = build("graph", VOCABULARY, learned, told, space="meaning", threshold=-1.0)
    assert graph.recall([QUERY], 15).n_pairs == 0
