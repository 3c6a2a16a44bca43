"""The sample base: who is found, and who must never be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.generation.samples import Samples
from tagwright.recall.shelf import Shelf
from tagwright.recall.spaces import MeaningSpace, WordSpace
from tagwright.testing import Told, documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

KEPT = {document.id: document for document in documents()}
TOLD = {"a": (1.0, 0.0), "b": (0.9, np.sqrt(0.19)), "c": (0.6, 0.8), "d": (0.0, 1.0), "near": (0.96, 0.28)}
BEES = Document("new", "Honey from the hives of a town: the keeper and the bees in spring.", language="en")


def in_words(*more: Document) -> Samples:
    kept = {**KEPT, **{document.id: document for document in more}}
    tfidf = TfIdf(Analyzer(("en", "de")), min_df=1).fit(list(kept.values()))
    return Samples(Shelf(WordSpace(tfidf)).fit(kept.values(), vocabulary()), kept.get)


def in_meaning(**texts: str) -> Samples:
    kept = {id: Document(id, text, tags=("t:bees",)) for id, text in texts.items()}
    return Samples(Shelf(MeaningSpace(Told(TOLD))).fit(kept.values(), vocabulary()), kept.get)


def ids(samples: Samples, document: Document, n: int = 3, **options: float) -> list[str]:
    return [sample.document.id for sample in samples.similar([document], n, **options)[0]]


def test_the_most_similar_come_first_with_their_cosines() -> None:
    samples = in_meaning(d1="c", d2="b", d3="d")
    found = samples.similar([Document("new", "near")], 3)[0]
    assert [(s.document.id, s.similarity) for s in found] == [
        ("d1", pytest.approx(0.6 * 0.96 + 0.8 * 0.28)),
        ("d3", pytest.approx(0.28)),
    ]  # d2 has 0.864 + 0.122 = 0.986 and is taken for the same document
    assert ids(samples, Document("new", "near"), twin=1.0) == ["d2", "d1", "d3"]


def test_words_find_documents_about_the_same_and_at_most_as_many_as_wanted() -> None:
    samples = in_words()
    assert {KEPT[id].tags[0] for id in ids(samples, BEES, 2)} == {"t:bees"}
    assert [len(ids(samples, BEES, n)) for n in (0, 1, 2, 5)] == [0, 1, 2, 5]


def test_what_is_added_is_found_by_the_next_call_and_what_is_removed_is_not() -> None:
    samples = in_words()
    fresh = Document("fresh", "Bees in the town: the keeper sells honey from his hives.", tags=("t:bees",))
    samples.shelf.add([replace(fresh, metadata={"rejected": ["t:ships"]})])
    first = samples.similar([BEES], 1)[0][0]
    assert (first.document.id, first.wrong) == ("fresh", ("t:ships",))
    samples.shelf.remove(["fresh"])
    assert "fresh" not in ids(samples, BEES, 24)


def test_a_document_that_was_replaced_is_shown_as_it_is_now() -> None:
    samples = in_words()
    samples.shelf.add([replace(KEPT["d00"], text="Bees and honey, bees and hives.", tags=("t:rail",))])
    found = [s for s in samples.similar([BEES], 24)[0] if s.document.id == "d00"]
    assert [s.right for s in found] == [("t:rail",)]


def test_neither_the_same_id_nor_the_same_text_is_ever_found() -> None:
    samples = in_words()
    for document in documents():
        assert document.id not in ids(samples, document, 24)
        twin = Document("new", f"  {document.text.upper()} ", document.title, document.language)
        assert document.id not in ids(samples, twin, 24, twin=1.0)


def test_a_text_that_the_base_holds_twice_is_shown_once() -> None:
    samples = in_words(replace(KEPT["d00"], id="copy"))
    assert len({"copy", "d00"} & set(ids(samples, BEES, 30))) == 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(KEPT["d02"].text.split() + KEPT["d05"].text.split()), min_size=1, max_size=25),
    st.floats(0.05, 1.0),
    st.sampled_from(sorted(KEPT)),
)
def test_whatever_is_asked_nothing_above_the_limit_and_nothing_of_its_own_is_found(
    words: list[str], twin: float, id: str
) -> None:
    found = SAMPLES.similar([Document(id, " ".join(words), language="en")], 24, twin=twin)[0]
    similarities = [sample.similarity for sample in found]
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 < similarity <= twin for similarity in similarities)
    texts = [sample.document.text for sample in found]
    assert id not in {sample.document.id for sample in found} and len(set(texts)) == len(texts)


SAMPLES = in_words()


def test_a_hundred_copies_of_the_document_do_not_hide_the_others() -> None:
    samples = in_meaning(**{f"copy{n}": "a" for n in range(100)}, other="c")
    assert ids(samples, Document("new", "a"), 1) == ["other"]
    samples = in_meaning(**{f"copy{n}": f"b {n}" for n in range(100)}, other="c")
    samples.document_of = {"other": Document("other", "c", tags=("t:bees",))}.get  # the others are kept no longer
    assert ids(samples, Document("new", "a"), 1) == ["other"]


def test_a_block_and_a_document_alone_give_the_same() -> None:
    for samples in (in_words(), in_meaning(d1="a", d2="b", d3="c", d4="d", d5="b too")):
        block = [
            Document(f"new{n}", text) for n, text in enumerate(["near", "a honey bee", "", "The coast. Ships"] * 40)
        ]
        together = samples.similar(block, 3)
        assert together == [samples.similar([document], 3)[0] for document in block]


def test_rejected_tags_are_read_from_the_metadata_and_other_shapes_are_ignored() -> None:
    def wrong(said: object) -> tuple[str, ...]:
        document = Document("x", "honey bees", tags=("t:bees",), metadata={"rejected": said})
        return next(s for s in in_words(document).similar([BEES], 24)[0] if s.document.id == "x").wrong

    assert wrong(["t:ships", "t:rail", "t:ships"]) == ("t:ships", "t:rail")
    assert wrong(["t:bees", "t:ships"]) == ("t:ships",)  # a tag that it has is not wrong
    assert [wrong(said) for said in ("t:ships", {"t:ships": 1}, ["t:ships", 3], 7, None)] == [()] * 5


def test_machine_set_tags_are_no_samples() -> None:
    auto = Document("auto", "honey bees hives keeper town spring", tags=("t:bees",), metadata={"auto": True})
    assert "auto" not in ids(in_words(auto), BEES, 30)


def test_only_samples_with_a_known_tag_are_taken_where_tags_are_named() -> None:
    wrong = Document("wrong", "honey bees hives", tags=(), metadata={"rejected": ["t:ships"]})
    none = Document("none", "honey bees and hives", tags=())
    samples = in_words(wrong, none)
    found = [s.document.id for s in samples.similar([BEES], 30, among={"t:ships"})[0]]
    assert "wrong" in found and all("t:ships" in KEPT[id].tags for id in found if id != "wrong")
    assert "none" not in ids(samples, BEES, 30)


def test_an_empty_base_finds_nothing() -> None:
    tfidf = TfIdf(Analyzer(("en",))).fit([])
    empty = Samples(Shelf(WordSpace(tfidf)).fit([], vocabulary()), lambda id: None)
    assert empty.similar([BEES, Document("empty", "")], 3) == [[], []]
    assert in_words().similar([Document("empty", "")], 3) == [[]]
    assert in_words().similar([], 3) == []


def test_the_fingerprint_is_the_same_for_the_same_base_and_changes_with_it() -> None:
    samples, state = in_words(), ["1"]
    assert samples.fingerprint == in_words().fingerprint != in_meaning(d1="a").fingerprint
    seen = [samples.fingerprint]
    samples.shelf.add([BEES, replace(BEES, tags=("t:bees",))])
    seen.append(samples.fingerprint)
    samples.shelf.remove(["d00"])
    seen.append(samples.fingerprint)
    samples.state = lambda: state[0]
    seen.append(samples.fingerprint)
    state[0] = "2"
    seen.append(samples.fingerprint)
    assert len(set(seen)) == 5
    assert samples.fingerprint == seen[-1]
