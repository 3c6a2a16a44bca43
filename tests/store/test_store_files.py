from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from tagwright.errors import FormatError, StoreError, TagwrightError
from tagwright.store import sqlite as module
from tagwright.store.base import GrowthRow
from tagwright.store.migrations import STORE, Migration
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


def run(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_nothing_is_opened_before_the_first_call(file: Path) -> None:
    SqliteStore(file)
    assert not file.exists()


def test_a_new_store_appears_whole_or_not_at_all(
    file: Path, monkeypatch: pytest.MonkeyPatch, three: list[Document]
) -> None:
    monkeypatch.setattr(module, "STORE", (Migration("broken", ("CREATE TABLE",)),))
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteStore(file).n_documents()
    assert list(file.parent.iterdir()) == []


def test_a_file_system_without_links_will_do(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = SqliteStore(file)
    assert store.n_documents() == 0
    assert store.check() == []
    store.close()
    assert list(file.parent.iterdir()) == [file]


def test_a_sound_store_checks_without_a_finding(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    store.append([GrowthRow.remove_document("a")])
    store.put("0" * 64, b"")
    assert store.check() == []


def test_a_store_of_a_newer_version_is_refused_naming_both(store: SqliteStore, file: Path) -> None:
    store.n_documents()
    store.close()
    run(file, "PRAGMA user_version = 99")
    known = rf"version 99; this tagwright reads versions up to {len(STORE)} \(install the newer"
    with pytest.raises(FormatError, match=known):
        store.n_documents()
    assert "version 99" in store.check()[0]


def test_a_database_of_somebody_else_is_left_alone(store: SqliteStore, file: Path) -> None:
    run(file, "CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="not one of tagwright's"):
        store.append([])


@pytest.mark.parametrize("content", [b"no database" * 400, b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_store_is_refused_by_name_with_the_next_step(store: SqliteStore, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"store\.sqlite is damaged: .*\(restore it from a backup"):
        store.n_documents()
    assert "is damaged" in store.check()[0]
    assert file.read_bytes() == content


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere.store\.sqlite cannot be opened .*check that its folder exists"):
        SqliteStore(tmp_path / "nowhere" / "store.sqlite").last()


def test_a_writer_that_waits_in_vain_says_so(file: Path, three: list[Document]) -> None:
    first, second = SqliteStore(file), SqliteStore(file, busy_seconds=0.05)
    first.n_documents()
    with first._database.writing(), pytest.raises(StoreError, match="is busy"):
        second.append([GrowthRow.add_document(three[0])])
    assert second.append([GrowthRow.add_document(three[0])]) == 1
    first.close()
    second.close()


def test_a_full_disk_is_said_and_loses_nothing(store: SqliteStore, three: list[Document]) -> None:
    store.keep_documents(three)
    with store._database.reading() as connection:
        connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreError, match="no space is left for"):
        store.append([GrowthRow.add_document(Document("big", "x" * 10**6))])
    assert list(store.documents()) == three
    assert store.append([GrowthRow.remove_document("a")]) == 1


def test_an_older_store_is_migrated_and_keeps_what_it_had(
    store: SqliteStore, three: list[Document], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.keep_documents(three)
    more = (*STORE, Migration("later", ("CREATE TABLE later (x)", "ALTER TABLE claims ADD COLUMN note TEXT")))
    monkeypatch.setattr(module, "STORE", more)
    newer = SqliteStore(file)
    assert list(newer.documents()) == three
    newer.close()
    store.close()
    with pytest.raises(FormatError):
        store.n_documents()


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    store: SqliteStore, three: list[Document], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.keep_documents(three)
    broken = (*STORE, Migration("good", ("CREATE TABLE good (x)",)), Migration("bad", ("CREATE TABLE claims (x)",)))
    monkeypatch.setattr(module, "STORE", broken)
    with pytest.raises(StoreError, match="table claims already exists"):
        SqliteStore(file).n_documents()
    assert list(store.documents()) == three
    assert store.check() == []


def test_an_altered_letter_in_a_row_is_found(store: SqliteStore, three: list[Document], file: Path) -> None:
    store.keep_documents(three)
    store.append([GrowthRow.add_document(three[0])])
    run(file, "UPDATE documents SET title = 'Erosiom' WHERE id = 'a'")
    with pytest.raises(StoreError, match="the checksum of the kept document 'a' differs"):
        store.document("a")
    assert "'a' differs" in store.check()[0]
    run(file, "UPDATE documents SET title = 'Erosion' WHERE id = 'a'", "UPDATE growth SET time = 5 WHERE seq = 1")
    with pytest.raises(StoreError, match="the checksum of row 1 of the growth log differs"):
        store.read(0)


def test_flipped_bits_are_found_or_harmless(store: SqliteStore, file: Path, tmp_path: Path) -> None:
    kept = [Document(f"id {number}", f"text {number} " * 9, tags=(f"tag {number}",)) for number in range(160)]
    store.keep_documents(kept)
    store.append([GrowthRow.add_document(document) for document in kept[:60]])
    rows = store.read(0)
    store.close()
    whole, chance, found = file.read_bytes(), random.Random(7), 0
    for trial in range(150):
        copy = tmp_path / f"copy{trial}.sqlite"
        place = chance.randrange(len(whole))
        copy.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :])
        other = SqliteStore(copy)
        try:
            sound = other.check() == []
            if sound:
                assert list(other.documents()) == kept
                assert other.read(0) == rows
            found += not sound
        except TagwrightError:
            pytest.fail(f"check found nothing, reading did (byte {place})")
        finally:
            other.close()
    assert found > 20  # the other bits hit pages that hold nothing yet


def test_a_truncated_store_is_found(store: SqliteStore, file: Path) -> None:
    store.keep_documents(Document(str(number), "text " * 99) for number in range(100))
    store.close()
    whole = file.read_bytes()
    for length in [0, 1, 99, 511, *range(512, len(whole), len(whole) // 9)]:
        file.write_bytes(whole[:length])
        assert store.check() != []
        store.close()
