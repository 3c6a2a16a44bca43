"""What all pages have in common: who gets in, what a browser may do with them, and how trouble is told."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from tests.web.conftest import Browse

import tagwright.web.statics as statics
from tagwright.project import Project
from tagwright.server.served import Served
from tagwright.types import Document

TEMPLATES = sorted((files("tagwright.web") / "templates").iterdir(), key=str)


def key(folder: Path, role: str = "review") -> str:
    """A new key of the project."""
    with Project.open(folder) as project:
        return project.store.keys.add(role, role)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_a_template_has_no_script_or_style_of_its_own_and_takes_nothing_for_safe(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=(?!=)|javascript:|\|\s*safe\b|autoescape", text)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_nothing_on_a_page_comes_from_elsewhere(browse: Browse, untrained: Path) -> None:
    client = browse(untrained)
    answer = client.get("/sign-in")
    found = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert found
    for address in found:
        assert address.startswith(("/", "#", "?")), address
        if address.startswith("/static/"):
            assert client.get(address).status_code == 200, address
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert "http" not in answer.headers["content-security-policy"]


def test_a_file_keeps_its_address_for_good_and_another_version_is_not_there(browse: Browse, untrained: Path) -> None:
    client = browse(untrained)
    answer = client.get(statics.address("site.css"))
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/000000000000/site.css").status_code == 404
    assert client.get(f"/static/{statics.fingerprint()}/..%2fpages.py").status_code == 404


def test_somebody_without_a_key_is_asked_for_one_and_gets_where_he_wanted(browse: Browse, untrained: Path) -> None:
    secret = key(untrained)
    client = browse(untrained)
    asked = client.get("/p/names/nowhere?x=1", follow_redirects=False)
    assert asked.status_code == 404
    asked = client.get("/p/names", follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/p/names")
    wrong = client.post("/sign-in", data={"key": "tw_wrong", "next": "/p/names"})
    assert (wrong.status_code, "not known here" in wrong.text) == (401, True)
    right = client.post("/sign-in", data={"key": secret, "next": "/p/names"}, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, "/p/names")
    assert "httponly" in right.headers["set-cookie"].lower()
    assert client.get("/p/names", follow_redirects=False).headers["location"] == "/p/names/try"
    assert client.post("/sign-out", follow_redirects=False).status_code == 303
    assert client.get("/p/names", follow_redirects=False).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_elsewhere_after_signing_in(browse: Browse, untrained: Path, next: str) -> None:
    secret = key(untrained)
    answer = browse(untrained).post("/sign-in", data={"key": secret, "next": next}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_foreign_page_cannot_sign_anybody_in(browse: Browse, untrained: Path) -> None:
    secret = key(untrained)
    answer = browse(untrained).post("/sign-in", data={"key": secret}, headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_several_projects_are_shown_to_choose_from_and_one_is_opened_at_once(
    browse: Browse, untrained: Path, trained: Path
) -> None:
    assert browse(untrained).get("/", follow_redirects=False).headers["location"] == "/p/names/try"
    with Project.open(trained) as project:
        project.store.add_missing([Document("waits", "Bees in town.")])
    answer = browse(trained, untrained).get("/")
    assert answer.text.count('class="card"') == 2 and 'href="/p/library"' in answer.text


def test_where_documents_wait_the_start_is_the_queue_for_whoever_may_decide_about_them(
    browse: Browse, trained: Path
) -> None:
    with Project.open(trained) as project:
        project.store.add_missing([Document("waits", "Bees in town.")])
    client = browse(trained)
    assert client.get("/", follow_redirects=False).headers["location"] == "/p/library/queue"
    for role, screen in (("read", "try"), ("review", "queue")):
        auth = {"authorization": f"Bearer {key(trained, role)}"}
        answer = client.get("/p/library", headers=auth, follow_redirects=False)
        assert answer.headers["location"] == f"/p/library/{screen}"


def test_the_language_is_the_one_asked_for_then_the_one_chosen_before_then_the_browsers(
    browse: Browse, untrained: Path
) -> None:
    client = browse(untrained)
    assert '<html lang="en"' in client.get("/sign-in").text
    german = {"accept-language": "fr;q=0.9, de-AT, en;q=0.5"}
    assert '<html lang="de"' in client.get("/sign-in", headers=german).text
    assert '<html lang="de"' in client.get("/sign-in?lang=de").text
    assert '<html lang="de"' in client.get("/sign-in").text


def test_what_is_not_there_is_told_as_a_page(browse: Browse, untrained: Path) -> None:
    answer = browse(untrained).get("/p/other/%3Cscript%3E")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<script>" not in answer.text.split("<main")[1]


def test_a_fault_of_ours_is_told_as_a_page_without_what_went_wrong_and_counted(
    browse: Browse, untrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Served) -> None:
        raise ZeroDivisionError("a secret")

    client = browse(untrained)
    monkeypatch.setattr(Served, "vocabulary", broken)
    answer = client.get("/p/names/vocabulary")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "fault of the server" in answer.text and "secret" not in answer.text
    assert 'kind="ZeroDivisionError"' in client.get("/metrics").text
