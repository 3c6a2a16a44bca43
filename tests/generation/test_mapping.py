"""Which tags a free term stands for."""

from __future__ import annotations

from typing import Any

import numpy as np

from tagwright.encoders.lsa import Lsa
from tagwright.generation.mapping import BY_STEMS, Names, TermMap
from tagwright.recall.labels import Labels
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.testing import Told, sample
from tagwright.text.tokens import Analyzer
from tagwright.types import Tag
from tagwright.vocabulary.base import Vocabulary

TAGS = (
    Tag("t:soil", "Soil erosion", {"en": "Soil erosion"}, {"en": ("Loss of soil",)}),
    Tag("t:bees", "Beekeeping", {"en": "Beekeeping"}, {"en": ("Apiculture",)}),
    Tag("t:java", "Java (Island)", {"en": "Java (Island)"}),
    Tag("t:code", "Java (Programming language)", {"en": "Java (Programming language)"}),
    Tag("t:cafe", "Café culture", {"en": "Café culture"}),
    Tag("t:nets", "Neural networks", {"en": "Neural networks"}),
    Tag("t:steam", "Steam navigation", {"en": "Steam navigation"}, deprecated=True),
)
VOCABULARY = Vocabulary.from_tags(TAGS, language="en")
SOIL, BEES, ISLAND, CODE, CAFE, NETS, STEAM = range(7)
TOLD = {
    "Soil erosion": (1, 0, 0), "Beekeeping": (0, 1, 0), "Neural networks": (0, 0, 1), "Java": (1, 1, 1),
    "Café culture": (-1, 0, 0), "Honey": (0, 0.8, 0.6), "Dust": (0.6, 0.64, 0.48), "Nothing": (0, -1, 0),
}  # fmt: skip


def points(told: Any = TOLD) -> TagPoints:
    return TagPoints(MeaningSpace(Told(told))).fit(VOCABULARY)


def labels(vocabulary: Vocabulary = VOCABULARY) -> Labels:
    return Labels(Analyzer(("en", "de"))).fit(vocabulary)


def mapped(term: str, told: TagPoints | None = None, **options: Any) -> list[tuple[int, float]]:
    return [(tag, round(value, 3)) for tag, value in TermMap(VOCABULARY, labels(), told, **options).tags([term])[0]]


def test_a_term_is_the_tag_that_is_called_so_whatever_case_and_accents():
    assert mapped("soil EROSION") == mapped("loss of soil") == [(SOIL, 1.0)]
    assert mapped("cafe culture") == [(CAFE, 1.0)]


def test_a_label_of_the_same_stems_is_found_too_and_less_surely():
    assert mapped("neural network") == mapped("networks, neural") == [(NETS, BY_STEMS)]
    assert mapped("Java") == [(ISLAND, BY_STEMS), (CODE, BY_STEMS)]
    assert mapped("Java", found=1) == [(ISLAND, BY_STEMS)]


def test_a_tag_that_is_not_active_is_never_found():
    assert mapped("Steam navigation") == []
    told = TagPoints(MeaningSpace(Told({**TOLD, "Steam": (0, 0, 1)}))).fit(VOCABULARY)
    assert mapped("Steam navigation", told) == [(NETS, 1.0)]
    assert Names(VOCABULARY).find("steam navigation") == []


def test_without_such_a_name_the_nearest_in_meaning_are_found():
    assert mapped("Honey", points()) == [(ISLAND, 0.808), (CODE, 0.808), (BEES, 0.8)]
    assert mapped("Honey", points(), found=1, least=0.75) == [(ISLAND, 0.808)]
    assert mapped("Honey", points(), least=0.81) == mapped("Nothing", points()) == mapped("unknown", points()) == []


def test_without_an_encoder_tags_that_share_most_stems_are_found():
    assert mapped("severe soil erosion") == [(SOIL, 0.667)]
    assert mapped("soil") == mapped("severe lasting soil erosion") == mapped("the") == mapped("…") == []
    assert mapped("severe lasting soil erosion", least=0.5) == [(SOIL, 0.5)]


def test_an_encoder_that_knows_only_the_library_s_documents_is_not_asked_what_a_term_means():
    made = Lsa().fit(sample.documents(), sample.vocabulary())
    learned = TermMap(VOCABULARY, labels(), TagPoints(MeaningSpace(made)).fit(VOCABULARY))
    unready = TermMap(VOCABULARY, labels(), TagPoints(MeaningSpace(Told(TOLD))))
    assert not learned.speaks and not unready.speaks and TermMap(VOCABULARY, labels(), points()).speaks
    assert learned.tags(["severe soil erosion"]) == unready.tags(["severe soil erosion"]) != [[]]


def test_tags_that_came_at_run_time_are_found_and_changed_ones_by_their_new_names_only():
    more = VOCABULARY.extended([Tag("t:rain", "Rain gardens"), Tag("t:bees", "Bee husbandry")])
    known = labels()
    known.add_tags(more, np.array([BEES, 7], dtype=np.int32))
    made = TermMap(more, known)
    assert [[tag for tag, _ in tags] for tags in made.tags(["garden of rain", "bees' husbandry", "apicultures"])] == [
        [7],
        [BEES],
        [],
    ]
