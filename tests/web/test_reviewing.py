"""The screen Review: what is shown of a document, what comes next, what was decided, and what can be taken back."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Browse

from tagwright.project import Project

AT, API = "/p/library/review", "/api/v1/projects/library"
PART = {"hx-request": "true"}
BEES = {"id": "bees", "title": "Bees in town", "text": "Honey from the gardens of Saltmere, a hive on every roof."}
BATS = {"id": "bats", "title": "Bats at dusk", "text": "They sleep in the church roof and hunt above the harbour."}
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.fixture
def client(browse: Browse, trained: Path) -> TestClient:
    """A browser at the trained project, where two documents wait."""
    made = browse(trained)
    assert made.post(f"{API}/documents", json={"documents": [BEES, BATS]}).status_code == 201
    return made


def shown(page: str) -> str:
    """The id of the document on the page, "" where there is none."""
    return re.findall(r'id="review" data-document="([^"]*)"', page)[0]


def rows(page: str) -> dict[str, str]:
    """{tag: state} of all suggestions."""
    return dict(re.findall(r'<li class="suggestion"[^>]* data-tag="([^"]*)".*? data-state="([^"]*)"', page))


def decided(page: str) -> dict[str, Any]:
    """What the page's script is told."""
    found: dict[str, Any] = json.loads(
        re.findall(r'<script type="application/json" class="decided">(.*?)</script>', page)[0]
    )
    return found


def steps(page: str) -> list[str]:
    """What the list of the last steps says."""
    return [html.unescape(one).strip() for one in re.findall(r'class="h-what">([^<]+)', page)]


def decide(client: TestClient, tag: str, verdict: str = "accept", **more: Any) -> dict[str, Any]:
    sent = {"document": "bees", "tag": tag, "verdict": verdict, **more}
    answer = client.post(f"{API}/decisions", json={"decisions": [sent]})
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()["decisions"][0]
    return found


def say(client: TestClient, document: str, state: str) -> None:
    sent = {"document": document, "state": state, "seconds": 12.0, "id": f"{document}-{state}"}
    assert client.post(f"{API}/reviews", json={"reviews": [sent]}).status_code == 201


def test_a_waiting_document_is_shown_with_suggestions_and_what_they_quote(client: TestClient) -> None:
    page = client.get(AT, params={"id": "bees"}).text
    assert shown(page) == "bees" and len(rows(page)) == 10
    assert set(rows(page).values()) == {"suggested"}
    text = re.findall(r'<div class="document-text"[^>]*>(.*?)</div>', page, re.S)[0]
    assert html.unescape(re.sub(r"<[^>]+>", "", text)) == BEES["text"]
    assert "<mark data-tags=" in text
    assert re.findall(r'data-done="(\d+)" data-all="(\d+)"', page) == [("0", "2")]
    assert decided(page) == {"told": [], "before": []}


def test_what_was_shown_is_on_record(client: TestClient) -> None:
    page = client.get(AT, params={"id": "bees"}).text
    (record,) = client.get(f"{API}/document/shown", params={"id": "bees"}).json()
    assert [tag for tag, _ in record["shown"]] == list(rows(page))


def test_without_an_id_comes_the_document_to_be_seen_next_and_then_the_others(client: TestClient) -> None:
    first = shown(client.get(AT).text)
    second = shown(client.get(f"{AT}/next", params={"without": [first]}, headers=PART).text)
    assert {first, second} == {"bees", "bats"}
    assert client.get(f"{AT}/next", params={"without": [first, second]}, headers=PART).status_code == 204
    say(client, first, "done")
    assert shown(client.get(AT).text) == second
    say(client, second, "skipped")
    page = client.get(AT).text
    assert shown(page) == "" and "Nothing waits for you" in page
    assert client.get(f"{AT}/next", headers=PART).status_code == 204


def test_a_part_of_the_page_is_the_document_alone(client: TestClient) -> None:
    part = client.get(AT, params={"id": "bees"}, headers=PART).text
    assert shown(part) == "bees" and "<html" not in part


