"""What a person should see next: what others gain by it, effort, diversity; snippets; two people get two documents."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import tagwright.feedback.worth as worth
from tagwright.errors import ConfigError
from tagwright.feedback import Decision, Feedback
from tagwright.feedback.queue import Held, Queue, forecast, lack, snippet
from tagwright.project import Project
from tagwright.store.queued import Place, Waiting
from tagwright.store.reviews import DONE, Review
from tagwright.store.wanted import Wanted
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Tag


def place(id: str, *stems: int, **more) -> Place:
    """A document whose words all weigh the same."""
    row = sp.csr_matrix(
        (np.full(len(stems), 1 / np.sqrt(len(stems) or 1), dtype=np.float32), sorted(stems), [0, len(stems)]),
        shape=(1, 99),
    )
    return Place(id, worth._stored(row), **{"lack": 1.0, "effort": 1.0, **more})


def order(places: list[Place]) -> list[str]:
    found = worth.gains(places)
    return sorted(found, key=lambda id: (-found[id], id))


def test_by_hand_a_document_is_worth_what_others_and_itself_lack_and_are_not_near_to_already():
    found = worth.gains([place("a", 1), place("b", 1, 2), place("c", 3, near=0.75, lack=0.5)])
    near = np.sqrt(0.5)
    assert found["a"] == pytest.approx((1 + near) / 3, abs=1e-3)
    assert found["b"] == pytest.approx((1 - near) / 3, abs=1e-3), "a was chosen before, and is like it"
    assert found["c"] == pytest.approx(0.25 * 0.5 / 3, abs=1e-3)


def test_after_a_document_was_chosen_those_like_it_come_later_than_others():
    alike = [place(f"a{n}", 1, 2, 3) for n in range(4)]
    assert order([*alike, place("b", 7, 8), place("c", 9)])[:3] == ["a0", "b", "c"]


def test_what_takes_twice_the_effort_is_worth_half_of_it_and_what_lacks_nothing_nothing():
    found = worth.gains([place("a", 1), place("b", 2, effort=2.0), place("c", 3, lack=0.0)])
    assert found["a"] == pytest.approx(2 * found["b"]) and found["c"] == 0


def test_what_people_have_decided_already_teaches_and_what_they_began_comes_last():
    decided = place("done", 1, 2, open=False, known=True)
    assert order([place("a", 1, 2), place("b", 5)]) == ["a", "b"]
    assert order([place("a", 1, 2), place("b", 5), decided]) == ["b", "a"]
    assert worth.gains([place("a", 1, known=True), decided]) == {"a": 0.0}
    assert worth.gains([]) == {} and worth.gains([place("a")]) == {"a": 1.0}


@given(
    st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True), min_size=2, max_size=12),
    st.integers(0, 2),
)
def test_each_is_worth_most_among_those_left_when_it_is_chosen(rows, near):
    places = [place(f"{n:02}", *stems, near=near / 4) for n, stems in enumerate(rows)]
    points = np.zeros((len(rows), 99))
    for n, stems in enumerate(rows):
        points[n, stems] = 1 / np.sqrt(len(stems))
    alike, covered, found = points @ points.T, np.full(len(rows), near / 4), worth.gains(places)
    for id in order(places):
        gains = np.maximum(alike - covered, 0).sum(axis=1) / len(rows)
        assert found[id] == pytest.approx(gains[int(id)], abs=2e-3)
        assert gains[int(id)] >= max(gains[int(other)] for other in found) - 4e-3
        covered = np.maximum(covered, alike[int(id)])


def test_a_sample_of_the_others_tells_nearly_the_same_as_all_of_them(monkeypatch):
    drawn = np.random.default_rng(0)
    places = [place(f"{n:03}", *drawn.choice(60, 6, replace=False).tolist()) for n in range(400)]
    every = worth.gains(places)
    monkeypatch.setattr(worth, "_SAMPLED", 200)
    some = worth.gains(places)
    first = sorted(every, key=lambda id: -every[id])
    assert sum(some[id] for id in first[:40]) > 1.2 * sum(some[id] for id in first[-40:])


def test_by_hand_how_likely_all_is_right_and_how_much_there_will_be_to_do():
    found = forecast("d", [("t:1", 0.9), ("t:2", 0.6), ("t:3", 0.2)], 0.5)
    assert (found.likely, found.right) == (2, pytest.approx(0.9 * 0.6 * 0.8))
    assert found.effort == pytest.approx(2 + 0.9 + 0.6 + 0.2 + 0.1 + 0.4)
    assert forecast("d", [], 0.5).right == 1.0, "where nothing is likely, nothing is right"
    assert forecast("d", [("t:1", 0.03)], None).right is None


def test_by_hand_what_suggestions_leave_to_be_wished_for():
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert lack([("t:1", 0.5), ("t:2", 0.25)]) == pytest.approx(1 - (0.5 + 0.25 / np.log2(3)) / ideal)
    assert lack([]) == 1.0 and lack([(f"t:{n}", 1.0) for n in range(20)]) == 0.0


def test_a_snippet_is_a_passage_of_the_document_around_the_words_that_say_the_tag():
    analyzer, tag = Analyzer(("en",)), Tag("t:1", "Soil erosion", {"en": "Soil erosion"})
    text = "Much is said. " * 20 + "Wind is behind the erosion of soils everywhere. " + "Little is done. " * 20
    found = snippet(Document("d", text, "Fields"), tag, analyzer)
    assert found.text in text and found.field == "text" and len(found.text) < 220
    assert found.text[found.start : found.end] == "erosion of soils"
    assert snippet(Document("d", "Bees hum.", "Of bees"), tag, analyzer).text == "Bees hum."
    assert snippet(Document("d", "", "Of bees"), tag, analyzer).field == "title"


def test_two_people_get_two_documents_until_the_time_is_over():
    now = [0.0]
    held = Held(clock=lambda: now[0])

    def choose(others):
        return next((Waiting(id) for id in "abc" if id not in others), None)

    assert [held.take(person, choose).document for person in ("anna", "ben", "anna", "", "")] == [
        "a",
        "b",
        "a",
        "c",
        "c",
    ]
    now[0] = 601.0
    assert held.take("cleo", choose).document == "a"


def test_the_queue_of_a_project_is_filled_put_in_order_and_learned_from(project: Project, others):
    feedback, queue = Feedback(project.store, project.settings.feedback()), Queue(project.store)
    feedback.wait(others)
    assert queue.store.queued.sync() == 40 and queue.store.queued.unknown() == 40
    while documents := queue.stale("m", 0, 16):
        queue.fill(project.tagger, documents, model="m", row=project.store.last())
    assert queue.order() == 40 and queue.counts() == {"open": 40}
    rows, total = queue.page(Wanted(limit=5))
    assert total == 40 and [one.gain for one in rows] == sorted((one.gain for one in rows), reverse=True)
    first = next(one for one in others if one.id == rows[0].document)
    shown = project.suggest(Document(first.id, first.text, first.title, first.language), k=20)[0]
    assert [(one.tag, one.confidence) for one in shown] == list(rows[0].shown)
    assert 0 <= rows[0].right <= 1 and rows[0].effort > 2

    assert queue.next().document == rows[0].document
    assert queue.next(without=[rows[0].document]).document == rows[1].document
    feedback.submit([Decision(first.id, tag, "accept", "anna") for tag in first.tags], project.vocabulary)
    queue.review([Review(first.id, DONE, "anna")])
    assert queue.counts() == {"open": 39, "done": 1} and queue.next().document == rows[1].document
    assert queue.order() == 39
    with pytest.raises(ConfigError, match="no order 'luck'"):
        queue.page(Wanted(order="luck"))


def test_a_document_that_is_gone_leaves_the_queue_when_it_is_looked_at(project: Project, others):
    queue = Queue(project.store)
    Feedback(project.store, project.settings.feedback()).wait(others[:2])
    project.store.queued.sync()
    project.remove_documents([others[0].id])
    assert [one.id for one in queue.stale("m", 0, 9)] == [others[1].id]
    assert queue.counts() == {"open": 1}


def test_a_document_that_came_a_moment_ago_is_listed_whoever_asks_first(trained):
    with Project.open(trained) as project:
        asked = Queue(project.store)
        assert asked.counts() == {}
        Feedback(project.store, project.settings.feedback()).wait([Document("new", "bees in town", "Bees")])
        assert asked.counts() == {"open": 1} and asked.count(Wanted()) == 1
        assert [one.document for one in asked.page(Wanted())[0]] == ["new"]
        assert asked.next().document == "new"
