"""What the answers mean: limits, thresholds, languages, titles, learning; and who may ask."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SHELF = "/v1/projects/shelf-tfidf-en"
BEES = "http://example.org/shelf/bees"
TEXT = "the queen of the hive and its honey, on a train track at the station"


def suggest(client: Any, **form: object) -> list[dict[str, Any]]:
    said = client.post(f"{SHELF}/suggest", data={"text": TEXT, **form})
    assert said.status_code == 200, said.text
    return said.json()["results"]


def test_suggestions_are_those_of_the_project_by_falling_confidence(client: Any, house: Any) -> None:
    with house.projects["shelf-tfidf-en"].using() as project:
        expected = [(one.tag, one.name, one.confidence) for one in project.suggest(TEXT, k=10)[0] if one.confidence]
    found = [(one["uri"], one["label"], one["score"]) for one in suggest(client)]
    assert found == expected
    assert [score for _, _, score in found] == sorted((score for _, _, score in found), reverse=True)


def test_limit_and_threshold_cut_the_same_list(client: Any) -> None:
    whole = suggest(client, limit=100)
    assert suggest(client, limit=2) == whole[:2]
    least = whole[1]["score"]
    assert suggest(client, limit=100, threshold=least) == [one for one in whole if one["score"] >= least]
    assert suggest(client, threshold="nan") == []


def test_labels_come_in_the_language_that_is_asked_for(client: Any) -> None:
    english, finnish, default = (suggest(client, language=code) for code in ("en", "fi", ""))
    assert english == default
    assert [one["uri"] for one in finnish] == [one["uri"] for one in english]
    labels = {one["uri"].rpartition("/")[2]: one["label"] for one in finnish}
    assert labels["trains"] == "Rautatiet"


def test_a_title_counts_as_a_title_and_other_metadata_changes_nothing(client: Any) -> None:
    assert suggest(client, metadata_source="x", junk="y") == suggest(client)
    titled = client.post(f"{SHELF}/suggest", data={"text": "", "metadata_title": "Railways"}).json()["results"]
    assert titled[0]["label"] == "Railways"
    batch = {"documents": [{"text": "", "metadata": {"title": "Railways"}}]}
    assert client.post(f"{SHELF}/suggest-batch", json=batch).json()[0]["results"] == titled


def test_a_body_that_nobody_encoded_is_read_up_to_the_next_field(client: Any) -> None:
    """As Finto AI sends it: the text as it is, then the other fields, the language empty."""
    plain = client.post(f"{SHELF}/suggest", data={"text": "100% bees, hive; honey", "limit": "2"}).json()
    headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    raw = "text=100% bees, hive; honey&limit=2&threshold=0&language="
    assert client.post(f"{SHELF}/suggest", content=raw, headers=headers).json() == plain


def test_what_learned_documents_say_is_a_decision_once(own: Any, own_client: Any) -> None:
    document = {"text": "quokkas and wombats", "metadata": {"title": "Bush"}, "subjects": [{"uri": BEES}]}
    store = own.projects["shelf-tfidf-en"].store
    for _ in range(2):
        assert own_client.post("/v1/projects/shelf-tfidf-en/learn", json=[document, document]).status_code == 204
    (made,) = store.decisions.find()
    assert (made.tag, made.verdict, made.person, made.machine) == (BEES, "accept", "annif", False)
    with own.projects["shelf-tfidf-en"].using() as project:
        rows = [row for row in project.store.read(0) if row.kind == "add_document"]
    assert (rows[-1].document.title, rows[-1].document.text) == ("Bush", "quokkas and wombats")
    assert rows[-1].document.tags == (BEES,)


def test_a_document_sent_again_gets_further_subjects(own: Any, own_client: Any) -> None:
    other = "http://example.org/shelf/tea"
    for uri in (BEES, other):
        own_client.post("/v1/projects/shelf-tfidf-en/learn", json=[{"text": "quokkas", "subjects": [{"uri": uri}]}])
    rows = [row for row in own.projects["shelf-tfidf-en"].store.read(0) if row.kind == "add_document"]
    assert rows[-1].document.tags == (BEES, other)


def test_one_unknown_subject_refuses_all_by_its_name(own: Any, own_client: Any) -> None:
    rows = [
        {"text": "quokkas", "subjects": [{"uri": BEES}]},
        {"text": "wombats", "subjects": [{"uri": "http://example.org/typo"}]},
    ]
    said = own_client.post("/v1/projects/shelf-tfidf-en/learn", json=rows)
    assert said.status_code == 400
    assert "http://example.org/typo" in said.json()["detail"]
    assert own.projects["shelf-tfidf-en"].store.decisions.find() == []
    assert own.projects["shelf-tfidf-en"].store.last() == 0


def test_a_document_without_text_or_subjects_teaches_nothing(own: Any, own_client: Any) -> None:
    rows = [{"text": "quokkas"}, {"subjects": [{"uri": BEES}]}, {"text": " ", "subjects": [{"uri": BEES}]}]
    assert own_client.post("/v1/projects/shelf-tfidf-en/learn", json=[*rows, {}]).status_code == 204
    assert own.projects["shelf-tfidf-en"].store.last() == 0


def test_too_long_a_document_to_learn_from_is_refused_whole(own: Any, own_client: Any) -> None:
    rows = [{"text": "quokkas " * 200_000, "subjects": [{"uri": BEES}]}]
    assert own_client.post("/v1/projects/shelf-tfidf-en/learn", json=rows).status_code == 413
    assert own.projects["shelf-tfidf-en"].store.last() == 0


@pytest.mark.parametrize(("path", "method", "needed"), [
    ("/v1/", "GET", False), ("/v1/vocabs", "GET", True), ("/v1/projects", "GET", True),
    ("/v1/projects/shelf-tfidf-en", "GET", True), ("/v1/projects/shelf-tfidf-en/suggest", "POST", True),
    ("/v1/projects/shelf-tfidf-en/analyze", "POST", True), ("/v1/projects/shelf-tfidf-en/suggest-batch", "POST", True),
    ("/v1/projects/shelf-tfidf-en/learn", "POST", True), ("/v1/detect-language", "POST", True),
    ("/v1/projects/none/suggest", "POST", True),
])  # fmt: skip
def test_where_keys_are_needed_nothing_is_read_before_one_is_shown(
    path: str, method: str, needed: bool, own: Any, own_client: Any
) -> None:
    for served in own.projects.values():
        served.store.keys.add("somebody", "read")
    assert own_client.request(method, path).status_code == (401 if needed else 200)
    assert own_client.request(method, path, headers={"authorization": "Bearer tw_wrong"}).status_code == (
        401 if needed else 200
    )


def test_a_key_opens_its_own_project_for_what_its_role_may(own: Any, own_client: Any) -> None:
    keys = {role: own.projects["shelf-tfidf-en"].store.keys.add(role, role) for role in ("read", "review")}
    own.projects["dummy-en"].store.keys.add("other", "admin")
    body = json.dumps([{"text": "quokkas", "subjects": [{"uri": BEES}]}])

    def status(key: str, path: str, **more: Any) -> int:
        headers = {"authorization": f"Bearer {keys[key]}", **more.pop("headers", {})}
        return own_client.request(more.pop("method", "POST"), path, headers=headers, **more).status_code

    assert status("read", "/v1/projects/shelf-tfidf-en/suggest", data={"text": "a"}) == 200
    assert status("read", "/v1/projects/dummy-en/suggest", data={"text": "a"}) == 404
    kind = {"content-type": "application/json"}
    assert status("read", "/v1/projects/shelf-tfidf-en/learn", content=body, headers=kind) == 403
    assert status("review", "/v1/projects/shelf-tfidf-en/learn", content=body, headers=kind) == 204
    assert [one.person for one in own.projects["shelf-tfidf-en"].store.decisions.find()] == ["review"]
    listed = own_client.get("/v1/projects", headers={"authorization": f"Bearer {keys['read']}"}).json()
    assert [one["project_id"] for one in listed["projects"]] == ["shelf-tfidf-en"]


@pytest.mark.parametrize("path", ["suggest", "suggest-batch", "learn"])
def test_pages_of_other_origins_may_read_but_not_teach(path: str, client: Any) -> None:
    address, origin = f"/v1/projects/dummy-fi/{path}", {"origin": "http://elsewhere.example"}
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = client.options(address, headers={**origin, **asked})
    simple = client.post(address, headers={**origin, "content-type": "application/x-www-form-urlencoded"})
    if path == "learn":
        assert "access-control-allow-origin" not in preflight.headers
        assert simple.status_code == 403
        assert "access-control-allow-origin" not in simple.headers
    else:
        assert preflight.status_code == 204
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert {one.headers["access-control-allow-origin"] for one in (preflight, simple)} == {"*"}
    assert "access-control-allow-credentials" not in {*preflight.headers, *simple.headers}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(max_size=60), limit=st.integers(0, 20), threshold=st.floats(0, 1))
def test_a_form_and_a_batch_are_answered_with_the_same(text: str, limit: int, threshold: float, client: Any) -> None:
    form = client.post(f"{SHELF}/suggest", data={"text": text, "limit": limit, "threshold": threshold})
    batch = client.post(
        f"{SHELF}/suggest-batch", params={"limit": limit, "threshold": threshold}, json={"documents": [{"text": text}]}
    )
    assert form.status_code == batch.status_code == 200, form.text + batch.text
    assert batch.json() == [{"document_id": None, "results": form.json()["results"]}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(body=st.binary(max_size=200))
def test_bytes_of_any_kind_are_no_fault_of_the_server(body: bytes, client: Any) -> None:
    for path, kind in (("suggest", "application/x-www-form-urlencoded"), ("suggest-batch", "application/json")):
        for raw in (body, b"text=" + body, b'{"documents": ' + body):
            said = client.post(f"{SHELF}/{path}", content=raw, headers={"content-type": kind})
            assert said.status_code in (200, 400), said.text