def test_decisions_are_there_when_the_document_is_shown_again(client: TestClient) -> None:
    yes, no, *_ = rows(client.get(AT, params={"id": "bees"}).text)
    made = decide(client, yes, person="ann")
    decide(client, no, "reject", reason="too broad")
    page = client.get(AT, params={"id": "bees"}).text
    told = decided(page)["told"]
    assert [(one["tag"], one["verdict"], one["reason"], one["mine"]) for one in told] == [
        (yes, "accept", "", False), (no, "reject", "too broad", True),
    ]  # fmt: skip
    assert told[0]["id"] == made["id"] and told[0]["name"]
    assert rows(page).get(yes, "accepted") == "accepted" and rows(page).get(no, "rejected") == "rejected"
    assert re.findall(r'data-seen="(\d+)"', page) == [str(made["number"] + 1)]


def test_a_document_is_no_reason_for_its_own_tags(client: TestClient) -> None:
    yes = next(iter(rows(client.get(AT, params={"id": "bees"}).text)))
    decide(client, yes)
    assert (
        'data-document="bees"'
        not in client.get(AT, params={"id": "bees"}).text.split('class="deciding"')[1].split('class="history"')[0]
    )


def test_the_last_steps_are_listed_the_newest_first_and_those_taken_back_are_gone(client: TestClient) -> None:
    first, second, *_ = rows(client.get(AT, params={"id": "bees"}).text)
    decide(client, first, id="one")
    decide(client, second, "reject", reason="wrong", id="two")
    say(client, "bees", "done")
    page = client.get(AT).text
    assert [one.split()[0] for one in steps(page)] == ["done", "rejected", "accepted"]
    assert "(wrong)" in page and 'data-ids="two"' in page
    client.post(f"{API}/decisions/revert", json={"ids": ["two"]})
    say(client, "bees", "open")
    assert [one.split()[0] for one in steps(client.get(AT).text)] == ["accepted"]


def test_decisions_that_were_sent_together_are_one_step(client: TestClient) -> None:
    first, second, *_ = rows(client.get(AT, params={"id": "bees"}).text)
    sent = [
        {"document": "bees", "tag": first, "verdict": "reject", "reason": "too narrow", "id": "swap.1"},
        {"document": "bees", "tag": second, "verdict": "add", "id": "swap.2"},
    ]
    client.post(f"{API}/decisions", json={"decisions": sent})
    page = client.get(AT).text
    (step,) = steps(page)
    assert step.startswith("gave") and "instead of" in step
    assert 'data-ids="swap.1\nswap.2"' in page


