"""The channel `names`: coverage by hand, and words that only look alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import log, sqrt
from typing import Any

import numpy as np
import pytest

from tagwright.recall.variants import Variants
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

LEARNED = [
    Document("1", "oak and elm", language="en", tags=("a",)),
    Document("2", "oak", language="en", tags=()),
    Document("3", "elm and fir", language="en", tags=None),
]


@pytest.fixture
def channel(build: Any, named: Callable[..., Vocabulary]) -> Any:
    return build("names", named("Oak elm", "Oak", "Ash tree"), LEARNED, variants=False)


def rarity(documents: int, labels: int) -> float:
    """Of a stem that so many of the 2 documents and of the 3 labels have."""
    return log(1 + 2 / (1 + documents)) + 0.5 * log(1 + 3 / (1 + labels))


def test_a_stem_weighs_by_its_rarity_in_documents_and_in_labels(channel: Any) -> None:
    stems = channel.finder.labels.tables[0].stems
    expected = {"ash": rarity(0, 1), "elm": rarity(1, 1), "oak": rarity(2, 2), "tree": rarity(0, 1)}
    assert dict(zip(stems, channel.rarity_.tolist(), strict=True)) == pytest.approx(expected)


def test_coverage_is_the_share_of_the_labels_weight_that_the_document_has(
    channel: Any, named: Callable[..., Vocabulary], rows: Any
) -> None:
    vocabulary = named("Oak elm", "Oak", "Ash tree")
    table = channel.recall([Document("q", "The elm, an ash", "Elm", "en")], 9)
    elm, oak, ash, tree = rarity(1, 1), rarity(2, 2), rarity(0, 1), rarity(0, 1)
    text, title = elm / (oak + elm), elm / (oak + elm)
    assert rows(table, vocabulary, "names.text")[0] == pytest.approx({"Oak elm": text, "Ash tree": ash / (ash + tree)})
    assert rows(table, vocabulary, "names.title")[0] == pytest.approx({"Oak elm": title, "Ash tree": 0})
    assert rows(table, vocabulary, "names.mass")[0] == pytest.approx({"Oak elm": oak + elm, "Ash tree": ash + tree})
    score = text**3 * sqrt(oak + elm) + title**2 * (oak + elm)
    assert rows(table, vocabulary, "names.score")[0]["Oak elm"] == pytest.approx(score, rel=1e-5)


def test_the_best_label_of_a_tag_counts(build: Any) -> None:
    vocabulary = Vocabulary.from_tags([Tag("t", "Ash grove", {"en": "Ash grove"}, {"en": ("Fir", "Oak elm yew")})])
    table = build("names", vocabulary, LEARNED, variants=False).recall([Document("q", "fir and oak", language="en")], 9)
    assert table.column("names.text").tolist() == [1.0]


def test_candidates_of_other_channels_are_completed_with_zero_where_no_word_is_shared(channel: Any) -> None:
    from tagwright.candidates import Candidates

    all_tags = Candidates.from_pairs(1, np.zeros(3, dtype=int), np.arange(3), {})
    filled = channel.complete([Document("q", "oak", language="en")], all_tags)
    assert filled.column("names.text").tolist() == [
        pytest.approx(rarity(2, 2) / (rarity(2, 2) + rarity(1, 1))),
        1.0,
        0.0,
    ]


def test_a_reason_lists_the_words_of_the_name_that_the_document_has(channel: Any) -> None:
    (reason,) = channel.explain(Document("q", "elms and oaks", language="en"), 0)
    assert (reason.kind, reason.text, reason.value) == ("name words", "elm, Oak", 1.0)
    assert channel.explain(Document("q", "fir", language="en"), 0) == []


def test_compounds_inflections_and_misspellings_are_found_through_words_that_look_alike(
    build: Any, named: Callable[..., Vocabulary], rows: Any
) -> None:
    vocabulary = named("Bodenerosion", "Photography", "Railways")
    channel = build("names", vocabulary, LEARNED)
    texts = ["Erosion des Bodens: Bodenerosionen", "Fotos: the photografy of", "narrow railwais"]
    table = channel.recall([Document(str(n), text, language="de") for n, text in enumerate(texts)], 9)
    assert [set(row) for row in rows(table, vocabulary, "names.text")] == [
        {"Bodenerosion"},
        {"Photography"},
        {"Railways"},
    ]
    assert (table.column("names.text") > 0.5).all() and (table.column("names.text") <= 1).all()


def test_the_likeness_of_two_words_is_the_cosine_of_their_pieces_by_hand() -> None:
    variants = Variants(["abcde"], floor=0.0)
    # ^abcde$ has 5 threes and 4 fours, ^abcdx$ shares ^ab abc bcd ^abc abcd; the only stem has idf log(1/1) = 0
    ((number, cosine),) = variants.of(["abcdx"])["abcdx"]
    assert number == 0 and cosine == pytest.approx(5 / sqrt(9 * 5), abs=1e-6), "pieces that no stem has are left out"


def test_words_are_alike_above_the_floor_only_and_the_most_alike_come_first() -> None:
    variants = Variants(["erosion", "corrosion", "explosion", "version"], most=2, floor=0.3)
    found = variants.of(["erosions", "zebra"])
    assert found["zebra"] == [] and found["erosions"][0][0] == 0
    assert len(found["erosions"]) <= 2 and all(value > 0.3 for _, value in found["erosions"])
    values = [value for _, value in found["erosions"]]
    assert values == sorted(values, reverse=True)


def test_short_words_and_numbers_look_like_nothing() -> None:
    variants = Variants(["soils", "12345"], floor=0.0)
    assert variants.of(["soil", "12346", "soils2"]) == {"soil": [], "12346": [], "soils2": []}
    assert Variants([]).of(["erosion"]) == {"erosion": []}


def test_likeness_does_not_depend_on_what_else_is_asked_or_on_threads() -> None:
    stems = [f"{a}{b}tion" for a in ("ero", "corro", "explo", "deriva", "naviga") for b in ("si", "ra", "mi", "so")]
    asked = [[f"{stem[:-1]}{end}" for stem in stems[start:]] for start in range(8) for end in "sxz"]
    alone = {word: Variants(stems).of([word])[word] for words in asked for word in words}
    for _ in range(5):
        together = Variants(stems)
        with ThreadPoolExecutor(8) as pool:
            for found in pool.map(together.of, asked):
                assert all(alone[word] == variants for word, variants in found.items())


def test_likeness_is_the_same_in_every_process() -> None:
    code = (
        "from tagwright.recall.variants import Variants\n"
        "stems = [f'{a}{b}tion' for a in ('ero', 'corro', 'explo', 'deriva') for b in ('si', 'ra', 'mi', 'so')]\n"
        "print([value.hex() for found in Variants(stems).of([s + 'en' for s in stems]).values() for _, value in found])"
    )
    run = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
                       capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert run[0] == run[1] != "[]\n"
