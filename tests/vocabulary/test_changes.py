from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary

ids = st.sampled_from("abcdefgh")
links = st.lists(ids, max_size=2).map(tuple)
tags = st.builds(
    Tag,
    id=ids,
    name=st.sampled_from(["", "one", "two", "three"]),
    names=st.dictionaries(st.sampled_from(["de", "en", "fi"]), st.sampled_from(["eins", "one", "yksi"]), max_size=2),
    synonyms=st.dictionaries(st.sampled_from(["", "sv"]), st.just(("ett",)), max_size=1),
    broader=links,
    related=links,
    replaced_by=links,
    deprecated=st.booleans(),
)
lists = st.lists(tags, max_size=6, unique_by=lambda tag: tag.id)


def linked(vocabulary: Vocabulary, relation: str) -> set[tuple[str, str]]:
    tags, targets = vocabulary.links(relation)
    return {(vocabulary.ids[tag], vocabulary.ids[target]) for tag, target in zip(tags, targets, strict=True)}


def test_more_tags_get_the_next_positions_and_known_ones_are_replaced_in_place() -> None:
    base = Vocabulary.from_tags([Tag("a", "A", broader=("c",)), Tag("b", "B", related=("a",))])
    more = base.extended([Tag("c", "C"), Tag("b", "B new", names={"sv": "B new"}, broader=("a",))])
    assert list(more.ids) == ["a", "b", "c"]
    assert list(more.names) == ["A", "B new", "C"]
    assert linked(more, "broader") == {("a", "c"), ("b", "a")}
    assert (linked(more, "related"), more.missing("broader"), more.languages) == (set(), [], ["sv"])
    assert (list(base.names), base.missing("broader")) == (["A", "B"], [(0, "c")])


def test_what_other_tags_say_of_a_replaced_tag_stays() -> None:
    base = Vocabulary.from_tags(
        [Tag("top", "Top"), Tag("a", "A", broader=("top",)), Tag("b", "B", replaced_by=("top",))]
    )
    more = base.extended([Tag("top", "Summit")])
    assert (linked(more, "broader"), linked(more, "replaced_by")) == ({("a", "top")}, {("b", "top")})


def test_an_update_keeps_positions_deprecates_what_is_missing_and_tells_what_it_did() -> None:
    base = Vocabulary.from_tags(
        [
            Tag("gone", "Gone"),
            Tag("kept", "Kept", broader=("gone",)),
            Tag("old", "Old"),
            Tag("back", "Back", deprecated=True),
        ]
    )
    state = Vocabulary.from_tags(
        [Tag("new", "New", broader=("kept",)), Tag("back", "Back"), Tag("old", "Young"), Tag("kept", "Kept")]
    )
    after, changes = base.updated(state)
    assert list(after.ids) == ["gone", "kept", "old", "back", "new"]
    assert list(after.names) == ["Gone", "Kept", "Young", "Back", "New"]
    assert after.active.tolist() == [False, True, True, True, True]
    assert linked(after, "broader") == {("new", "kept")}
    assert (changes.kept, changes.added, changes.deprecated, changes.restored) == (3, ("new",), ("gone",), ("back",))
    assert changes.renamed == (("old", "Old", "Young"),)
    assert str(changes) == "3 tags kept (1 renamed), 1 added, 1 deprecated, 1 restored"


def test_an_update_without_changes_changes_nothing() -> None:
    base = Vocabulary.from_tags(
        [Tag("a", "A", names={"en": "A"}, broader=("b", "?")), Tag("b", "B", names={"en": "B"})]
    )
    after, changes = base.updated(base)
    assert after.fingerprint == base.fingerprint
    assert str(changes) == "2 tags kept (0 renamed), 0 added, 0 deprecated, 0 restored"


@given(lists, lists)
def test_extending_never_moves_a_tag_and_takes_the_new_ones_as_they_are(first: list[Tag], second: list[Tag]) -> None:
    base, more = Vocabulary.from_tags(first), Vocabulary.from_tags(first).extended(second)
    given = {tag.id: tag for tag in second}
    assert list(more.ids) == list(dict.fromkeys([tag.id for tag in [*first, *second]]))
    for position, id in enumerate(more.ids):
        tag = more.tag(position)
        assert tag.deprecated == (given[id].deprecated if id in given else base.tag(position).deprecated)
        if id in given:
            assert set(given[id].broader) - {id} <= set(tag.broader)
            assert set(tag.synonyms) == set(Vocabulary.from_tags([given[id]]).tag(0).synonyms)
        else:
            assert (tag.name, tag.names) == (base.tag(position).name, base.tag(position).names)
            assert set(base.tag(position).broader) <= set(tag.broader)


@given(lists, lists)
def test_an_update_never_moves_a_tag_and_leaves_only_what_the_new_state_has_active(
    first: list[Tag], second: list[Tag]
) -> None:
    base, state = Vocabulary.from_tags(first), Vocabulary.from_tags(second)
    after, changes = base.updated(state)
    assert list(after.ids)[: len(base)] == list(base.ids)
    assert {id for id, active in zip(after.ids, after.active, strict=True) if active} == {
        id for id, active in zip(state.ids, state.active, strict=True) if active
    }
    for position, id in enumerate(state.ids):
        tag = after.tag(after.position(id))
        assert (tag.name, tag.names, tag.synonyms) == (
            state.tag(position).name, state.tag(position).names, state.tag(position).synonyms,
        )  # fmt: skip
        assert set(state.tag(position).broader) <= set(tag.broader)
    assert (changes.kept, changes.added) == (len(set(base.ids) & set(state.ids)), tuple(list(after.ids)[len(base) :]))
    again, nothing = after.updated(state)
    assert list(again.ids) == list(after.ids)
    assert not (nothing.added or nothing.renamed or nothing.restored or nothing.deprecated)
