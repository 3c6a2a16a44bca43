"""Documents as points, made once for all channels that ask."""

from __future__ import annotations

import numpy as np
import pytest

from tagwright.encoders.lsa import Lsa
from tagwright.recall.spaces import MeaningSpace, WordSpace, tag_readings, text_of
from tagwright.testing import Told, documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary

LEARNED, ASKED = documents(), documents()[:3]


def test_the_points_of_a_batch_are_made_once_and_anew_after_other_words_were_learned() -> None:
    tfidf = TfIdf(Analyzer(("en",))).fit(LEARNED)
    space = WordSpace(tfidf)
    points = space.documents(ASKED)
    assert space.documents(list(ASKED)) is points and space.documents(ASKED[:2]) is not points
    before = space.documents(ASKED)
    tfidf.fit(ASKED)
    after = space.documents(ASKED)
    assert after.shape != before.shape and after.shape[1] == tfidf.width


def test_many_documents_are_not_kept_but_have_the_same_points() -> None:
    space = WordSpace(TfIdf(Analyzer(("en",))).fit(LEARNED))
    many = [*LEARNED] * (300 // len(LEARNED) + 1)
    points = space.documents(many)
    assert space.documents(many) is not points
    assert (points[: len(LEARNED)] != space.documents(LEARNED)).nnz == 0
    assert space.documents([]).shape == (0, points.shape[1])


def test_an_encoder_reads_a_batch_once_and_anew_after_it_has_learned_something_else() -> None:
    encoder = Lsa(width=4).fit(LEARNED, vocabulary())
    space = MeaningSpace(encoder)
    points, titles = space.documents(ASKED), space.titles(ASKED)
    assert space.documents(ASKED) is points and space.titles(ASKED) is titles
    encoder.fit(ASKED, vocabulary())
    again = space.documents(ASKED)
    assert again is not points and (again == encoder.encode([text_of(one) for one in ASKED])).all()


def test_a_tag_is_read_by_name_by_all_its_names_and_by_its_path() -> None:
    tags = [
        Tag("t:life", "Life"),
        Tag("t:bees", "Bees", synonyms={"en": ("Apoidea",)}, descriptions={"en": "Insects."}, broader=("t:life",)),
        Tag("t:mason", "Mason bees", broader=("t:bees",)),
    ]
    vocabulary = Vocabulary.from_tags(tags, language="en")
    positions = np.arange(3, dtype=np.int32)
    assert tag_readings(vocabulary, positions) == [
        ["Life"], ["Bees", "Bees; Apoidea. Insects.", "Life > Bees"], ["Mason bees", "Life > Bees > Mason bees"],
    ]  # fmt: skip
    told = Told({"Life": (1, 0), "Bees": (0, 1), "Mason": (0.6, 0.8)})
    vectors = MeaningSpace(told).tags(vocabulary, positions)
    # The sums (1, 0), (0, 1) + (0, 1) + (1, 0) and (0.6, 0.8) + (1, 0), made as long as 1.
    assert vectors == pytest.approx(np.array([[1, 0], [5**-0.5, 2 * 5**-0.5], [0.8**0.5, 0.2**0.5]]), abs=1e-6)
