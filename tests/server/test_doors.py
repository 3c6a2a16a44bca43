"""Who gets in: every address with no key, too low a role, the key of another project, and from a foreign page."""

from __future__ import annotations

import random

import pytest

from tagwright.project import Project
from tagwright.server.app import create
from tagwright.server.house import House
from tagwright.server.served import Served
from tagwright.store.keys import ADMIN, READ, REVIEW, ROLES

AT = "/api/v1/projects/{project}"
TEXT = {"text": "bees in town"}
TAG = {"id": "x:1", "name": "One"}
ONE = {"document": "d", "tag": "x:1", "verdict": "accept"}
# method, address, what is sent, the least role; None: open to everybody, "any": with any key
ROUTES = [
    ("GET", "/health", None, None),
    ("GET", "/ready", None, None),
    ("GET", "/metrics", None, "any"),
    ("GET", "/api/v1/health", None, None),
    ("GET", "/api/v1/ready", None, None),
    ("GET", "/api/v1/openapi.json", None, None),
    ("GET", "/api/v1/projects", None, "any"),
    ("GET", "/api/v1/session", None, "any"),
    ("POST", "/api/v1/session", {"key": "tw_wrong"}, "any"),
    ("DELETE", "/api/v1/session", None, None),
    ("GET", AT, None, READ),
    ("POST", f"{AT}/suggest", TEXT, READ),
    ("POST", f"{AT}/suggest/batch", {"documents": [TEXT]}, READ),
    ("POST", f"{AT}/suggest/stream", TEXT, READ),
    ("POST", f"{AT}/explain", {**TEXT, "tag": "x:1"}, READ),
    ("GET", f"{AT}/vocabulary/search?query=bees", None, READ),
    ("GET", f"{AT}/vocabulary/tag?id=x:1", None, READ),
    ("POST", f"{AT}/vocabulary/tags", TAG, REVIEW),
    ("POST", f"{AT}/vocabulary/synonyms", {"tag": "x:1", "synonym": "Uno"}, REVIEW),
    ("POST", f"{AT}/vocabulary/revert", {"rows": [1]}, REVIEW),
    ("GET", f"{AT}/documents", None, READ),
    ("POST", f"{AT}/documents", {"documents": [{"id": "d", "text": "t"}]}, REVIEW),
    ("GET", f"{AT}/document?id=d", None, READ),
    ("DELETE", f"{AT}/document?id=d", None, ADMIN),
    ("POST", f"{AT}/document/suggest", {"id": "d"}, READ),
    ("GET", f"{AT}/document/shown?id=d", None, READ),
    ("POST", f"{AT}/decisions", {"decisions": [ONE]}, REVIEW),
    ("GET", f"{AT}/decisions", None, READ),
    ("POST", f"{AT}/decisions/revert", {"document": "d"}, REVIEW),
    ("GET", f"{AT}/decisions/check", None, READ),
    ("POST", f"{AT}/decisions/back", None, ADMIN),
    ("POST", f"{AT}/decisions/trust", None, ADMIN),
    ("GET", f"{AT}/queue", None, READ),
    ("GET", f"{AT}/queue/next", None, READ),
    ("GET", f"{AT}/queue/tags", None, READ),
    ("GET", f"{AT}/queue/tag?tag=x:1", None, READ),
    ("GET", f"{AT}/reviews", None, READ),
    ("POST", f"{AT}/reviews", {"reviews": [{"document": "d", "state": "done"}]}, REVIEW),
    ("POST", f"{AT}/jobs", TEXT, REVIEW),
    ("GET", f"{AT}/jobs", None, READ),
    ("GET", f"{AT}/jobs/none", None, READ),
    ("GET", f"{AT}/jobs/none/result", None, READ),
    ("POST", f"{AT}/jobs/none/cancel", None, REVIEW),
    ("POST", f"{AT}/jobs/none/resume", None, REVIEW),
    ("GET", f"{AT}/evaluations", None, READ),
    ("GET", f"{AT}/evaluations/none", None, READ),
]
OF_PROJECTS = [route for route in ROUTES if route[3] in ROLES]
CHANGING = [route for route in ROUTES if route[0] != "GET"]


