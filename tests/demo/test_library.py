import json
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from tagwright.demo import library

SKOS = "http://www.w3.org/2004/02/skos/core#"
BASE = "https://demo.tagwright.org/t/"


@pytest.fixture(scope="module")
def graph() -> Store:
    store = Store()
    store.load(path=str(library.vocabulary_path()), format=RdfFormat.TURTLE)
    return store


@pytest.fixture(scope="module")
def parts() -> dict[str, list[dict]]:
    paths = {"train": library.train_path(), "dev": library.dev_path(), "test": library.test_path()}
    return {name: _read(path) for name, path in paths.items()}


@pytest.fixture(scope="module")
def everything(parts) -> list[dict]:
    return [document for documents in parts.values() for document in documents]


def _read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _concepts(graph: Store) -> set[str]:
    return {row["c"].value for row in graph.query(f"SELECT ?c {{ ?c a <{SKOS}Concept> }}")}


def _deprecated(graph: Store) -> set[str]:
    query = "SELECT ?c { ?c <http://www.w3.org/2002/07/owl#deprecated> true }"
    return {row["c"].value for row in graph.query(query)}


def _labels(graph: Store, kind: str) -> list[tuple[str, str, str]]:
    triples = graph.quads_for_pattern(None, NamedNode(SKOS + kind), None)
    return [(quad.subject.value, quad.object.language, quad.object.value.casefold()) for quad in triples]


def _links(graph: Store, kind: str) -> set[tuple[str, str]]:
    return {(quad.subject.value, quad.object.value) for quad in graph.quads_for_pattern(None, NamedNode(kind), None)}


def _ancestors(graph: Store) -> dict[str, set[str]]:
    parents = dict(_links(graph, SKOS + "broader"))
    found: dict[str, set[str]] = {}
    for concept in _concepts(graph):
        chain, above = [], parents.get(concept)
        while above is not None:
            assert above not in chain, f"{concept} lies in a circle of broader"
            chain.append(above)
            above = parents.get(above)
        found[concept] = set(chain)
    return found


def test_the_vocabulary_has_about_150_concepts_and_a_few_deprecated_ones(graph):
    assert 145 <= len(_concepts(graph)) <= 170
    assert 6 <= len(_deprecated(graph)) <= 8


def test_every_concept_has_exactly_one_preferred_label_in_english_and_in_german(graph):
    names = Counter((concept, language) for concept, language, _ in _labels(graph, "prefLabel"))
    assert names == Counter(product(_concepts(graph), ["en", "de"]))


def test_no_two_concepts_share_a_preferred_label(graph):
    names = Counter((language, text) for _, language, text in _labels(graph, "prefLabel"))
    assert not [name for name, count in names.items() if count > 1]


def test_preferred_alternative_and_hidden_labels_of_a_concept_are_disjoint(graph):
    labels = [label for kind in ("prefLabel", "altLabel", "hiddenLabel") for label in _labels(graph, kind)]
    assert not [label for label, count in Counter(labels).items() if count > 1]


def test_some_words_mean_two_things_on_purpose(graph):
    synonyms = Counter((language, text) for _, language, text in _labels(graph, "altLabel"))
    ambiguous = {text for (_, text), count in synonyms.items() if count > 1}
    assert {"java", "cranes", "mercury", "piracy"} <= ambiguous


def test_every_concept_has_one_shelf_mark_and_no_two_share_one(graph):
    marks = Counter(row["n"].value for row in graph.query(f"SELECT ?n {{ ?c <{SKOS}notation> ?n }}"))
    assert len(marks) == len(_concepts(graph)) and set(marks.values()) == {1}


def test_the_hierarchy_has_no_circle_and_three_to_four_levels(graph):
    assert max(len(above) for above in _ancestors(graph).values()) == 3


