from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.types import Tag
from tagwright.vocabulary import Search, Vocabulary, open_vocabulary
from tagwright.vocabulary.folded import Typos, fold
from tagwright.vocabulary.strings import Strings

VOCABULARY = Vocabulary.from_tags(
    [
        Tag("s1", "Soil erosion", names={"en": "Soil erosion", "de": "Bodenerosion"}, notation="QH541.5"),
        Tag("s2", "Soil", synonyms={"en": ("Earth",)}, hidden={"en": ("soyl type",)}),
        Tag("s3", "Soils of the world"),
        Tag("s4", "Wind erosion of soils"),
        Tag("s5", "Soul"),
        Tag("s6", "Soil (old)", deprecated=True),
        Tag("s7", "Göttingen"),
        Tag("s8", "C++"),
        Tag("s9", "Crohn's disease"),
        Tag("s10", "Beekeeping"),
    ]
)
SEARCH = Search(VOCABULARY)


def ids(query: str, limit: int = 10) -> list[str]:
    return [hit.id for hit in SEARCH.find(query, limit=limit)]


def test_the_name_itself_goes_first_then_what_begins_with_it_the_nearest_first() -> None:
    assert ids("soil")[:3] == ["s2", "s1", "s3"]
    assert ids("SOIL ero")[0] == "s1"
    assert SEARCH.find("soil")[0].score == 1.0


@pytest.mark.parametrize(
    ("query", "id", "label", "kind", "way"),
    [
        ("bodeneros", "s1", "Bodenerosion", "preferred name", "prefix"),
        ("earth", "s2", "Earth", "synonym", "exact"),
        ("soyl ty", "s2", "soyl type", "hidden label", "prefix"),
        ("qh541.5", "s1", "QH541.5", "notation", "exact"),
        ("QH54", "s1", "QH541.5", "notation", "prefix"),
        ("erosion soil", "s1", "Soil erosion", "name", "word"),
        ("nerosion", "s1", "Bodenerosion", "preferred name", "piece"),
        ("gottingen", "s7", "Göttingen", "name", "exact"),
        ("crohns", "s9", "Crohn's disease", "name", "prefix"),
        ("c++", "s8", "C++", "name", "exact"),
        ("s10", "s10", "s10", "id", "exact"),
        ("beekeping", "s10", "Beekeeping", "name", "typo"),
        ("beekeeeping", "s10", "Beekeeping", "name", "typo"),
        ("beekeepign", "s10", "Beekeeping", "name", "typo"),
        ("beekeexing", "s10", "Beekeeping", "name", "typo"),
        ("soilerosion", "s1", "Soil erosion", "name", "typo"),
        ("wimd soils", "s4", "Wind erosion of soils", "name", "typo in a word"),
    ],
)
def test_a_tag_is_found_by(query: str, id: str, label: str, kind: str, way: str) -> None:
    best = SEARCH.find(query)[0]
    assert (best.id, best.label, best.kind, best.way, best.name) == (
        id,
        label,
        kind,
        way,
        VOCABULARY.name(best.position),
    )


def test_a_deprecated_tag_comes_behind_what_is_found_as_well_and_each_tag_once() -> None:
    found = ids("soil")
    assert len(found) == len(set(found))
    assert found.index("s6") > found.index("s3")


def test_a_short_word_that_is_found_is_not_taken_for_a_typo_of_another() -> None:
    found = ids("soil")
    assert found.index("s5") > found.index("s3")
    assert ids("soul")[0] == "s5"


def test_no_more_than_the_limit_and_nothing_for_nothing() -> None:
    assert len(ids("soil", limit=2)) == 2
    assert [ids(query) for query in ("", "   ", "?!", "\0", "qqqqqqq")] == [[]] * 5
    assert Search(Vocabulary.from_tags([])).find("soil") == []


@given(st.text(max_size=30) | st.sampled_from(['" OR 1=1', "a* NEAR b", "%_", "soil\n", "x" * 5_000, "\ud800", "((("]))
def test_any_query_is_safe(query: str) -> None:
    for hit in SEARCH.find(query):
        assert 0 <= hit.score <= 1
        assert VOCABULARY.ids[hit.position] == hit.id