def named(route):
    return f"{route[0]} {route[1]}"


@pytest.fixture(scope="module")
def two(trained_folder, untrained_folder, tmp_path_factory):
    """Two projects with three keys each: {project: {role: key}}, and a client whose server needs keys."""
    import shutil

    from fastapi.testclient import TestClient

    base = tmp_path_factory.mktemp("doors")
    folders = [shutil.copytree(trained_folder, base / "library"), shutil.copytree(untrained_folder, base / "names")]
    served = [Served.open(folder) for folder in folders]
    keys = {one.id: {role: one.store.keys.add(f"{role} of {one.id}", role) for role in ROLES} for one in served}
    with TestClient(create(House(served, loopback=False)), base_url="http://tags.example.org") as client:
        yield client, keys


def ask(client, route, project="library", key="", **headers):
    method, path, sent, _ = route
    given = {"authorization": f"Bearer {key}"} if key else {}
    client.cookies.clear()
    return client.request(method, path.format(project=project), json=sent, headers={**given, **headers})


def test_every_address_of_the_own_api_is_looked_at_here(client):
    described = client.get("/api/v1/openapi.json").json()["paths"]
    known = {(method.upper(), path) for path, methods in described.items() for method in methods}
    looked_at = {(route[0], route[1].partition("?")[0].replace("/none", "/{job}")) for route in ROUTES}
    assert known <= looked_at and len(looked_at) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_without_a_key_only_what_is_open_answers(two, route):
    client, _ = two
    for project in ("library", "none"):
        answer = ask(client, route, project)
        assert (answer.status_code == 401) == (route[3] is not None), answer.text
        if route[3] is not None:
            assert answer.headers["www-authenticate"] == "Bearer"
            assert ask(client, route, project, key="tw_wrong").status_code == 401
            assert "library" not in answer.text and "names" not in answer.text


@pytest.mark.parametrize("route", OF_PROJECTS, ids=named)
def test_a_role_that_is_too_low_is_refused_and_the_one_that_is_needed_is_not(two, route):
    client, keys = two
    for role in ROLES:
        status = ask(client, route, "names", key=keys["names"][role]).status_code
        assert (status == 403) == (ROLES.index(role) < ROLES.index(route[3])), (role, status)
        assert status != 401 and status < 500


@pytest.mark.parametrize("route", OF_PROJECTS, ids=named)
def test_the_key_of_another_project_finds_nothing_as_if_it_did_not_exist(two, route):
    client, keys = two
    answers = [ask(client, route, project, key=keys["names"][ADMIN]) for project in ("library", "absent")]
    assert [answer.status_code for answer in answers] == [404, 404]
    details = [
        answer.json()["detail"].replace(project, "X")
        for answer, project in zip(answers, ["library", "absent"], strict=True)
    ]
    assert details[0] == details[1]


