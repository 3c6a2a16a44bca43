"""Around every request: ids, headers, metrics, a log that keeps secrets, and faults that tell nothing away."""

from __future__ import annotations

import io
import json
import logging

import pytest

import tagwright.server.logs as logs

AT = "/api/v1/projects/library"
SECRET = "Zanzibarine whisperings of the marmalade committee"


@pytest.fixture
def log(monkeypatch):
    """What is logged from now on, as the lines that are written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    logger = logging.getLogger(logs.NAME)
    monkeypatch.setattr(logger, "handlers", [handler])
    before = logger.level
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logger.setLevel(before)


def test_every_answer_has_an_id_and_headers_that_browsers_obey(client):
    for path in ("/health", AT, "/none", "/v1/projects", f"{AT}/vocabulary/tag?id=none"):
        headers = client.get(path).headers
        assert len(headers["x-request-id"]) == 32
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
    own = client.get("/health", headers={"x-request-id": "mine-7"})
    assert own.headers["x-request-id"] == "mine-7"
    assert client.get("/health", headers={"x-request-id": "a b\t<c>"}).headers["x-request-id"] != "a b\t<c>"


def test_the_log_has_a_line_a_request_and_nothing_of_what_was_asked(client, log):
    client.post(f"{AT}/suggest", json={"text": SECRET}, headers={"authorization": "Bearer tw_secretkey"})
    client.get(f"{AT}/vocabulary/search", params={"query": SECRET})
    client.get(f"/api/v1/projects/{SECRET}/documents")
    client.get(f"/{SECRET}")
    client.post("/v1/projects/library/suggest", data={"text": SECRET})
    client.post(f"{AT}/suggest", json={"text": SECRET, "oops": SECRET})
    found = [line for line in log() if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in found] == [
        ("POST", "/api/v1/projects/{project}/suggest", 401),
        ("GET", "/api/v1/projects/{project}/vocabulary/search", 200),
        ("GET", "/api/v1/projects/{project}/documents", 404),
        ("GET", "other", 404),
        ("POST", "/v1/projects/{project}/suggest", 200),
        ("POST", "/api/v1/projects/{project}/suggest", 422),
    ]
    assert all(line["milliseconds"] >= 0 and line["id"] for line in found)
    said = json.dumps(log()) + client.get("/metrics").text
    assert "Zanzibarine" not in said and "secretkey" not in said


def test_a_fault_tells_the_client_nothing_and_the_log_where_it_was(client, log, monkeypatch):
    def fail(*_):
        raise RuntimeError(f"it was in {SECRET}")

    monkeypatch.setattr(client.app.state.house.served[0].__class__, "state", fail)
    answer = client.get(AT)
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert "Zanzibarine" not in answer.text and "Traceback" not in answer.text
    line = log()[-1]
    assert line["level"] == "error" and line["fault"].startswith("RuntimeError at test_frame.py:")
    assert "Zanzibarine" not in json.dumps(line)
    assert 'tagwright_faults_total{kind="RuntimeError"} 1.0' in client.get("/metrics").text


def test_a_broken_project_is_told_without_its_paths_and_the_others_answer_on(serve, trained, untrained, log):
    (trained / "manifest.json").write_text("{}")
    from tagwright.errors import IntegrityError

    with pytest.raises(IntegrityError):
        serve(trained, untrained)
    client = serve(untrained)
    model = next((untrained / client.app.state.house.served[0]._quick._project.manifest.model).rglob("*.json"))
    model.write_text("{}")
    manifest = untrained / "manifest.json"
    manifest.write_text(manifest.read_text())  # as new: it is read again
    manifest.touch()
    answer = client.post("/api/v1/projects/names/suggest", json={"text": "bees"})
    assert answer.status_code == 503 and str(untrained) not in answer.text and answer.headers["retry-after"]
    assert any(str(model.name) in json.dumps(line) for line in log())
    assert client.get("/health").status_code == 200


def test_metrics_count_requests_documents_and_refusals(client):
    for _ in range(3):
        client.post(f"{AT}/suggest", json={"text": "bees"})
    client.post(f"{AT}/suggest", json={"text": "bees"}, headers={"origin": "http://evil.example"})
    client.get("/health", headers={"host": "evil.example"})
    found = client.get("/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in (
        'tagwright_requests_total{method="POST",route="/api/v1/projects/{project}/suggest",status="200"} 3.0',
        'tagwright_documents_total{project="library"} 3.0',
        'tagwright_refused_total{why="origin"} 1.0',
        'tagwright_refused_total{why="host"} 1.0',
        'tagwright_request_seconds_count{route="/api/v1/projects/{project}/suggest"} 3.0',
    ):
        assert line in found.text
    assert "process_resident_memory_bytes" in found.text


def test_pages_of_any_origin_may_read_what_only_reads_of_annifs_api_and_never_with_credentials(client):
    origin = {"origin": "http://pages.example"}
    asked = {**origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    for method, path in (("GET", "/v1/projects"), ("POST", "/v1/projects/library/suggest"),
                         ("POST", "/v1/projects/library/suggest-batch"), ("POST", "/v1/detect-language")):  # fmt: skip
        leave = client.options(path, headers=asked)
        assert leave.status_code == 204 and leave.headers["access-control-allow-origin"] == "*"
        answer = client.request(method, path, headers=origin, data={"text": "bees"} if method == "POST" else None)
        assert answer.headers["access-control-allow-origin"] == "*" and answer.status_code != 403
        assert "access-control-allow-credentials" not in answer.headers
    learn = client.post("/v1/projects/library/learn", json=[], headers=origin)
    assert learn.status_code == 403 and "access-control-allow-origin" not in learn.headers
    assert "access-control-allow-origin" not in client.options("/v1/projects/library/learn", headers=asked).headers
