"""What is left of decisions when they are taken back: what would be there had they never been made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import ConfigError, DecisionError
from tagwright.feedback import ACCEPT, ADD, REJECT, REVERT, Chosen, Decision, Feedback
from tagwright.feedback.state import Grower
from tagwright.project.serving import FeedbackOptions
from tagwright.store.base import GrowthRow
from tagwright.store.decided import standing
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary


def on(document: str, tag: str, verdict: str = ACCEPT, person: str = "Anna", **more: Any) -> Decision:
    return Decision(document, tag, verdict, person, **more)


def tags(store: SqliteStore, id: str) -> tuple[str, ...] | None:
    found = store.current(id)
    assert found is not None
    return found.tags


@pytest.mark.parametrize(
    "chosen", [Chosen(person="Ben"), Chosen(document="a", since=2.5), Chosen(numbers=[3, 4]), Chosen(after_row=2)]
)
def test_what_is_taken_back_leaves_what_it_would_be_without(chosen, feedback, store, anything):
    feedback.submit([on("a", "mud")], anything)
    feedback.submit([on("a", "soil", REJECT)], anything)
    before = store.current("a")
    feedback.submit([on("a", "mud", REJECT, "Ben"), on("a", "air", ADD, "Ben")], anything)
    (first, second) = sorted(store.decisions.find(Chosen(person="Ben")), key=lambda one: one.number)
    chosen = replace(chosen, since=first.time) if chosen.since else chosen
    back = feedback.revert(chosen, person="Anna", reason="he was mistaken")
    assert [(one.verdict, one.reverts, one.person) for one in back] == [
        (REVERT, first.number, "Anna"), (REVERT, second.number, "Anna"),
    ]  # fmt: skip
    assert store.current("a") == before
    assert feedback.revert(chosen) == []
    assert [one.number for one in store.decisions.standing("a")] == [1, 2]


def test_a_reversal_is_itself_taken_back_by_its_number(feedback, store, anything):
    feedback.submit([on("a", "mud")], anything)
    (back,) = feedback.revert(Chosen(person="Anna"), person="Ben")
    assert feedback.revert(Chosen(person="Ben")) == []
    feedback.revert(Chosen(numbers=[back.number]))
    assert tags(store, "a") == ("soil", "wind", "mud")
    with pytest.raises(DecisionError, match="no decision 99"):
        feedback.revert(Chosen(numbers=[1, 99]))
    with pytest.raises(ConfigError, match="not said which"):
        feedback.revert(Chosen())


def test_who_puts_another_document_in_its_place_begins_anew(feedback, store, anything):
    feedback.submit([on("a", "mud")], anything)
    store.append([GrowthRow.add_document(Document("a", "Another text.", tags=("other",)))])
    feedback.submit([on("a", "air")], anything)
    assert store.current("a") == Document("a", "Another text.", tags=("other", "air"))
    feedback.revert(Chosen(numbers=[1]))
    assert tags(store, "a") == ("other", "air")
    feedback.revert(Chosen(numbers=[2]))
    assert tags(store, "a") == ("other",)


def test_decisions_that_a_training_folded_in_can_still_be_taken_back(feedback, store, anything):
    feedback.submit([on("a", "mud")], anything)
    store.fold(store.last())
    assert store.document("a").tags == ("soil", "wind", "mud")
    feedback.submit([on("a", "air")], anything)
    feedback.revert(Chosen(numbers=[1]))
    assert tags(store, "a") == ("soil", "wind", "air")
    feedback.revert(Chosen(since=0.0))
    assert tags(store, "a") == ("soil", "wind")


def test_decisions_on_documents_of_an_earlier_training_corpus_change_nothing_any_more(feedback, store, anything):
    feedback.submit([on("a", "mud"), on("b", "mud")], anything)
    store.keep_documents([Document("a", "New edition.", tags=("new",))])
    feedback.submit([on("a", "air")], anything)
    assert tags(store, "a") == ("new", "air")
    assert [one.row > 0 for one in feedback.revert(Chosen(since=0.0))] == [True, True, False]
    assert tags(store, "a") == ("new",)
    assert store.current("b") is None
    assert store.check() == []


VERDICT = st.sampled_from([ACCEPT, REJECT, ADD])
STEP = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["soil", "wind", "mud"]), VERDICT, st.sampled_from(["Anna", "Ben"]),
    st.booleans(),
)  # fmt: skip


@given(st.lists(STEP, max_size=12), st.lists(st.integers(1, 14), max_size=8))
def test_any_decisions_all_taken_back_leave_every_document_as_it_was(tmp_path_factory, steps, undone):
    store = SqliteStore(tmp_path_factory.mktemp("any") / "store.sqlite")
    kept = [Document(id, f"Text {id}", tags=given) for id, given in (("a", ("soil", "wind")), ("b", None), ("c", ()))]
    store.keep_documents(kept)
    feedback = Feedback(store, FeedbackOptions())
    for number, (document, tag, verdict, person, machine) in enumerate(steps):
        one = Decision(document, tag, verdict, person, machine=machine)
        feedback.submit([one], _any())
        if number < len(undone) and undone[number] <= len(store.decisions.find()):
            feedback.revert(Chosen(numbers=[undone[number]]))
    for document in kept:
        stand = store.decisions.standing(document.id)
        row, twin = Grower(0.3)(document, stand)
        assert store.current(document.id) == row.document
        assert (store.current(f"{document.id}#machine") is None) == (twin.kind == "remove_document")
    feedback.revert(Chosen(since=0.0))
    assert [store.current(document.id) for document in kept] == kept
    assert store.current_ids() == ["a", "b", "c"]
    assert store.check() == []
    store.close()


def _any() -> Vocabulary:
    class Any_:
        def positions(self, ids: object) -> list[int]:
            return []

    return Any_()  # type: ignore[return-value]


def test_what_stands_is_told_from_the_newest_back():
    told = [
        Decision("a", "t", ACCEPT, number=1, row=1),
        Decision("a", "t", REVERT, number=2, row=2, reverts=1),
        Decision("a", "u", ACCEPT, number=3, row=3),
        Decision("a", "t", REVERT, number=4, row=4, reverts=2),
    ]
    assert [one.number for one in standing(told)] == [1, 3]
    assert [one.number for one in standing(told[:3])] == [3]
    assert [one.number for one in standing(told, floor=1)] == [3]
