"""Where an id stands, by the text of all ids and by a dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.vocabulary import places
from tagwright.vocabulary.places import Known, Places
from tagwright.vocabulary.strings import Strings

IDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=3), unique=True)


@given(IDS, st.text(max_size=3))
def test_a_string_stands_where_the_plain_list_has_it(ids: list[str], other: str) -> None:
    strings = Strings.of(ids)
    assert [strings.place(id) for id in ids] == list(range(len(ids)))
    assert strings.place(other) == (ids.index(other) if other in ids else -1)


@pytest.mark.parametrize(("many", "few"), [(0, 3), (0, 10**6), (10**6, 0)])
def test_ids_are_found_alike_however_many_are_asked_for(many: int, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_MANY", many)
    monkeypatch.setattr(places, "_FEW", few)
    first = Places(Known(Strings.of(["a", "b", "aa"])))
    second = first.followed_by(["c"])
    third = second.followed_by(["d", "e"])
    for _ in range(3):
        assert [third.find(id) for id in ("a", "b", "aa", "c", "d", "e", "f", "", "a\nb", "\ud800")] == [
            0, 1, 2, 3, 4, 5, -1, -1, -1, -1,
        ]  # fmt: skip
        assert (first.find("c"), second.find("c"), second.find("d")) == (-1, 3, -1)
