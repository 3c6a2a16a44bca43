"""What people say of documents as a whole: kept, repeated safely, undone; and the list that follows from it."""

from __future__ import annotations

import sqlite3

import pytest

from tagwright.errors import DecisionError, UnknownDocumentError
from tagwright.feedback.state import Grower
from tagwright.store.base import GrowthRow
from tagwright.store.decided import Chosen, Decision
from tagwright.store.queued import Waiting
from tagwright.store.reviews import DONE, FLAGGED, OPEN, SKIPPED, Review
from tagwright.store.sqlite import SqliteStore
from tagwright.store.wanted import Wanted
from tagwright.types import Document

GROW = Grower(0.3)


@pytest.fixture
def listed(store: SqliteStore, three: list[Document]) -> SqliteStore:
    """Beside the three kept ones, of which only b waits, d and e that came later."""
    store.keep_documents(three)
    store.add_missing([Document("d", "Dunes wander."), Document("e", "Eels wander.", "Of Eels")])
    store.queued.sync()
    return store


def ids(store: SqliteStore, **wanted) -> list[str]:
    return [one.document for one in store.queued.find(Wanted(**wanted))]


def test_the_last_word_on_a_document_is_its_state_and_nothing_is_ever_overwritten(listed, clock):
    for state in (SKIPPED, DONE, OPEN, FLAGGED):
        clock.now += 1
        listed.reviews.record([Review("b", state, "anna", seconds=2.5)])
    assert listed.reviews.states(["b", "d"]) == {"b": FLAGGED, "d": OPEN}
    assert [one.state for one in listed.reviews.of("b")] == [FLAGGED, OPEN, DONE, SKIPPED]
    assert [one.number for one in listed.reviews.latest("anna", limit=2)] == [4, 3]
    assert listed.reviews.latest("ben") == []
    assert listed.check() == []


def test_a_review_that_is_sent_again_is_recorded_once_and_an_id_cannot_be_used_twice(listed):
    first = listed.reviews.record([Review("b", DONE, "anna", 3.0, id="page-1")])
    assert listed.reviews.record([Review("b", DONE, "anna", 4.0, id="page-1")]) == first
    assert len(listed.reviews.of("b")) == 1
    with pytest.raises(DecisionError, match="'page-1' is that of another review"):
        listed.reviews.record([Review("b", SKIPPED, "anna", id="page-1")])


def test_a_review_of_what_is_not_there_or_without_a_known_state_is_refused_with_all_that_came_with_it(listed):
    with pytest.raises(UnknownDocumentError, match="no document 'z'"):
        listed.reviews.record([Review("b", DONE), Review("z", DONE)])
    with pytest.raises(DecisionError, match="no state 'gone'"):
        listed.reviews.record([Review("b", DONE), Review("b", "gone")])
    assert listed.reviews.latest() == [] and listed.queued.counts() == {OPEN: 3}


def test_a_damaged_review_is_found(listed):
    listed.reviews.record([Review("b", DONE, "anna")])
    with sqlite3.connect(listed.path) as connection:
        connection.execute("UPDATE reviews SET person = 'eve'")
    assert "row 1 of the reviews differs" in listed.check()[0]


def test_what_nobody_has_tagged_waits_and_leaves_the_list_only_when_it_is_gone(listed):
    assert ids(listed, order="id") == ["b", "d", "e"]
    listed.reviews.record([Review("d", DONE)])
    assert ids(listed, order="id") == ["b", "e"] and ids(listed, states=(DONE,)) == ["d"]
    listed.decisions.record([Decision("b", "t:1", "accept", "anna")], GROW)
    assert listed.queued.sync() == 1
    assert ids(listed, order="id") == ["b", "e"], "who accepted one tag has not looked at all of them"
    listed.append([GrowthRow.remove_document("b")])
    listed.queued.sync()
    assert listed.queued.counts() == {OPEN: 1, DONE: 1}


def test_the_list_is_the_same_when_it_is_made_again(listed):
    listed.reviews.record([Review("d", SKIPPED), Review("a", FLAGGED)])
    listed.decisions.record(
        [Decision("c", "t:1", "reject", "anna"), Decision("e", "t:2", "accept", "m", machine=True)], GROW
    )
    listed.queued.sync()
    before = {one.document: one.state for one in listed.queued.find(Wanted(states=(OPEN, DONE, SKIPPED, FLAGGED)))}
    assert before == {"a": FLAGGED, "b": OPEN, "c": OPEN, "d": SKIPPED, "e": OPEN}
    with sqlite3.connect(listed.path) as connection:
        connection.executescript("DELETE FROM queued; DELETE FROM marks WHERE name = 'queued'")
    listed.queued.sync()
    assert {one.document: one.state for one in listed.queued.find(Wanted(states=tuple(set(before.values()))))} == before


