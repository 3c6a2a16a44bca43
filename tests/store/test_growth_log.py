from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import StoreError
from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document, Tag

add, remove = GrowthRow.add_document, GrowthRow.remove_document


def test_rows_are_numbered_and_read_back_in_order(store: SqliteStore, clock, three: list[Document]) -> None:
    tag = Tag("soil", "soil", {"en": "soil"}, {"en": ("earth",)}, narrower=("loess",), replaced_by=("x",))
    assert store.last() == 0
    assert store.append([add(three[0]), GrowthRow.add_tag(tag)]) == 2
    clock.now = 2000.0
    assert store.append([remove("a")]) == 3
    rows = store.read(0)
    assert [(row.seq, row.time, row.kind, row.subject) for row in rows] == [
        (1, 1000.0, "add_document", "a"),
        (2, 1000.0, "add_tag", "soil"),
        (3, 2000.0, "remove_document", "a"),
    ]
    assert rows[0].document == three[0]
    assert rows[1].tag == tag
    assert [row.seq for row in store.read(2)] == [3]
    assert store.append([]) == store.last() == 3


def test_rows_are_appended_together_or_not_at_all(store: SqliteStore, three: list[Document]) -> None:
    with pytest.raises(StoreError):
        store.append([add(three[0]), add(Document("bad", "\ud800"))])
    assert store.last() == 0


def test_a_row_remembers_what_it_replaced(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.append([add(Document("a", "new")), add(Document("n", "one")), add(Document("n", "two")), remove("b")])
    befores = [row.before for row in store.read(0)]
    assert befores[0] is not None
    assert befores[0]["text"] == three[0].text
    assert befores[1] is None
    assert befores[2] == {"id": "n", "text": "one"}
    assert befores[3] == {"id": "b", "text": three[1].text, "language": "de"}


def test_to_revert_is_to_append_the_opposite(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.append([add(Document("n", "one")), remove("a"), GrowthRow.add_tag(Tag("t", "t"))])
    assert store.revert([1]) == 4
    assert store.revert([2, 3]) == 6
    assert [(row.kind, row.subject, row.reverts) for row in store.read(3)] == [
        ("remove_document", "n", 1),
        ("remove_tag", "t", 3),
        ("add_document", "a", 2),
    ]
    assert store.read(5)[0].document == three[0]


def test_a_reversal_can_be_reverted(store: SqliteStore) -> None:
    store.append([add(Document("n", "one"))])
    store.revert([1])
    store.revert([2])
    assert store.read(2)[0].document == Document("n", "one")
    assert store.read(2)[0].reverts == 2


def test_a_chain_is_reverted_newest_first_whatever_the_order_asked(store: SqliteStore) -> None:
    store.append([add(Document("n", text)) for text in ("one", "two", "three")])
    store.revert([2, 3])
    assert [row.payload.get("text") for row in store.read(3)] == ["two", "one"]
    store.revert([1])
    assert store.read(5)[0].kind == "remove_document"


def test_a_row_that_a_later_one_has_overruled_is_not_reverted_over_it(store: SqliteStore) -> None:
    store.append([add(Document("n", "one")), add(Document("n", "two"))])
    with pytest.raises(StoreError, match=r"row 1 cannot be taken back: row 2 has replaced .*take back row 2 first"):
        store.revert([1])
    store.revert([2])
    with pytest.raises(StoreError, match="row 2 cannot be taken back"):
        store.revert([2])
    with pytest.raises(StoreError, match="no row 99"):
        store.revert([99])
    assert store.last() == 3


def test_a_refused_reversal_takes_back_nothing_of_the_rest(store: SqliteStore) -> None:
    store.append([add(Document("m", "")), add(Document("n", "one")), add(Document("n", "two"))])
    with pytest.raises(StoreError):
        store.revert([1, 2])
    assert store.last() == 3


def test_rows_older_than_a_new_set_of_documents_say_nothing_of_it(store: SqliteStore, three: list[Document]) -> None:
    store.append([add(Document("a", "older"))])
    store.keep_documents(three)
    assert store.folded() == 1
    with pytest.raises(StoreError, match="a new set of kept documents has replaced"):
        store.revert([1])
    store.append([remove("a")])
    assert store.read(1)[0].before == {"id": "a", **_plain(three[0])}


def _plain(document: Document) -> dict[str, object]:
    return {
        "text": document.text,
        "title": document.title,
        "language": "en",
        "tags": ["soil", "wind"],
        "metadata": document.metadata,
    }


def test_folding_applies_the_rows_to_the_kept_documents_and_keeps_the_log(
    store: SqliteStore, three: list[Document]
) -> None:
    store.keep_documents(three)
    store.append([add(Document("n", "one")), remove("b"), add(Document("a", "new")), add(Document("late", ""))])
    assert store.fold(3) == store.folded() == 3
    assert [(d.id, d.text) for d in store.documents()] == [("a", "new"), ("c", three[2].text), ("n", "one")]
    assert store.fold(1) == 3
    assert store.fold(4) == 4
    assert [d.id for d in store.documents()] == ["a", "c", "n", "late"]
    assert len(store.read(0)) == 4
    with pytest.raises(StoreError, match="ends at row 4"):
        store.fold(5)


def test_a_folded_row_can_still_be_reverted(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.append([add(Document("a", "new")), add(Document("n", ""))])
    store.fold(2)
    store.fold(store.revert([1, 2]))
    assert list(store.documents()) == three


ids = st.sampled_from("abcd")
steps = st.lists(st.tuples(ids, st.none() | st.text("xyz", max_size=2)), max_size=12)


def fold(log: list[GrowthRow], kept: dict[str, Document]) -> dict[str, Document]:
    state = dict(kept)
    for row in log:
        if row.kind == "add_document":
            state[row.subject] = row.document
        else:
            state.pop(row.subject, None)
    return state


@given(kept=st.sets(ids), steps=steps, share=st.floats(0, 1))
def test_reverting_everything_gives_back_exactly_what_was_kept(
    kept: set[str], steps: list[tuple[str, str | None]], share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("log") / "store.sqlite")
    base = {name: Document(name, "base") for name in sorted(kept)}
    store.keep_documents(base.values())
    last = store.append([remove(name) if text is None else add(Document(name, text)) for name, text in steps])
    store.fold(int(last * share))
    state = fold(store.read(0), base)
    assert fold(store.read(store.folded()), {d.id: d for d in store.documents()}) == state
    store.revert(range(1, last + 1))
    assert fold(store.read(0), base) == base
    store.fold(store.last())
    assert {d.id: d for d in store.documents()} == base
    store.close()