@pytest.mark.parametrize("route", CHANGING, ids=named)
def test_a_page_of_another_origin_may_not_change_anything(client, route):
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://localhost:9999"},
    ):
        answer = ask(client, route, **headers)
        assert answer.status_code == 403, (headers, answer.text)
        assert "access-control-allow-origin" not in answer.headers
    for headers in ({"origin": "http://localhost"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {}):
        assert ask(client, route, **headers).status_code != 403, headers


@pytest.mark.parametrize("route", [route for route in ROUTES if route[1].startswith("/api")], ids=named)
def test_no_page_of_another_origin_can_read_an_answer_or_ask_for_leave(client, route):
    method, path, _, _ = route
    asked = {"origin": "http://evil.example", "access-control-request-method": method}
    leave = client.options(path.format(project="library"), headers=asked)
    assert leave.status_code == 405 and "access-control-allow-origin" not in leave.headers
    if method == "GET":
        assert "access-control-allow-origin" not in ask(client, route, origin="http://evil.example").headers


def test_a_thousand_substituted_ids_leak_nothing_of_the_other_project(two):
    client, keys = two
    admin = {"authorization": f"Bearer {keys['library'][ADMIN]}"}
    secret = [{"id": f"secret-{n}", "title": "Marvolo", "text": f"Marvolo wrote this {n}"} for n in range(50)]
    at = "/api/v1/projects/library"
    assert client.post(f"{at}/documents", json={"documents": secret}, headers=admin).status_code == 201
    tag = client.get(f"{at}/vocabulary/search?query=history", headers=admin).json()["hits"][0]["id"]
    said = [{"document": one["id"], "tag": tag, "verdict": "accept", "reason": "Marvolo"} for one in secret]
    numbers = [
        one["number"]
        for one in client.post(f"{at}/decisions", json={"decisions": said}, headers=admin).json()["decisions"]
    ]
    job = client.post(f"{at}/jobs", content=b'{"text": "Marvolo"}', headers=admin).json()["id"]
    other, chance = keys["names"][ADMIN], random.Random(0)
    for number in range(1000):
        id, row = f"secret-{chance.randrange(50)}", chance.choice(numbers)
        project = chance.choice(["names", "library", "names/../library", "names%2f..%2flibrary"])
        method, path, sent = chance.choice([
            ("GET", f"document?id={id}", None), ("GET", f"document/shown?id={id}", None),
            ("POST", "document/suggest", {"id": id}), ("DELETE", f"document?id={id}", None),
            ("GET", f"decisions?document={id}", None), ("GET", f"decisions?after={row - 1}", None),
            ("POST", "decisions/revert", {"numbers": [row]}), ("POST", "decisions/revert", {"document": id}),
            ("POST", "decisions", {"decisions": [{"document": id, "tag": tag, "verdict": "reject"}]}),
            ("GET", f"jobs/{job}", None), ("GET", f"jobs/{job}/result", None), ("POST", f"jobs/{job}/cancel", None),
            ("GET", "jobs", None), ("GET", "documents?limit=1000", None), ("GET", f"evaluations/{job}", None),
            ("POST", "vocabulary/revert", {"rows": [row]}),
        ])  # fmt: skip
        answer = client.request(
            method, f"/api/v1/projects/{project}/{path}", json=sent, headers={"authorization": f"Bearer {other}"}
        )
        assert answer.status_code < 500 and "Marvolo" not in answer.text, (number, method, path, answer.text)
    listed = client.get(f"{at}/decisions?limit=1000", headers=admin).json()["decisions"]
    assert [one["number"] for one in listed] == numbers


def test_a_key_is_named_by_whom_decides_and_reviewers_take_back_only_their_own(two, trained):
    client, keys = two
    at, admin, review = (
        "/api/v1/projects/names",
        *({"authorization": f"Bearer {keys['names'][role]}"} for role in (ADMIN, REVIEW)),
    )
    tag = client.get(f"{at}/vocabulary/search?query=history", headers=admin).json()["hits"][0]["id"]

    def decide(headers, **more):
        sent = {"decisions": [{"document": "own", "tag": tag, "verdict": "accept", **more}]}
        return client.post(f"{at}/decisions", json={**sent, "documents": [{"id": "own", "text": "t"}]}, headers=headers)

    assert decide(review).json()["decisions"][0]["person"] == "review of names"
    assert decide(review, person="ann").status_code == 403
    assert decide(admin, person="ann").json()["decisions"][0]["person"] == "ann"
    assert client.post(f"{at}/decisions/revert", json={"person": "ann"}, headers=review).status_code == 403
    mine = client.post(f"{at}/decisions/revert", json={"document": "own"}, headers=review).json()["decisions"]
    assert [one["person"] for one in mine] == ["review of names"]
    standing = client.get(f"{at}/document?id=own", headers=admin).json()["decisions"]
    assert [one["person"] for one in standing] == ["ann"]


def test_on_loopback_a_project_without_keys_is_open_and_one_with_keys_is_not(serve, trained, untrained):
    with Project.open(trained) as project:
        key = project.store.keys.add("ann", READ)
    client = serve(trained, untrained)
    assert [one["id"] for one in client.get("/api/v1/projects").json()["projects"]] == ["names"]
    assert client.get("/api/v1/projects/library").status_code == 401
    assert client.get("/api/v1/projects/names").status_code == 200
    shown = {"authorization": f"Bearer {key}"}
    assert [one["id"] for one in client.get("/api/v1/projects", headers=shown).json()["projects"]] == [
        "library",
        "names",
    ]
    assert client.get("/api/v1/projects/names", headers=shown).status_code == 200
    assert client.get("/api/v1/projects/names", headers={"authorization": "Bearer tw_wrong"}).status_code == 401
    with Project.open(trained) as project:
        project.store.keys.revoke("ann")
        project.store.keys.add("ben", READ)
    assert client.get("/api/v1/projects/library", headers=shown).status_code == 401


def test_keys_are_needed_on_loopback_too_where_the_settings_say_so(serve, untrained):
    client = serve(untrained, overrides=["server.keys=always"])
    assert client.get("/api/v1/projects/names").status_code == 401


def test_a_server_that_others_could_reach_does_not_start_without_any_key(untrained):
    from tagwright.errors import ConfigError

    with pytest.raises(ConfigError, match="no project has a key"):
        House([Served.open(untrained)], loopback=False)


def test_two_projects_of_one_id_are_refused_by_name(trained, untrained):
    from tagwright.errors import ConfigError

    both = [Served.open(trained), Served.open(untrained, overrides=["server.id=library"])]
    with pytest.raises(ConfigError, match="both have the id 'library'"):
        House(both)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("127.0.0.1:8000", 200), ("[::1]:99", 200), ("LOCALHOST", 200), ("tags.example.org", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example:8000", 421), ("a b", 400),
        ("", 400), ("localhost:port", 400), ("user@localhost", 400),
    ],
)  # fmt: skip
def test_on_loopback_the_server_answers_to_its_names_only(serve, untrained, host, status):
    client = serve(untrained, overrides=['server.hosts=["tags.example.org"]'])
    answer = client.get("/api/v1/projects", headers={"host": host})
    assert answer.status_code == status
    assert "names" not in answer.text or status == 200