def test_a_text_that_changed_is_to_be_suggested_for_anew_and_new_tags_alone_change_nothing(listed):
    listed.queued.put([Waiting(id, shown=[("t:1", 0.5)], likely=1, model="m", row=2) for id in "bde"])
    assert listed.queued.stale("m", 0, 10) == [] and listed.queued.unknown() == 0
    listed.append([GrowthRow.add_document(Document("d", "Dunes stay."))])
    listed.decisions.record([Decision("e", "t:1", "accept", "anna")], GROW)
    listed.queued.sync()
    assert listed.queued.stale("m", 0, 10) == ["d"] and listed.queued.unknown() == 1
    assert listed.queued.stale("other", 0, 10)[0] == "d" and len(listed.queued.stale("other", 0, 10)) == 3
    assert listed.queued.stale("m", 3, 2) == ["d", "b"]


def test_documents_are_found_by_state_likelihood_title_and_tag_in_the_wanted_order(listed):
    rows = [("b", 0.9, 0.2, 0.5), ("d", 0.4, 0.8, 0.1), ("e", 0.6, None, 0.9)]
    listed.queued.put(
        [Waiting(id, shown=[("t:1", p), ("t:2", 0.1)], likely=1, right=right, model="m") for id, p, right, _ in rows]
    )
    listed.queued.value({id: gain for id, _, _, gain in rows})
    assert ids(listed) == ["e", "b", "d"]
    assert ids(listed, order="right") == ["d", "b", "e"] and ids(listed, order="doubt") == ["b", "d", "e"]
    assert (
        ids(listed, low=0.1, high=0.5) == ["b"] and ids(listed, text="OF EE") == ["e"] and ids(listed, text="%") == []
    )
    assert ids(listed, offset=1, limit=1) == ["b"]
    assert ids(listed, tag="t:1") == ["b", "e", "d"] and ids(listed, tag="t:2") == []
    assert ids(listed, tag="t:1", least=0.6) == ["b", "e"] and ids(listed, tag="t:2", least=0.1, order="id") == [
        "b",
        "d",
        "e",
    ]
    assert listed.queued.count(Wanted(tag="t:1", limit=1)) == 3
    assert listed.queued.confidences("t:1", ["b", "z"]) == {"b": 0.9}
    assert listed.queued.find(Wanted(text="eels"))[0] == Waiting(
        "e", "Of Eels", OPEN, (("t:1", 0.6), ("t:2", 0.1)), 1, None, 0.0, 0.9, "m"
    )


def test_a_tag_waits_for_the_open_documents_on_which_nobody_has_decided_about_it(listed):
    listed.queued.put(
        [Waiting(id, shown=[("t:1", 0.5), ("t:2", 0.4)], likely=2 - (id == "b"), model="m") for id in "bde"]
    )
    assert listed.queued.tags() == [("t:1", 3, 1.5), ("t:2", 2, 0.8)]
    listed.reviews.record([Review("d", DONE)])
    assert listed.queued.tags() == [("t:1", 2, 1.0), ("t:2", 1, 0.4)]
    listed.decisions.record([Decision("e", "t:2", "reject", "anna")], GROW)
    assert listed.queued.tags() == [("t:1", 2, 1.0)] and listed.queued.decided() == {"e": {"t:2"}}
    assert ids(listed, tag="t:2") == []
    listed.decisions.revert(Chosen(person="anna"), GROW, person="ben")
    assert ids(listed, tag="t:2") == ["e"] and listed.queued.decided() == {}
    listed.reviews.record([Review("d", OPEN)])
    assert [(tag, n) for tag, n, _ in listed.queued.tags()] == [("t:1", 3), ("t:2", 2)]


def test_a_store_that_was_never_written_to_has_nothing_on_its_list_and_gets_no_file_by_being_asked(store):
    assert (store.queued.sync(), store.queued.counts(), store.queued.tags(), store.queued.stale("m", 0, 9)) == (
        0,
        {},
        [],
        [],
    )
    assert store.reviews.latest() == [] and store.reviews.states(["a"]) == {"a": OPEN}
    assert not store.path.exists()
