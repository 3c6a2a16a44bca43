from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tagwright.vocabulary.outline as outline
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary
from tagwright.vocabulary.outline import LONGEST, TOP, Outline


def names(made: Outline, tag: int = TOP) -> list[str]:
    return [made.vocabulary.name(position) for _, position in made.below(tag)]


TREE = Vocabulary.from_tags(
    [
        Tag("soils", "Soils"),
        Tag("erosion", "Erosion", broader=("soils",)),
        Tag("acid", "Acid soils", broader=("soils",)),
        Tag("old", "Old soils", broader=("soils",), deprecated=True),
        Tag("older", "Older soils", broader=("old",)),
        Tag("bees", "bees"),
    ]
)


def test_what_has_nothing_broader_stands_at_the_top_in_the_order_of_the_alphabet() -> None:
    made = Outline(TREE)
    assert names(made) == ["bees", "Older soils", "Soils"]
    assert names(made, TREE.find("soils")) == ["Acid soils", "Erosion"]
    assert made.count(TREE.find("soils")) == 2
    assert not made.is_flat
    assert [TREE.ids[step] for step in made.way(TREE.find("acid"))] == ["soils", "acid"]
    assert [TREE.ids[step] for step in made.way(TREE.find("older"))] == ["older"]


def test_a_circle_that_nothing_leads_to_is_found_at_the_top_by_its_first_tag() -> None:
    circle = Vocabulary.from_tags(
        [Tag("a", "a", broader=("b",)), Tag("b", "b", broader=("a",)), Tag("c", "c", broader=("b",)), Tag("d", "d")]
    )
    made = Outline(circle)
    assert names(made) == ["a", "d"]
    assert [circle.ids[step] for step in made.way(2)] == ["a", "b", "c"]


def test_a_long_list_is_cut_by_letters_and_a_letter_into_slices_until_each_can_be_shown() -> None:
    tags = [Tag(f"{letter}{n}", f"{letter}{n:04d}") for letter in "ab7" for n in range(600)]
    made = Outline(Vocabulary.from_tags([*tags, *(Tag(one, one) for one in "αβγ")]))
    top = made.below(TOP)
    letters = made.slices(top, 0, len(top))
    assert [(one.letter, len(one)) for one in letters][:3] == [("#", 600), ("A", 600), ("B", 600)]
    assert (letters[1].first, letters[1].last) == ("a0000", "a0599")
    parts = made.slices(top, letters[1].low, letters[1].high)
    assert sum(map(len, parts)) == 600
    assert all(0 < len(one) <= LONGEST and not made.slices(top, one.low, one.high) for one in parts)


def test_rare_letters_stand_together() -> None:
    greek = [Tag(chr(code), chr(code)) for code in range(ord("α"), ord("ω")) if chr(code) != "ς"]
    latin = [Tag(f"{letter}{n}", f"{letter}{n}") for letter in "abcdefghijklm" for n in range(20)]
    made = Outline(Vocabulary.from_tags([*latin, *greek]))
    slices = made.slices(made.below(TOP), 0, len(made.below(TOP)))
    assert len(slices) < 10
    assert slices[0].letter == "A – F"
    assert sum(map(len, slices)) == len(made.vocabulary)


TAGS = st.lists(
    st.tuples(st.integers(0, 30), st.text("abß1 ", min_size=1, max_size=3), st.integers(0, 30)), max_size=25
)


def vocabulary(drawn: list[tuple[int, str, int]]) -> list[Tag]:
    found = {str(id): Tag(str(id), f"n{name}", broader=(str(up),)) for id, name, up in drawn}
    return list(found.values())


@given(TAGS, TAGS, st.sets(st.integers(0, 30)))
def test_after_a_change_it_is_as_if_made_anew_and_every_tag_is_reached(
    first: list[tuple[int, str, int]], second: list[tuple[int, str, int]], gone: set[int]
) -> None:
    start = Vocabulary.from_tags(vocabulary(first))
    changed = [*vocabulary(second), *(Tag(str(id), "gone", deprecated=True) for id in gone)]
    after = start.extended(changed)
    assert after.origin[0] is start
    fresh, followed = Outline(after), Outline(after, Outline(start))
    assert fresh.below(TOP) == sorted(fresh.below(TOP)) == followed.below(TOP)
    reached, waiting = set[int](), fresh.below(TOP)
    while waiting:
        reached.update(tag for _, tag in waiting)
        waiting = [entry for _, tag in waiting for entry in fresh.below(tag) if entry[1] not in reached]
    assert reached == {tag for tag in range(len(after)) if after.active[tag]}
    for tag in reached:
        way = fresh.way(tag)
        assert fresh.place(fresh.below(TOP), way[0]) >= 0
        assert all(fresh.place(fresh.below(up), down) >= 0 for up, down in pairwise(way))


def test_many_changes_are_ordered_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Vocabulary.from_tags([Tag(str(n), f"tag {n}") for n in range(20)])
    after = start.extended([Tag(str(n), f"other {n}") for n in range(10, 30)])
    before = Outline(start)
    monkeypatch.setattr(outline, "_MOST_CHANGED", 3)
    assert Outline(after, before).below(TOP) == Outline(after).below(TOP)