def test_older_steps_come_when_they_are_asked_for(client: TestClient) -> None:
    tags = list(rows(client.get(AT, params={"id": "bees"}).text))
    for number in range(65):
        decide(client, tags[number % 10], ("accept", "reject")[number // 10 % 2], id=f"d{number}")
    page = client.get(f"{AT}/history", params={"before": 1e12}, headers=PART).text
    ids = re.findall(r'data-ids="(d\d+)"', page)
    assert ids[0] == "d64" and len(ids) == 59
    last = re.findall(r'data-time="([\d.]+)"', page)[-1]
    rest = client.get(f"{AT}/history", params={"before": last}, headers=PART).text
    assert re.findall(r'data-ids="(d\d+)"', rest) == ["d5", "d4", "d3", "d2", "d1", "d0"]


def test_any_tag_is_found_by_what_somebody_types(client: TestClient) -> None:
    part = client.get(f"{AT}/find", params={"query": "beekeping"}, headers=PART).text
    assert re.findall(r'data-name="([^"]*)"', part)[0] == "Beekeeping"
    assert 'role="option"' in part and "Gardening" in part
    assert "No tag is called like this" in client.get(f"{AT}/find", params={"query": "qqqqqq"}, headers=PART).text


def test_a_tag_is_shown_where_it_stands(client: TestClient) -> None:
    (bees,) = re.findall(r'data-tag="([^"]*bee[^"]*)"', client.get(f"{AT}/find", params={"query": "beekeeping"}).text)
    part = client.get(f"{AT}/place", params={"tag": bees}, headers=PART).text
    assert "Gardening" in part and "Beside it" in part and f'data-tag="{bees}"' in part
    assert client.get(f"{AT}/place", params={"tag": "nope"}, headers=PART).status_code == 404


def test_a_document_that_is_not_there_is_told_as_a_page(client: TestClient) -> None:
    answer = client.get(AT, params={"id": "nowhere"})
    assert answer.status_code == 404 and "<main" in answer.text


def test_whoever_may_only_read_sees_everything_and_can_press_nothing(browse: Browse, trained: Path) -> None:
    with Project.open(trained) as project:
        keys = {role: project.store.keys.add(role, role) for role in ("read", "review")}
    client = browse(trained)
    auth = {role: {"authorization": f"Bearer {key}"} for role, key in keys.items()}
    client.post(f"{API}/documents", json={"documents": [BEES]}, headers=auth["review"])
    page = client.get(AT, headers=auth["read"]).text
    assert "may read, but not decide" in page
    assert all("disabled" in one for one in re.findall(r'<button[^>]*data-act="(?:accept|reject|done)"[^>]*>', page))
    assert "may read, but not decide" not in client.get(AT, headers=auth["review"]).text


def test_the_steps_of_somebody_else_are_not_listed(browse: Browse, trained: Path) -> None:
    with Project.open(trained) as project:
        keys = {name: project.store.keys.add(name, "review") for name in ("ann", "ben")}
    client = browse(trained)
    ann, ben = ({"authorization": f"Bearer {key}"} for key in keys.values())
    client.post(f"{API}/documents", json={"documents": [BEES]}, headers=ann)
    tag = next(iter(rows(client.get(AT, params={"id": "bees"}, headers=ann).text)))
    sent = {"decisions": [{"document": "bees", "tag": tag, "verdict": "accept"}]}
    client.post(f"{API}/decisions", json=sent, headers=ann)
    assert len(steps(client.get(AT, params={"id": "bees"}, headers=ann).text)) == 1
    page = client.get(AT, params={"id": "bees"}, headers=ben).text
    assert steps(page) == [] and decided(page)["told"][0]["person"] == "ann" and not decided(page)["told"][0]["mine"]


def test_two_people_are_not_given_the_same_documents(browse: Browse, trained: Path) -> None:
    with Project.open(trained) as project:
        keys = {name: project.store.keys.add(name, "review") for name in ("ann", "ben")}
    client = browse(trained)
    ann, ben = ({"authorization": f"Bearer {key}"} for key in keys.values())
    third = {"id": "cats", "text": "Cats of the harbour."}
    client.post(f"{API}/documents", json={"documents": [BEES, BATS, third]}, headers=ann)
    first = shown(client.get(AT, headers=ann).text)
    ahead = shown(client.get(f"{AT}/next", params={"without": [first]}, headers=ann).text)
    left = shown(client.get(AT, headers=ben).text)
    assert {first, ahead, left} == {"bees", "bats", "cats"}
    assert client.get(f"{AT}/next", params={"without": [left]}, headers=ben).status_code == 204


def test_what_people_wrote_is_text_and_nothing_else(client: TestClient) -> None:
    document = {"id": EVIL, "title": EVIL, "text": EVIL, "metadata": {EVIL: EVIL}}
    client.post(f"{API}/documents", json={"documents": [document]})
    client.post(f"{API}/vocabulary/tags", json={"id": "x:evil", "name": EVIL, "descriptions": {"en": EVIL}})
    sent = {"document": EVIL, "tag": "x:evil", "verdict": "add", "reason": EVIL, "person": EVIL}
    assert client.post(f"{API}/decisions", json={"decisions": [sent]}).status_code == 201
    client.post(f"{API}/decisions", json={"decisions": [{**sent, "person": "", "verdict": "reject"}]})
    pages = [
        client.get(AT, params={"id": EVIL}).text,
        client.get(f"{AT}/find", params={"query": "script alert"}, headers=PART).text,
        client.get(f"{AT}/place", params={"tag": "x:evil"}, headers=PART).text,
    ]
    for page in pages:
        assert "alert(1)" in page and "<script>alert" not in page and "<img src=x" not in page
    assert decided(pages[0])["told"][0]["person"] == EVIL


def test_a_long_text_is_cut_and_said_to_be(client: TestClient) -> None:
    client.post(f"{API}/documents", json={"documents": [{"id": "long", "text": "word " * 41_000}]})
    page = client.get(AT, params={"id": "long"}).text
    assert "and 5,000 more letters" in page and len(page) < 320_000


def test_the_screen_speaks_german(client: TestClient) -> None:
    page = client.get(AT, params={"id": "bees", "lang": "de"}).text
    assert "Schlagwörter dieses Dokuments" in page and "Fertig, weiter" in page and "Accept" not in page
