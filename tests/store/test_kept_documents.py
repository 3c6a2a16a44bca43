from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import StoreError
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document


def test_documents_come_back_equal_and_in_order(store: SqliteStore, three: list[Document]) -> None:
    assert store.keep_documents(iter(three)) == 3
    assert list(store.documents()) == three
    assert store.n_documents() == 3
    assert store.document("b") == three[1]
    assert store.document("nobody") is None


texts = st.text(st.characters(codec="utf-8"), max_size=20)
plain = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | texts, lambda v: st.lists(v, max_size=3))
documents = st.builds(
    Document,
    id=texts,
    text=texts,
    title=texts,
    language=st.none() | texts,
    tags=st.none() | st.lists(texts, max_size=3, unique=True).map(tuple),
    metadata=st.dictionaries(texts, plain, max_size=3),
)


@given(kept=st.lists(documents, max_size=5, unique_by=lambda document: document.id))
def test_any_document_comes_back_as_it_was(kept: list[Document], tmp_path_factory: pytest.TempPathFactory) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("any") / "store.sqlite")
    store.keep_documents(kept)
    assert list(store.documents()) == kept
    store.close()


def test_new_documents_take_the_place_of_all_old_ones(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.keep_documents([Document("z", "last")])
    assert [document.id for document in store.documents()] == ["z"]
    assert store.keep_documents([]) == 0
    assert list(store.documents()) == []


def test_documents_may_be_made_of_what_is_kept(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.keep_documents(Document(d.id, d.text.upper()) for d in store.documents() if store.document(d.id) == d)
    assert [d.text for d in store.documents()] == [d.text.upper() for d in three]


def test_a_source_that_breaks_off_changes_nothing(store: SqliteStore, three: list[Document]) -> None:
    def broken() -> Iterator[Document]:
        yield from (Document(str(number), "") for number in range(1000))
        raise OSError("the disk was pulled out")

    store.keep_documents(three)
    with pytest.raises(OSError, match="pulled out"):
        store.keep_documents(broken())
    assert list(store.documents()) == three


def test_two_documents_of_one_id_are_refused_by_name_and_change_nothing(
    store: SqliteStore, three: list[Document]
) -> None:
    store.keep_documents(three)
    twice = itertools.chain((Document(str(number), "") for number in range(700)), [Document("42", "again")])
    with pytest.raises(StoreError, match="two documents have the id '42'"):
        store.keep_documents(twice)
    assert list(store.documents()) == three


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (Document("bad", "half a pair \ud800"), "'bad' holds a character that is not valid Unicode"),
        (Document("bad", "", metadata={"when": object()}), "'bad' cannot be kept"),
    ],
)
def test_what_cannot_be_kept_is_named(store: SqliteStore, document: Document, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        store.keep_documents([document])


def test_a_reader_sees_the_documents_as_they_stood_when_it_began(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    reader = store.documents()
    first = next(reader)
    store.keep_documents([Document("z", "new")])
    assert [first, *reader] == three
    assert [document.id for document in store.documents()] == ["z"]


def test_documents_are_streamed_in_both_directions(store: SqliteStore) -> None:
    read_ahead = 0

    def source() -> Iterator[Document]:
        nonlocal read_ahead
        for read_ahead in range(3000):
            yield Document(str(read_ahead), "word " * 100)

    counting = source()
    store.keep_documents(itertools.islice(counting, 2000))
    assert read_ahead == 1999
    assert next(store.documents()).id == "0"
    assert sum(1 for _ in store.documents()) == 2000


def test_another_thread_and_another_store_see_what_was_kept(
    store: SqliteStore, three: list[Document], tmp_path: Path
) -> None:
    store.keep_documents(three)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(store.n_documents()))
    thread.start()
    thread.join()
    other = SqliteStore(tmp_path / "store.sqlite")
    assert [*seen, other.n_documents()] == [3, 3]
    other.close()


def test_a_closed_store_opens_anew(store: SqliteStore, three: list[Document], tmp_path: Path) -> None:
    store.keep_documents(three)
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store.sqlite"]
    assert store.n_documents() == 3
