"""The project's own API: suggestions, reasons, tags, what is said of projects, and problems in one form."""

from __future__ import annotations

import json

import pytest

from tagwright.project import Project
from tagwright.tagger import Tagger
from tagwright.types import Document

AT = "/api/v1/projects/library"
TEXT = "Bees in town: honey from the gardens of Saltmere, and a hive on every roof."


def test_one_text_gets_what_the_project_suggests(client, trained):
    expected = Project.open(trained).suggest(Document("d", TEXT, "Bees"), k=4)[0]
    found = client.post(f"{AT}/suggest", json={"id": "d", "title": "Bees", "text": TEXT, "k": 4}).json()
    assert [(one["tag"], one["name"], one["confidence"]) for one in found["suggestions"]] == [
        (one.tag, one.name, one.confidence) for one in expected
    ]
    assert found["id"] == "d" and found["calibrated"] is True and len(found["fingerprint"]) == 32


def test_reasons_quote_the_text_at_their_places(client):
    found = client.post(f"{AT}/suggest", json={"text": TEXT, "k": 5, "why": True}).json()
    quoted = [reason for one in found["suggestions"] for reason in one["evidence"] if reason["start"] is not None]
    assert quoted and all(TEXT[reason["start"] : reason["end"]] == reason["text"] for reason in quoted)


def test_each_tag_tells_how_often_suggestions_like_it_were_right(client, trained):
    expected = Project.open(trained).suggest(TEXT, k=8)[0]
    found = client.post(f"{AT}/suggest", json={"text": TEXT, "k": 8}).json()["suggestions"]
    assert [one["seen"] for one in found] == [one.seen for one in expected]
    assert [one["cases"] for one in found] == [
        None if one.cases is None else {"n": one.cases.n, "right": one.cases.right} for one in expected
    ]
    assert any(one["cases"] for one in found)


def test_what_is_less_likely_than_asked_for_is_left_out(client):
    least = client.post(f"{AT}/suggest", json={"text": TEXT}).json()["suggestions"][1]["confidence"]
    found = client.post(f"{AT}/suggest", json={"text": TEXT, "min_confidence": least}).json()["suggestions"]
    assert len(found) == 2
    assert client.post(f"{AT}/suggest", json={"text": TEXT, "k": 0}).json()["suggestions"] == []
    assert client.post(f"{AT}/suggest", json={"text": ""}).status_code == 200


def test_a_batch_is_answered_in_its_order(client, others):
    texts = [{"id": one.id, "title": one.title, "text": one.text} for one in others]
    found = client.post(f"{AT}/suggest/batch", json={"documents": texts, "k": 3}).json()
    assert [one["id"] for one in found] == [one.id for one in others]
    alone = client.post(f"{AT}/suggest", json={**texts[7], "k": 3}).json()
    assert found[7] == alone
    assert client.post(f"{AT}/suggest/batch", json={"documents": []}).json() == []
    assert client.post(f"{AT}/suggest/batch", json={"documents": texts * 7}).status_code == 422