def test_a_page_signs_in_with_a_key_and_signs_out(serve, trained, untrained):
    with Project.open(trained) as one, Project.open(untrained) as other:
        key = one.store.keys.add("ann", REVIEW)
        other.store.keys.add("ann", READ, key)
    client = serve(trained, untrained)
    assert client.get("/api/v1/session").status_code == 401
    assert client.post("/api/v1/session", json={"key": "tw_wrong"}).status_code == 401
    begun = client.post("/api/v1/session", json={"key": key}, headers={"sec-fetch-site": "same-origin"})
    assert begun.status_code == 204
    flags = begun.headers["set-cookie"].lower()
    assert "httponly" in flags and "samesite=strict" in flags and key not in flags and "secure" not in flags
    found = client.get("/api/v1/session").json()
    assert found == {"name": "ann", "roles": {"library": "review", "names": "read"}}
    assert client.post("/api/v1/projects/library/suggest", json=TEXT).status_code == 200
    forged = client.post("/api/v1/projects/library/suggest", json=TEXT, headers={"origin": "http://evil.example"})
    assert forged.status_code == 403
    cookies = dict(client.cookies)
    assert client.delete("/api/v1/session").status_code == 204
    client.cookies.clear()
    assert client.get("/api/v1/session").status_code == 401
    client.cookies.update(cookies)
    assert client.get("/api/v1/session").status_code == 401
