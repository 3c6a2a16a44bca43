"""The documents that wait, through the API: filled in beside the answers, listed, by tag, done and open again."""

from __future__ import annotations

import time

import pytest

from tagwright.project import Project
from tagwright.server.queueing import Queueing, model_of
from tagwright.store.reviews import Review
from tagwright.store.wanted import Wanted
from tagwright.types import Document

AT = "/api/v1/projects/library"
TEXTS = {
    "q-1": "On the history of philosophy and its teaching in schools.",
    "q-2": "Philosophy for beginners. An introduction.",
    "q-3": "Bees, hives and honey in the garden.",
    "q-4": "Gardens in towns.",
}
DOCUMENTS = [{"id": id, "title": "", "text": text} for id, text in TEXTS.items()]


@pytest.fixture
def waiting(client):
    """A client of a project in which four documents wait, filled in."""
    client.post(f"{AT}/documents", json={"documents": DOCUMENTS})
    until(lambda: queue(client)["total"] == 4 and not queue(client)["unknown"])
    until(lambda: any(one["gain"] for one in queue(client)["documents"]))
    return client


def until(done, seconds=20.0):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def queue(client, **asked):
    answer = client.get(f"{AT}/queue", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def review(client, *reviews):
    return client.post(f"{AT}/reviews", json={"reviews": list(reviews)})


def test_new_documents_are_filled_in_beside_the_answers_and_listed_by_what_they_are_worth(waiting):
    found = queue(waiting)
    assert found["states"] == {"open": 4, "done": 0, "skipped": 0, "flagged": 0}
    gains = [one["gain"] for one in found["documents"]]
    assert gains == sorted(gains, reverse=True) and gains[-1] > 0
    one = found["documents"][0]
    assert one["title"] == TEXTS[one["id"]] and one["known"] and 0 <= one["right"] <= 1 and one["effort"] >= 2
    shown = waiting.post(f"{AT}/document/suggest", json={"id": one["id"], "k": 20}).json()
    assert [(s["tag"], s["name"], s["confidence"]) for s in one["suggestions"]] == [
        (s["tag"], s["name"], s["confidence"]) for s in shown["suggestions"]
    ]
    assert one["likely"] == sum(s["confidence"] >= shown["cut"] for s in shown["suggestions"])


def test_documents_are_found_by_likelihood_title_and_page(waiting):
    chances = [one["right"] for one in queue(waiting, order="right")["documents"]]
    assert chances == sorted(chances, reverse=True)
    assert queue(waiting, low=chances[1])["total"] == 2 and queue(waiting, high=chances[2], limit=1)["total"] == 2
    assert {one["id"] for one in queue(waiting, text="GARDEN")["documents"]} == {"q-3", "q-4"}
    pages = [queue(waiting, order="id", offset=n, limit=1)["documents"][0]["id"] for n in range(4)]
    assert pages == list(TEXTS)
    assert waiting.get(f"{AT}/queue", params={"order": "luck"}).status_code == 422
    assert waiting.get(f"{AT}/queue", params={"state": "gone"}).status_code == 422


def test_a_reviewed_document_is_done_for_all_and_open_again_when_that_is_taken_back(waiting):
    first = waiting.get(f"{AT}/queue/next").json()["document"]["id"]
    sent = {"document": first, "state": "done", "person": "ann", "seconds": 12.5, "id": "page-1"}
    made = review(waiting, sent)
    assert made.status_code == 201 and made.json()["reviews"][0]["seconds"] == 12.5
    assert review(waiting, sent).json() == made.json()
    assert review(waiting, {**sent, "state": "flagged"}).status_code == 409
    assert queue(waiting)["states"] == {"open": 3, "done": 1, "skipped": 0, "flagged": 0}
    assert [one["id"] for one in queue(waiting, state=["done", "flagged"])["documents"]] == [first]
    assert waiting.get(f"{AT}/queue/next").json()["document"]["id"] != first
    review(waiting, {"document": first, "state": "open", "person": "ann"})
    assert queue(waiting)["states"]["open"] == 4
    told = waiting.get(f"{AT}/reviews", params={"person": "ann"}).json()["reviews"]
    assert [one["state"] for one in told] == ["open", "done"]
    assert waiting.get(f"{AT}/reviews", params={"document": first, "person": "ben"}).json() == {"reviews": []}
    assert review(waiting, {"document": "none", "state": "done"}).status_code == 404


def test_two_people_are_given_two_documents_and_each_another_one_after_it(waiting):
    def given(person, after=""):
        found = waiting.get(f"{AT}/queue/next", params={"person": person, "after": after}).json()["document"]
        return found and found["id"]

    ann, ben = given("ann"), given("ben")
    assert ann != ben and given("ann") == ann
    assert given("ann", after=ann) not in (ann, ben)
    review(waiting, *({"document": id, "state": "skipped"} for id in TEXTS))
    assert given("ann") is None


def test_the_documents_that_a_tag_is_proposed_for_are_shown_with_the_passage_until_it_is_decided(waiting):
    tags = waiting.get(f"{AT}/queue/tags").json()["tags"]
    assert tags and tags[0]["documents"] >= tags[-1]["documents"] and 0 <= tags[0]["expected"] <= tags[0]["documents"]
    tag = waiting.get(f"{AT}/vocabulary/search", params={"query": "philosophy"}).json()["hits"][0]
    asked = {"tag": tag["id"], "least": 0.0}
    found = waiting.get(f"{AT}/queue/tag", params=asked).json()
    assert found["name"] == tag["name"] and found["total"] >= 2
    for one in found["documents"]:
        passage = one["snippet"]
        assert passage["text"] in TEXTS[one["id"]]
        if one["id"] in ("q-1", "q-2"):
            assert passage["text"][passage["start"] : passage["end"]].lower() == "philosophy"
    one = found["documents"][0]
    decision = {"document": one["id"], "tag": tag["id"], "verdict": "reject", "seen": one["seen"], "person": "ann"}
    made = waiting.post(f"{AT}/decisions", json={"decisions": [decision]}).json()["decisions"][0]
    assert waiting.get(f"{AT}/queue/tag", params=asked).json()["total"] == found["total"] - 1
    waiting.post(f"{AT}/decisions/revert", json={"numbers": [made["number"]]})
    assert waiting.get(f"{AT}/queue/tag", params=asked).json()["total"] == found["total"]
    assert waiting.get(f"{AT}/queue/tag", params={"tag": "x:none"}).json() == {
        "tag": "x:none", "name": "x:none", "total": 0, "documents": [],
    }  # fmt: skip


def test_the_worker_waits_while_somebody_waits_and_does_all_again_when_the_model_is_another(served, monkeypatch):
    worker = Queueing(served)
    served.feedback.wait([Document(id, text) for id, text in TEXTS.items()])
    served.asked = time.monotonic()
    assert not worker.work() and served.store.queued.unknown() == 0 and served.store.queued.counts() == {}
    served.asked = 0.0
    monkeypatch.setattr(served, "waiting", lambda: 1)
    assert not worker.work() and served.store.queued.counts() == {}
    monkeypatch.setattr(served, "waiting", lambda: 0)
    assert worker.work()
    assert served.store.queued.unknown() == 0
    assert worker.work() and not worker.work(), "they are put in order, and then there is nothing to do"
    gains = [one.gain for one in served.queue.page(Wanted())[0]]
    assert gains and all(gains)

    state = served.state()
    assert served.queue.stale(model_of(state), 0, 9) == []
    assert len(served.queue.stale("another model", 0, 9)) == 4
    assert len(served.queue.stale(model_of(state), state.row + 1, 9)) == 4
    served.queue.review([Review("q-1", "done")])
    assert len(served.queue.stale("another model", 0, 9)) == 3


def test_where_somebody_asked_lately_fewer_are_filled_in_at_once(served):
    worker = Queueing(served)
    served.feedback.wait([Document(id, text) for id, text in TEXTS.items()])
    model = model_of(served.state())
    served.asked = time.monotonic() - 1
    assert worker.work() and len(served.queue.stale(model, 0, 9)) == len(TEXTS) - 3
    served.asked = time.monotonic() - 60
    assert worker.work() and served.queue.stale(model, 0, 9) == []


def test_only_who_may_review_says_that_a_document_is_done(serve, trained):
    with Project.open(trained) as project:
        secrets = {role: project.store.keys.add(role, role) for role in ("read", "review")}
    client = serve(trained)
    sent = {"reviews": [{"document": "none", "state": "done"}]}
    for role, status in (("read", 403), ("review", 404)):
        headers = {"authorization": f"Bearer {secrets[role]}"}
        assert client.post(f"{AT}/reviews", json=sent, headers=headers).status_code == status
        assert client.get(f"{AT}/queue", headers=headers).json()["total"] == 0
    assert client.get(f"{AT}/queue").status_code == 401