def test_a_stream_answers_every_line_and_names_the_broken_ones(client, others):
    lines = [json.dumps({"id": one.id, "title": one.title, "text": one.text}) for one in others]
    lines[3:3] = ["no json", '{"other": 1}', "", '{"id": "half", "text": "\\ud800"}']
    answer = client.post(f"{AT}/suggest/stream?k=2", content="\n".join(lines))
    assert answer.headers["content-type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["line"] for row in rows if "error" in row] == [4, 5, 6]
    assert [row["id"] for row in rows if "id" in row] == [one.id for one in others]
    alone = client.post(
        f"{AT}/suggest", json={"id": others[0].id, "title": others[0].title, "text": others[0].text, "k": 2}
    )
    assert rows[0] == alone.json()


def test_any_tag_can_be_explained(client):
    tag = client.get(f"{AT}/vocabulary/search", params={"query": "beekeeping"}).json()["hits"][0]["id"]
    found = client.post(f"{AT}/explain", json={"text": TEXT, "tag": tag}).json()
    assert found["tag"] == tag and found["evidence"]
    unknown = client.post(f"{AT}/explain", json={"text": TEXT, "tag": "x:none"})
    assert unknown.status_code == 422 and "x:none" in unknown.json()["detail"]


def test_a_tag_is_found_shown_added_named_and_taken_back(client):
    text = {"text": "Everything about bioswaling in spring"}
    new = {"id": "x:42", "name": "Rain gardens", "synonyms": {"en": ["raingarden plots"]}, "language": "en"}
    added = client.post(f"{AT}/vocabulary/tags", json=new)
    assert added.status_code == 201 and added.json()["replaced"] is False
    card = client.get(f"{AT}/vocabulary/tag", params={"id": "x:42"}).json()
    assert (card["name"], card["synonyms"], card["path"]) == (
        "Rain gardens", {"en": ["raingarden plots"]}, [{"id": "x:42", "name": "Rain gardens"}],
    )  # fmt: skip
    assert "x:42" not in tags_of(client, text)
    named = client.post(f"{AT}/vocabulary/synonyms", json={"tag": "x:42", "synonym": "bioswaling", "language": "en"})
    assert named.status_code == 201 and "x:42" in tags_of(client, text)
    again = client.post(f"{AT}/vocabulary/synonyms", json={"tag": "x:42", "synonym": "bioswaling", "language": "en"})
    assert again.json()["rows"] == named.json()["rows"]
    back = client.post(f"{AT}/vocabulary/revert", json={"rows": named.json()["rows"]})
    assert back.status_code == 200 and "x:42" not in tags_of(client, text)
    assert client.post(f"{AT}/vocabulary/revert", json={"rows": [999]}).status_code == 404
    assert client.post(f"{AT}/vocabulary/synonyms", json={"tag": "x:none", "synonym": "a"}).status_code == 422


def tags_of(client, text):
    return [one["tag"] for one in client.post(f"{AT}/suggest", json={**text, "k": 100}).json()["suggestions"]]


def test_projects_are_listed_in_the_order_in_which_they_were_given(serve, trained, untrained):
    found = serve(untrained, trained).get("/api/v1/projects").json()["projects"]
    assert [(one["id"], one["trained"], one["calibrated"]) for one in found] == [
        ("names", False, False), ("library", True, True),
    ]  # fmt: skip
    assert found[1]["documents"] == 90 and found[1]["languages"] == ["en", "de"] and found[1]["tags"] > 100


def test_a_project_without_training_answers_too(serve, untrained):
    found = serve(untrained).post("/api/v1/projects/names/suggest", json={"text": TEXT}).json()
    assert found["suggestions"] and found["calibrated"] is False


def test_a_tag_is_learned_when_it_is_added_and_nobody_s_text_waits_for_that(client, monkeypatch):
    client.post(f"{AT}/suggest", json={"text": "Green roofs"})
    learned, add = [], Tagger.use_vocabulary
    monkeypatch.setattr(Tagger, "use_vocabulary", lambda *given: learned.append(1) or add(*given))
    client.post(f"{AT}/vocabulary/tags", json={"id": "x:43", "name": "Green roofs"})
    assert len(learned) == 1
    client.post(f"{AT}/vocabulary/synonyms", json={"tag": "x:43", "synonym": "sod roofs", "language": "en"})
    assert len(learned) == 2
    found = client.post(f"{AT}/suggest", json={"text": "Green roofs, once called sod roofs"}).json()
    assert len(learned) == 2 and "x:43" in str(found)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "where"),
    [
        ("POST", f"{AT}/suggest", {"json": {"text": TEXT, "kk": 3}}, 422, "body.kk"),
        ("POST", f"{AT}/suggest", {"json": {"text": TEXT, "k": 1001}}, 422, "body.k"),
        ("POST", f"{AT}/suggest", {"json": {"title": TEXT}}, 422, "body.text"),
        ("POST", f"{AT}/suggest", {"content": b'{"text": "half \\ud800"}'}, 400, "body.15"),
        ("POST", f"{AT}/suggest", {"content": b'{"text": "a", "min_confidence": NaN}'}, 400, "body.0"),
        ("POST", f"{AT}/suggest", {"content": b'{"text": '}, 400, "body.9"),
        ("POST", f"{AT}/suggest", {"content": b'{"text": "\xff"}'}, 400, ""),
        ("GET", f"{AT}/vocabulary/search", {}, 422, "query.query"),
        ("GET", f"{AT}/vocabulary/tag", {"params": {"id": "x:none"}}, 404, ""),
        ("GET", "/api/v1/projects/none", {}, 404, ""),
        ("GET", "/api/v1/none", {}, 404, ""),
        ("GET", f"{AT}/suggest", {}, 405, ""),
    ],
)
def test_whatever_is_wrong_is_told_as_a_problem(client, method, path, sent, status, where):
    if "content" in sent:
        sent = {**sent, "headers": {"content-type": "application/json"}}
    answer = client.request(method, path, **sent)
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), said
    assert said["status"] == status and said["type"] == "about:blank" and said["title"] and said["detail"]
    assert said["request_id"] == answer.headers["x-request-id"]
    assert not where or said["errors"][0]["where"] == where
    assert TEXT not in answer.text


def test_the_api_describes_itself_with_examples_and_its_problems(client):
    found = client.get("/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    suggest = found["paths"]["/api/v1/projects/{project}/suggest"]["post"]
    assert suggest["responses"]["404"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert found["components"]["schemas"]["TextIn"]["examples"]
    assert all(path.startswith("/api/v1/") for path in found["paths"])
    assert all("422" not in one["responses"] or "Problem" in str(one["responses"]["422"])
               for path in found["paths"].values() for one in path.values())  # fmt: skip


def test_health_is_told_at_once_and_readiness_when_all_projects_answer(serve, trained, untrained):
    client = serve(trained, untrained)
    assert client.get("/health").json()["status"] == "up"
    client.post(f"{AT}/suggest", json={"text": TEXT})
    client.post("/api/v1/projects/names/suggest", json={"text": TEXT})
    for path in ("/ready", "/api/v1/ready"):
        while (answer := client.get(path)).status_code == 503:
            assert answer.headers["retry-after"]
        assert answer.json() == {"projects": 2, "ready": 2}