def test_related_is_symmetric_and_never_links_a_concept_with_one_above_it(graph):
    ancestors, related = _ancestors(graph), _links(graph, SKOS + "related")
    assert related
    for one, other in related:
        assert (other, one) in related
        assert one not in ancestors[other] and other not in ancestors[one]


def test_every_link_leads_to_a_living_concept(graph):
    alive = _concepts(graph) - _deprecated(graph)
    for kind in (SKOS + "broader", SKOS + "related", "http://purl.org/dc/terms/isReplacedBy"):
        assert {target for _, target in _links(graph, kind)} <= alive


def test_every_deprecated_concept_names_its_successor(graph):
    replaced = {concept for concept, _ in _links(graph, "http://purl.org/dc/terms/isReplacedBy")}
    assert replaced == _deprecated(graph)


def test_every_living_concept_is_defined_in_english_and_many_in_german(graph):
    definitions = _labels(graph, "definition")
    english = {concept for concept, language, _ in definitions if language == "en"}
    assert english == _concepts(graph) - _deprecated(graph)
    assert sum(language == "de" for _, language, _ in definitions) >= 80


def test_there_are_as_many_documents_as_promised(parts):
    assert len(parts["train"]) >= 330
    assert len(parts["dev"]) >= 60 and len(parts["test"]) >= 60


def test_ids_and_titles_are_unique_across_all_parts(everything):
    assert len({document["id"] for document in everything}) == len(everything)
    assert len({document["title"] for document in everything}) == len(everything)


def test_every_subject_exists_and_is_not_deprecated(graph, everything):
    alive = _concepts(graph) - _deprecated(graph)
    assert {subject for document in everything for subject in document["subjects"]} <= alive


def test_every_document_has_one_to_four_different_tags(everything):
    for document in everything:
        assert 1 <= len(document["subjects"]) <= 4
        assert len(set(document["subjects"])) == len(document["subjects"])
    assert 2.1 <= sum(len(document["subjects"]) for document in everything) / len(everything) <= 2.7


def test_every_text_has_25_to_90_words(everything):
    assert all(25 <= len(document["text"].split()) <= 90 for document in everything)


@pytest.mark.parametrize("name", ["train", "dev", "test"])
def test_a_fifth_to_a_quarter_of_each_part_is_german_and_the_rest_english(parts, name):
    languages = Counter(document["language"] for document in parts[name])
    assert set(languages) == {"en", "de"}
    assert 0.20 <= languages["de"] / languages.total() <= 0.25


def test_a_few_tags_are_frequent_and_many_are_rare_in_train(parts):
    counts = _counts(parts["train"]).values()
    assert sum(count >= 20 for count in counts) >= 5
    assert sum(3 <= count <= 8 for count in counts) >= 60
    assert sum(count <= 2 for count in counts) >= 12


def test_at_least_ten_tags_of_dev_and_test_never_occur_in_train(parts):
    unseen = set(_counts(parts["dev"] + parts["test"])) - set(_counts(parts["train"]))
    assert len(unseen) >= 10
    assert BASE + "bats" in unseen


def test_no_text_is_nearly_the_same_as_another(everything):
    shingles = [_shingles(document) for document in everything]
    for position, ours in enumerate(shingles):
        for theirs in shingles[:position]:
            assert len(ours & theirs) < 0.6 * len(ours | theirs)


def test_the_new_texts_are_two_english_and_one_german_and_nobody_has_tagged_them(everything):
    assert [document.language for document in library.NEW_TEXTS] == ["en", "en", "de"]
    assert all(document.tags is None and document.title for document in library.NEW_TEXTS)
    assert not {document.text for document in library.NEW_TEXTS} & {document["text"] for document in everything}


def _counts(documents: list[dict]) -> Counter[str]:
    return Counter(subject for document in documents for subject in document["subjects"])


def _shingles(document: dict) -> set[tuple[str, ...]]:
    words = f"{document['title']} {document['text']}".casefold().split()
    return set(zip(words, words[1:], words[2:], strict=False))
