"""Texts proposed for tags are kept with their history, each once, whole or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tagwright.errors import StoreError
from tagwright.store.sqlite import SqliteStore
from tagwright.store.texts import TagText

TEXT = TagText("t:soil", "description", "en", "Loss of soil.", "llm", "small", "enrich_sep/1/abc")


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    ticks = iter(range(1, 1000))
    return SqliteStore(tmp_path / "store.sqlite", clock=lambda: float(next(ticks)))


def test_a_text_comes_back_as_it_was_added_with_its_time_and_number(store: SqliteStore) -> None:
    assert list(store.texts.all()) == [] and not store.path.exists()
    assert store.texts.add([TEXT, replace(TEXT, tag="t:bees")]) == 2
    first, second = store.texts.all()
    assert first == replace(TEXT, time=1.0, number=1) and second.number == 2
    assert store.texts.find(tags=["t:bees"]) == [second] and store.texts.find(["refused"]) == []
    assert store.texts.count() == {("proposed", "llm"): 2}


def test_the_same_text_from_the_same_source_is_kept_once_and_stays_decided(store: SqliteStore) -> None:
    store.texts.add([TEXT])
    store.texts.decide([replace(one, state="rejected") for one in store.texts.all()])
    assert store.texts.add([TEXT]) == 0
    (kept,) = store.texts.all()
    assert kept.state == "rejected" and kept.decided == 2.0
    store.texts.decide([replace(kept, state="proposed", reason="look")])
    (kept,) = store.texts.all()
    assert (kept.state, kept.reason, kept.decided) == ("proposed", "look", 0.0)


def test_half_a_character_is_kept_as_a_question_mark_and_a_changed_row_is_noticed(store: SqliteStore) -> None:
    store.texts.add([replace(TEXT, text="Loss \ud83d of soil")])
    assert [one.text for one in store.texts.all()] == ["Loss ? of soil"]
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE texts SET text = 'Gain of soil'")
    with pytest.raises(StoreError, match="checksum of the text 1 of the tag 't:soil'"):
        list(store.texts.all())
    assert any("checksum" in problem for problem in store.check())
