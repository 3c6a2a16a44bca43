"""What decisions make of documents, who contradicts whom, and what is left when they are taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import tagwright.recall.pseudo as pseudo
from tagwright.errors import DecisionError, InputError, UnknownDocumentError, UnknownTagError
from tagwright.feedback import ACCEPT, ADD, REJECT, Chosen, Decision
from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document


def on(document: str, tag: str, verdict: str = ACCEPT, person: str = "Anna", **more: Any) -> Decision:
    return Decision(document, tag, verdict, person, **more)


def tags(store: SqliteStore, id: str) -> tuple[str, ...] | None:
    found = store.current(id)
    assert found is not None
    return found.tags


def test_tags_are_the_former_ones_without_the_rejected_and_then_those_accepted_in_order(feedback, store, anything):
    feedback.submit([on("a", "soil", REJECT), on("a", "dust"), on("a", "air", ADD), on("a", "wind")], anything)
    assert tags(store, "a") == ("wind", "dust", "air")
    feedback.submit([on("a", "soil"), on("a", "dust", REJECT)], anything)
    assert tags(store, "a") == ("soil", "wind", "air")


def test_what_was_rejected_stands_in_the_metadata_until_somebody_accepts_it(feedback, store, anything):
    feedback.submit([on("a", "soil", REJECT), on("a", "mud", REJECT)], anything)
    assert store.current("a").metadata == {"year": 1999, "rejected": ["soil", "mud"]}
    feedback.submit([on("a", "mud"), on("a", "soil")], anything)
    assert store.current("a").metadata == {"year": 1999}


def test_a_document_that_nobody_tagged_stays_so_until_its_first_tag(feedback, store, anything):
    feedback.submit([on("b", "soil", REJECT)], anything)
    assert tags(store, "b") is None
    feedback.submit([on("b", "mud")], anything)
    assert tags(store, "b") == ("mud",)
    feedback.submit([on("c", "soil", REJECT)], anything)
    assert tags(store, "c") == ()


def test_each_decision_has_a_number_a_time_and_the_row_by_which_it_took_effect(feedback, store, anything):
    made = feedback.submit([on("a", "mud", reason="it is about mud"), on("b", "mud")], anything)
    assert [(one.number, one.row, one.reason) for one in made] == [(1, 1, "it is about mud"), (2, 2, "")]
    assert [row.subject for row in store.read(0)] == ["a", "b"]
    assert len({one.id for one in made}) == 2
    assert all(one.time > 0 for one in made)
    assert feedback.submit([], anything) == []


def test_decisions_on_one_document_that_come_together_take_one_row(feedback, store, anything):
    made = feedback.submit([on("a", "mud"), on("a", "air"), on("a", "wind", REJECT)], anything)
    assert [one.row for one in made] == [1, 1, 1]
    assert store.last() == 1


def test_a_decision_sent_again_is_answered_as_it_was_recorded(feedback, store, anything):
    first = feedback.submit([on("a", "mud", id="x1")], anything)
    assert feedback.submit([on("a", "mud", id="x1"), on("a", "air", id="x2")], anything)[0] == first[0]
    assert [one.id for one in store.decisions.find()] == ["x1", "x2"]
    twice = feedback.submit([on("a", "loam", id="x3"), on("a", "loam", id="x3")], anything)
    assert twice[0] == twice[1]
    with pytest.raises(DecisionError, match="'x1' is that of another decision"):
        feedback.submit([on("a", "other", id="x1")], anything)


def test_nothing_is_recorded_of_what_is_refused(feedback, store, anything, project):
    with pytest.raises(UnknownTagError, match="nowhere"):
        feedback.submit([on("a", "nowhere")], project.vocabulary)
    with pytest.raises(UnknownDocumentError, match="'z'"):
        feedback.submit([on("a", "mud"), on("z", "mud")], anything)
    with pytest.raises(DecisionError, match="no verdict 'maybe'"):
        feedback.submit([on("a", "mud", "maybe")], anything)
    with pytest.raises(DecisionError, match="names no document"):
        feedback.submit([on("", "mud")], anything)
    with pytest.raises(DecisionError, match="filled in"):
        feedback.submit([on("a", "mud", reverts=3)], anything)
    with pytest.raises(DecisionError, match="more than 200 characters"):
        feedback.submit([on("a", "mud", person="x" * 201)], anything)
    assert store.decisions.find() == []
    assert store.last() == 0


def test_a_contradiction_that_the_person_had_not_seen_is_said_and_the_last_one_stands(feedback, store, anything):
    (first,) = feedback.submit([on("a", "mud")], anything)
    (blind,) = feedback.submit([on("a", "mud", REJECT, "Ben")], anything)
    assert blind.conflict == first.number
    assert tags(store, "a") == ("soil", "wind")
    (seeing,) = feedback.submit([on("a", "mud", ACCEPT, "Cleo", seen=blind.number)], anything)
    assert seeing.conflict == 0
    assert tags(store, "a") == ("soil", "wind", "mud")
    (same,) = feedback.submit([on("a", "mud", ADD, "Dan")], anything)
    assert same.conflict == blind.number
    assert [one.number for one in store.decisions.find(Chosen(conflicts=True))] == [blind.number, same.number]


def test_nobody_contradicts_himself_a_machine_or_what_was_taken_back(feedback, anything):
    feedback.submit([on("a", "mud"), on("a", "mud", REJECT)], anything)
    feedback.submit([on("a", "air", ACCEPT, "robot", machine=True)], anything)
    (own,) = feedback.submit([on("a", "air", REJECT)], anything)
    assert own.conflict == 0
    feedback.revert(Chosen(person="Anna"))
    assert feedback.submit([on("a", "mud", ACCEPT, "Ben")], anything)[0].conflict == 0


def test_what_a_machine_accepts_goes_into_a_twin_that_weighs_less(feedback, store, anything):
    (made,) = feedback.submit([on("a", "mud", ACCEPT, "robot", machine=True)], anything)
    assert tags(store, "a") == ("soil", "wind")
    twin = store.current("a#machine")
    assert twin is not None
    assert (twin.text, twin.title, twin.language) == ("Wind carries loess.", "Erosion", "en")
    assert (twin.tags, pseudo.weight(twin), pseudo.of(twin)) == (("mud",), 0.3, "a")
    assert store.read(0)[made.row - 1].subject == "a#machine"
    feedback.submit([on("a", "wind", ACCEPT, "robot", machine=True)], anything)
    assert store.current("a#machine").tags == ("mud",)  # a tag of people stays theirs


def test_a_persons_decision_on_a_tag_takes_it_out_of_the_twin(feedback, store, anything):
    feedback.submit([on("a", tag, ACCEPT, "robot", machine=True) for tag in ("mud", "air")], anything)
    feedback.submit([on("a", "mud")], anything)
    assert tags(store, "a") == ("soil", "wind", "mud")
    assert store.current("a#machine").tags == ("air",)
    feedback.submit([on("a", "air", REJECT)], anything)
    assert store.current("a#machine") is None
    feedback.submit([on("a", "air", ACCEPT, "robot", machine=True)], anything)
    assert store.current("a#machine") is None
    with pytest.raises(UnknownDocumentError):
        feedback.submit([on("a#machine", "air")], anything)


def test_nobody_decides_about_a_twin(feedback, anything):
    feedback.submit([on("a", "mud", ACCEPT, "robot", machine=True)], anything)
    with pytest.raises(DecisionError, match="decide about 'a'"):
        feedback.submit([on("a#machine", "mud")], anything)


def test_documents_that_come_with_their_decisions_are_added_and_known_ones_stay(feedback, store, anything):
    new, known = Document("n", "A new text.", tags=("not", "yet")), Document("a", "Another text.")
    feedback.submit([on("n", "mud"), on("a", "mud")], anything, [new, known, Document("unasked", "")])
    assert store.current("n") == replace(new, tags=("mud",))
    assert store.current("a").text == "Wind carries loess."
    assert store.current("unasked") is None
    feedback.revert(Chosen(document="n"))
    assert tags(store, "n") is None


def test_documents_wait_without_teaching_anything(feedback, store):
    assert feedback.wait([Document("n", "New."), Document("a", "Known.")]) == ["n"]
    assert tags(store, "n") is None
    assert store.current_ids() == ["a", "b", "c", "n"]
    assert store.current_ids("a", limit=2) == ["b", "c"]
    store.append([GrowthRow.remove_document("b")])
    assert store.current_ids() == ["a", "c", "n"]
    with pytest.raises(InputError, match=r"has 1\.5 MB; a document to decide about may have 1"):
        feedback.wait([Document("long", "x" * 1_500_000)])


def test_decisions_are_found_by_document_tag_person_time_and_number(feedback, store, anything):
    feedback.submit([on("a", "mud")], anything)
    feedback.submit([on("b", "mud", REJECT, "Ben")], anything)
    feedback.submit([on("b", "air", ADD, "Ben")], anything)
    found = store.decisions.find()

    def numbers(**wanted: Any) -> list[int]:
        return [one.number for one in store.decisions.find(Chosen(**wanted))]

    assert numbers() == [1, 2, 3]
    assert numbers(document="b") == numbers(person="Ben") == [2, 3]
    assert numbers(tag="mud") == [1, 2]
    assert numbers(since=found[1].time) == numbers(after=1) == [2, 3]
    assert numbers(until=found[1].time, person="Ben") == [2]
    assert numbers(numbers=[3, 1]) == [1, 3]
    assert numbers(numbers=[]) == []
    assert numbers(limit=2) == [1, 2]
