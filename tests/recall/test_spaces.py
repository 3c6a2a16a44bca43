"""Documents as points, made once for all channels that ask."""

from __future__ import annotations

from tagwright.encoders.lsa import Lsa
from tagwright.recall.spaces import MeaningSpace, WordSpace, text_of
from tagwright.testing import documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer

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