def test_after_changes_it_finds_what_one_made_anew_finds() -> None:
    more = [
        Tag("s2", "Ground", synonyms={"en": ("Soil",)}),
        Tag("s7", "Göttingen", deprecated=True),
        Tag("n1", "Soil life", notation="QH541.9"),
    ]
    after = VOCABULARY.extended(more[:1]).extended(more[1:])
    assert after.origin == (VOCABULARY, {1, 6, 10})
    anew, followed = Search(after), Search.following(after, SEARCH)
    for query in ("soil", "s", "earth", "qh541", "n1", "s2", "gottingen", "ground", "soil lfe", "erosion soil", "life"):
        assert [(hit.position, hit.way, hit.label) for hit in followed.find(query)] == [
            (hit.position, hit.way, hit.label) for hit in anew.find(query)
        ]
    assert Search.following(after).find("soil life")[0].position == 10
    assert Search.following(VOCABULARY, SEARCH).find("soil") == SEARCH.find("soil")


def test_of_a_letter_what_begins_with_it_is_found_and_not_all_that_holds_it() -> None:
    many = Vocabulary.from_tags([*(Tag(f"a{n}", f"a {n:03d}") for n in range(300)), Tag("b", "b a")])
    assert [hit.way for hit in Search(many).find("a", limit=5)] == ["prefix"] * 5
    assert Search(many).find("b a")[0].id == "b"


def edits(text: str) -> set[str]:
    """Every text that is one typo away, by the definition."""
    letters = "abx"
    cuts = [(text[:place], text[place:]) for place in range(len(text) + 1)]
    return (
        {a + b[1:] for a, b in cuts if b}
        | {a + c + b for a, b in cuts for c in letters}
        | {a + c + b[1:] for a, b in cuts for c in letters if b}
        | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
        | {text}
    )


@given(st.text("ab", min_size=1, max_size=6), st.lists(st.text("ab", max_size=7), max_size=20))
def test_one_typo_is_exactly_one_edit(text: str, others: list[str]) -> None:
    near = Typos(Strings.of(others)).near(text)
    assert sorted(near.tolist()) == [row for row, other in enumerate(others) if other and other in edits(text)]


def test_folding_keeps_lines_and_drops_case_accents_and_punctuation() -> None:
    assert fold("Größe, (Maß)!\n\nU.S.A. – Łódź_x\n C#/C++ ") == "grosse mass\n\nusa łodz x\nc# c++"


@given(st.lists(st.text(), max_size=5))
def test_folding_never_changes_the_number_of_lines(texts: list[str]) -> None:
    lines = [text.replace("\n", " ") for text in texts]
    assert fold("\n".join(lines)).count("\n") == max(0, len(lines) - 1)


def typo(text: str, chance: random.Random) -> str:
    place, letter = chance.randrange(len(text)), chance.choice("abcdefghijklmnopqrstuvwxyz")
    before, behind = text[:place], text[place:]
    return chance.choice(
        [
            before + behind[1:],
            before + letter + behind,
            before + letter + behind[1:],
            before + behind[1:2] + behind[:1] + behind[2:],
        ]
    )


def test_a_quarter_of_a_million_tags_are_searched_at_once(shared: Path) -> None:
    vocabulary = open_vocabulary(shared / "data/many-names/vocab.jsonl.gz")
    search, chance = Search(vocabulary), random.Random(7)
    names = [name for name in vocabulary.names if len(name) > 4]
    queries = [(name, typo(name, chance)) for name in chance.sample(names, 100)]
    queries += [(name, name[: max(5, len(name) * 3 // 4)]) for name in chance.sample(names, 100)]
    times, right = [], 0
    for name, query in queries:
        start = time.process_time()
        hits = search.find(query)
        times.append(time.process_time() - start)
        right += any(hit.name == name for hit in hits[:5])
    assert right >= 190
    assert sorted(times)[int(len(times) * 0.95)] <= 0.05
