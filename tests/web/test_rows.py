"""What is shown of a suggestion: nothing that the document or the vocabulary does not say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi", reason="the extra server is not installed")

import tagwright.web.rows as rows
from tagwright.server.lane import Answer, State
from tagwright.server.served import Served
from tagwright.types import Case, Document, Evidence, Suggestion, Tag
from tagwright.vocabulary import Vocabulary
from tagwright.web.marking import pieces

TAGS = [
    Tag("t:earth", "Earth sciences", {"en": "Earth sciences"}),
    Tag("t:soil", "Soils", {"en": "Soils", "de": "Böden"}, broader=("t:earth",), notation="QH5"),
    Tag("t:erosion", "Soil erosion", {"en": "Soil erosion"}, {"en": ("edaphic loss",)}, broader=("t:soil", "t:water")),
    Tag("t:water", "Water", {"en": "Water"}, descriptions={"en": "Rivers and the sea."}),
    Tag("t:old", "Dirt", {"en": "Dirt"}, deprecated=True, replaced_by=("t:soil",)),
    Tag("t:crane1", "Cranes (birds)", {"en": "Cranes (birds)"}),
    Tag("t:crane2", "Crane (machine)", {"en": "Crane (machine)"}),
    Tag("t:a", "A", {"en": "A"}, broader=("t:b",)),
    Tag("t:b", "B", {"en": "B"}, broader=("t:a",)),
]
VOCABULARY = Vocabulary.from_tags(TAGS, language="en")
STATE = State(VOCABULARY, True, True, 0.4, 90, "m", "s", 0, "f", None)
DOCUMENT = Document("d", "Wind takes the soil: edaphic loss.", "On loess")


@pytest.fixture
def served(trained: Path) -> Iterator[Served]:
    """The trained project in a server."""
    made = Served.open(trained)
    yield made
    made.close()


def shown(*suggestions: Suggestion, document: Document = DOCUMENT, **state: object) -> rows.Shown:
    return rows.rows_of(document, Answer(list(suggestions), replace(STATE, **state)))  # type: ignore[arg-type]


def suggestion(tag: str, confidence: float = 0.8, **more: object) -> Suggestion:
    name = VOCABULARY.name(VOCABULARY.position(tag)) if tag in VOCABULARY else tag
    return Suggestion(tag, name, confidence, **more)  # type: ignore[arg-type]


def cautions(found: rows.Shown) -> dict[str, list[tuple[str, list[str]]]]:
    return {row.tag: [(one.kind, [tag.id for tag in one.tags]) for one in row.cautions] for row in found.rows}


def test_a_row_tells_how_often_such_suggestions_were_right_and_counts_the_cases() -> None:
    (row,) = shown(suggestion("t:erosion", 0.83, cases=Case(412, 330), seen=17)).rows
    assert (row.right, row.cases, row.often, row.seen) == (330, 412, "often", 17)
    assert (row.level, row.percent, row.key) == ("likely", 83, "1")


def test_what_is_rarely_right_is_said_in_words() -> None:
    cases = (Case(40, 2), Case(100, 4), Case(60, 0))
    found = shown(*(suggestion("t:soil", 0.05, cases=case) for case in cases))
    assert [row.often for row in found.rows] == ["often", "rarely", "never"]


def test_without_counts_the_confidence_has_a_word_and_without_calibration_none() -> None:
    (row,) = shown(suggestion("t:erosion", 0.62)).rows
    assert (row.cases, row.often, row.level, row.seen) == (0, "", "perhaps", -1)
    assert shown(suggestion("t:erosion", 0.62, calibrated=False), calibrated=False).rows[0].level == ""


def test_what_is_nearly_certain_is_not_called_certain() -> None:
    assert [row.percent for row in shown(suggestion("t:soil", 1.0), suggestion("t:water", 0.0)).rows] == [99, 1]


def test_a_tag_stands_below_each_of_its_broader_ones() -> None:
    (row,) = shown(suggestion("t:erosion")).rows
    assert [[step.name for step in path] for path in row.paths] == [["Earth sciences", "Soils"], ["Water"]]
    assert [one.id for one in row.broader] == ["t:soil", "t:water"]
    soil = shown(suggestion("t:soil")).rows[0]
    assert ([one.id for one in soil.narrower], soil.n_narrower) == (["t:erosion"], 1)
    assert (soil.notation, soil.names) == ("QH5", (("de", "Böden"),))


def test_a_quotation_that_the_document_does_not_have_is_not_shown() -> None:
    good = Evidence("lexical", "synonym", "edaphic loss", 21, 33, label="edaphic loss")
    moved = Evidence("lexical", "name", "edaphic loss", 20, 32)
    beyond = Evidence("lexical", "name", "loess", 100, 105)
    empty = Evidence("lexical", "name", "", 3, 3)
    title = Evidence("lexical", "name", "loess", 3, 8, field="title")
    found = shown(suggestion("t:erosion", evidence=(good, moved, beyond, empty, title)))
    assert [(one.kind, one.text, one.label, one.field) for one in found.rows[0].reasons] == [
        ("quote", "edaphic loss", "edaphic loss", "text"), ("quote", "loess", "", "title"),
    ]  # fmt: skip
    assert found.quoted("text") == [(21, 33, "t:erosion")]


def test_what_a_language_model_says_is_told_apart_from_similar_documents_and_words() -> None:
    evidence = (
        Evidence("graph", "similar document", "Loess and loss", document="d7"),
        Evidence("centroids", "shared words", "wind, soil"),
        Evidence("judged", "language model", "says yes"),
        Evidence("centroids", "like its documents", "cosine 0.43", value=0.43),
        Evidence("elsewhere", "own kind", "score -1.20"),
    )
    reasons = shown(suggestion("t:erosion", evidence=evidence)).rows[0].reasons
    assert [(one.kind, one.text, one.said) for one in reasons] == [
        ("similar", "Loess and loss", "other"), ("words", "wind, soil", "shared_words"),
        ("model", "says yes", "other"), ("number", "0.43", "its_documents"), ("number", "-1.20", "other"),
    ]  # fmt: skip


def test_a_broader_tag_beside_a_likely_narrower_one_is_redundant() -> None:
    found = shown(suggestion("t:earth"), suggestion("t:erosion"))
    assert cautions(found) == {"t:earth": [("redundant", ["t:erosion"])], "t:erosion": []}
    unlikely = shown(suggestion("t:earth"), suggestion("t:erosion", 0.1))
    assert cautions(unlikely)["t:earth"] == []


def test_tags_in_a_circle_make_each_other_not_redundant() -> None:
    assert cautions(shown(suggestion("t:a"), suggestion("t:b"))) == {"t:a": [], "t:b": []}


def test_tags_out_of_use_never_used_and_easily_confused_are_pointed_out() -> None:
    found = shown(suggestion("t:old"), suggestion("t:crane1", seen=0), suggestion("t:crane2", seen=3))
    assert cautions(found) == {
        "t:old": [("deprecated", ["t:soil"])],
        "t:crane1": [("unseen", []), ("alike", ["t:crane2"])],
        "t:crane2": [("alike", ["t:crane1"])],
    }


def test_a_tag_that_the_vocabulary_has_lost_is_shown_all_the_same() -> None:
    (row,) = shown(suggestion("t:gone")).rows
    assert (row.name, row.paths, row.cautions) == ("t:gone", (), ())


def test_the_line_parts_the_likely_ones_from_the_others() -> None:
    found = shown(suggestion("t:soil", 0.9), suggestion("t:water", 0.3), suggestion("t:erosion", 0.4))
    assert ([row.tag for row in found.above], [row.tag for row in found.below]) == (
        ["t:soil", "t:erosion"],
        ["t:water"],
    )


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(-3, 33), st.integers(-3, 33), st.sampled_from("abc"))))
def test_the_pieces_of_a_text_are_the_text_and_hold_exactly_what_is_quoted(
    text: str, quoted: list[tuple[int, int, str]]
) -> None:
    found = pieces(text, quoted)
    assert "".join(piece.text for piece in found) == text
    place = 0
    for piece in found:
        for offset in range(place, place + len(piece.text)):
            assert set(piece.tags) == {tag for start, end, tag in quoted if max(0, start) <= offset < end}
        place += len(piece.text)


def test_every_passage_quoted_for_a_thousand_suggestions_is_a_part_of_its_document(
    served: Served, others: list[Document]
) -> None:
    quotes = suggestions = 0
    for document, answer in zip(others, served.answer(others, k=25, why=True), strict=True):
        found = rows.rows_of(document, answer)
        suggestions += len(found.rows)
        assert sum(len(row.reasons) for row in found.rows) == sum(len(one.evidence) for one in answer.suggestions)
        for reason in (one for row in found.rows for one in row.reasons if one.kind == "quote"):
            field = document.title if reason.field == "title" else document.text
            assert field[reason.start : reason.end] == reason.text != ""
            quotes += 1
    assert suggestions == 1000 and quotes > 50
