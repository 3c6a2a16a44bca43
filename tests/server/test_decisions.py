"""Documents and what people decide about them, through the API: safe to repeat, learned from at once, taken back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagwright.project import Project

AT = "/api/v1/projects/library"
DOCUMENT = {"id": "new-1", "title": "Quartzling", "text": "A quartzling is a quartzling, and quartzlings hum at night."}
LIKE_IT = {"text": "Why do quartzlings hum? On the quartzling and its night.", "k": 50}


@pytest.fixture
def tag(client):
    return client.get(f"{AT}/vocabulary/search", params={"query": "philosophy"}).json()["hits"][0]["id"]


def decide(client, *decisions, documents=(), **more):
    sent = {"decisions": list(decisions), "documents": list(documents)}
    return client.post(f"{AT}/decisions", json=sent, **more)


def confidence(client, tag):
    found = client.post(f"{AT}/suggest", json=LIKE_IT).json()["suggestions"]
    return next((one["confidence"] for one in found if one["tag"] == tag), 0.0)


def test_an_accepted_tag_is_suggested_for_the_next_text_like_it_and_not_when_it_is_taken_back(client, tag):
    start = client.post(f"{AT}/suggest", json=LIKE_IT).json()
    assert client.post(f"{AT}/documents", json={"documents": [DOCUMENT]}).json() == {"added": ["new-1"], "known": []}
    assert client.post(f"{AT}/documents", json={"documents": [DOCUMENT]}).json() == {"added": [], "known": ["new-1"]}
    assert client.get(f"{AT}/document", params={"id": "new-1"}).json()["tags"] is None
    before = confidence(client, tag)
    made = decide(client, {"document": "new-1", "tag": tag, "verdict": "add", "person": "ann", "reason": "it is"})
    assert made.status_code == 201
    assert confidence(client, tag) > before
    found = client.get(f"{AT}/document", params={"id": "new-1"}).json()
    assert found["tags"] == [tag] and found["seen"] == made.json()["decisions"][0]["number"]
    assert [(one["person"], one["reason"]) for one in found["decisions"]] == [("ann", "it is")]
    back = client.post(f"{AT}/decisions/revert", json={"person": "ann"})
    assert [one["reverts"] for one in back.json()["decisions"]] == [found["seen"]]
    after = client.post(f"{AT}/suggest", json=LIKE_IT).json()
    assert after["suggestions"] == start["suggestions"]


def test_a_decision_that_is_sent_again_is_recorded_once_and_an_id_cannot_be_used_twice(client, tag):
    sent = {"document": "new-1", "tag": tag, "verdict": "accept", "person": "ann", "id": "ann-17"}
    first = decide(client, sent, documents=[DOCUMENT]).json()
    assert decide(client, sent, documents=[DOCUMENT]).json() == first
    assert len(client.get(f"{AT}/decisions").json()["decisions"]) == 1
    other = decide(client, {**sent, "verdict": "reject"})
    assert other.status_code == 409 and "ann-17" in other.json()["detail"]


def test_what_somebody_else_decided_meanwhile_is_told(client, tag):
    one = {"document": "new-1", "tag": tag, "seen": 0}
    first = decide(client, {**one, "verdict": "accept", "person": "ann"}, documents=[DOCUMENT]).json()["decisions"][0]
    second = decide(client, {**one, "verdict": "reject", "person": "ben"}).json()["decisions"][0]
    assert (first["conflict"], second["conflict"]) == (0, first["number"])
    listed = client.get(f"{AT}/decisions", params={"conflicts": True}).json()["decisions"]
    assert [found["number"] for found in listed] == [second["number"]]


def test_decisions_about_what_is_not_there_are_refused_and_none_of_them_is_recorded(client, tag):
    good = {"document": "new-1", "tag": tag, "verdict": "accept"}
    for bad, status in (({**good, "document": "none"}, 404), ({**good, "tag": "x:none"}, 422)):
        answer = decide(client, good, bad, documents=[DOCUMENT])
        assert answer.status_code == status and "none" in answer.json()["detail"]
    assert client.get(f"{AT}/decisions").json()["decisions"] == []
    assert client.get(f"{AT}/document", params={"id": "new-1"}).status_code == 404
    assert client.post(f"{AT}/decisions/revert", json={}).status_code == 422
    assert client.post(f"{AT}/decisions/revert", json={"numbers": [7]}).status_code == 409
    assert client.post(f"{AT}/decisions/back").status_code == 409
    assert client.post(f"{AT}/decisions/trust").status_code == 409
    assert client.get(f"{AT}/decisions/check").json() == {"held": None, "checks": []}


def test_decisions_of_many_threads_are_all_recorded(client, tag):
    documents = [{**DOCUMENT, "id": f"new-{n}"} for n in range(4)]
    client.post(f"{AT}/documents", json={"documents": documents})

    def reviewer(person: int) -> list[int]:
        made = []
        for number in range(12):
            said = "accept" if number % 2 else "reject"
            one = {"document": f"new-{number % 4}", "tag": tag, "verdict": said, "person": f"p{person}"}
            made.append(decide(client, one).json()["decisions"][0]["number"])
        return made

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for made in pool.map(reviewer, range(4)) for number in made]
    assert sorted(numbers) == list(range(1, 49))
    listed = client.get(f"{AT}/decisions", params={"limit": 1000, "after": 10}).json()["decisions"]
    assert [one["number"] for one in listed] == list(range(11, 49))


def test_documents_are_listed_page_by_page_without_what_machines_wrote(client, tag):
    client.post(f"{AT}/documents", json={"documents": [DOCUMENT]})
    decide(client, {"document": "new-1", "tag": tag, "verdict": "accept", "machine": True})
    ids, after = [], ""
    while after is not None:
        page = client.get(f"{AT}/documents", params={"limit": 40, "after": after}).json()
        ids += [one["id"] for one in page["documents"]]
        after = page["next"]
    assert len(ids) == len(set(ids)) == 91 and ids == sorted(ids)
    waiting = client.get(f"{AT}/documents", params={"waiting": True}).json()["documents"]
    assert [(one["id"], one["tags"], one["characters"]) for one in waiting] == [("new-1", None, len(DOCUMENT["text"]))]


def test_what_was_shown_for_a_document_is_on_record_with_what_it_came_from(client, trained):
    client.post(f"{AT}/documents", json={"documents": [DOCUMENT]})
    shown = client.post(f"{AT}/document/suggest", json={"id": "new-1", "k": 3}).json()
    assert len(shown["suggestions"]) == 3 and shown["number"] == 1 and shown["seen"] == 0
    (kept,) = client.get(f"{AT}/document/shown", params={"id": "new-1"}).json()
    assert kept["shown"] == [[one["tag"], one["confidence"]] for one in shown["suggestions"]]
    with Project.open(trained) as project:
        assert kept["model"] == project.manifest.fingerprint
        assert kept["vocabulary"] == project.vocabulary.fingerprint
    assert client.post(f"{AT}/document/suggest", json={"id": "none"}).status_code == 404


def test_a_document_can_be_forgotten_with_what_it_taught(client, tag):
    start = client.post(f"{AT}/suggest", json=LIKE_IT).json()["suggestions"]
    decide(client, {"document": "new-1", "tag": tag, "verdict": "add"}, documents=[DOCUMENT])
    decide(client, {"document": "new-1", "tag": "x:none", "verdict": "add", "machine": True})
    assert client.post(f"{AT}/suggest", json=LIKE_IT).json()["suggestions"] != start
    gone = client.delete(f"{AT}/document", params={"id": "new-1"})
    assert gone.status_code == 200 and gone.json()["rows"]
    assert client.get(f"{AT}/document", params={"id": "new-1"}).status_code == 404
    assert client.post(f"{AT}/suggest", json=LIKE_IT).json()["suggestions"] == start


def test_too_long_a_text_is_refused_by_its_name(client):
    answer = client.post(f"{AT}/documents", json={"documents": [{"id": "long", "text": "a" * 1_000_001}]})
    assert answer.status_code == 422 and "'long'" in answer.json()["detail"]
    assert "aaa" not in json.dumps(answer.json())
