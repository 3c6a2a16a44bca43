"""The screen of what waits: found by all that stands in the address, decided tag by tag, and added to from files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Browse

from tagwright.project import Project

AT, API = "/p/library/queue", "/api/v1/projects/library"
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
TEXTS = {
    "q-1": "On the history of philosophy and its teaching in schools.",
    "q-2": "Philosophy for beginners. An introduction to philosophy.",
    "q-3": "Bees, hives and honey in the garden. Beekeeping for everyone.",
    "q-4": "Gardens in towns.",
}


@pytest.fixture
def client(browse: Browse, trained: Path) -> TestClient:
    """A project in which four documents wait, with suggestions."""
    client = browse(trained)
    documents = [{"id": id, "title": f"About {id}", "text": text} for id, text in TEXTS.items()]
    client.post(f"{API}/documents", json={"documents": documents})
    until(lambda: queue(client)["total"] == 4 and not queue(client)["unknown"])
    return client


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def queue(client: TestClient, **asked: object) -> dict:
    return client.get(f"{API}/queue", params=asked).json()


def shown(client: TestClient, below: str = "", **asked: object) -> str:
    answer = client.get(f"{AT}/{below}" if below else AT, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def titles(text: str) -> list[str]:
    return re.findall(r'class="w-title" href="/p/library/review\?id=([^"&]*)', text)


def a_tag(client: TestClient) -> dict:
    """The tag that is most likely for any document."""
    suggested = [one for document in queue(client)["documents"] for one in document["suggestions"]]
    return max(suggested, key=lambda one: one["confidence"])


def test_what_waits_is_listed_in_the_queues_order_with_its_best_tags_and_its_chance(client: TestClient) -> None:
    text, found = shown(client), queue(client)["documents"]
    assert titles(text) == [one["id"] for one in found]
    for one in found:
        assert all(tag["name"] in unescape(text) for tag in one["suggestions"][: min(5, one["likely"]) or 2])
    assert text.count("<rect") == 2 * len(found)
    assert len(re.findall(r"about \d+ in \d+ times|hardly ever all right|some tag fits", text)) == len(found)


def test_states_titles_chances_and_tags_choose_and_stand_in_the_address(client: TestClient) -> None:
    client.post(f"{API}/reviews", json={"reviews": [{"document": "q-4", "state": "flagged"}]})
    assert titles(shown(client, state="flagged")) == ["q-4"]
    assert sorted(titles(shown(client, state="all"))) == sorted(TEXTS)
    assert titles(shown(client, text="Q-3")) == ["q-3"]
    by_chance = [titles(shown(client, chance=one, state="all")) for one in ("high", "middle", "low", "hardly")]
    assert sorted(id for ids in by_chance for id in ids) == sorted(TEXTS)
    assert "No document fits all of this" in shown(client, text="nothing like it")
    ordered = [one["id"] for one in queue(client, order="right")["documents"]]
    assert titles(shown(client, order="right")) == ordered
    assert titles(shown(client, order="nonsense", state="nonsense", chance="nonsense")) == titles(shown(client))


def test_what_is_chosen_goes_along_to_the_review_and_comes_first_there(client: TestClient) -> None:
    found = [one["id"] for one in queue(client, order="doubt")["documents"]]
    text = unescape(shown(client, order="doubt", text="q-"))
    assert f'href="/p/library/review?id={found[0]}&text=q-&order=doubt"' in text
    assert 'href="/p/library/review?text=q-&order=doubt" data-key="r"' in text
    seen = []
    for _ in found:
        asked = {"order": "doubt", "text": "q-", "without": seen}
        part = client.get("/p/library/review/next", params=asked, headers={"hx-request": "true"}).text
        seen += re.findall(r'id="review" data-document="([^"]*)"', part)
    assert seen == found
    only = client.get("/p/library/review", params={"text": "Q-3"}).text
    assert 'data-document="q-3"' in only and "title with “Q-3”" in only
    nothing = client.get("/p/library/review", params={"state": "flagged", "order": "doubt"}).text
    assert "Nothing is left of what you have chosen" in nothing


def test_where_nothing_waits_it_is_said_what_to_do(browse: Browse, untrained: Path) -> None:
    text = browse(untrained).get("/p/names/queue").text
    assert "No document waits" in text and 'id="add-file"' in text


def test_tags_are_listed_by_how_many_documents_wait_and_lead_to_them(client: TestClient) -> None:
    text, tags = shown(client, "tags"), client.get(f"{API}/queue/tags").json()["tags"]
    if not tags:
        assert "No tag waits" in text
    assert [unescape(one) for one in re.findall(r'class="w-name"><bdi>(.*?)</bdi>', text)] == [
        one["name"] for one in tags
    ]
    assert [int(n) for n in re.findall(r'class="w-many">(\d+)<', text)] == [one["documents"] for one in tags]


def test_the_grid_shows_the_passage_that_says_the_tag_and_what_is_decided_goes_from_it(client: TestClient) -> None:
    tag = a_tag(client)
    text = shown(client, "tag", tag=tag["tag"], unlikely="true")
    found = client.get(f"{API}/queue/tag", params={"tag": tag["tag"], "least": 0.05}).json()
    assert re.findall(r'data-document="([^"]*)"', text) == [one["id"] for one in found["documents"]]
    for one in found["documents"]:
        said, start, end = (one["snippet"][name] for name in ("text", "start", "end"))
        assert said[start:end] in TEXTS[one["id"]] + f"About {one['id']}"
        assert not end or f"<mark>{said[start:end]}</mark>" in unescape(text)
    first = found["documents"][0]["id"]
    decision = {"document": first, "tag": tag["tag"], "verdict": "reject", "id": "page-1"}
    assert client.post(f"{API}/decisions", json={"decisions": [decision]}).status_code == 201
    assert f'data-document="{first}"' not in shown(client, "tag", tag=tag["tag"], unlikely="true")
    client.post(f"{API}/decisions/revert", json={"ids": ["page-1"]})
    assert f'data-document="{first}"' in shown(client, "tag", tag=tag["tag"], unlikely="true")
    assert client.get(f"{AT}/tag", params={"tag": tag["tag"], "offset": 1000}).status_code == 200


def test_a_file_is_read_as_the_api_takes_it_and_nothing_is_kept_before_it_is_sent_there(client: TestClient) -> None:
    lines = (
        '{"id": "n-1", "title": "Bees", "text": "hives", "language": "en", "year": 1999}\n'
        '{"id": "n-2", "text": "wasps", "language": "odd_code"}\n'
    )
    answer = client.post(f"{AT}/read", files={"file": ("two.jsonl", lines.encode())})
    found = answer.json()
    assert (
        answer.status_code == 200 and [one["id"] for one in found["documents"]] == ["n-1", "n-2"] and not found["more"]
    )
    assert queue(client)["total"] == 4
    kept = client.post(f"{API}/documents", json={"documents": found["documents"]})
    assert kept.status_code == 201 and kept.json()["added"] == ["n-1", "n-2"]
    assert client.post(f"{API}/documents", json={"documents": found["documents"]}).json()["known"] == ["n-1", "n-2"]


@pytest.mark.parametrize(
    ("name", "content"), [("odd.xyz", b"\0"), ("empty.txt", b""), ("bad.jsonl", b"{"), ("..", b"")]
)
def test_a_file_that_holds_no_document_is_told(client: TestClient, name: str, content: bytes) -> None:
    answer = client.post(f"{AT}/read", files={"file": (name, content)}, headers={"hx-request": "true"})
    assert answer.status_code == 422 and 'class="problem"' in answer.text and "/tmp" not in answer.text


def test_somebody_who_may_only_read_sees_the_lists_and_nothing_to_change_them_by(browse: Browse, trained: Path) -> None:
    with Project.open(trained) as project:
        secret = project.store.keys.add("guest", "read")
    client = browse(trained)
    client.post("/sign-in", data={"key": secret, "next": "/"})
    assert 'id="add-file"' not in shown(client) and 'id="bar"' not in shown(client)
    assert client.post(f"{AT}/read", files={"file": ("a.txt", b"bees")}).status_code == 403


def test_nothing_from_documents_becomes_markup(client: TestClient) -> None:
    documents = [{"id": EVIL, "title": EVIL, "text": f"{EVIL} philosophy {EVIL}"}]
    client.post(f"{API}/documents", json={"documents": documents})
    until(lambda: queue(client)["total"] == 5 and not queue(client)["unknown"])
    tag = next(
        one for document in queue(client)["documents"] if document["id"] == EVIL for one in document["suggestions"]
    )
    for text in (
        shown(client), shown(client, text=EVIL), shown(client, tag=EVIL), shown(client, "tags"),
        shown(client, "tag", tag=tag["tag"], unlikely="true"),
    ):  # fmt: skip
        assert "<img" not in text.split("<main")[1] and "<script>alert" not in text
