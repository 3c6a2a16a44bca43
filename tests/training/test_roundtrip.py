"""The text of a tag leads back to the tag: on the demonstration library, and where it cannot."""

from __future__ import annotations

import pytest

from tagwright.corpus import open_corpus
from tagwright.demo import library
from tagwright.encoders.lsa import Lsa
from tagwright.recall.matcher import WrittenPoints
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.testing import Told
from tagwright.text.tokens import Analyzer
from tagwright.training.described import VOCABULARY, Descriptions
from tagwright.training.roundtrip import RoundTrip
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary

WORDS = 30


@pytest.fixture(scope="module")
def shelves() -> tuple[Vocabulary, TagPoints]:
    """The vocabulary of the demonstration library, its tags as points of an LSA of its documents."""
    vocabulary = open_vocabulary(library.vocabulary_path())
    encoder = Lsa()
    encoder.analyzer = Analyzer(("en",))
    encoder.fit(list(open_corpus([library.train_path()])), vocabulary)
    return vocabulary, WrittenPoints(MeaningSpace(encoder), WORDS).fit(vocabulary)


def test_every_tags_own_description_leads_back_to_it(shelves: tuple[Vocabulary, TagPoints]) -> None:
    vocabulary, points = shelves
    text = Descriptions(vocabulary, [], words=WORDS, order=VOCABULARY).text
    found = RoundTrip.of(points, text)
    assert found.asked == len(points.tags) > 150
    assert found.share >= 0.99, {vocabulary.name(a): vocabulary.name(b) for a, b in found.lost.items()}
    mixed = RoundTrip.of(TagPoints(points.meaning).fit(vocabulary), text)
    assert mixed.share < found.share, "points that synonyms have a part in are not where a description lies"


def told(texts: dict[int, str], *names: str) -> RoundTrip:
    """Tags of these names, and others, in a plane."""
    vocabulary = Vocabulary.from_tags([Tag(name, name) for name in names], language="")
    points = {"Oak": (1.0, 0.0), "Elm": (0.6, 0.8), "Ash": (0.0, 1.0), "elmy oak": (0.8, 0.6), "far": (-1.0, -0.1)}
    space = TagPoints(MeaningSpace(Told({**points, "Oak tree": (1.0, 0.0)}))).fit(vocabulary)
    return RoundTrip.of(space, lambda tag: texts.get(tag, ""))


def test_those_that_do_not_come_back_are_told_with_what_they_were_taken_for() -> None:
    found = told({0: "Oak", 1: "Ash", 2: "far"}, "Oak", "Elm", "Ash")
    assert found == RoundTrip(3, {1: 2, 2: -1}) and found.share == pytest.approx(1 / 3)


def test_of_two_tags_with_one_text_one_comes_back() -> None:
    assert told({0: "Oak", 1: "Oak tree"}, "Oak", "Oak tree").lost == {1: 0}


def test_a_tag_without_a_text_is_not_asked_about() -> None:
    found = told({1: "Elm"}, "Oak", "Elm")
    assert (found.asked, found.share) == (1, 1.0)
    nothing = told({}, "Oak")
    assert nothing.asked == 0 and nothing.share != nothing.share
