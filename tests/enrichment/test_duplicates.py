"""Texts that nearly say the same are found, and no others: the wrong pair of SEP-MLDC's own table first of all."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.enrichment.duplicates import ALIKE, NearDuplicates, jaccard, shingles

# SEP-MLDC, Table 7, as it is printed: cs.CE got the text of math.PR.
TABLE_7 = {
    "stat.ML": "The content of the paper is related to the fields of statistical machine learning.",
    "math.PR": "Probability in mathematics, focusing on the study of probability theory and stochastic processes.",
    "cs.CE": (
        "The field of probability in mathematics, focusing on the study of probability theory and stochastic processes."
    ),
    "physics.data-an": (
        "The content of the paper involves data analysis, statistical methods, and probability in the field of "
        "physics, encompassing the study and interpretation of physical phenomena through statistical techniques or "
        "data-driven approaches."
    ),
    "quant-ph": (
        "Related to the field of quantum physics, covering various directions such as theoretical research, "
        "experimental techniques, and quantum information science."
    ),
    "7937.0": 'The legal topic "agricultural structure" under the category of "Agriculture and Fisheries".',
    "accession_criteria": (
        "The specific conditions or standards that a country must meet to join the European Union."
    ),
    "access_to_the_courts": (
        "The legal topic concerning the right or ability of individuals or entities to seek judicial redress or remedy "
        "in courts."
    ),
    "accounting_system": (
        "Laws and regulations related to the system of recording and summarizing business and financial transactions."
    ),
    "administrative_expenditure": (
        "Legal topics related to the costs of running a government or organization, including salaries, supplies, and "
        "overhead expenses."
    ),
}  # fmt: skip

WORDS = st.lists(st.sampled_from("ash birch cedar elm fir oak pine yew the of".split()), max_size=12).map(" ".join)


def test_of_the_texts_of_table_7_exactly_the_wrong_pair_is_caught() -> None:
    found = NearDuplicates()
    caught = []
    for tag, text in TABLE_7.items():
        if near := found.find(text, tag):
            caught.append((tag, near[0]))
        found.add(tag, text)
    assert caught == [("cs.CE", "math.PR")]
    others = [jaccard(shingles(a), shingles(b)) for a, b in combinations(TABLE_7.values(), 2)]
    assert sorted(others)[-2] < 0.1 < ALIKE < sorted(others)[-1] == 7 / 8


def test_shingles_are_pairs_of_words_without_function_words() -> None:
    assert shingles("The erosion of Soil, by wind.") == {("erosion", "soil"), ("soil", "wind")}
    assert shingles("Soil") == {("soil",)} and shingles("of the") == {("of", "the")} and shingles(" … ") == frozenset()
    assert shingles("土壌侵食") == {("土", "壌"), ("壌", "侵"), ("侵", "食")}


def test_a_pattern_that_all_texts_share_makes_no_duplicates() -> None:
    found = NearDuplicates()
    subjects = ["beekeeping in towns", "railway stations", "soil erosion by wind", "contract law"]
    for tag in subjects:
        assert found.find(f"The content of the paper is related to the field of {tag}.") is None
        found.add(tag, f"The content of the paper is related to the field of {tag}.")


def test_the_text_of_a_tag_is_no_duplicate_of_itself_but_the_same_text_is_one_of_another() -> None:
    found = NearDuplicates()
    found.add("a", "Honey and the bees that make it.")
    assert found.find("honey AND the bees, that make it", "a") is None
    assert found.find("honey AND the bees, that make it", "b") == ("a", 1.0)


def test_what_is_no_share_cannot_be_asked_for() -> None:
    for alike in (0, 1.5):
        with pytest.raises(ValueError, match="alike"):
            NearDuplicates(alike)


@given(st.lists(WORDS, max_size=25), WORDS, st.sampled_from([0.3, 0.5, 0.7, 1.0]))
def test_the_index_finds_what_comparing_with_every_text_finds(texts: list[str], asked: str, alike: float) -> None:
    found = NearDuplicates(alike)
    found._ordered_at = 4  # so that the order is made anew within so few texts
    found.extend(enumerate(texts))
    likeness = [jaccard(shingles(text), shingles(asked)) for text in texts]
    best = max(likeness, default=0.0)
    expected = (likeness.index(best), best) if best >= alike else None
    assert found.find(asked) == expected


@given(WORDS, WORDS)
def test_likeness_is_symmetric_and_one_only_for_the_same_shingles(one: str, other: str) -> None:
    a, b = shingles(one), shingles(other)
    assert jaccard(a, b) == jaccard(b, a) and 0 <= jaccard(a, b) <= 1
    assert (jaccard(a, b) == 1) == (a == b and bool(a))


def test_thousands_of_texts_of_one_pattern_are_told_apart_and_a_copy_is_found() -> None:
    chance, found = random.Random(0), NearDuplicates()
    texts = [
        f"The legal topic concerning {' '.join(f'w{chance.randrange(5000)}' for _ in range(5))} in the Union."
        for _ in range(3000)
    ]
    found.extend(enumerate(texts))
    assert found.find(texts[1234].upper()) == (1234, 1.0)
    assert max(map(len, found._places.values())) < 150, "shingles that all texts have are not indexed"
